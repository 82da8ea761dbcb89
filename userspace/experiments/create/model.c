// SPDX-License-Identifier: GPL-2.0-only
/* What follows from the samples: the cost model of fork(), and reasons to doubt. */
#include <math.h>
#include <stdlib.h>

#include "costs.h"
#include "create.h"
#include "lib/xalloc.h"
#include "parent.h"

/* So many blocks at least make an interval; with fewer, each pass is a row. */
#define LEAST_BLOCKS 6
/* A model that is further off at a parent held out, as a part, is none. */
#define MOST_ERROR 0.10

/* How the samples of a run become rows: a block each, or a pass each. */
struct span {
	bool by_block;
	size_t rows;
};

/*
 * Parents in huge pages are none of the model; nor are those with so many mappings
 * that what the kernel keeps of them, in parent and child some kilobyte each,
 * leaves the caches: from there on each costs more.
 */
static bool beyond(const struct point *p)
{
	struct parent_state s = create_state(p);

	return s.huge || s.mappings > MODEL_MAPPINGS;
}

/* The points that fork() was measured at, and that the model is for. */
static size_t model_points(const struct run *run, unsigned int point[MAX_POINTS])
{
	const struct settings *set = &run->settings;
	unsigned int i;
	size_t n = 0;

	for (i = 0; i < set->points; i++)
		if (!beyond(&set->point[i]) && run->series[WAY_ID_FORK][i].n)
			point[n++] = i;
	return n;
}

/*
 * Every second point of a sweep tests the model, but its ends; so does every
 * parent that has more of all.
 */
static bool held_out(const struct settings *set, unsigned int point)
{
	int variant = set->point[point].variant;
	unsigned int before = 0, after = 0, i;

	if (variant == NO_VARIANT)
		return false;
	if (variant == GROWS_ALL)
		return true;
	for (i = 0; i < set->points; i++) {
		before += i < point && set->point[i].variant == variant;
		after += i > point && set->point[i].variant == variant;
	}
	return before % 2 && after;
}

/*
 * What a parent has beyond the smallest: that one's mappings are of other kinds,
 * of programs and libraries, and what they cost is in the fixed term.
 */
static void describe(const struct run *run, unsigned int point,
		     struct cost_point *p)
{
	const struct settings *set = &run->settings;
	struct parent_state s = create_state(&set->point[point]);
	double page_kb = run->machine.page_size / 1024.;

	*p = (struct cost_point){ .held_out = held_out(set, point) };
	p->has[TERM_FIXED] = 1;
	p->has[TERM_MAPPING] = s.mappings + (s.megabytes > 0);
	p->has[TERM_PAGE] = s.mappings + s.megabytes * 1024 / page_kb;
	if (s.files)
		p->has[TERM_FILE] = fmax((double)s.files -
					 set->value[SET_FILES], 0);
}

static double median_between(const struct series *s, size_t from, size_t to)
{
	double *x = xcalloc(to - from, sizeof(*x)), median;
	size_t i, n = 0;

	for (i = from; i < to; i++)
		if (!sample_disturbed(&s->sample[i]))
			x[n++] = s->sample[i].value[Q_WHOLE];
	median = stats_quantile(x, n, 0.5);
	free(x);
	return median;
}

/* The samples [*@from, *@to) of a series that make row @row. */
static void find_row(const struct span *span, const struct series *s,
		     size_t row, size_t *from, size_t *to)
{
	if (!span->by_block) {
		*from = row * s->n / span->rows;
		*to = (row + 1) * s->n / span->rows;
		return;
	}
	for (*from = 0; *from < s->n && s->sample[*from].block < row; ++*from)
		;
	for (*to = *from; *to < s->n && s->sample[*to].block == row; ++*to)
		;
}

/* One row of costs for each block, or for each pass where blocks are few. */
static double *cost_rows(const struct run *run, const unsigned int *point,
			 size_t k, size_t *rows)
{
	struct span span = {
		.by_block = run->blocks >= LEAST_BLOCKS,
		.rows = run->blocks,
	};
	const struct series *s;
	size_t i, row, from, to;
	double *ns;

	if (!span.by_block)
		span.rows = run->passes;
	ns = xcalloc(span.rows * k, sizeof(*ns));
	for (row = 0; row < span.rows; row++)
		for (i = 0; i < k; i++) {
			s = &run->series[WAY_ID_FORK][point[i]];
			find_row(&span, s, row, &from, &to);
			ns[row * k + i] = median_between(s, from, to);
		}
	*rows = span.rows;
	return ns;
}

static void fit(const struct run *run, struct answers *a)
{
	unsigned int point[MAX_POINTS];
	struct cost_point points[MAX_POINTS];
	size_t k = model_points(run, point), i, rows;
	struct cost_model model;
	double *ns;
	int term;

	if (!k || !run->passes)
		return;
	for (i = 0; i < k; i++)
		describe(run, point[i], &points[i]);
	ns = cost_rows(run, point, k, &rows);
	if (costs_fit(points, k, ns, rows, &model)) {
		/* One that is refuted tells nothing but by how much. */
		for (term = 0; term < TERMS && model.worst <= MOST_ERROR; term++)
			a->finding[FIND_FIXED + term][0] = model.term[term];
		if (model.tested)
			a->finding[FIND_ERROR][0] = (struct estimate){
				model.worst * 100, model.worst * 100,
				model.worst * 100, model.tested,
			};
	}
	free(ns);
}

void create_conclude(const struct run *run, struct answers *a)
{
	const struct estimate *coroutine = &a->cell[WAY_ID_POOL][0][Q_WHOLE];
	const struct estimate *thread = &a->cell[WAY_ID_PTHREAD][0][Q_WHOLE];
	const struct estimate *fork = &a->cell[WAY_ID_FORK][0][Q_WHOLE];

	fit(run, a);
	a->finding[FIND_COROUTINE][0] = stats_ratio(thread, coroutine);
	a->finding[FIND_FORK][0] = stats_ratio(fork, thread);
}

/* What was shown to be shared, where it is not what the flags claim. */
static void doubt_sharing(const struct run *run, int arm, struct answers *a)
{
	uint32_t claims = way_claims(&ways[arm]);
	long shared;
	int i;

	for (i = 0; i < SHARES; i++) {
		shared = run_fact(run, arm, FACT_SHARES + i);
		if (shared < 0 || shared == (claims >> i & 1))
			continue;
		answers_refuse(a, "%s %s its parent's %s, by its flags it %s",
			       run_arm_name(run, arm),
			       shared ? "shares" : "does not share",
			       share_names[i], shared ? "has its own" : "should");
	}
}

static void doubt_deeds(const struct run *run, int arm, struct answers *a)
{
	long noticed, shared;
	int d;

	for (d = 0; d < DEEDS; d++) {
		noticed = run_fact(run, arm, FACT_DEEDS + d);
		shared = run_fact(run, arm, FACT_SHARES + deeds[d].share);
		if (noticed < 0 || shared < 0 || noticed == shared)
			continue;
		answers_refuse(a, "a child of %s %s: its parent %s, but they %s %s",
			       run_arm_name(run, arm), deeds[d].brief,
			       noticed ? deeds[d].noticed : "does not notice",
			       shared ? "share" : "do not share",
			       share_names[deeds[d].share]);
	}
}

void create_doubt(const struct run *run, struct answers *a)
{
	int arm;

	for (arm = 0; arm < WAYS; arm++) {
		doubt_sharing(run, arm, a);
		doubt_deeds(run, arm, a);
	}
}
