// SPDX-License-Identifier: GPL-2.0-only
/* Chooses arms, numbers of tasks, and times for this machine. */
#include <errno.h>

#include "lib/xalloc.h"
#include "measure/cpus.h"
#include "sched.h"

/* The tasks of the first point, and of the null test. */
#define FIRST_TASKS 2

static const unsigned int tasks[] = { 20, 200, 2000, 20000 };

/* An allowed CPU other than @first, the highest; or @first. */
static long find_other(unsigned int first)
{
	unsigned int cpu[2];
	int i, n = cpus_allowed(cpu, 2);

	for (i = 0; i < n && i < 2; i++)
		if (cpu[i] != first)
			return cpu[i];
	return first;
}

int sched_point(const struct run *run, unsigned int n)
{
	unsigned int p;

	for (p = 0; p < run->settings.points; p++)
		if (run->settings.point[p].x == n)
			return p;
	return -1;
}

/* Where the user names no numbers: so many as a turn has time for. */
static unsigned int enough_tasks(enum load load, enum kind kind)
{
	if (load == LOAD_PARK)
		return UINT32_MAX;
	if (kind == KIND_THREAD)
		return 200;
	return load == LOAD_CREATE ? UINT32_MAX : 2000;
}

static unsigned int most_tasks(enum load load, enum kind kind, bool named)
{
	unsigned int most = named ? UINT32_MAX : enough_tasks(load, kind);

	if (load == LOAD_TCP && most > 2 * CONNECTIONS_MOST)
		most = 2 * CONNECTIONS_MOST;
	return kind == KIND_THREAD && most > THREADS_MOST ? THREADS_MOST : most;
}

static bool needs_two(const struct run *run, int arm)
{
	enum kind kind = sched_arm_kind(run, arm);

	return kind == KIND_COROUTINE_2 || kind == KIND_THREAD_2 ||
	       sched_arm_load(run, arm) == LOAD_FAN_OUT;
}

static bool is_asked_for(const struct run *run, int arm)
{
	long only = run->settings.value[SET_LOAD];

	return !only || only == (long)sched_arm_load(run, arm) + 1;
}

/* Yielding coroutines are the null test, beside whatever load. */
static bool is_wanted(const struct run *run, int arm)
{
	return is_asked_for(run, arm) ||
	       (sched_arm_load(run, arm) == LOAD_YIELD &&
		sched_arm_kind(run, arm) == KIND_COROUTINE);
}

static void choose_arms(struct run *run, bool named)
{
	struct settings *set = &run->settings;
	enum kind kind;
	bool two;
	int arm;

	set->value[SET_OTHER] = find_other(set->cpu);
	two = set->value[SET_OTHER] != (long)set->cpu;
	set->cpus = two ? 2 : 1;
	for (arm = 0; arm < run_arms(run); arm++) {
		kind = sched_arm_kind(run, arm);
		set->arm[arm] = is_wanted(run, arm) &&
				(two || !needs_two(run, arm));
		set->most_x[arm] = !is_asked_for(run, arm) ? FIRST_TASKS :
			most_tasks(sched_arm_load(run, arm), kind, named);
	}
	if (!two)
		run_note(run, "no arms on two CPUs: only one may be used");
}

/* Pairs wake each other, and one of a pair is no pair. */
static char *odd_point(const struct run *run)
{
	unsigned int p;

	for (p = 0; p < run->settings.points; p++)
		if (!run->settings.point[p].x || run->settings.point[p].x & 1)
			return xasprintf("%u tasks are no pairs",
					 run->settings.point[p].x);
	return NULL;
}

char *sched_plan(const struct request *r, struct run *run)
{
	struct settings *set = &run->settings;
	bool emulated = *run->machine.emulator;
	size_t i, n = sizeof(tasks) / sizeof(*tasks);
	char *problem = NULL;

	set->value[SET_LOAD] = r->setting[SET_LOAD] > 0 ?
				       r->setting[SET_LOAD] : 0;
	choose_arms(run, r->xs);
	set->round_us = emulated ? 4000 : 1000;
	set->seconds = emulated ? 60 : 20;
	if (r->quick) {
		set->round_us /= 2;
		set->seconds = emulated ? 20 : 3;
	}
	if (r->seconds)
		set->seconds = r->seconds;
	run_add_point(set, &(struct point){ FIRST_TASKS, NO_VARIANT, 3 });
	if (r->xs)
		problem = run_add_list(run, r->xs);
	else
		for (i = 0; i < n; i++)
			if (!r->quick || tasks[i] == 2000)
				run_add_point(set, &(struct point){
							   tasks[i], NO_VARIANT, 1 });
	return problem ? problem : odd_point(run);
}
