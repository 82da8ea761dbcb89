// SPDX-License-Identifier: GPL-2.0-only
/* A worker's life between rounds, and what all of them do in each. */
#include <errno.h>
#include <sched.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "cpus.h"
#include "lib/futex.h"
#include "probe.h"
#include "shared.h"

uint64_t worker_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static uint64_t thread_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

void worker_use(struct worker_use *use, bool begins)
{
	struct worker_use now;
	struct rusage u;

	getrusage(RUSAGE_THREAD, &u);
	now = (struct worker_use){ thread_cpu_ns(), u.ru_nvcsw, u.ru_nivcsw };
	if (begins) {
		*use = now;
		return;
	}
	use->cpu_ns = now.cpu_ns - use->cpu_ns;
	use->voluntary = now.voluntary - use->voluntary;
	use->involuntary = now.involuntary - use->involuntary;
}

static uint32_t kernel_switches(void)
{
	struct rusage u;

	getrusage(RUSAGE_THREAD, &u);
	return u.ru_nvcsw + u.ru_nivcsw;
}

static bool on_one_cpu(const struct workers_spec *spec)
{
	unsigned int i;

	for (i = 1; i < spec->n; i++)
		if (spec->cpu[i] != spec->cpu[0])
			return false;
	return true;
}

/*
 * CPU time that all workers have had, in ns; 0 if unknown.  Exact where the
 * caller is the one that runs, since the others then stand still.
 */
static uint64_t cpu_time_of_all(const struct shared *shared)
{
	bool threads = shared->spec.kind == WORKERS_THREADS;
	uint64_t sum = 0, one;
	unsigned int i;

	for (i = 0; i < shared->spec.n; i++) {
		one = cpus_time(shared->slot[i].tid, threads);
		if (!one)
			return 0;
		sum += one;
	}
	return sum;
}

/* The first worker holds the CPU time of all against the time that passed. */
static void span_begin(struct worker *w)
{
	if (w->index || !on_one_cpu(&w->shared->spec))
		return;
	w->slot->cpu_ns = cpu_time_of_all(w->shared);
	w->slot->span_ns = worker_now();
}

static void span_end(struct worker *w)
{
	uint64_t now = worker_now(), cpu;

	if (w->index || !on_one_cpu(&w->shared->spec))
		return;
	cpu = cpu_time_of_all(w->shared);
	if (!cpu || !w->slot->cpu_ns) {
		w->slot->cpu_ns = 0;
		w->slot->span_ns = 0;
		return;
	}
	w->slot->cpu_ns = cpu - w->slot->cpu_ns;
	w->slot->span_ns = now - w->slot->span_ns;
}

/* Waits until all workers are on their CPUs' run queues, in turn. */
void worker_meet(struct worker *w)
{
	struct shared *shared = w->shared;

	w->slot->yields = 0;
	__atomic_add_fetch(&shared->arrived, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&shared->arrived, __ATOMIC_ACQUIRE) <
	       shared->spec.n) {
		sched_yield();
		w->slot->yields++;
	}
	w->cpu = sched_getcpu();
	w->switches = kernel_switches();
	span_begin(w);
}

void worker_part(struct worker *w)
{
	struct slot *slot = w->slot;

	span_end(w);
	slot->rusage = kernel_switches() - w->switches;
	slot->counted = slot->rusage;
	slot->moved = w->cpu != w->shared->spec.cpu[w->index] ||
		      (unsigned int)sched_getcpu() != w->cpu;
}

static int settle(const struct shared *shared, unsigned int index)
{
	const struct sched_param param = {
		.sched_priority = shared->spec.priority,
	};
	int err = cpus_bind(0, shared->spec.cpu[index]);

	if (err)
		return err == -EINVAL ? -ENODEV : err;
	if (param.sched_priority && sched_setscheduler(0, SCHED_FIFO, &param))
		return -errno;
	return 0;
}

static uint32_t next_order(struct shared *shared, uint32_t last)
{
	uint32_t seq;

	while ((seq = __atomic_load_n(&shared->seq, __ATOMIC_ACQUIRE)) == last)
		futex_wait(&shared->seq, last, 0);
	return seq;
}

void worker_finish(struct shared *shared)
{
	__atomic_add_fetch(&shared->finished, 1, __ATOMIC_ACQ_REL);
	futex_wake(&shared->finished, 1);
}

/* A round is worked through also where the probe is not to be had: all meet. */
static void do_round(struct worker *w)
{
	const struct order o = w->shared->order;
	int err = o.session >= 0 ? probe_attach(o.session) : 0;

	w->shared->spec.work(w, &o);
	if (!err && o.session >= 0)
		err = probe_detach(o.session);
	if (err)
		w->slot->error = err;
}

void worker_live(struct shared *shared, unsigned int index)
{
	struct worker w = {
		.index = index, .n = shared->spec.n, .arg = shared->spec.arg,
		.slot = &shared->slot[index], .shared = shared,
	};
	uint32_t seq = 0;

	w.slot->tid = gettid();
	w.slot->error = settle(shared, index);
	if (!w.slot->error && shared->spec.begin)
		w.slot->error = shared->spec.begin(&w);
	worker_finish(shared);
	for (;;) {
		seq = next_order(shared, seq);
		do_round(&w);
		worker_finish(shared);
	}
}
