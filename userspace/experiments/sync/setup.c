// SPDX-License-Identifier: GPL-2.0-only
/* Makes the workers, has a round done, and reads what it left behind. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "measure/cpus.h"
#include "records.h"
#include "sync.h"

/* Seconds after which a round that does not end is taken for hung. */
#define HUNG_SECONDS 8

/* Acquisitions whose holders are kept. */
#define STRIP 2000

/* So few rounds that the time limit ended are not worth a note. */
#define LATE_SHARE 0.05

/* Workers of one place, for points of one number of threads. */
struct group {
	bool up;
	unsigned int users;
	struct workers workers;
};

struct state {
	struct run *run;
	struct arena *arena;
	unsigned int cpu[MAX_WORKERS];
	unsigned int cpus;
	struct group group[PLACES][MAX_POINTS];
	bool stripped[ARMS]; /* a round was found whose strip is whole */
	uint32_t rounds[ARMS];
	uint32_t late[ARMS]; /* those that the time limit ended */
};

/* As many of the allowed CPUs as planned, beginning with the one that the user chose. */
static int find_cpus(struct state *st)
{
	unsigned int first = st->run->settings.cpu, cpu[MAX_WORKERS];
	unsigned int most = st->run->settings.cpus;
	int n = cpus_allowed(cpu, MAX_WORKERS), i;

	if (n < 0)
		return n;
	st->cpu[st->cpus++] = first;
	most = most < MAX_WORKERS ? most : MAX_WORKERS;
	for (i = 0; i < n && i < MAX_WORKERS && st->cpus < most; i++)
		if (cpu[i] != first)
			st->cpu[st->cpus++] = cpu[i];
	st->run->settings.cpus = st->cpus;
	return 0;
}

static bool is_coroutines(int arm)
{
	return sync_arms[arm].way->many;
}

/* The group of an arm for so many users: one each, made when it is needed. */
static struct group *find_group(struct state *st, int arm, unsigned int users)
{
	enum place place = sync_arms[arm].place;
	unsigned int n = is_coroutines(arm) ? 1 : users, i;
	struct group *g = st->group[place];

	for (i = 0; g[i].users && g[i].users != n; i++)
		;
	g[i].users = n;
	return &g[i];
}

static int start_group(struct state *st, int arm, struct group *g)
{
	enum place place = sync_arms[arm].place;
	struct workers_spec spec = {
		.kind = place == PLACE_PROCESSES ? WORKERS_PROCESSES
						 : WORKERS_THREADS,
		.n = g->users,
		.limit = HUNG_SECONDS,
		.work = arena_work,
		.arg = st->arena,
	};
	unsigned int i;
	int err;

	for (i = 0; i < g->users; i++)
		spec.cpu[i] =
			st->cpu[place == PLACE_ONE_CPU ? 0 : i % st->cpus];
	err = workers_create(&g->workers, &spec);
	g->up = !err;
	return err;
}

static void stop_groups(struct state *st)
{
	struct group *g = st->group[0];
	size_t i;

	for (i = 0; i < PLACES * MAX_POINTS; i++) {
		if (g[i].up)
			workers_destroy(&g[i].workers);
		g[i] = (struct group){};
	}
}

int sync_renew(void *state)
{
	struct state *st = state;

	stop_groups(st);
	workers_memory_free(st->arena, sizeof(*st->arena));
	st->arena = workers_memory(sizeof(*st->arena));
	if (!st->arena)
		return -ENOMEM;
	/* No round shall pay for the first touch of a page. */
	memset(st->arena, 0, sizeof(*st->arena));
	return 0;
}

/* Some locks the C library does not have everywhere. */
static void drop_missing(struct state *st)
{
	union any_lock lock;
	int arm, err;

	for (arm = 0; arm < ARMS; arm++) {
		if (!st->run->settings.arm[arm] || !sync_arms[arm].way->init)
			continue;
		err = sync_arms[arm].way->init(&lock);
		if (err)
			run_drop(st->run, arm, strerror(-err));
	}
}

int sync_open(struct run *run, void **state, const char **what)
{
	struct state *st = xcalloc(1, sizeof(*st));
	int err;

	*state = st;
	st->run = run;
	*what = "find the CPUs";
	err = find_cpus(st);
	if (err)
		return err;
	drop_missing(st);
	*what = "map the memory that the threads share";
	return sync_renew(st);
}

/* The point that histogram and strip are of: two threads for each CPU, a short section. */
static int shown_point(const struct state *st)
{
	return sync_point(st->run, 2 * st->cpus, SECTION_100);
}

static struct pool pool_of(const struct series *s)
{
	struct pool all = {};
	unsigned int i;

	for (i = 0; i < s->pools; i++)
		pool_merge(&all, &s->pool[i]);
	return all;
}

static void hand_over_waits(struct state *st, int arm, int point)
{
	struct pool waits = pool_of(&st->run->series[arm][point]);
	struct histogram *h = &st->run->histogram[arm];
	unsigned int i;

	for (i = 0; i < POOL_BUCKETS; i++)
		h->n += waits.count[i] > 0;
	if (!h->n)
		return;
	h->from_ns = xcalloc(h->n, sizeof(*h->from_ns));
	h->to_ns = xcalloc(h->n, sizeof(*h->to_ns));
	h->count = xcalloc(h->n, sizeof(*h->count));
	h->n = 0;
	for (i = 0; i < POOL_BUCKETS; i++) {
		if (!waits.count[i])
			continue;
		h->from_ns[h->n] = pool_from(i);
		h->to_ns[h->n] = pool_from(i + 1);
		h->count[h->n++] = waits.count[i];
	}
}

/* One note for all arms whose rounds the time limit has ended. */
static void note_late(struct state *st)
{
	char list[1024];
	size_t len = 0;
	int arm;

	for (arm = 0; arm < ARMS && len < sizeof(list); arm++)
		if (st->run->settings.arm[arm] &&
		    st->late[arm] > LATE_SHARE * st->rounds[arm])
			len += snprintf(list + len, sizeof(list) - len,
					"%s %s %u of %u", len ? "," : "",
					run_arm_name(st->run, arm),
					st->late[arm], st->rounds[arm]);
	if (len)
		run_note(st->run,
			 "the time limit of %ld ms ended rounds early:%s",
			 st->run->settings.value[SET_LIMIT], list);
}

void sync_close(void *state)
{
	struct state *st = state;
	int arm, point;

	if (!st)
		return;
	stop_groups(st);
	point = shown_point(st);
	for (arm = 0; arm < ARMS && point >= 0; arm++)
		if (st->run->settings.arm[arm])
			hand_over_waits(st, arm, point);
	note_late(st);
	workers_memory_free(st->arena, sizeof(*st->arena));
	free(st);
}

/* In the pass that counts, two threads and a short section: waiting is counted.
 */
static unsigned int users_of(const struct state *st, const struct turn *turn)
{
	return turn->counts ? 2 : st->run->settings.point[turn->point].x;
}

static unsigned int section_of(const struct state *st, const struct turn *turn)
{
	int variant = st->run->settings.point[turn->point].variant;

	if (turn->counts)
		return sync_section_ns[SECTION_100];
	return variant < 0 ? 0 : sync_section_ns[variant];
}

static int prepare(struct state *st, const struct turn *turn,
		   unsigned int users)
{
	const struct sync_arm *arm = &sync_arms[turn->arm];
	const long *value = st->run->settings.value;
	struct arena *a = st->arena;
	unsigned int i;

	memset(a, 0, offsetof(struct arena, record));
	for (i = 0; i < users; i++) {
		memset(&a->record[i], 0, offsetof(struct record, wait_ns));
		a->user[i].index = i;
		a->user[i].shared = arm->place == PLACE_PROCESSES;
	}
	a->way = arm->way;
	a->ops = turn->ops < RECORDED ? turn->ops : RECORDED;
	a->users = users;
	a->section_ns = section_of(st, turn);
	/* Alone, only the lock is timed. */
	a->outside_ns = users > 1 ? value[SET_OUTSIDE] : 0;
	a->limit_ns = value[SET_LIMIT] * 1000000ULL;
	if (users > 1 && !turn->counts)
		a->every = a->section_ns < ALL_TIMED_NS ? TIMED : 1;
	return arm->way->init ? arm->way->init(&a->lock) : 0;
}

/* From the first start to the last end. */
static double window_of(const struct workers *w, unsigned int n)
{
	uint64_t start = UINT64_MAX, end = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		const struct slot *s = workers_slot(w, i);

		start = s->start_ns < start ? s->start_ns : start;
		end = s->end_ns > end ? s->end_ns : end;
	}
	return end - start;
}

/* The records of all users together. */
struct sums {
	uint64_t added, written, cpu_ns, voluntary, involuntary;
	uint64_t slow, futex, vain;
	bool late, torn;
};

static struct sums sum_up(const struct arena *a)
{
	struct sums s = {};
	unsigned int i;

	for (i = 0; i < a->users; i++) {
		const struct record *r = &a->record[i];
		const struct lock_user *u = &a->user[i];

		s.added += r->added;
		s.cpu_ns += r->use.cpu_ns;
		s.voluntary += r->use.voluntary;
		s.involuntary += r->use.involuntary;
		s.late |= r->late;
		s.written += r->written;
		s.torn |= r->torn;
		s.slow += u->slow;
		s.futex += u->waits + u->wakes;
		s.vain += u->waits_vain + u->wakes_vain;
	}
	return s;
}

/* Of all workers: the mean. */
static double section_length(const struct arena *a, unsigned int workers)
{
	double sum = 0;
	unsigned int i;

	for (i = 0; i < workers; i++)
		sum += a->record[i].section_ns;
	return sum / workers;
}

/* Operations in which the lock's own part is counted, in thousands. */
static void own_values(struct sample *s, const struct sums *sum, double n)
{
	s->value[Q_FAST] = fmax(100 - 100.0 * sum->slow / n, 0);
	s->value[Q_FUTEX] = 1000.0 * sum->futex / n;
	s->value[Q_VAIN] = 1000.0 * sum->vain / n;
}

static void order_values(struct sample *s, const struct arena *a)
{
	struct order_found f =
		records_order(a->owner, a->guarded.done, a->users);

	s->value[Q_HANDOFFS] = f.handoffs;
	s->value[Q_STREAK] = f.streak;
	s->value[Q_JAIN] = f.jain;
	s->value[Q_PASSED_999] = f.passed_999;
	s->value[Q_PASSED_MOST] = f.passed_most;
}

static void wait_values(struct sample *s, struct pool *pool,
			const struct arena *a)
{
	struct wait_found w = records_waits(a, a->users);

	s->value[Q_WAIT_50] = w.p50;
	s->value[Q_WAIT_LONGEST] = w.longest;
	if (pool)
		records_pool(pool, a, a->users);
}

/* A lock that loses an addition, or shows half of one, is none. */
static bool is_lock(const struct way *way, const struct arena *a,
		    const struct sums *sum)
{
	if (way->shared)
		return !sum->torn && a->guarded.number == sum->written;
	return a->guarded.number == sum->added;
}

static int collect(struct state *st, const struct turn *turn, struct group *g,
		   struct sample *s, double *window_ns)
{
	const struct sync_arm *arm = &sync_arms[turn->arm];
	const struct arena *a = st->arena;
	struct sums sum = sum_up(a);
	double n = sum.added;

	*window_ns = window_of(&g->workers, g->users);
	s->moved = workers_moved(&g->workers);
	st->rounds[turn->arm]++;
	st->late[turn->arm] += sum.late;
	if (!sum.added)
		return -ETIMEDOUT;
	if (arm->way->lock && !is_lock(arm->way, a, &sum))
		return -EILSEQ;
	s->value[Q_NS] = *window_ns / n;
	if (!arm->way->shared)
		s->value[Q_LOST] = 100 * (n - a->guarded.number) / n;
	s->value[Q_CPU] = sum.cpu_ns / n;
	s->value[Q_VOLUNTARY] = 1000.0 * sum.voluntary / n;
	s->value[Q_INVOLUNTARY] = 1000.0 * sum.involuntary / n;
	if (arm->way->lock || arm->way->many)
		s->value[Q_SECTION] = section_length(a, g->users);
	if (arm->own)
		own_values(s, &sum, n);
	if (arm->exclusive && a->users > 1)
		order_values(s, a);
	if (arm->way->lock && a->users > 1)
		wait_values(s, turn->pool, a);
	if (turn->counts) {
		counts_set(turn->counts, COUNT_EXPECTED, sum.added);
		counts_set(turn->counts, COUNT_RUSAGE,
			   workers_rusage(&g->workers));
		if (arm->own)
			counts_set(turn->counts, COUNT_FUTEX_OWN, sum.futex);
	}
	/* The core reckons with the operations it asked for. */
	*window_ns *= turn->ops / n;
	return 0;
}

/*
 * The middle of a round, where all threads want the lock.  A round that had fewer
 * acquisitions is kept until there is a whole one.
 */
static void keep_strip(struct state *st, int arm)
{
	struct strip *strip = &st->run->strip[arm];
	const struct arena *a = st->arena;
	uint32_t n = a->guarded.done, from = 0, i;

	if (st->stripped[arm])
		return;
	st->stripped[arm] = n >= STRIP;
	if (n > STRIP) {
		from = (n - STRIP) / 2;
		n = STRIP;
	}
	strip_free(strip);
	for (i = 0; i < n; i++)
		strip_add(strip, a->owner[from + i], 1);
}

int sync_round(void *state, const struct turn *turn, struct sample *s,
	       double *window_ns)
{
	const struct order o = {.ops = turn->ops, .session = -1};
	struct state *st = state;
	unsigned int users = users_of(st, turn);
	struct group *g = find_group(st, turn->arm, users);
	int err = 0;

	if (!g->up)
		err = start_group(st, turn->arm, g);
	if (!err)
		err = prepare(st, turn, users);
	if (!err)
		err = workers_round(&g->workers, &o);
	if (!err)
		err = collect(st, turn, g, s, window_ns);
	if (!err && turn->pool && (int)turn->point == shown_point(st) &&
	    sync_arms[turn->arm].exclusive)
		keep_strip(st, turn->arm);
	if (!err && s->moved)
		err = workers_bind_again(&g->workers);
	return err;
}

/* Those that the pass counts: the two that fight for the lock. */
unsigned int sync_tasks(void *state, int arm, pid_t tids[MAX_TASKS])
{
	struct state *st = state;
	struct group *g = find_group(st, arm, 2);

	if (!g->up && start_group(st, arm, g))
		return 0;
	return workers_tids(&g->workers, tids);
}
