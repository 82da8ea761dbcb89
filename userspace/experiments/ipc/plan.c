// SPDX-License-Identifier: GPL-2.0-only
/* Chooses CPUs, sizes and times for this machine. */
#include <stdio.h>
#include <stdlib.h>

#include "ipc.h"
#include "lib/xalloc.h"
#include "measure/cpus.h"

static const unsigned int sizes[] = { 1, 64, 4096, 65536, MESSAGE_MOST };

/* What one task can send to itself: it must not wait for room. */
#define ALONE_MOST 4096

/* Whether @cpu is one of the list "0-1,8" that the file has. */
static bool in_list(const char *path, unsigned int cpu)
{
	unsigned int from, to;
	bool found = false;
	FILE *f = fopen(path, "re");
	int n;

	while (f && !found && (n = fscanf(f, "%u-%u", &from, &to)) > 0) {
		found = cpu >= from && cpu <= (n == 2 ? to : from);
		if (fgetc(f) != ',')
			break;
	}
	if (f)
		fclose(f);
	return found;
}

/* The last allowed CPU that shares the core of @first, or does not; or @first. */
static long find_other(unsigned int first, bool sibling)
{
	int n = cpus_allowed(NULL, 0), i;
	long other = first;
	unsigned int *cpu;
	char path[96];

	if (n <= 0)
		return first;
	cpu = xcalloc(n, sizeof(*cpu));
	i = cpus_allowed(cpu, n);
	n = i < n ? i : n;
	snprintf(path, sizeof(path),
		 "/sys/devices/system/cpu/cpu%u/topology/thread_siblings_list",
		 first);
	for (i = 0; i < n && other == first; i++)
		if (cpu[i] != first && in_list(path, cpu[i]) == sibling)
			other = cpu[i];
	free(cpu);
	return other;
}

int ipc_point(const struct run *run, unsigned int bytes, enum variant variant)
{
	unsigned int p;

	for (p = 0; p < run->settings.points; p++)
		if (run->settings.point[p].x == bytes &&
		    run->settings.point[p].variant == (int)variant)
			return p;
	return -1;
}

static bool has_place(const struct settings *set, enum place place)
{
	switch (place) {
	case PLACE_THREADS_2:
	case PLACE_PROCESSES_2:
		return set->value[SET_OTHER] != (long)set->cpu;
	case PLACE_PROCESSES_SMT:
		return set->value[SET_SIBLING] != (long)set->cpu;
	default:
		return true;
	}
}

/* Pipes between processes are the null test. */
static bool is_wanted(const struct run *run, int arm)
{
	enum mechanism only = run->settings.value[SET_WAY];

	return only == MECH_COROUTINE || ipc_mech(run, arm) == only ||
	       ipc_mech(run, arm) == MECH_COROUTINE ||
	       (ipc_mech(run, arm) == MECH_PIPE &&
		ipc_place(run, arm) == PLACE_PROCESSES);
}

static void choose_arms(struct run *run)
{
	struct settings *set = &run->settings;
	enum place place;
	int arm;

	set->value[SET_OTHER] = find_other(set->cpu, false);
	set->value[SET_SIBLING] = find_other(set->cpu, true);
	set->cpus = has_place(set, PLACE_PROCESSES_2) ||
		    has_place(set, PLACE_PROCESSES_SMT) ? 2 : 1;
	for (arm = 0; arm < run_arms(run); arm++) {
		place = ipc_place(run, arm);
		set->arm[arm] = has_place(set, place) && is_wanted(run, arm);
		if (place == PLACE_ALONE && arm)
			set->most_x[arm] = ALONE_MOST;
	}
	if (!has_place(set, PLACE_PROCESSES_2))
		run_note(run, "no arms on two CPUs, spinning among them: only one may be used");
}

static void add(struct run *run, unsigned int bytes)
{
	run_add_point(&run->settings,
		      &(struct point){ bytes, VARIANT_TRIPS, 1 });
}

static void default_points(const struct request *r, struct run *run)
{
	size_t i, n = sizeof(sizes) / sizeof(*sizes);

	for (i = 1; i < n; i++)
		if (!r->quick || i == n - 1)
			add(run, sizes[i]);
	for (i = 0; i < n; i++)
		if (!r->quick)
			run_add_point(&run->settings,
				      &(struct point){ sizes[i],
						       VARIANT_STREAM, 1 });
}

char *ipc_plan(const struct request *r, struct run *run)
{
	struct settings *set = &run->settings;
	bool emulated = *run->machine.emulator;

	set->value[SET_WAY] = r->setting[SET_WAY] > 0 ? r->setting[SET_WAY] : 0;
	choose_arms(run);
	set->round_us = emulated ? 4000 : 1000;
	set->seconds = emulated ? 60 : 20;
	if (r->quick) {
		set->round_us /= 4;
		set->seconds = emulated ? 20 : 3;
	}
	if (r->seconds)
		set->seconds = r->seconds;
	run_add_point(set, &(struct point){ 1, VARIANT_TRIPS, 2 });
	if (!r->xs) {
		default_points(r, run);
		return NULL;
	}
	return run_add_list(run, r->xs);
}
