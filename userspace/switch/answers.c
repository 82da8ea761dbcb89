// SPDX-License-Identifier: GPL-2.0-only
/* Turns the samples of a run into estimates. */
#include <math.h>
#include <stdlib.h>

#include "answers.h"
#include "lib/xalloc.h"
#include "verdict.h"

#define KNEE_PAGES 64

int answers_base(int arm)
{
	static const int base[ARMS] = {
		[ARM_COROUTINE] = -1,
		[ARM_COROUTINE_FP] = ARM_COROUTINE,
		[ARM_UCONTEXT] = ARM_COROUTINE,
		[ARM_THREAD] = -1,
		[ARM_THREAD_AGAIN] = ARM_THREAD,
		[ARM_THREAD_CONTROL] = ARM_THREAD,
		[ARM_THREAD_FLUSH] = ARM_THREAD_CONTROL,
		[ARM_THREAD_FULL] = ARM_THREAD_CONTROL,
		[ARM_PROCESS] = ARM_THREAD,
		[ARM_PROCESS_CONTROL] = ARM_PROCESS,
		[ARM_PROCESS_FLUSH] = ARM_PROCESS_CONTROL,
		[ARM_RING_THREAD] = -1,
		[ARM_RING_PROCESS] = ARM_RING_THREAD,
	};

	return base[arm];
}

/* A sample's value, unless something else got into it. */
static double clean(const struct sample *s)
{
	return sample_disturbed(s) ? NAN : s->ns;
}

static struct estimate cost(const struct run *run, int arm, unsigned int point)
{
	const struct series *s = &run->series[arm][point];
	double *x = xcalloc(s->n, sizeof(*x));
	struct estimate e;
	size_t i;

	for (i = 0; i < s->n; i++)
		x[i] = clean(&s->sample[i]);
	e = stats_median(x, stats_fold(x, s->n));
	free(x);
	return e;
}

/*
 * Paired differences; the caller frees.  They are taken as a part of the base
 * in the same turn and scaled to what the base costs (@typical): where a CPU
 * runs now faster, now slower, all arms do, and so does their difference.
 */
static double *differences(const struct run *run, int arm, int base,
			   unsigned int point, double typical, size_t *n)
{
	const struct series *a = &run->series[arm][point];
	const struct series *b = &run->series[base][point];
	double *x, own;
	size_t i;

	*n = a->n < b->n ? a->n : b->n;
	x = xcalloc(*n, sizeof(*x));
	for (i = 0; i < *n; i++) {
		own = clean(&b->sample[i]);
		x[i] = (clean(&a->sample[i]) - own) * (typical / own);
	}
	return x;
}

static struct estimate difference(const struct run *run, int arm,
				  unsigned int point, double typical)
{
	int base = answers_base(arm);
	struct estimate e;
	double *x;
	size_t n;

	x = differences(run, arm, base, point, typical, &n);
	e = stats_median(x, stats_fold(x, n));
	free(x);
	return e;
}

/* Members of an arm: they all touch their pages. */
static unsigned int members(const struct run *run, int arm)
{
	return arms[arm].ring ? run->settings.ring : 2;
}

/*
 * Points that say what a page costs after a flush: all that fit into the
 * second-level TLB with room to spare, so that the unflushed arm hits.
 */
static size_t refill_points(const struct run *run, int arm, enum pattern pattern,
			    unsigned int *points)
{
	const struct settings *set = &run->settings;
	int tlb = run->machine.tlb_l2 > 0 ? run->machine.tlb_l2 : 1024;
	unsigned int p;
	size_t n = 0;

	for (p = 0; p < set->points; p++) {
		if (!run_has(set, arm, p))
			continue;
		if (set->point[p].pages && set->point[p].pattern != pattern)
			continue;
		if (set->point[p].pages * members(run, arm) <=
		    (unsigned int)tlb / 2)
			points[n++] = p;
	}
	return n;
}

/* What each page adds to (arm - base): the slope over the points above. */
static struct estimate refill(const struct run *run, const struct answers *a,
			      int arm, enum pattern pattern)
{
	unsigned int points[MAX_POINTS];
	double x[MAX_POINTS], *y, *d;
	struct estimate e = {};
	size_t k, i, row, n, rows = SIZE_MAX;
	int base = answers_base(arm);

	if (!run->settings.arm[arm] || !run->settings.arm[base])
		return e;
	k = refill_points(run, arm, pattern, points);
	for (i = 0; i < k; i++) {
		n = run->series[arm][points[i]].n;
		rows = n < rows ? n : rows;
		x[i] = run->settings.point[points[i]].pages;
	}
	if (k < 3 || rows == SIZE_MAX || !rows)
		return e;
	y = xcalloc(rows * k, sizeof(*y));
	for (i = 0; i < k; i++) {
		d = differences(run, arm, base, points[i],
				a->cell[base][points[i]].value, &n);
		for (row = 0; row < rows; row++)
			y[row * k + i] = d[row];
		free(d);
	}
	e = stats_slope(x, k, y, rows);
	free(y);
	return e;
}

/* Where the difference that the flush made has gone again, or 0. */
static double vanishing(const struct run *run, const struct answers *a,
			enum pattern pattern)
{
	const struct settings *set = &run->settings;
	double peak = 0, gone = 0;
	struct estimate e;
	unsigned int p;

	for (p = 0; p < set->points; p++) {
		if (set->point[p].pattern != pattern)
			continue;
		e = a->diff[ARM_THREAD_FLUSH][p];
		if (!e.n)
			continue;
		if (e.value > peak) {
			peak = e.value;
			gone = 0;
		} else if (!gone && e.value < peak / 4) {
			gone = set->point[p].pages;
		}
	}
	return gone;
}

/*
 * A page's own cost over the number of pages: it rises where they outgrow the
 * TLB.  Of few pages the noise of the whole switch is too large a part.
 */
static struct knee find_knee(const struct run *run, const struct answers *a,
			     enum pattern pattern)
{
	const struct settings *set = &run->settings;
	double x[MAX_POINTS], y[MAX_POINTS];
	const struct estimate *e;
	struct knee k = {};
	unsigned int p;
	size_t n = 0;

	for (p = 0; p < set->points; p++) {
		e = &a->cell[ARM_THREAD][p];
		if (set->point[p].pages < KNEE_PAGES || !e->n ||
		    set->point[p].pattern != pattern)
			continue;
		x[n] = 2.0 * set->point[p].pages;
		y[n++] = (e->value - a->empty[ARM_THREAD].value) /
			 set->point[p].pages;
	}
	k.found = stats_rise(x, y, n, &k.pages, &k.before, &k.after);
	return k;
}

double answers_flushing(const struct counts *c)
{
	uint64_t mm = 0;
	int size;

	if (!c->present || !c->kernel || !c->expected)
		return -1;
	/* Reason 0 is "task switch": any size above none is a flush. */
	for (size = TLB_SOME; size < TLB_SIZES; size++)
		mm += c->tlb[0][size];
	return (double)mm / c->expected;
}

static double disturbed(const struct run *run)
{
	size_t all = 0, bad = 0, i;
	unsigned int p;
	int arm;

	for (arm = 0; arm < ARMS; arm++) {
		for (p = 0; p < run->settings.points; p++) {
			const struct series *s = &run->series[arm][p];

			all += s->n;
			for (i = 0; i < s->n; i++)
				bad += sample_disturbed(&s->sample[i]);
		}
	}
	return all ? (double)bad / all : 0;
}

static void find_estimates(const struct run *run, struct answers *a, int arm)
{
	const struct settings *set = &run->settings;
	int base = answers_base(arm);
	double typical;
	unsigned int p;

	for (p = 0; p < set->points; p++) {
		if (!run_has(set, arm, p))
			continue;
		a->cell[arm][p] = cost(run, arm, p);
		if (base < 0 || !run_has(set, base, p))
			continue;
		/* A base stands before the arms that are held against it. */
		typical = a->cell[base][p].value;
		a->diff[arm][p] = difference(run, arm, p, typical);
	}
}

/* The middle of the bucket that holds the median. */
static double histogram_median(const struct histogram *h)
{
	uint64_t all = 0, seen = 0;
	size_t i;

	for (i = 0; i < h->n; i++)
		all += h->count[i];
	for (i = 0; i < h->n; i++) {
		seen += h->count[i];
		if (2 * seen >= all)
			return (h->from_ns[i] + h->to_ns[i]) / 2;
	}
	return 0;
}

void answers_find(const struct run *run, struct answers *a)
{
	enum pattern p;
	int arm;

	*a = (struct answers){};
	for (arm = 0; arm < ARMS; arm++) {
		find_estimates(run, a, arm);
		a->empty[arm] = a->cell[arm][0];
		a->own[arm] = histogram_median(&run->histogram[arm]);
	}
	a->process = a->diff[ARM_PROCESS][0];
	a->null = a->diff[ARM_THREAD_AGAIN][0];
	a->probe = a->diff[ARM_THREAD_CONTROL][0];
	a->flush = a->diff[ARM_THREAD_FLUSH][0];
	a->full = a->diff[ARM_THREAD_FULL][0];
	a->process_flush = a->diff[ARM_PROCESS_FLUSH][0];
	a->ring = a->diff[ARM_RING_PROCESS][0];
	for (p = 0; p < PATTERNS; p++) {
		a->refill[p] = refill(run, a, ARM_THREAD_FLUSH, p);
		a->ring_refill[p] = refill(run, a, ARM_RING_PROCESS, p);
		if (a->refill[p].n && a->refill[p].low > 0 && a->flush.value > 0)
			a->dominate[p] = a->flush.value / a->refill[p].value;
		a->vanish[p] = vanishing(run, a, p);
		a->knee[p] = find_knee(run, a, p);
	}
	a->disturbed = disturbed(run);
	verdict_find(run, a);
}

void answers_free(struct answers *a)
{
	unsigned int i;

	for (i = 0; i < a->reasons; i++)
		free(a->reason[i]);
	*a = (struct answers){};
}
