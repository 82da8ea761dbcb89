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

#include "cpus.h"
#include "probe.h"
#include "shared.h"

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
 * CPU time that all members have had, in ns; 0 if unknown.  Exact where the
 * caller is the one that runs, since the others then stand still.
 */
static uint64_t cpu_time_of_all(const struct shift *shift)
{
	bool threads = shift->spec.kind == CREW_THREADS;
	uint64_t sum = 0, one;
	unsigned int i;

	for (i = 0; i < shift->spec.members; i++) {
		one = cpus_time(shift->desk[i].tid, threads);
		if (!one)
			return 0;
		sum += one;
	}
	return sum;
}

/* The first member holds the CPU time of all against the time that passed. */
static void span_begin(struct member *m)
{
	if (m->index)
		return;
	m->desk->cpu_ns = cpu_time_of_all(m->shift);
	m->desk->span_ns = member_now();
}

static void span_end(struct member *m)
{
	uint64_t now = member_now(), cpu;

	if (m->index)
		return;
	cpu = cpu_time_of_all(m->shift);
	if (!cpu || !m->desk->cpu_ns) {
		m->desk->cpu_ns = 0;
		m->desk->span_ns = 0;
		return;
	}
	m->desk->cpu_ns = cpu - m->desk->cpu_ns;
	m->desk->span_ns = now - m->desk->span_ns;
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
	span_begin(m);
	for (i = 0; i < warm; i++)
		hand_over(m, &o);
	m->desk->start_ns = member_now();
	for (; i < all - TAIL; i++)
		hand_over(m, &o);
	m->desk->end_ns = member_now();
	for (; i < all; i++)
		hand_over(m, &o);
	span_end(m);
	m->desk->rusage = member_kernel_switches() - before;
	m->desk->switches = m->desk->rusage;
	m->desk->moved = cpu != m->shift->spec.cpu ||
			 (unsigned int)sched_getcpu() != cpu;
}

void member_settle(struct shift *shift, unsigned int index)
{
	const struct sched_param param = {
		.sched_priority = shift->spec.priority,
	};
	struct desk *desk = &shift->desk[index];

	desk->tid = gettid();
	desk->error = cpus_bind(0, shift->spec.cpu);
	if (desk->error == -EINVAL)
		desk->error = -ENODEV;
	if (!desk->error && param.sched_priority &&
	    sched_setscheduler(0, SCHED_FIFO, &param))
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
