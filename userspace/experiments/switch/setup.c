// SPDX-License-Identifier: GPL-2.0-only
/* Sets the stage: what is touched, the probe's sessions, the crews. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure/probe.h"
#include "setup.h"

int stage_round(struct stage *st, int arm, unsigned int point,
		uint32_t hand_overs, int session, struct sample *s,
		double *window_ns)
{
	const struct order o = {
		.hand_overs = hand_overs,
		.pages = st->run->settings.point[point].pages,
		.pattern = st->run->settings.point[point].pattern,
		.co = arms[arm].co,
		.session = session,
	};

	return crew_round(&st->crew[arms[arm].crew], &o, s, window_ns);
}

void stage_progress(const struct stage *st, const char *doing, double done)
{
	if (st->progress)
		st->progress(st->arg, doing, fmin(done, 1));
}

/* Takes an arm out of the run. */
static void drop_arm(struct run *run, int arm, const char *why)
{
	run->settings.arm[arm] = false;
	run_note(run, "no %s: %s", arms[arm].name, why);
}

/*
 * A session for each arm, so that its counters and histograms are that arm's.
 * The module keeps its hooks from a session's first attach until it is closed:
 * no round but the first pays for patching the kernel's code.
 */
static void open_sessions(struct stage *st)
{
	struct settings *set = &st->run->settings;
	int arm, i, fd = -1;

	for (arm = 0; arm < ARMS; arm++) {
		if (!set->arm[arm] || arms[arm].flush == FLUSH_DETACHED)
			continue;
		for (i = 0; i < 3; i++) {
			fd = probe_open(arms[arm].flush);
			st->session[arm][i] = fd;
			if (fd < 0)
				break;
		}
		if (fd < 0) {
			drop_arm(st->run, arm, strerror(-fd));
			continue;
		}
		st->past[arm] = probe_past_new();
	}
}

/* The most pages that a member is asked to touch, in rings or in pairs. */
static unsigned int most_pages(const struct settings *set, bool ring)
{
	unsigned int p, most = 0;
	int arm;

	for (arm = 0; arm < ARMS; arm++)
		for (p = 0; p < set->points; p++)
			if (arms[arm].ring == ring && run_has(set, arm, p) &&
			    set->point[p].pages > most)
				most = set->point[p].pages;
	return most;
}

static int map_work(struct stage *st)
{
	const struct settings *set = &st->run->settings;
	unsigned int i;
	int err = 0;

	for (i = 0; i < 2 && !err; i++)
		err = workset_map(&st->pair[i], most_pages(set, false),
				  set->huge);
	for (i = 0; i < set->ring && !err; i++)
		err = workset_map(&st->ring[i], most_pages(set, true),
				  set->huge);
	return err;
}

static void unmap_work(struct stage *st)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		workset_unmap(&st->pair[i]);
	for (i = 0; i < RING_MAX; i++)
		workset_unmap(&st->ring[i]);
}

static int raise_crew(struct stage *st, int crew, int arm)
{
	const struct settings *set = &st->run->settings;
	const struct crew_spec spec = {
		.kind = arms[arm].kind,
		.members = arms[arm].ring ? set->ring : 2,
		.cpu = set->cpu,
		.mechanism = set->mechanism,
		.priority = set->priority,
		.work = arms[arm].ring ? st->ring : st->pair,
	};

	return crew_create(&st->crew[crew], &spec);
}

/* Only coroutines may be missing: there are machines that have none. */
static int raise_crews(struct stage *st)
{
	struct settings *set = &st->run->settings;
	int arm, crew, err;

	for (arm = 0; arm < ARMS; arm++) {
		crew = arms[arm].crew;
		if (!set->arm[arm] || st->up[crew])
			continue;
		err = raise_crew(st, crew, arm);
		if (err == -EINTR ||
		    (err && arms[arm].kind != CREW_COROUTINES))
			return err;
		if (err)
			drop_arm(st->run, arm, strerror(-err));
		else
			st->up[crew] = true;
	}
	return 0;
}

static void dismiss_crews(struct stage *st)
{
	int i;

	for (i = 0; i < CREWS; i++)
		if (st->up[i])
			crew_destroy(&st->crew[i]);
	memset(st->up, 0, sizeof(st->up));
}

int stage_new_crews(struct stage *st)
{
	dismiss_crews(st);
	return raise_crews(st);
}

int stage_set(struct stage *st, const char **what)
{
	int err;

	memset(st->session, -1, sizeof(st->session));
	open_sessions(st);
	*what = "map the pages to touch";
	err = map_work(st);
	if (err == -EOPNOTSUPP)
		*what = "put the pages into huge pages";
	if (err)
		return err;
	*what = "make the threads and processes";
	return raise_crews(st);
}

void stage_strike(struct stage *st)
{
	int i, arm;

	dismiss_crews(st);
	for (arm = 0; arm < ARMS; arm++) {
		free(st->past[arm]);
		for (i = 0; i < 3; i++)
			if (st->session[arm][i] >= 0)
				close(st->session[arm][i]);
	}
	unmap_work(st);
}
