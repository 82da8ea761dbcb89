/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory that a crew's members and the controller share.  It is mapped
 * shared in all arms, also where the members share their whole mm, and its
 * futexes are of the shared kind, so that nothing but the mm differs.
 *
 * A round: the controller writes the order and raises @seq; the members wake,
 * prepare, wait for one another (@arrived), switch, and raise @finished; the
 * last one wakes the controller.
 */
#ifndef MEASURE_SHARED_H
#define MEASURE_SHARED_H

#include <stdint.h>

#include "workers.h"
#include "lib/compiler.h"

/*
 * Untimed hand-overs before and after the timed ones, see member.c.  What the
 * round before has left in the CPU's predictors takes some to go.
 */
#define TAIL 2

static inline uint32_t warm_up(const struct order *o)
{
	return 4 + o->hand_overs / 8;
}

struct desk {
	uint32_t token;		/* futex: 1 where it is this member's turn */
	int take_fd;		/* its pipe's ends, for the pipe mechanisms */
	int give_fd;		/* the next member's */
	int32_t error;		/* negative errno that ended its work */
	uint32_t switches;	/* that it counted */
	uint32_t rusage;	/* of them, those that the kernel made */
	uint32_t moved;
	pid_t tid;
	uint64_t start_ns;
	uint64_t end_ns;
	/*
	 * Written by the first member: how long the round took it, from the
	 * untimed hand-overs to the last, and the CPU time that all members had
	 * meanwhile.  The rest is the time that other tasks had the CPU; 0 and 0
	 * where the kernel does not tell.
	 */
	uint64_t span_ns;
	uint64_t cpu_ns;
} __aligned(128);

struct shift {
	uint32_t seq;		/* futex: the number of the order */
	struct crew_spec spec;
	struct order order;
	/* Counted up by members while others look: a cache line of its own. */
	__aligned(128) uint32_t arrived;
	uint32_t finished;	/* futex */
	struct desk desk[RING_MAX];
};

/* What a member does until it is killed. */
__noreturn void member_work(struct shift *shift, unsigned int index);

/* Likewise for the one thread whose coroutines are the members. */
__noreturn void coroutine_work(struct shift *shift);

/* The parts that both have in common (member.c). */
void member_settle(struct shift *shift, unsigned int index);
uint32_t member_next_order(struct shift *shift, uint32_t last);
void member_finish(struct shift *shift);
uint64_t member_now(void);
uint32_t member_kernel_switches(void);

/* Waits while *@word is @value; at most @seconds. */
int futex_wait(uint32_t *word, uint32_t value, int seconds);
void futex_wake(uint32_t *word, int n);

#endif /* MEASURE_SHARED_H */
