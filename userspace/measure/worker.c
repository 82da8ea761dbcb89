// SPDX-License-Identifier: GPL-2.0-only
/* A thread or process of a crew: it hands the CPU to the next one, and on. */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"
#include "shared.h"

#define FIFO_PRIORITY 10

struct member {
	struct shift *shift;
	struct desk *desk;
	struct desk *next;
	struct workset work;
	unsigned int index;
};

int futex_wait(uint32_t *word, uint32_t value, int seconds)
{
	struct timespec limit = { .tv_sec = seconds };

	return syscall(SYS_futex, word, FUTEX_WAIT, value,
		       seconds ? &limit : NULL, NULL, 0);
}

void futex_wake(uint32_t *word, int n)
{
	syscall(SYS_futex, word, FUTEX_WAKE, n, NULL, NULL, 0);
}

uint64_t member_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

uint32_t member_kernel_switches(void)
{
	struct rusage u;

	getrusage(RUSAGE_THREAD, &u);
	return u.ru_nvcsw + u.ru_nivcsw;
}

static void token_give(struct desk *to)
{
	__atomic_store_n(&to->token, 1, __ATOMIC_RELEASE);
	futex_wake(&to->token, 1);
}

static void token_take(struct desk *own)
{
	while (!__atomic_load_n(&own->token, __ATOMIC_ACQUIRE))
		futex_wait(&own->token, 0, 0);
	__atomic_store_n(&own->token, 0, __ATOMIC_RELAXED);
}

/* A pipe's end that is gone leaves nobody to hand over to: see crew_round(). */
static void pipe_give(struct member *m)
{
	int byte = 0;

	if (write(m->desk->give_fd, &byte, sizeof(byte)) != sizeof(byte))
		m->desk->error = -errno;
}

static void pipe_take(struct member *m)
{
	int byte;

	if (read(m->desk->take_fd, &byte, sizeof(byte)) != sizeof(byte))
		m->desk->error = -errno;
}

static inline void touch(const struct workset *w, const struct order *o)
{
	if (o->pattern == PATTERN_CHAIN)
		workset_chain(w, o->pages);
	else
		workset_independent(w, o->pages);
}

static void give(struct member *m)
{
	if (m->shift->spec.mechanism == MECH_FUTEX)
		token_give(m->next);
	else
		pipe_give(m);
}

static void take(struct member *m)
{
	if (m->shift->spec.mechanism == MECH_FUTEX)
		token_take(m->desk);
	else
		pipe_take(m);
}

/*
 * One hand-over: everybody touches its pages once.  The first member begins
 * with the turn; with sched_yield() the run queue's order is the turn.
 */
static inline void hand_over(struct member *m, const struct order *o)
{
	if (m->shift->spec.mechanism == MECH_YIELD) {
		touch(&m->work, o);
		sched_yield();
	} else if (!m->index) {
		touch(&m->work, o);
		give(m);
		take(m);
	} else {
		take(m);
		touch(&m->work, o);
		give(m);
	}
}

/* Waits until all members are on the CPU's run queue, in turn. */
static void meet(struct shift *shift)
{
	__atomic_add_fetch(&shift->arrived, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&shift->arrived, __ATOMIC_ACQUIRE) <
	       shift->spec.members)
		sched_yield();
}

/*
 * All members hand over equally often.  With sched_yield() one may begin up to
 * a turn before another: the untimed hand-overs at both ends, of which there
 * are more than that, keep the timed ones of the first member complete.
 */
static void work_round(struct member *m)
{
	const struct order o = m->shift->order;
	const uint32_t warm = warm_up(&o), all = warm + o.hand_overs + TAIL;
	uint32_t i, before;
	unsigned int cpu;

	touch(&m->work, &o);
	meet(m->shift);
	cpu = sched_getcpu();
	before = member_kernel_switches();
	for (i = 0; i < warm; i++)
		hand_over(m, &o);
	m->desk->start_ns = member_now();
	for (; i < all - TAIL; i++)
		hand_over(m, &o);
	m->desk->end_ns = member_now();
	for (; i < all; i++)
		hand_over(m, &o);
	m->desk->rusage = member_kernel_switches() - before;
	m->desk->switches = m->desk->rusage;
	m->desk->moved = cpu != m->shift->spec.cpu ||
			 (unsigned int)sched_getcpu() != cpu;
}

void member_settle(struct shift *shift, unsigned int index)
{
	const struct sched_param param = { .sched_priority = FIFO_PRIORITY };
	struct desk *desk = &shift->desk[index];
	cpu_set_t set;

	desk->tid = gettid();
	CPU_ZERO(&set);
	CPU_SET(shift->spec.cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) ||
	    (shift->spec.fifo && sched_setscheduler(0, SCHED_FIFO, &param)))
		desk->error = -errno;
}

uint32_t member_next_order(struct shift *shift, uint32_t last)
{
	uint32_t seq;

	while ((seq = __atomic_load_n(&shift->seq, __ATOMIC_ACQUIRE)) == last)
		futex_wait(&shift->seq, last, 0);
	return seq;
}

void member_finish(struct shift *shift)
{
	__atomic_add_fetch(&shift->finished, 1, __ATOMIC_ACQ_REL);
	futex_wake(&shift->finished, 1);
}

void member_work(struct shift *shift, unsigned int index)
{
	struct member m = {
		.shift = shift,
		.desk = &shift->desk[index],
		.next = &shift->desk[(index + 1) % shift->spec.members],
		.work = shift->spec.work[index],
		.index = index,
	};
	uint32_t seq = 0;
	int err;

	member_settle(shift, index);
	err = workset_enter(&m.work);
	if (err)
		m.desk->error = err;
	member_finish(shift);
	for (;;) {
		seq = member_next_order(shift, seq);
		err = 0;
		if (shift->order.session >= 0)
			err = probe_attach(shift->order.session);
		if (err)
			m.desk->error = err;
		work_round(&m);
		if (shift->order.session >= 0 && !err)
			err = probe_detach(shift->order.session);
		if (err)
			m.desk->error = err;
		member_finish(shift);
	}
}
