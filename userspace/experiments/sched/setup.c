// SPDX-License-Identifier: GPL-2.0-only
/* Makes workers, has a round done, and reads what it left behind. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/xalloc.h"
#include "measure/busy.h"
#include "measure/stats.h"
#include "sched.h"

/*
 * Seconds after which a round that does not end is taken for hung.  The first touch of
 * a million stacks takes half of it where the host has yet to find the memory.
 */
#define HUNG_SECONDS 60

/* Which workers a round needs. */
enum group {
	GROUP_ONE,		/* that makes coroutines or tasks */
	GROUP_THREADS,
	GROUP_THREADS_2,
	GROUP_PROCESSES,
	GROUPS_OF_WORKERS
};

struct state {
	struct run *run;
	struct arena *arena;
	bool up[GROUPS_OF_WORKERS];
	struct workers workers[GROUPS_OF_WORKERS];
};

static enum group group_of(enum load load, enum kind kind)
{
	if (load == LOAD_FAN_OUT && kind == KIND_ALONE)
		return GROUP_THREADS_2;
	if (load == LOAD_CREATE || load == LOAD_FAN_OUT || load == LOAD_PARK)
		return GROUP_ONE;
	switch (kind) {
	case KIND_THREAD:
		return GROUP_THREADS;
	case KIND_THREAD_2:
		return GROUP_THREADS_2;
	case KIND_PROCESS:
		return GROUP_PROCESSES;
	default:
		return GROUP_ONE;
	}
}

static enum group group_of_arm(const struct run *run, int arm)
{
	return group_of(sched_arm_load(run, arm), sched_arm_kind(run, arm));
}

/* A thousand connections have two thousand descriptors. */
static int begin(struct worker *w)
{
	struct rlimit files;

	(void)w;
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	return 0;
}

static void work(struct worker *w, const struct order *o)
{
	struct arena *a = w->arg;

	(void)o;
	if (a->kind == KIND_COROUTINE || a->kind == KIND_COROUTINE_2)
		coroutines_round(a, w);
	else
		tasks_round(a, w);
}

static int start_workers(struct state *st, enum group group)
{
	static const enum workers_kind kinds[] = {
		[GROUP_ONE] = WORKERS_FORKED,
		[GROUP_THREADS] = WORKERS_THREADS,
		[GROUP_THREADS_2] = WORKERS_THREADS,
		[GROUP_PROCESSES] = WORKERS_PROCESSES,
	};
	const struct settings *set = &st->run->settings;
	struct workers_spec spec = {
		.kind = kinds[group],
		.n = group == GROUP_ONE ? 1 : 2,
		.limit = HUNG_SECONDS,
		.begin = begin,
		.work = work,
		.arg = st->arena,
	};
	int err;

	spec.cpu[0] = set->cpu;
	spec.cpu[1] = group == GROUP_THREADS_2 ? set->value[SET_OTHER] :
						 (long)set->cpu;
	err = workers_create(&st->workers[group], &spec);
	st->up[group] = !err;
	return err;
}

static void tear_down(struct state *st)
{
	int i;

	for (i = 0; i < GROUPS_OF_WORKERS; i++) {
		if (st->up[i])
			workers_destroy(&st->workers[i]);
		st->up[i] = false;
	}
	workers_memory_free(st->arena, sizeof(*st->arena));
	st->arena = NULL;
}

int sched_renew(void *state)
{
	struct state *st = state;

	tear_down(st);
	st->arena = workers_memory(sizeof(*st->arena));
	return st->arena ? 0 : -ENOMEM;
}

int sched_open(struct run *run, void **state, const char **what)
{
	struct state *st = xcalloc(1, sizeof(*st));

	*state = st;
	st->run = run;
	*what = "map the memory that the tasks share";
	return sched_renew(st);
}

void sched_close(void *state)
{
	struct state *st = state;

	if (!st)
		return;
	tear_down(st);
	free(st);
}

/* Loads that show how late something is, by so many sleeps a round at most. */
#define LATE_MOST 50
/* Processes made in a round, at most. */
#define FORKS_MOST 200

static bool is_late(enum load load)
{
	return load == LOAD_TIMER || load == LOAD_BLOCK ||
	       load == LOAD_BLOCK_UNSAID;
}

/* A round has to end, an emulated one too. */
static uint32_t most_ops(const struct arena *a)
{
	if (is_late(a->load))
		return LATE_MOST;
	return a->load == LOAD_CREATE && a->kind == KIND_PROCESS ? FORKS_MOST :
								   UINT32_MAX;
}

static void prepare(struct state *st, const struct turn *turn)
{
	const struct settings *set = &st->run->settings;
	struct arena *a = st->arena;

	memset(a, 0, offsetof(struct arena, mutex));
	a->load = sched_arm_load(st->run, turn->arm);
	a->kind = sched_arm_kind(st->run, turn->arm);
	a->tasks = set->point[turn->point].x;
	a->ops = fmin(turn->ops, most_ops(a));
	a->cpu[0] = set->cpu;
	a->cpu[1] = set->value[SET_OTHER];
	a->turns = busy_speed();
}

/* Limits that a number of tasks can meet. */
static bool is_limit(int err)
{
	return err == -EAGAIN || err == -ENOMEM || err == -EMFILE ||
	       err == -ENFILE || err == -EADDRNOTAVAIL;
}

/* The arm goes on below the number of tasks that cannot be had. */
static int limit(struct state *st, const struct turn *turn, int err)
{
	struct run *run = st->run;
	unsigned int n = run->settings.point[turn->point].x;

	if (!is_limit(err))
		return err;
	if (!turn->point) {
		run_drop(run, turn->arm, strerror(-err));
		return 0;
	}
	run->settings.most_x[turn->arm] = n - 1;
	run_note(run, "%s: less than %u tasks: %s", run_arm_name(run, turn->arm),
		 n, strerror(-err));
	return 0;
}

static struct use use_of(const struct state *st, enum group group)
{
	struct use u = st->arena->use[0];

	if (group != GROUP_PROCESSES)
		return u;
	u.cpu_ns += st->arena->use[1].cpu_ns;
	u.voluntary += st->arena->use[1].voluntary;
	u.involuntary += st->arena->use[1].involuntary;
	return u;
}

static void values(struct state *st, struct sample *s, enum group group,
		   double window)
{
	struct arena *a = st->arena;
	struct use u = use_of(st, group);

	s->value[Q_NS] = window / a->made;
	s->value[Q_CPU] = (double)u.cpu_ns / a->made;
	s->value[Q_VOLUNTARY] = (double)u.voluntary / a->made;
	s->value[Q_INVOLUNTARY] = (double)u.involuntary / a->made;
	if (a->bytes)
		s->value[Q_BYTES] = a->bytes / a->tasks;
	if (!is_late(a->load))
		return;
	s->value[Q_LATE_50] = stats_quantile(a->late_ns, a->times, 0.5);
	s->value[Q_LATE_99] = stats_quantile(a->late_ns, a->times, 0.99);
	s->value[Q_NS] = s->value[Q_LATE_50];
	s->value[Q_CPU] = NAN;
}

/*
 * Where one CPU is to be busy all the time, what it was not is time that others had.
 * The core knows it of its workers, and a process of its coroutines.  Of many threads
 * it is not known well enough: the time of a switch is nobody's.
 */
static void waited(const struct state *st, struct sample *s, enum group group,
		   double window)
{
	const struct workers *w = &st->workers[group];
	const struct arena *a = st->arena;

	if (is_late(a->load))
		return;
	if (a->kind == KIND_COROUTINE) {
		s->span_ns = window;
		s->waited_ns = fmax(window - a->use[0].cpu_ns, 0);
	} else if (group != GROUP_ONE && a->tasks == w->spec.n) {
		s->span_ns = workers_slot(w, 0)->span_ns;
		s->waited_ns = workers_waited_ns(w);
	}
}

/* Its calls on another thread are missing; where a P is to change hands, they may. */
static bool left_its_thread(const struct arena *a)
{
	return a->kind == KIND_COROUTINE && !is_late(a->load) && a->handed_over;
}

static void count_values(struct state *st, const struct turn *turn,
			 enum group group)
{
	struct use u = use_of(st, group);

	counts_set(turn->counts, COUNT_EXPECTED, st->arena->made);
	counts_set(turn->counts, COUNT_VOLUNTARY, u.voluntary);
	counts_set(turn->counts, COUNT_RUSAGE, u.voluntary + u.involuntary);
}

static int collect(struct state *st, const struct turn *turn, struct sample *s,
		   double *window_ns, enum group group)
{
	struct workers *w = &st->workers[group];
	const struct slot *first = workers_slot(w, 0);
	double window = first->end_ns - first->start_ns;

	s->moved = workers_moved(w);
	if (turn->counts)
		s->moved |= left_its_thread(st->arena);
	values(st, s, group, window);
	waited(st, s, group, window);
	if (turn->counts)
		count_values(st, turn, group);
	/* The core reckons with the operations it asked for. */
	*window_ns = window * turn->ops / st->arena->made;
	return s->moved ? workers_bind_again(w) : 0;
}

int sched_round(void *state, const struct turn *turn, struct sample *s,
		double *window_ns)
{
	const struct order o = { .ops = turn->ops, .session = -1 };
	struct state *st = state;
	enum group group = group_of_arm(st->run, turn->arm);
	int err = 0;

	prepare(st, turn);
	if (!st->up[group])
		err = start_workers(st, group);
	if (!err)
		err = workers_round(&st->workers[group], &o);
	if (!err && st->arena->error)
		return limit(st, turn, st->arena->error);
	return err ? err : collect(st, turn, s, window_ns, group);
}

/* Not the tasks that a round itself makes: of coroutines, the thread of their P. */
unsigned int sched_tasks(void *state, int arm, pid_t tids[MAX_TASKS])
{
	struct state *st = state;
	enum group group = group_of_arm(st->run, arm);

	if (!st->up[group] && start_workers(st, group))
		return 0;
	return workers_tids(&st->workers[group], tids);
}
