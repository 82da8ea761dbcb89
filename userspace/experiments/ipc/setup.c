// SPDX-License-Identifier: GPL-2.0-only
/* Makes workers and links, has a round done, and reads what it left behind. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "ipc.h"
#include "lib/xalloc.h"
#include "measure/stats.h"
#include "queues.h"
#include "ways.h"
#include "work.h"

/* Seconds after which a round that does not end is taken for hung. */
#define HUNG_SECONDS 8

/* Of trips that take little more than reading the clock, one in so many is timed. */
#define TIMED 16

struct state {
	struct run *run;
	struct arena *arena;
	bool up[PLACES];
	struct workers workers[PLACES];
	bool has[MECHS];	/* its link is there */
	bool told[MECHS];	/* that it is not has been noted */
};

/* Which limit an error of making a link speaks of; the caller frees. */
static char *failure(enum mechanism mech, int err)
{
	struct rlimit l = {};

	if (mech == MECH_MQ && err == -EMFILE && !getrlimit(RLIMIT_MSGQUEUE, &l))
		return xasprintf("%s: RLIMIT_MSGQUEUE is %llu bytes, or RLIMIT_NOFILE too low",
				 strerror(-err), (unsigned long long)l.rlim_cur);
	if (err == -EMFILE && !getrlimit(RLIMIT_NOFILE, &l))
		return xasprintf("%s: RLIMIT_NOFILE is %llu", strerror(-err),
				 (unsigned long long)l.rlim_cur);
	if (mech == MECH_SYSV && err == -ENOSPC)
		return xasprintf("%s: kernel.msgmni queues are there",
				 strerror(-err));
	if (mech == MECH_MQ && err == -ENOSPC)
		return xasprintf("%s: fs.mqueue.queues_max queues are there",
				 strerror(-err));
	return xstrdup(strerror(-err));
}

/* All arms of a way at once, with one note. */
static void leave_out(struct state *st, enum mechanism mech, const char *why)
{
	struct run *run = st->run;
	int arm, first = -1;

	for (arm = 0; arm < run_arms(run); arm++) {
		if (ipc_mech(run, arm) != mech || !run->settings.arm[arm])
			continue;
		if (first < 0)
			first = arm;
		run->settings.arm[arm] = false;
	}
	st->has[mech] = false;
	if (first >= 0 && !st->told[mech])
		run_note(run, "no arm of %s: %s", ipc_ways[mech].name, why);
	st->told[mech] = true;
}

/* How long its messages may be, where that is less than others may. */
static void limit_length(struct state *st, enum mechanism mech, unsigned int most)
{
	struct settings *set = &st->run->settings;
	int arm;

	for (arm = 0; arm < run_arms(st->run); arm++)
		if (ipc_mech(st->run, arm) == mech && most < set->most_x[arm])
			set->most_x[arm] = most;
}

static void open_links(struct state *st)
{
	enum mechanism mech;

	for (mech = 0; mech < MECHS; mech++) {
		struct link *l = &st->arena->link[mech];
		int err = link_open(l, &ipc_ways[mech]);
		char *why;

		st->has[mech] = !err;
		limit_length(st, mech, l->most);
		if (!err)
			continue;
		why = failure(mech, err);
		leave_out(st, mech, why);
		free(why);
	}
}

static void tear_down(struct state *st)
{
	int i;

	for (i = 0; i < PLACES; i++) {
		if (st->up[i])
			workers_destroy(&st->workers[i]);
		st->up[i] = false;
	}
	for (i = 0; i < MECHS; i++)
		if (st->arena && st->has[i])
			link_close(&st->arena->link[i], &ipc_ways[i]);
	memset(st->has, 0, sizeof(st->has));
	workers_memory_free(st->arena, sizeof(*st->arena));
	st->arena = NULL;
}

int ipc_renew(void *state)
{
	struct state *st = state;
	int i;

	tear_down(st);
	st->arena = workers_memory(sizeof(*st->arena));
	if (!st->arena)
		return -ENOMEM;
	/* No round shall pay for the first touch of a page. */
	memset(st->arena, 0, sizeof(*st->arena));
	for (i = 0; i < PLACES; i++)
		st->arena->pair[i].arena = st->arena;
	for (i = 0; i < DIRECTIONS; i++)
		st->arena->ring[i].data = st->arena->room[i];
	open_links(st);
	return 0;
}

int ipc_open(struct run *run, void **state, const char **what)
{
	struct state *st = xcalloc(1, sizeof(*st));
	int err;

	*state = st;
	st->run = run;
	*what = "start the child that would remove queues";
	err = keeper_start();
	if (err)
		return err;
	*what = "map the memory that the tasks share";
	return ipc_renew(st);
}

void ipc_close(void *state)
{
	struct state *st = state;

	if (!st)
		return;
	tear_down(st);
	keeper_end();
	free(st);
}

static int start_workers(struct state *st, enum place place)
{
	const struct settings *set = &st->run->settings;
	struct workers_spec spec = {
		.kind = WORKERS_THREADS,
		.n = place == PLACE_ALONE ? 1 : 2,
		.limit = HUNG_SECONDS,
		.begin = work_begin,
		.work = work_round,
		.arg = &st->arena->pair[place],
	};
	int err;

	if (place == PLACE_PROCESSES || place == PLACE_PROCESSES_2 ||
	    place == PLACE_PROCESSES_SMT)
		spec.kind = WORKERS_PROCESSES;
	spec.cpu[0] = set->cpu;
	spec.cpu[1] = set->cpu;
	if (place == PLACE_THREADS_2 || place == PLACE_PROCESSES_2)
		spec.cpu[1] = set->value[SET_OTHER];
	if (place == PLACE_PROCESSES_SMT)
		spec.cpu[1] = set->value[SET_SIBLING];
	err = workers_create(&st->workers[place], &spec);
	st->up[place] = !err;
	return err;
}

static enum pattern pattern_of(const struct state *st, const struct turn *turn)
{
	const struct run *run = st->run;

	if (ipc_place(run, turn->arm) == PLACE_ALONE &&
	    ipc_mech(run, turn->arm) != MECH_COROUTINE)
		return PATTERN_ALONE;
	return run->settings.point[turn->point].variant == VARIANT_STREAM ?
		       PATTERN_STREAM : PATTERN_TRIPS;
}

static void prepare(struct state *st, const struct turn *turn)
{
	struct arena *a = st->arena;
	int i;

	a->mech = ipc_mech(st->run, turn->arm);
	a->way = &ipc_ways[a->mech];
	a->pattern = pattern_of(st, turn);
	a->bytes = st->run->settings.point[turn->point].x;
	a->messages = turn->ops;
	a->untimed = a->pattern == PATTERN_TRIPS;
	if (a->pattern == PATTERN_TRIPS)
		a->messages = fmax(turn->ops / 2, 1) + a->untimed;
	/* Where reading the clock is a system call, it would be counted as well. */
	a->every = fmax(a->messages / TIMES + 1, a->way->fast ? TIMED : 1);
	if (turn->counts)
		a->every = UINT32_MAX;
	for (i = 0; i < SIDES; i++) {
		memset(&a->side[i], 0, offsetof(struct side, trip_ns));
		a->side[i].arena = a;
		a->side[i].way = *a->way;
		a->side[i].link = a->link[a->mech];
		a->side[i].out = i == SIDE_FIRST ? FORTH : BACK;
		a->side[i].in = i != SIDE_FIRST || a->pattern == PATTERN_ALONE ?
					FORTH : BACK;
	}
}

/* Messages of a round that were to be brought to the other side. */
static double messages_of(const struct arena *a, uint32_t of_a_direction)
{
	return of_a_direction * (a->pattern == PATTERN_TRIPS ? 2.0 : 1.0);
}

static int first_error(const struct arena *a)
{
	int i;

	for (i = 0; i < SIDES; i++) {
		if (a->side[i].error)
			return a->side[i].error;
		if (a->side[i].wrong)
			return -EILSEQ;
	}
	return 0;
}

/* The helper belongs to the server's side. */
static struct worker_use use_of(const struct arena *a, int side)
{
	struct worker_use u = a->side[side].use;

	if (side != SIDE_SECOND)
		return u;
	u.cpu_ns += a->side[SIDE_HELPER].use.cpu_ns;
	u.voluntary += a->side[SIDE_HELPER].use.voluntary;
	u.involuntary += a->side[SIDE_HELPER].use.involuntary;
	return u;
}

static void trip_values(struct sample *s, const struct side *first)
{
	double *ns = xcalloc(first->times + 1, sizeof(*ns));
	uint32_t i;

	for (i = 0; i < first->times; i++)
		ns[i] = first->trip_ns[i];
	s->value[Q_TRIP_50] = stats_quantile(ns, first->times, 0.5);
	s->value[Q_TRIP_99] = stats_quantile(ns, first->times, 0.99);
	free(ns);
}

static void count_values(struct state *st, const struct turn *turn,
			 const struct worker_use use[2], uint64_t calls)
{
	enum place place = ipc_place(st->run, turn->arm);
	const struct workers *w = &st->workers[place];
	uint64_t voluntary = use[0].voluntary + use[1].voluntary, meeting = 0;
	unsigned int i;

	for (i = 0; i < w->spec.n; i++)
		meeting += workers_slot(w, i)->yields;
	counts_set(turn->counts, COUNT_EXPECTED,
		   messages_of(st->arena, st->arena->messages));
	counts_set(turn->counts, COUNT_CALLS, calls);
	counts_set(turn->counts, COUNT_MEETING, meeting);
	counts_set(turn->counts, COUNT_VOLUNTARY, voluntary);
	counts_set(turn->counts, COUNT_RUSAGE,
		   voluntary + use[0].involuntary + use[1].involuntary);
}

static void collect(struct state *st, const struct turn *turn, struct sample *s,
		    double *window_ns)
{
	const struct arena *a = st->arena;
	struct workers *w = &st->workers[ipc_place(st->run, turn->arm)];
	const struct worker_use use[2] = { use_of(a, SIDE_FIRST),
					   use_of(a, SIDE_SECOND) };
	double n = messages_of(a, a->messages);
	double timed = messages_of(a, a->messages - a->untimed);
	uint64_t calls = 0, copied = 0;
	int i;

	for (i = 0; i < SIDES; i++) {
		calls += a->side[i].entries;
		copied += a->side[i].copied;
	}
	*window_ns = workers_slot(w, 0)->end_ns - workers_slot(w, 0)->start_ns;
	s->moved = workers_moved(w);
	s->value[Q_NS] = *window_ns / timed;
	s->value[Q_RATE] = 1e9 * timed / *window_ns;
	s->value[Q_BYTES] = 1e3 * timed * a->bytes / *window_ns;
	s->value[Q_CALLS] = calls / n;
	s->value[Q_COPIED] = copied / n;
	s->value[Q_CPU] = (use[0].cpu_ns + use[1].cpu_ns) / n;
	s->value[Q_VOLUNTARY_1] = use[0].voluntary / n;
	s->value[Q_INVOLUNTARY_1] = use[0].involuntary / n;
	s->value[Q_VOLUNTARY_2] = use[1].voluntary / n;
	s->value[Q_INVOLUNTARY_2] = use[1].involuntary / n;
	if (a->pattern == PATTERN_TRIPS)
		trip_values(s, &a->side[SIDE_FIRST]);
	if (turn->counts)
		count_values(st, turn, use, calls);
	/* The core reckons with the operations it asked for. */
	*window_ns *= turn->ops / timed;
}

int ipc_round(void *state, const struct turn *turn, struct sample *s,
	      double *window_ns)
{
	const struct order o = { .ops = turn->ops, .session = -1 };
	struct state *st = state;
	enum place place = ipc_place(st->run, turn->arm);
	int err = 0;

	if (!st->up[place])
		err = start_workers(st, place);
	if (err)
		return err;
	prepare(st, turn);
	err = workers_round(&st->workers[place], &o);
	if (!err)
		err = first_error(st->arena);
	if (err)
		return err;
	collect(st, turn, s, window_ns);
	return s->moved ? workers_bind_again(&st->workers[place]) : 0;
}

/* The two sides, and the thread that answers calls, where there is one. */
unsigned int ipc_tasks(void *state, int arm, pid_t tids[MAX_TASKS])
{
	struct state *st = state;
	enum place place = ipc_place(st->run, arm);
	unsigned int n;

	if (!st->up[place] && start_workers(st, place))
		return 0;
	n = workers_tids(&st->workers[place], tids);
	if (st->arena->pair[place].helper)
		tids[n++] = st->arena->pair[place].helper;
	return n;
}
