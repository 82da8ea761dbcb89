// SPDX-License-Identifier: GPL-2.0-only
/* Workers and their controller: what is tried leaves nothing behind. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "measure/cpus.h"
#include "measure/workers.h"
#include "measure/probe.h"
#include "tap.h"

/* Trying SCHED_FIFO leaves the policy alone, whatever it is. */
static void policies(void)
{
	const struct sched_param param = {};
	const int policy[] = { SCHED_BATCH, SCHED_OTHER | SCHED_RESET_ON_FORK };
	int before = sched_getscheduler(0), i;
	char *why;

	for (i = 0; i < 2; i++) {
		if (sched_setscheduler(0, policy[i], &param)) {
			ok(true, "# SKIP policy %d is not permitted", policy[i]);
			continue;
		}
		cpus_fifo(10, &why);
		free(why);
		ok(sched_getscheduler(0) == policy[i], "policy %d is kept",
		   policy[i]);
	}
	sched_setscheduler(0, before, &param);
}

static unsigned int some_cpu(void)
{
	cpu_set_t set;
	int cpu;

	sched_getaffinity(0, sizeof(set), &set);
	for (cpu = 0; !CPU_ISSET(cpu, &set); cpu++)
		;
	return cpu;
}

/* Each worker adds up what it does in memory that all share. */
struct sums {
	uint64_t sum[MAX_WORKERS];
	int mood;		/* what they do: see below */
};

enum { WORK, FAIL, SLEEP };

static int variable;

static void work(struct worker *w, const struct order *o)
{
	struct sums *s = w->arg;
	uint32_t i;

	worker_meet(w);
	w->slot->start_ns = worker_now();
	for (i = 0; i < o->ops; i++)
		s->sum[w->index]++;
	w->slot->end_ns = worker_now();
	worker_part(w);
	w->slot->counted = o->ops;
	variable = w->index + 1;
	if (s->mood == FAIL && w->index)
		w->slot->error = -EDOM;
	if (s->mood == SLEEP && !w->index)
		sleep(3600);
}

static struct sums *sums;
static struct workers group;

static bool create(enum workers_kind kind, unsigned int n, unsigned int limit)
{
	struct workers_spec spec = {
		.kind = kind, .n = n, .limit = limit, .work = work,
	};
	unsigned int i;

	sums = workers_memory(sizeof(*sums));
	spec.arg = sums;
	for (i = 0; i < n; i++)
		spec.cpu[i] = some_cpu();
	return sums && !workers_create(&group, &spec);
}

static void destroy(void)
{
	workers_destroy(&group);
	workers_memory_free(sums, sizeof(*sums));
}

/* All kinds do what is ordered, each worker for itself. */
static void rounds(void)
{
	const struct order o = { .ops = 1000, .session = -1 };
	const char *const names[] = { "threads", "processes", "forked" };
	pid_t tids[MAX_WORKERS];
	int kind;

	for (kind = WORKERS_THREADS; kind <= WORKERS_FORKED; kind++) {
		ok(create(kind, 3, 0), "three %s", names[kind]);
		ok(!workers_round(&group, &o) && !workers_round(&group, &o) &&
		   sums->sum[0] == 2000 && sums->sum[2] == 2000,
		   "each did two rounds");
		ok(workers_counted(&group) == 3000 &&
		   workers_slot(&group, 1)->end_ns >=
			   workers_slot(&group, 1)->start_ns,
		   "and says so");
		ok(workers_tids(&group, tids) == 3 && tids[0] != tids[1],
		   "by tasks of their own");
		ok(!variable, "which are not the controller");
		destroy();
	}
	ok(create(WORKERS_THREADS, 1, 0) && !workers_round(&group, &o) &&
	   sums->sum[0] == 1000, "one alone");
	destroy();
}

/* One round's error is not the next one's. */
static void errors(void)
{
	struct order o = { .ops = 10 };

	o.session = open("/dev/null", O_RDWR | O_CLOEXEC);
	ok(create(WORKERS_THREADS, 2, 0), "two threads are there");
	is_number(-workers_round(&group, &o), ENOTTY,
		  "what is no probe cannot be attached to");
	close(o.session);
	o.session = -1;
	is_number(-workers_round(&group, &o), 0,
		  "the next round is a good one all the same");
	sums->mood = FAIL;
	is_number(-workers_round(&group, &o), EDOM, "a worker's own error");
	destroy();
	ok(create(WORKERS_PROCESSES, 2, 1), "two that may take a second");
	sums->mood = SLEEP;
	is_number(-workers_round(&group, &o), ETIMEDOUT,
		  "a round that takes longer ends");
	destroy();
}

/* Where the speed of the probe's clock is not known nothing is timed. */
static void unknown_clock(void)
{
	struct probe_last *last = probe_last_new();
	double times[2] = { NAN, NAN };

	ok(!probe_medians(-1, false, last, &times[0], &times[1]) &&
	   isnan(times[0]) && isnan(times[1]), "no clock, no times, no error");
	free(last);
}

int main(void)
{
	policies();
	rounds();
	errors();
	unknown_clock();
	return tap_done();
}
