// SPDX-License-Identifier: GPL-2.0-only
/* Turns the samples of a run into estimates. */
#include <math.h>
#include <stdlib.h>

#include "answers.h"
#include "estimate.h"

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
		[ARM_CONTROL_AGAIN] = ARM_THREAD_CONTROL,
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
	double typical[MAX_POINTS];
	int base = answers_base(arm);
	size_t k, i;

	if (!run->settings.arm[arm] || !run->settings.arm[base])
		return (struct estimate){};
	k = refill_points(run, arm, pattern, points);
	for (i = 0; i < k; i++)
		typical[i] = a->cell[base][points[i]].value;
	return estimate_slope(run, run->series[arm], run->series[base], points,
			      k, typical);
}

/*
 * From how many pages on refilling costs more than the flush adds at once; 0
 * where that would be more than were touched.
 */
static double dominating(const struct run *run, const struct answers *a,
			 enum pattern pattern)
{
	const struct settings *set = &run->settings;
	const struct estimate *each = &a->refill[pattern];
	double pages = 0, most = 0;
	unsigned int p;

	if (each->n && each->low > 0 && a->flush.value > 0)
		pages = a->flush.value / each->value;
	for (p = 0; p < set->points; p++)
		if (set->point[p].pattern == pattern)
			most = fmax(most, set->point[p].pages);
	return pages <= most ? pages : 0;
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
		peak = fmax(peak, e.value);
		if (e.value >= peak / 4)
			gone = 0;
		else if (peak > 0 && !gone && e.high < peak / 4)
			gone = set->point[p].pages;
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

/* Of how many rounds, and of how much of their time, others had the CPU. */
static void find_disturbance(const struct run *run, struct answers *a)
{
	double span = 0, waited = 0;
	size_t all = 0, bad = 0, i;
	const struct series *s;
	unsigned int p;
	int arm;

	for (arm = 0; arm < ARMS; arm++) {
		for (p = 0; p < run->settings.points; p++) {
			s = &run->series[arm][p];
			all += s->n;
			for (i = 0; i < s->n; i++) {
				bad += sample_disturbed(&s->sample[i]);
				span += s->sample[i].span_ns;
				waited += s->sample[i].waited_ns;
			}
		}
	}
	a->disturbed = all ? (double)bad / all : 0;
	a->waited = span > 0 ? waited / span : -1;
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
		a->cell[arm][p] = estimate_cost(run, &run->series[arm][p],
						ROUND_NS);
		if (base < 0 || !run_has(set, base, p))
			continue;
		/* A base stands before the arms that are held against it. */
		typical = a->cell[base][p].value;
		a->diff[arm][p] = estimate_difference(run, &run->series[arm][p],
						      &run->series[base][p],
						      typical, ROUND_NS);
	}
}

int answers_part_base(int arm)
{
	if (arm == ARM_PROCESS_CONTROL)
		return ARM_THREAD_CONTROL;
	/* The first arm that is probed has nothing of its kind to stand against. */
	return arm == ARM_THREAD_CONTROL || arms[arm].flush == FLUSH_DETACHED ?
		       -1 : answers_base(arm);
}

/* What the probe timed, without pages. */
static void find_parts(const struct run *run, struct answers *a, int arm)
{
	const struct series *s = &run->series[arm][0], *base;
	int other = answers_part_base(arm);

	if (!series_probed(s))
		return;
	a->own[arm] = estimate_cost(run, s, OWN_NS);
	a->part[arm] = estimate_cost(run, s, PART_NS);
	if (other < 0 || !series_probed(&run->series[other][0]))
		return;
	base = &run->series[other][0];
	a->part_diff[arm] = estimate_difference(run, s, base,
						a->part[other].value, PART_NS);
	if (arms[arm].flush <= FLUSH_CONTROL)
		return;
	a->flush_itself[arm] =
		estimate_difference(run, s, base,
				    estimate_cost(run, base, FLUSH_NS).value,
				    FLUSH_NS);
}

void answers_find(const struct run *run, struct answers *a)
{
	enum pattern p;
	int arm;

	*a = (struct answers){};
	for (arm = 0; arm < ARMS; arm++) {
		find_estimates(run, a, arm);
		a->empty[arm] = a->cell[arm][0];
		find_parts(run, a, arm);
	}
	a->process = a->diff[ARM_PROCESS][0];
	a->null = a->diff[ARM_THREAD_AGAIN][0];
	a->probe = a->diff[ARM_THREAD_CONTROL][0];
	a->flush = a->diff[ARM_THREAD_FLUSH][0];
	a->full = a->diff[ARM_THREAD_FULL][0];
	a->process_flush = a->diff[ARM_PROCESS_FLUSH][0];
	a->ring = a->diff[ARM_RING_PROCESS][0];
	/* In huge pages many of those touched have one entry. */
	for (p = 0; p < PATTERNS && !run->settings.huge; p++) {
		a->refill[p] = refill(run, a, ARM_THREAD_FLUSH, p);
		a->ring_refill[p] = refill(run, a, ARM_RING_PROCESS, p);
		a->dominate[p] = dominating(run, a, p);
		a->vanish[p] = vanishing(run, a, p);
		a->knee[p] = find_knee(run, a, p);
	}
	find_disturbance(run, a);
}

void answers_free(struct answers *a)
{
	unsigned int i;

	for (i = 0; i < a->reasons; i++)
		free(a->reason[i]);
	*a = (struct answers){};
}
