// SPDX-License-Identifier: GPL-2.0-only
/*
 * The processes that make children, one for each parent's size, and a round of
 * one.  All that are alive together take no more than a tenth of the memory that
 * was free when the run began; where that is too little for all, those that were
 * not used for longest are ended and made again when their turn comes.
 */
#include <errno.h>
#include <malloc.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "create.h"
#include "lib/xalloc.h"
#include "limits.h"
#include "measure/workers.h"
#include "parent.h"
#include "timing.h"

/**
 * struct maker_shared - what a maker and the controller share
 * @state: the parent to be
 * @counts: and what it then has; all 0 without /proc
 * @what: what could not be done for it
 * @arm: which way the next round makes children
 * @times: what the round showed
 * @cpu_ns: CPU time of maker and children in it
 * @err: why no child could be made: a negative errno
 * @run: its copy of what the controller knows
 */
struct maker_shared {
	struct parent_state state;
	struct parent_counts counts;
	char what[32];
	int arm;
	struct times times;
	double cpu_ns;
	int err;
	struct gate gate;
	/* The maker's own. */
	struct run *run;
	struct maker maker;
	struct parent_memory memory;
};

struct parent {
	bool alive;
	bool broken;		/* it could not be made: not tried again */
	unsigned int used;	/* the number of the last round */
	uint64_t needs;
	struct workers workers;
	struct maker_shared *shared;
};

struct makers {
	struct run *run;
	uint64_t budget;
	unsigned int rounds;
	unsigned int renewed;
	struct parent parent[MAX_POINTS];
};

/*
 * A maker is forked from the controller, whose samples grow with each pass: it
 * gives its copy of them back, or later makers would have more pages than earlier
 * ones, and their children cost more.
 */
static void forget_samples(struct run *run)
{
	unsigned int arm, p;

	for (arm = 0; arm < MAX_ARMS; arm++)
		for (p = 0; p < MAX_POINTS; p++)
			series_free(&run->series[arm][p]);
	malloc_trim(0);
}

/* Once in a maker. */
static int begin(struct worker *w)
{
	struct maker_shared *d = w->arg;
	const char *what = "prepare";
	int err;

	/* An ignored SIGCHLD would reap the children before they are waited for. */
	signal(SIGCHLD, SIG_DFL);
	forget_samples(d->run);
	err = maker_begin(&d->maker);
	if (!err)
		err = parent_enter(&d->state, &d->memory, &what);
	if (err)
		snprintf(d->what, sizeof(d->what), "%s", what);
	else
		parent_count(&d->counts);
	return err;
}

static double cpu_ns(int who)
{
	struct rusage u;

	getrusage(who, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e9 +
	       (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e3;
}

/* One round, in the maker. */
static void work(struct worker *w, const struct order *o)
{
	struct maker_shared *d = w->arg;
	double cpu;

	worker_meet(w);
	cpu = cpu_ns(RUSAGE_SELF) + cpu_ns(RUSAGE_CHILDREN);
	w->slot->start_ns = worker_now();
	d->err = time_way(&ways[d->arm], &d->maker, o->ops, &d->memory,
			  &d->gate, &d->times);
	w->slot->end_ns = worker_now();
	d->cpu_ns = cpu_ns(RUSAGE_SELF) + cpu_ns(RUSAGE_CHILDREN) - cpu;
	worker_part(w);
}

static void end_parent(struct parent *p)
{
	if (p->alive)
		workers_destroy(&p->workers);
	if (p->shared)
		workers_memory_free(p->shared, sizeof(*p->shared));
	p->shared = NULL;
	p->alive = false;
}

static uint64_t in_use(const struct makers *m)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < m->run->settings.points; i++)
		if (m->parent[i].alive)
			sum += m->parent[i].needs;
	return sum;
}

/* Ends those not used for longest, until there is room for one more. */
static void make_room(struct makers *m, uint64_t needs)
{
	struct parent *oldest, *p;
	unsigned int i;

	while (in_use(m) + needs > m->budget) {
		oldest = NULL;
		for (i = 0; i < m->run->settings.points; i++) {
			p = &m->parent[i];
			if (p->alive && p->needs &&
			    (!oldest || p->used < oldest->used))
				oldest = p;
		}
		if (!oldest)
			return;
		end_parent(oldest);
	}
}

static int begin_parent(struct makers *m, unsigned int point)
{
	const struct settings *set = &m->run->settings;
	struct parent *p = &m->parent[point];
	struct workers_spec spec = {
		.kind = WORKERS_FORKED,
		.n = 1,
		.cpu = { set->cpu },
		.priority = set->priority,
		.begin = begin,
		.work = work,
	};
	int err;

	make_room(m, p->needs);
	p->shared = workers_memory(sizeof(*p->shared));
	if (!p->shared)
		return -ENOMEM;
	p->shared->state = create_state(&set->point[point]);
	p->shared->run = m->run;
	spec.arg = p->shared;
	err = workers_create(&p->workers, &spec);
	p->alive = !err;
	return err;
}

/* A point whose parent cannot be had is measured by nobody. */
static void forget_point(struct makers *m, unsigned int point, int err)
{
	struct parent *p = &m->parent[point];
	const struct point *at = &m->run->settings.point[point];

	run_note(m->run, "no parent with %s %u: cannot %s: %s",
		 run_variant_name(m->run, at->variant), at->x,
		 p->shared && *p->shared->what ? p->shared->what : "make it",
		 strerror(-err));
	p->broken = true;
	end_parent(p);
}

/*
 * 0, and the parent of a point is there or known not to be; or what ends the run.
 * The first one has nothing that could be missing.
 */
static int need_parent(struct makers *m, unsigned int point)
{
	struct parent *p = &m->parent[point];
	int err;

	if (p->alive || p->broken)
		return 0;
	err = begin_parent(m, point);
	if (!err)
		return 0;
	if (!point || err == -EINTR || err == -ENODEV || err == -EBUSY) {
		end_parent(p);
		return err;
	}
	forget_point(m, point, err);
	return 0;
}

/* All that there is room for at once. */
static int begin_parents(struct makers *m)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < m->run->settings.points && !err; i++)
		if (in_use(m) + m->parent[i].needs <= m->budget)
			err = need_parent(m, i);
	return err;
}

static void end_parents(struct makers *m)
{
	unsigned int i;

	for (i = 0; i < MAX_POINTS; i++)
		end_parent(&m->parent[i]);
}

int create_open(struct run *run, void **state, const char **what)
{
	struct makers *m = xcalloc(1, sizeof(*m));
	const struct parent_counts *c;
	struct parent_state s;
	unsigned int i;
	int err;

	*state = m;
	m->run = run;
	m->budget = parent_available() / 10;
	for (i = 1; i < run->settings.points; i++) {
		s = create_state(&run->settings.point[i]);
		m->parent[i].needs = parent_needs(&s);
	}
	*what = "look at children";
	create_find_facts(run);
	if (workers_stop_signal())
		return -EINTR;
	*what = "make the parents";
	err = begin_parents(m);
	if (err)
		return err;
	c = &m->parent[0].shared->counts;
	run->settings.value[SET_MAPPINGS] = c->mappings;
	run->settings.value[SET_PAGES] = c->pages;
	run->settings.value[SET_FILES] = c->files;
	return 0;
}

void create_close(void *state)
{
	if (!state)
		return;
	end_parents(state);
	free(state);
}

/*
 * The first parent, at which arms are compared, is another one in every block.
 * To fill the large ones takes long: of those one a block is, in turn.
 */
int create_renew(void *state)
{
	struct makers *m = state;
	unsigned int others = m->run->settings.points - 1;

	end_parent(&m->parent[0]);
	if (others)
		end_parent(&m->parent[1 + m->renewed++ % others]);
	return begin_parents(m);
}

unsigned int create_tasks(void *state, int arm, pid_t tids[MAX_TASKS])
{
	struct makers *m = state;

	(void)arm;
	return workers_tids(&m->parent[0].workers, tids);
}

/*
 * Whether the CPU time of maker and children adds up to the time that passed
 * where nobody else has the CPU.  A namespace's end waits for the kernel's own
 * work; and what a thread does after it was last scheduled is in no account, as
 * it reaps itself.
 */
static bool time_adds_up(int arm)
{
	return arm < WAY_ID_NS && way_is_task(&ways[arm]) &&
	       !(way_claims(&ways[arm]) & 1u << SHARE_GROUP);
}

static void fill(const struct parent *p, const struct turn *turn,
		 struct sample *s, double *window_ns)
{
	const struct slot *slot = workers_slot(&p->workers, 0);
	const struct times *t = &p->shared->times;

	s->value[Q_WHOLE] = t->whole;
	s->value[Q_CALL] = t->call;
	s->value[Q_FIRST] = t->first;
	s->value[Q_LATER] = t->later;
	s->value[Q_FAULTS] = t->faults;
	s->moved = workers_moved(&p->workers);
	*window_ns = t->whole * turn->ops;
	if (time_adds_up(turn->arm)) {
		s->span_ns = slot->end_ns - slot->start_ns;
		s->waited_ns = fmax(s->span_ns - p->shared->cpu_ns, 0);
	}
	if (!turn->counts)
		return;
	counts_set(turn->counts, COUNT_EXPECTED, t->made);
	counts_set(turn->counts, COUNT_RUSAGE, workers_rusage(&p->workers));
}

int create_round(void *state, const struct turn *turn, struct sample *s,
		 double *window_ns)
{
	struct makers *m = state;
	struct parent *p = &m->parent[turn->point];
	const struct order o = { .ops = turn->ops, .session = -1 };
	int err = need_parent(m, turn->point);
	char *why;

	*window_ns = turn->ops;
	if (err || p->broken)
		return err;
	p->used = ++m->rounds;
	p->shared->arm = turn->arm;
	err = workers_round(&p->workers, &o);
	if (err == -ECHILD && turn->point) {
		forget_point(m, turn->point, err);
		return 0;
	}
	if (err)
		return err;
	if (p->shared->err) {
		why = limits_say(p->shared->err);
		run_drop(m->run, turn->arm, why);
		free(why);
		return 0;
	}
	fill(p, turn, s, window_ns);
	return 0;
}
