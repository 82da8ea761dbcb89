// SPDX-License-Identifier: GPL-2.0-only
/* Chooses points and times for this machine. */
#include <unistd.h>

#include "lib/xalloc.h"
#include "measure/cpus.h"
#include "sync.h"

#define OUTSIDE_NS	  100
#define LIMIT_MS	  30
#define LIMIT_EMULATED_MS 1500

/*
 * Where threads are more than CPUs, a round has to be longer than the time that one
 * runs before the next gets its CPU: else some never want the lock.
 */
#define SLICES 4

/*
 * Rounds of a pass with one thread: they are short, and the null test, which is there
 * alone, must tell less than a nanosecond.
 */
#define ALONE	    6
#define QUICK_ALONE 2

const unsigned int sync_section_ns[SECTIONS] = {
	[SECTION_0] = 0,
	[SECTION_100] = 100,
	[SECTION_1000] = 1000,
	[SECTION_10000] = 10000,
};

int sync_point(const struct run *run, unsigned int x, enum section section)
{
	unsigned int p;

	for (p = 0; p < run->settings.points; p++)
		if (run->settings.point[p].x == x &&
		    run->settings.point[p].variant == (int)section)
			return p;
	return -1;
}

/* The defaults want two threads on each. */
static void choose_cpus(const struct request *r, struct run *run)
{
	int allowed = cpus_allowed(NULL, 0), most = LOCK_USERS / 2;

	run->settings.cpus = allowed > 0 ? allowed : 1;
	if (r->xs || allowed <= most)
		return;
	run->settings.cpus = most;
	run_note(run,
		 "threads are on %d of the %d CPUs that may be used: a lock has %d users at most",
		 most, allowed, LOCK_USERS);
}

static void add(struct run *run, unsigned int x, enum section section)
{
	if (x > 1 && x <= LOCK_USERS)
		run_add_point(&run->settings,
			      &(struct point){x, section, 1});
}

/* 2, as many as there are CPUs, twice and eight times as many. */
static void default_points(const struct request *r, struct run *run)
{
	unsigned int cpus = run->settings.cpus, s;

	for (s = 0; s < SECTIONS; s++) {
		if (r->quick && s != SECTION_100)
			continue;
		add(run, 2, s);
		if (s == SECTION_100 && !r->quick)
			add(run, cpus, s);
		add(run, 2 * cpus, s);
		if (s == SECTION_100 && !r->quick)
			add(run, 8 * cpus, s);
	}
}

static void choose_lengths(struct settings *set)
{
	unsigned int p;

	for (p = 0; p < set->points; p++)
		if (set->point[p].x > set->cpus)
			set->longer[p] = SLICES;
}

static void choose_times(const struct request *r, struct run *run)
{
	struct settings *set = &run->settings;
	bool emulated = *run->machine.emulator;

	set->round_us = emulated ? 4000 : 2000;
	set->value[SET_LIMIT] = emulated ? LIMIT_EMULATED_MS : LIMIT_MS;
	set->seconds = emulated ? 60 : 20;
	if (r->quick)
		set->seconds = emulated ? 20 : 3;
	if (r->seconds)
		set->seconds = r->seconds;
	if (r->setting[SET_LIMIT] > 0)
		set->value[SET_LIMIT] = r->setting[SET_LIMIT];
}

char *sync_plan(const struct request *r, struct run *run)
{
	const struct point alone = {
		.x = 1,
		.variant = NO_VARIANT,
		.rounds = r->quick ? QUICK_ALONE : ALONE,
	};
	struct settings *set = &run->settings;
	char *problem = NULL;
	int arm;

	for (arm = 0; arm < ARMS; arm++)
		set->arm[arm] = true;
	/* Two show the race, and what the ways without a lock cost. */
	for (arm = ARM_RACE; arm <= ARM_CAS; arm++)
		set->most_x[arm] = 2;
	set->value[SET_OUTSIDE] = r->setting[SET_OUTSIDE] >= 0
					  ? r->setting[SET_OUTSIDE]
					  : OUTSIDE_NS;
	choose_cpus(r, run);
	choose_times(r, run);
	run_add_point(set, &alone);
	if (r->xs)
		problem = run_add_list(run, r->xs);
	else
		default_points(r, run);
	choose_lengths(set);
	return problem;
}
