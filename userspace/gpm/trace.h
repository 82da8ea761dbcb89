/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The trace: what every P decided, and why.  A file is a struct trace_header,
 * then chunks, each a struct trace_chunk and its events; those of one ring are
 * in order, and a ring belongs to one P, or, the last one, to all who act
 * without a P under the scheduler's lock.  Numbers are the host's, as is their
 * byte order.
 *
 * Rings are not in step with each other.  What orders events across them is in
 * the events: positions of a local queue, and one number for each change of the
 * global queue.
 */
#ifndef GPM_TRACE_H
#define GPM_TRACE_H

#include <stdint.h>

#define TRACE_MAGIC "gpmtrc1"
#define TRACE_EVENTS 4096	/* of a ring before it is written */

struct trace_header {
	char magic[8];
	uint32_t procs;
	uint32_t queue_size;
	uint64_t seed;
	uint64_t ticks;		/* both clocks, as in a chunk */
	uint64_t ns;
};

struct trace_chunk {
	uint32_t ring;
	uint32_t n;
	uint64_t ticks;		/* the clock of the events, and ... */
	uint64_t ns;		/* ... CLOCK_MONOTONIC, read together */
};

/*
 * What happened; the remark says what @g, @a and @b of the event are.
 */
enum trace_verb {
	/* A G's life. */
	TRACE_NAME,		/* eight bytes of the name of the G of GO */
	TRACE_GO,		/* G: it is new */
	TRACE_RUN,		/* G, why << 12 | queue length, position */
	TRACE_YIELD,		/* G, to the global queue? */
	TRACE_PARK,		/* G, enum gpm_wait_reason */
	TRACE_READY,		/* G; where to follows */
	TRACE_EXIT,		/* G */
	TRACE_BLOCK,		/* G: announced, the P goes on */
	TRACE_RETAKE,		/* G, P, system call: by the monitor */
	TRACE_BACK,		/* G: from the call, without a P */
	/* Local queues. */
	TRACE_NEXT,		/* G, was one in the slot before? */
	TRACE_PUT,		/* G, position, length before */
	TRACE_OVERFLOW,		/* G, first position, Gs that leave */
	TRACE_STEAL,		/* G that runs, P, Gs stolen */
	TRACE_STEAL_AT,		/* -, position there, position here */
	TRACE_STEAL_NEXT,	/* G, P */
	/* The global queue: @a is the number of the change. */
	TRACE_GLOBAL_PUT,	/* G, change, length before */
	TRACE_GLOBAL_BATCH,	/* Gs, change, length before */
	TRACE_GLOBAL_GET,	/* G that runs, change, Gs taken */
	/* Ps, Ms, and the world. */
	TRACE_START,		/* M: it takes this P */
	TRACE_IDLE,		/* M: and leaves it */
	TRACE_SPIN,		/* M */
	TRACE_POLL,		/* Gs whose descriptors are ready */
	TRACE_DEADLOCK,		/* Gs */
	TRACE_STOP,		/* -, status: the run ends */
	TRACE_VERBS
};

/* Why a G is the one that runs. */
enum trace_why {
	WHY_NEXT,	/* it was in the slot */
	WHY_LOCAL,	/* first of the local queue */
	WHY_61ST,	/* each 61st look goes to the global queue first */
	WHY_GLOBAL,	/* the local queue was empty */
	WHY_STOLEN,
	WHY_STOLEN_NEXT,
	WHY_POLL,	/* its descriptor was ready */
	WHY_BACK,	/* back from a blocking call, it found a P */
	WHY_TURN,	/* single-stepped: it is this P's turn */
	WHY_COUNT
};

/* What a G waits for. */
enum gpm_wait_reason {
	WAIT_NONE,
	WAIT_SEND,
	WAIT_RECV,
	WAIT_SELECT,
	WAIT_MUTEX,
	WAIT_SEM,
	WAIT_GROUP,
	WAIT_SLEEP,
	WAIT_READ,
	WAIT_WRITE,
	WAIT_REASONS
};

extern const char *const gpm_trace_verbs[TRACE_VERBS];
extern const char *const gpm_trace_whys[WHY_COUNT];
extern const char *const gpm_trace_waits[WAIT_REASONS];

/* NAME has eight bytes of the name in @g, @a and @b instead. */
struct trace_event {
	uint64_t verb : 8;
	uint64_t ticks : 56;
	uint32_t g;
	uint16_t a;
	uint16_t b;
};

struct trace_ring {
	uint32_t number;
	uint32_t n;
	int *fd;		/* of the file; negative once writing failed */
	struct trace_event event[TRACE_EVENTS];
};

/* Open @path for @procs Ps: 0 or a negative errno. */
int trace_open(const char *path, uint32_t procs, uint32_t queue_size,
	       uint64_t seed, int *fd);

/* Keep one event.  Not inlined: that is for those who are not traced. */
void trace_add(struct trace_ring *ring, enum trace_verb verb, uint32_t g,
	       uint32_t a, uint32_t b);

/* Write out a ring; a failure ends the trace and is kept in *ring->fd. */
void trace_flush(struct trace_ring *ring);

extern uint64_t trace_steps;	/* not 0: single-stepped */

static inline uint64_t cycles(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t t;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(t));
	return t;
#else
	return 0;
#endif
}

/* The clock: the CPU's counter, or the steps of a single-stepped run. */
static inline uint64_t trace_ticks(void)
{
	return trace_steps ? trace_steps : cycles();
}

#endif /* GPM_TRACE_H */
