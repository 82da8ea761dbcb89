// SPDX-License-Identifier: GPL-2.0-only
/* Allocates the working sets, opens the probe's sessions, starts the workers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "handover.h"
#include "lib/xalloc.h"

/* The probe's sessions of an arm: rounds at 0 pages, all others, counting. */
enum { SESSION_EMPTY, SESSION_PAGES, SESSION_COUNT, SESSIONS };

/* Workers and what they share with the controller. */
struct group {
	bool up;
	struct workers workers;
	struct table *table;
};

struct state {
	struct run *run;
	/* What all pairs touch, and all rings: the same memory in every arm. */
	struct workset pair[2];
	struct workset ring[RING_MAX];
	struct group group[SWITCH_GROUPS];
	int session[ARMS][SESSIONS];
	struct probe_last *last[ARMS];	/* of SESSION_EMPTY */
};

/*
 * A session for each arm, so that its counters and histograms are that arm's.
 * The module keeps its hooks from a session's first attach until it is closed:
 * no round but the first pays for patching the kernel's code.
 */
static void open_sessions(struct state *st)
{
	int arm, i, fd = -1;

	for (arm = 0; arm < ARMS; arm++) {
		if (!st->run->settings.arm[arm] ||
		    switch_arms[arm].probe == PROBE_DETACHED)
			continue;
		for (i = 0; i < SESSIONS; i++) {
			fd = probe_open(switch_arms[arm].probe);
			st->session[arm][i] = fd;
			if (fd < 0)
				break;
		}
		if (fd < 0) {
			run_drop(st->run, arm, strerror(-fd));
			continue;
		}
		st->last[arm] = probe_last_new();
	}
}

/* The most pages that a worker is asked to touch, in rings or in pairs. */
static unsigned int most_pages(const struct run *run, bool ring)
{
	const struct settings *set = &run->settings;
	unsigned int p, most = 0;
	int arm;

	for (arm = 0; arm < ARMS; arm++)
		for (p = 0; p < set->points; p++)
			if (switch_arms[arm].ring == ring &&
			    run_has(run, arm, p) && set->point[p].x > most)
				most = set->point[p].x;
	return most;
}

static int map_work(struct state *st)
{
	const long *value = st->run->settings.value;
	unsigned int i;
	int err = 0;

	for (i = 0; i < 2 && !err; i++)
		err = workset_map(&st->pair[i], most_pages(st->run, false),
				  value[SET_HUGE]);
	for (i = 0; i < value[SET_RING] && !err; i++)
		err = workset_map(&st->ring[i], most_pages(st->run, true),
				  value[SET_HUGE]);
	return err;
}

static void unmap_work(struct state *st)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		workset_unmap(&st->pair[i]);
	for (i = 0; i < RING_MAX; i++)
		workset_unmap(&st->ring[i]);
}

/* The layout of perf bench sched pipe has processes with own file tables. */
static enum workers_kind kind_of(enum kind kind, enum mechanism mechanism)
{
	if (mechanism == MECH_PERF_PIPE)
		return kind == KIND_PROCESSES ? WORKERS_FORKED :
						WORKERS_THREADS;
	return kind == KIND_PROCESSES ? WORKERS_PROCESSES : WORKERS_THREADS;
}

static void stop_group(struct group *g)
{
	if (g->up)
		workers_destroy(&g->workers);
	if (g->table) {
		handover_close(g->table);
		workers_memory_free(g->table, sizeof(*g->table));
	}
	*g = (struct group){};
}

static int make_table(struct state *st, int arm, struct group *g)
{
	const struct settings *set = &st->run->settings;

	g->table = workers_memory(sizeof(*g->table));
	if (!g->table)
		return -errno;
	g->table->mechanism = set->value[SET_MECHANISM];
	g->table->n = switch_members(st->run, arm);
	g->table->work = switch_arms[arm].ring ? st->ring : st->pair;
	return handover_open(g->table);
}

static int start_group(struct state *st, int arm)
{
	struct group *g = &st->group[switch_arms[arm].group];
	bool coroutines = switch_arms[arm].kind == KIND_COROUTINES;
	const struct settings *set = &st->run->settings;
	struct workers_spec spec = {
		.kind = kind_of(switch_arms[arm].kind,
				set->value[SET_MECHANISM]),
		.n = coroutines ? 1 : switch_members(st->run, arm),
		.priority = set->priority,
		.begin = coroutines ? coroutines_begin : handover_begin,
		.work = coroutines ? coroutines_work : handover_work,
	};
	unsigned int i;
	int err;

	for (i = 0; i < spec.n; i++)
		spec.cpu[i] = set->cpu;
	err = make_table(st, arm, g);
	spec.arg = g->table;
	if (!err)
		err = workers_create(&g->workers, &spec);
	g->up = !err;
	if (err)
		stop_group(g);
	return err;
}

/* Only coroutines may be missing: there are machines that have none. */
static int start_groups(struct state *st)
{
	struct run *run = st->run;
	int arm, err;

	for (arm = 0; arm < ARMS; arm++) {
		if (!run->settings.arm[arm] ||
		    st->group[switch_arms[arm].group].up)
			continue;
		err = start_group(st, arm);
		if (err == -EINTR ||
		    (err && switch_arms[arm].kind != KIND_COROUTINES))
			return err;
		if (err)
			run_drop(run, arm, strerror(-err));
	}
	return 0;
}

static void stop_groups(struct state *st)
{
	int i;

	for (i = 0; i < SWITCH_GROUPS; i++)
		stop_group(&st->group[i]);
}

int switch_renew(void *state)
{
	struct state *st = state;
	int err;

	stop_groups(st);
	unmap_work(st);
	err = map_work(st);
	return err ? err : start_groups(st);
}

int switch_open(struct run *run, void **state, const char **what)
{
	struct state *st = xcalloc(1, sizeof(*st));
	int err;

	*state = st;
	st->run = run;
	memset(st->session, -1, sizeof(st->session));
	open_sessions(st);
	*what = "map the pages to touch";
	err = map_work(st);
	if (err == -EOPNOTSUPP)
		*what = "put the pages into huge pages";
	if (err)
		return err;
	*what = "make the threads and processes";
	return start_groups(st);
}

static void read_histogram(struct state *st, int arm)
{
	int session = st->session[arm][SESSION_EMPTY], err;

	if (!st->run->settings.arm[arm] || session < 0)
		return;
	err = probe_histogram(session, &st->run->histogram[arm]);
	/* Without the clock's speed: switch_plan() has said so. */
	if (err && err != -EOPNOTSUPP)
		run_note(st->run, "no histogram of %s: %s",
			 run_arm_name(st->run, arm), strerror(-err));
}

void switch_close(void *state)
{
	struct state *st = state;
	int i, arm;

	if (!st)
		return;
	stop_groups(st);
	for (arm = 0; arm < ARMS; arm++) {
		read_histogram(st, arm);
		free(st->last[arm]);
		for (i = 0; i < SESSIONS; i++)
			if (st->session[arm][i] >= 0)
				close(st->session[arm][i]);
	}
	unmap_work(st);
	free(st);
}

/*
 * Switches that a round makes.  With sched_yield() each hand-over is one; else
 * the first one reaches all workers but one while they are still on the run
 * queue, before they have gone to sleep for it.
 */
static uint32_t expected(const struct table *t, int arm, uint32_t ops)
{
	uint32_t each = warm_up(ops) + ops + TAIL;

	if (switch_arms[arm].kind == KIND_COROUTINES)
		return 2 * ops;
	if (t->mechanism == MECH_YIELD)
		return each * t->n;
	return each * t->n - (t->n - 1);
}

static void collect(const struct group *g, const struct turn *turn,
		    struct sample *s, double *window_ns)
{
	const struct slot *first = workers_slot(&g->workers, 0);

	s->counted = workers_counted(&g->workers);
	s->expected = expected(g->table, turn->arm, turn->ops);
	s->moved = workers_moved(&g->workers);
	s->span_ns = first->span_ns;
	s->waited_ns = workers_waited_ns(&g->workers);
	*window_ns = first->end_ns - first->start_ns;
	if (!s->counted) {
		s->value[Q_NS] = 0;
		s->moved = true;
		return;
	}
	/* By the switches that happened, not by those that should have. */
	s->value[Q_NS] = *window_ns / turn->ops / g->table->n * s->expected /
			 s->counted;
}

/* What the probe has timed, or counted, in this round. */
static int ask_probe(struct state *st, const struct turn *turn, int session,
		     struct sample *s)
{
	bool other_mm = switch_arms[turn->arm].kind == KIND_PROCESSES;
	int err;

	if (session < 0)
		return 0;
	if (turn->counts)
		return probe_counts(session, turn->counts);
	if (st->run->settings.point[turn->point].x)
		return 0;
	err = probe_medians(session, other_mm, st->last[turn->arm],
			    &s->value[Q_KERNEL], &s->value[Q_FLUSH]);
	s->value[Q_KERNEL_FLUSH] = s->value[Q_KERNEL] + s->value[Q_FLUSH];
	return err;
}

static int session_of(const struct state *st, const struct turn *turn)
{
	if (turn->counts)
		return st->session[turn->arm][SESSION_COUNT];
	return st->session[turn->arm][st->run->settings.point[turn->point].x ?
				      SESSION_PAGES : SESSION_EMPTY];
}

int switch_round(void *state, const struct turn *turn, struct sample *s,
		 double *window_ns)
{
	struct state *st = state;
	struct group *g = &st->group[switch_arms[turn->arm].group];
	const struct point *point = &st->run->settings.point[turn->point];
	const struct order o = {
		.ops = turn->ops, .session = session_of(st, turn),
	};
	int err;

	g->table->pages = point->x;
	g->table->pattern = point->variant == PATTERN_INDEPENDENT ?
				    PATTERN_INDEPENDENT : PATTERN_CHAIN;
	g->table->co = switch_arms[turn->arm].co;
	err = workers_round(&g->workers, &o);
	if (err)
		return err;
	collect(g, turn, s, window_ns);
	if (turn->counts) {
		counts_set(turn->counts, COUNT_EXPECTED, s->expected);
		counts_set(turn->counts, COUNT_RUSAGE,
			   workers_rusage(&g->workers));
	}
	err = ask_probe(st, turn, o.session, s);
	if (!err && s->moved)
		err = workers_bind_again(&g->workers);
	return err;
}

unsigned int switch_tasks(void *state, int arm, pid_t tids[MAX_TASKS])
{
	const struct state *st = state;

	return workers_tids(&st->group[switch_arms[arm].group].workers, tids);
}
