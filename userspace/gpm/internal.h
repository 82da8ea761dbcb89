/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the scheduler share: the structs, and who may touch what.
 *
 *	G  a coroutine			life.c, sched.c
 *	P  the right to run Gs, with their local queue
 *	M  a thread			machine.c
 *
 * An M runs Gs while it has a P.  "Owner" of a P is the M that has it; fields
 * without a remark belong to the owner.
 */
#ifndef GPM_INTERNAL_H
#define GPM_INTERNAL_H

#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "coroutine/coroutine.h"
#include "coroutine/fiber.h"
#include "coroutine/stack.h"
#include "debug.h"
#include "gpm/gpm.h"
#include "queue.h"
#include "trace.h"

#define NAME_SIZE 16
#define HIDDEN __attribute__((visibility("hidden")))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define MSEC 1000000ll
#define USEC 1000ll
#define NEVER INT64_MAX

/* Where the structs of Gs lie in their pages: gpm_debug_g(). */
#define COLOURS 16
#define COLOUR_BYTES 128

struct m;
struct p;

/* A spinlock, for a few instructions at a time; see lock_slow(). */
struct lock {
	_Atomic unsigned int word;
};

void lock_slow(struct lock *l);

static inline void lock(struct lock *l)
{
	unsigned int free = 0;

	if (unlikely(!atomic_compare_exchange_strong_explicit(&l->word, &free, 1,
							      memory_order_acquire,
							      memory_order_relaxed)))
		lock_slow(l);
}

static inline void unlock(struct lock *l)
{
	atomic_store_explicit(&l->word, 0, memory_order_release);
}

/* A timer in the heap of one P; the heap's lock guards all but @fire. */
struct timer {
	int64_t when;		/* its place in the heap */
	int64_t due;		/* if later: it was put off since */
	size_t at;		/* index in the heap, from 1 on; 0: in none */
	struct heap *heap;
	struct g *g;		/* whom it wakes */
	bool once;		/* a sleep's; else a deadline's */
};

struct heap {
	struct lock lock;
	size_t n, room;
	struct timer **timer;	/* a binary heap, from 1 on */
	_Atomic int64_t next;	/* when the first expires; NEVER */
};

/* A G in the list of one object, under that object's lock. */
struct waiter {
	struct waiter *next, *prev;
	struct g *g;
	uint64_t ticket;
	bool contested;		/* more than this object may wake it: claim first */
	bool listed;
	void *value;
	unsigned int index;	/* of a select */
};

struct g {
	void *sp;		/* while it does not run; NULL before it has begun */
	struct g *link;		/* in the global queue, a batch, a free list */
	void (*entry)(void *arg);
	void *arg;
	uint32_t id;		/* 0: of no G, but of a thread's own stack */
	atomic_uchar state;	/* enum g_state */
	uint8_t guard;		/* enum co_guard */
	uint8_t why;		/* enum gpm_wait_reason, while it waits */
	uint32_t parks;		/* waits so far, for those who look from outside */
	char *low;		/* of its stack */
	/*
	 * Who wakes a G that several may wake: even, it waits; odd, somebody has
	 * claimed it by compare-and-swap, or it has not gone to sleep yet.  It only
	 * grows, so that nobody takes one wait for another.
	 */
	_Atomic uint64_t ticket;
	int result;		/* of the wait, set by who claimed it */
	struct waiter *woken;	/* which of a select's */
	const void *what;	/* it waits for, or the descriptor */
	_Atomic bool expired;	/* the deadline has passed */
	_Atomic bool slept;	/* the timer of this sleep has expired */
	bool has_deadline;
	struct timer deadline;
	struct fiber fiber;
	char name[NAME_SIZE];
};

enum p_status {
	P_IDLE,			/* in the list of idle Ps */
	P_RUNNING,
	P_RETAKING,		/* the monitor looks at its M: wait for it */
	P_STEPPING,		/* single-stepped: each call is a step */
	P_STOPPING,		/* the run ends */
};

struct p {
	struct queue queue;			/* see queue.h */
	_Atomic unsigned int status;
	unsigned int id;
	unsigned int tick;			/* Gs run, but for those from the slot */
	unsigned int chain;			/* Gs run from the slot in a row */
	_Atomic unsigned int runs;		/* of any kind, for the monitor */
	uint64_t clock_checked;			/* in cycles */
	uint64_t random;
	struct g *free;				/* Gs that ended, with their stacks */
	unsigned int nfree;
	uint32_t next_id, last_id;		/* numbers for new Gs */
	_Atomic long alive;			/* Gs born here less those ended here */
	struct trace_ring *ring;		/* NULL: no trace */
	struct heap timers;			/* its own lock */
	struct m *_Atomic m;			/* the owner; changed under sched.lock */
	struct p *link;				/* idle; sched.lock */
	struct g *turn;				/* single-stepped: runs on this P */
	unsigned int seen_runs;			/* monitor's */
	int64_t seen_since;
};

/* What an M does for the G that it left, on the stack of the next one. */
enum after {
	AFTER_NOTHING,
	AFTER_UNLOCK,		/* it waits: unlock what it waits in */
	AFTER_WAIT,		/* likewise, and let others claim it */
	AFTER_YIELD,		/* to the tail of the local queue */
	AFTER_GLOBAL,		/* to the global queue */
	AFTER_EXIT,
	AFTER_DROP,		/* the run ends */
};

struct m {
	struct g *current;		/* the G, or &idle */
	struct p *_Atomic p;		/* NULL: none; see retake() */
	/* In the library: the monitor must not take the P. */
	_Atomic bool inside;
	bool spinning;
	enum after after;
	struct lock *after_lock;	/* NULL: AFTER_WAIT calls @after_call */
	void (*after_call)(void *arg);
	void *after_arg;
	struct g *left;			/* what @after is about */
	struct g idle;			/* the thread's own stack */
	unsigned int id;
	uint64_t random;
	struct m *link;			/* parked; sched.lock */
	struct m *all;			/* every M; sched.lock */
	struct p *given;		/* by who wakes it; sched.lock */
	_Atomic uint32_t wake;		/* futex */
	int call_fd;			/* /proc/self/task/TID/syscall, or -1 */
	pthread_t thread;
	bool joined;
	_Atomic pid_t tid;
	char *signal_stack;
};

struct sched {
	struct gpm_options options;
	unsigned int procs;
	struct p *p;			/* procs of them */
	int64_t step;			/* single-stepped: this many steps so far */

	_Alignas(64) struct lock lock;	/* for the fields below it */
	struct g *first, *last;		/* the global queue */
	_Atomic uint32_t length;
	uint16_t changes;		/* of the global queue, for the trace */
	struct p *idle_p;
	struct m *parked;
	struct m *ms;
	unsigned int nms, nparked;
	struct co_stacks stacks;
	struct g *free;
	uint32_t next_id;
	int status;			/* what gpm_run() returns */

	_Alignas(64) _Atomic unsigned int nidle;	/* Ps */
	_Atomic unsigned int nspinning;			/* Ms */
	bool must_spin;			/* under lock: who would go idle spins once more */
	_Atomic bool stop;
	_Atomic bool polling;		/* an M sleeps in epoll_wait() */
	_Atomic int64_t polled;		/* when epoll was asked last */
	_Atomic int64_t poll_until;	/* when that M will wake up */
	_Atomic uint32_t monitor_word;	/* futex, see monitor.c */
	/* Gs that wait for a descriptor, up to when they are in a queue. */
	_Atomic long waiting_fds;

	int trace_fd;
	struct trace_ring *rings;	/* procs + 1 */
	sigset_t mask;			/* of the thread that called gpm_run() */
};

extern struct sched sched;

/*
 * The lock of a channel, a mutex and the like, which only an M with a P takes: with
 * one P having that is enough, as on a kernel for one CPU.  The P passes from one M
 * to another under sched.lock, which orders what they did.
 */
static inline void lock_object(struct lock *l)
{
	if (sched.procs > 1)
		lock(l);
}

/* The arguments are evaluated only when there is a trace. */
#define trace(ring, verb, g, a, b)					\
	do {								\
		struct trace_ring *trace_ring = (ring);			\
									\
		if (unlikely(trace_ring))				\
			trace_add(trace_ring, verb, g, a, b);		\
	} while (0)

static inline void set_state(struct g *g, enum g_state state)
{
	atomic_store_explicit(&g->state, state, memory_order_relaxed);
}

/* The ring of those without a P: under sched.lock. */
static inline struct trace_ring *outside_ring(void)
{
	return sched.rings ? &sched.rings[sched.procs] : NULL;
}

/*
 * sched.c: Gs.
 */

/* The M of this thread; NULL where it is none.  Never inlined: see there. */
struct m *machine(void);
void machine_set(struct m *m);

struct m *enter_slow(struct m *m);

static inline struct p *my_p(struct m *m)
{
	return atomic_load_explicit(&m->p, memory_order_relaxed);
}

/*
 * Every call begins so: afterwards the M has a P, and keeps it until leave().
 * NULL: the caller is no G.
 */
static inline struct m *enter(void)
{
	struct m *m = machine();
	struct p *p;

	if (unlikely(!m || m->current == &m->idle))
		return NULL;
	atomic_store_explicit(&m->inside, true, memory_order_relaxed);
	/*
	 * The monitor looks at @inside when the thread sleeps in the kernel, and
	 * marks the P before: no fence is needed, see retake().
	 */
	atomic_signal_fence(memory_order_seq_cst);
	p = atomic_load_explicit(&m->p, memory_order_acquire);
	/* Unmarked again, it may have been taken before: only then is @p another. */
	if (unlikely(!p || atomic_load_explicit(&p->status, memory_order_acquire) !=
		     P_RUNNING || my_p(m) != p))
		return enter_slow(m);
	return m;
}

/* Every call ends so; the M may be another one than at its beginning. */
static inline void leave(void)
{
	atomic_store_explicit(&machine()->inside, false, memory_order_release);
}

/* The same where nothing in between has switched: the M is still @m. */
static inline void leave_here(struct m *m)
{
	atomic_store_explicit(&m->inside, false, memory_order_release);
}

void overflow_canary(const struct g *g) __attribute__((noreturn));
/* What the other side of the switch does first. */
void switched(struct m *m);
struct co_next g_main(void *m);
struct g *pick(struct p *p);

/*
 * Switching.  A G goes straight to the next one; what has to happen to it when
 * nobody stands on its stack any more is done on the other side.  Inlined: every
 * function between the switch and the user's code is one more return that the CPU
 * predicts wrong.
 */
static inline char *stack_end(struct g *g)
{
	return (char *)((uintptr_t)g & ~(uintptr_t)15);
}

/* @to is the current one from now on, and nothing but the switch is left to do. */
static inline void leave_for(struct m *m, struct g *to)
{
	struct g *from = m->current;

	if (unlikely(from->guard == CO_GUARD_CANARY && from->low &&
		     !co_canary_intact(from->low)))
		overflow_canary(from);
	m->left = from;
	m->current = to;
	fiber_leave(&from->fiber, &to->fiber, m->after >= AFTER_EXIT);
}

/* Return: the M that this G goes on with, for which switched() is still to be done. */
static inline struct m *switch_stacks(struct m *m, struct g *to)
{
	struct g *from = m->current;

	leave_for(m, to);
	if (!to->sp)
		return co_switch_start(&from->sp, stack_end(to), g_main, m);
	return co_switch_return(&from->sp, to->sp, m);
}

static inline struct m *switch_to(struct m *m, struct g *to)
{
	m = switch_stacks(m, to);
	switched(m);
	return m;
}

/* Leave the current G, do @after for it, and run another one. */
static inline struct m *switch_away(struct m *m, enum after after, struct lock *l)
{
	struct g *next = NULL;

	m->after = after;
	m->after_lock = l;
	if (likely(!sched.step)) {
		next = pick(my_p(m));
		if (!next && after == AFTER_YIELD) {
			m->after = AFTER_NOTHING;
			return m;
		}
	}
	return switch_to(m, next ? next : &m->idle);
}

/* Make @g ready: by an M with a P, or, with a NULL @m, from outside. */
void make_ready(struct m *m, struct g *g);
void put_local(struct p *p, struct g *g);
/* Into the slot of @p: it runs next. */
void put_next(struct p *p, struct g *g);
void put_global(struct trace_ring *r, struct g *g);
void put_global_batch(struct trace_ring *r, struct g *first, struct g *last,
		      unsigned int n);
/* Take the share of @p from the global queue; its lock is held. */
struct g *get_global(struct p *p, unsigned int most);
void running(struct p *p, struct g *g, enum trace_why why, uint32_t position);
uint64_t next_random(uint64_t *state);

/*
 * life.c: how Gs begin and end.
 */
int spawn(struct p *p, const char *name, void (*fn)(void *arg), void *arg);
void free_g(struct p *p, struct g *g);
long alive(void);
void each_g(void (*call)(struct g *g, void *arg), void *arg);
struct g *g_of_stack(char *end);

/*
 * wait.c: lists of waiters, and the objects made of them.
 */
void wait_prepare(struct waiter *w, struct g *g, bool contested);
void wait_list(struct gpm_waiters *list, struct waiter *w);
void wait_unlist(struct gpm_waiters *list, struct waiter *w);
/* Take the first that nobody else has claimed; NULL: none. */
struct waiter *wait_pop(struct gpm_waiters *list);
/* Claim a G for waking it: false if another was faster. */
bool claim(struct g *g, uint64_t ticket);
/*
 * Wait in @list, whose lock @l is held and is released: 0, what the waker gave,
 * or -ETIMEDOUT.
 */
int wait_in(struct m *m, struct lock *l, struct gpm_waiters *list,
	    enum gpm_wait_reason why, const void *what, void *value);
/*
 * Wait for whoever claims the ticket; @unlock(@arg) is called, unless it is
 * NULL, as soon as that may be.
 */
int wait_claimed(struct m *m, enum gpm_wait_reason why, const void *what,
		 void (*unlock)(void *arg), void *arg);
/* On the other side of the switch: from now on @g may be claimed. */
void wait_begin(struct m *m, struct g *g);

static inline struct lock *lock_of(struct gpm_waiters *list)
{
	return (struct lock *)&list->lock;
}

/*
 * timer.c
 */
int timers_add(struct heap *h, struct timer *t);
void timers_remove(struct timer *t);
/* Move to a later time; false if that is earlier, or it has expired. */
bool timers_put_off(struct timer *t, int64_t when);
/* Fire what has expired; returns when the next will. */
int64_t timers_run(struct heap *h, int64_t now);
int64_t timers_next(void);
void timers_destroy(struct heap *h);
int64_t clock_now(void);

/*
 * machine.c: threads.
 */
void machine_loop(struct m *m);
struct m *new_machine(void);
void free_machine(struct m *m);
/* A thread more, for @p; false: there is none to be had. */
bool add_machine(struct p *p, bool spinning);
/* Whether its thread sleeps in the kernel, and then in which call. */
bool machine_sleeps(struct m *m, unsigned int *call);
void futex_wait(_Atomic uint32_t *word, uint32_t value, int64_t ns);
void futex_wake(_Atomic uint32_t *word);

/*
 * idle.c: who has a P, who looks for work, who sleeps.
 */
/* What @m runs next, however long that takes; NULL: the run has ended. */
struct g *find_g(struct m *m);
/* A G was made ready: start an M for it if that makes sense. */
void wake_machine(void);
/* Give the P of a blocked M to another; with sched.lock not held. */
void hand_over(struct p *p);
void take_p(struct m *m, struct p *p);
struct p *idle_p_get(void);
/* Is a G ready anywhere, or a timer due? */
bool work_anywhere(void);
void stop_all(int status);

/*
 * steal.c: what @p runs next of another P's, which @m has looked for; or NULL.
 */
struct g *steal(struct m *m, struct p *p);

/*
 * step.c: the seeded run.
 */
void step_loop(struct m *m);

/*
 * monitor.c
 */
int monitor_start(void);
void monitor_wake(void);
void monitor_join(void);

/*
 * polled.c: Gs whose descriptors are ready.  A list is poller_poll()'s.
 */
/* Ask epoll where nothing else is ready: whether @p has Gs to run now. */
bool poll_ready(struct p *p);
/* What epoll has now; one of them is to be run by @p, the others are in its queue. */
struct g *poll_now(struct p *p);
/* One of a list is to be run by @p, the others are in its queue. */
struct g *take_polled(struct p *p, struct g *list, unsigned int n);
/* Without a P: to the global queue. */
void put_polled(struct g *list);

/*
 * poller.c: descriptors and epoll; the rest of it is in descriptor.h.  poll() returns
 * Gs that are ready, linked, which are in no queue yet.
 */
int poller_open(void);
void poller_close(void);
struct g *poller_poll(int64_t timeout, unsigned int *n);
/* End the sleep of the M in poll(). */
void poller_break(void);

/*
 * report.c: what is said of a deadlock and of a stack that overflows.
 */
void report_deadlock(void);
int overflow_open(struct m *m);
void overflow_close(struct m *m);
/* On the thread itself, around its life as an M. */
void overflow_install(struct m *m);
void overflow_restore(struct m *m);
/* For the whole process, around a run. */
void overflow_handle(void);
void overflow_unhandle(void);

#endif /* GPM_INTERNAL_H */
