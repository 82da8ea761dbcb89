// SPDX-License-Identifier: GPL-2.0-only
/* What follows from the sweep: refilling, where it matters, the TLB's size. */
#include <math.h>

#include "measure/estimate.h"
#include "switch.h"

/* Of fewer pages the noise of the whole switch is too large a part. */
#define RISE_PAGES 64

/* A number without an interval. */
static struct estimate plain(double value)
{
	return (struct estimate){ value, value, value, 1 };
}

double switch_tlb(const struct run *run, const struct answers *a,
		  bool *contradicts)
{
	double told = run->machine.tlb_l2, found = 0;
	int p;

	for (p = PATTERNS - 1; p >= 0; p--)
		if (a->finding[FOUND_TLB][p].n)
			found = a->finding[FOUND_TLB][p].value;
	*contradicts = found > 0 && told > 0 &&
		       (found > 2 * told || found < told / 2);
	if (found > 0 && (told <= 0 || *contradicts))
		return found;
	return told > 0 ? told : 1024;
}

/*
 * Points that say what a page costs after a flush: all that fit into the
 * second-level TLB with room to spare, so that the unflushed arm hits.
 */
static size_t refill_points(const struct run *run, const struct answers *a,
			    int arm, int pattern, unsigned int *points)
{
	bool contradicts;
	double tlb = switch_tlb(run, a, &contradicts);
	const struct settings *set = &run->settings;
	unsigned int p;
	size_t n = 0;

	for (p = 0; p < set->points; p++) {
		if (!run_has(run, arm, p) || !run_in_variant(run, p, pattern))
			continue;
		if (set->point[p].x * switch_members(run, arm) <= tlb / 2)
			points[n++] = p;
	}
	return n;
}

/* What each page adds to (arm - base): the slope over the points above. */
static struct estimate refill(const struct run *run, const struct answers *a,
			      int arm, int base, int pattern)
{
	unsigned int points[MAX_POINTS];
	size_t k;

	if (!run->settings.arm[arm] || !run->settings.arm[base])
		return (struct estimate){};
	k = refill_points(run, a, arm, pattern, points);
	return estimate_slope(run, run->series[arm], run->series[base], points,
			      k);
}

static double most_touched(const struct run *run, int pattern)
{
	const struct settings *set = &run->settings;
	double most = 0;
	unsigned int p;

	for (p = 0; p < set->points; p++)
		if (set->point[p].variant == pattern)
			most = fmax(most, set->point[p].x);
	return most;
}

/*
 * From how many pages on refilling costs more than the flush adds at once, if
 * that is not more than were touched.
 */
static struct estimate exceeds(const struct run *run, const struct answers *a,
			       int pattern)
{
	const struct estimate *each = &a->finding[FOUND_REFILL][pattern];
	const struct estimate *flush = &a->diff[ARM_THREAD_FLUSH][0][Q_NS];
	double pages = 0;

	if (each->n && each->low > 0 && flush->value > 0)
		pages = flush->value / each->value;
	if (!pages || pages > most_touched(run, pattern))
		return (struct estimate){};
	return plain(pages);
}

/* Where the difference that the flush made has gone again. */
static struct estimate ends(const struct run *run, const struct answers *a,
			    int pattern)
{
	const struct settings *set = &run->settings;
	double peak = 0, gone = 0;
	struct estimate e;
	unsigned int p;

	for (p = 0; p < set->points; p++) {
		if (!run_in_variant(run, p, pattern))
			continue;
		e = a->diff[ARM_THREAD_FLUSH][p][Q_NS];
		if (!e.n)
			continue;
		peak = fmax(peak, e.value);
		if (e.value >= peak / 4)
			gone = 0;
		else if (peak > 0 && !gone && e.high < peak / 4)
			gone = set->point[p].x;
	}
	return gone ? plain(gone) : (struct estimate){};
}

/* A page's own cost over their number: it rises where they outgrow the TLB. */
static void find_rise(const struct run *run, struct answers *a, int pattern)
{
	const struct settings *set = &run->settings;
	/* Who enters the kernel may lose its entries there, coroutines do not. */
	int arm = set->arm[ARM_COROUTINE] ? ARM_COROUTINE : ARM_THREAD;
	double empty = a->cell[arm][0][Q_NS].value, at, before, after;
	double x[MAX_POINTS], y[MAX_POINTS];
	const struct estimate *e;
	unsigned int p;
	size_t n = 0;

	for (p = 0; p < set->points; p++) {
		e = &a->cell[arm][p][Q_NS];
		if (set->point[p].x < RISE_PAGES || !e->n ||
		    set->point[p].variant != pattern)
			continue;
		x[n] = 2.0 * set->point[p].x;
		y[n++] = (e->value - empty) / set->point[p].x;
	}
	if (!stats_rise(x, y, n, &at, &before, &after))
		return;
	a->finding[FOUND_TLB][pattern] = plain(at);
	a->finding[FOUND_BEFORE][pattern] = plain(before);
	a->finding[FOUND_AFTER][pattern] = plain(after);
}

void switch_conclude(const struct run *run, struct answers *a)
{
	int p;

	/* In huge pages many of those touched have one entry. */
	if (run->settings.value[SET_HUGE])
		return;
	for (p = 0; p < PATTERNS; p++)
		find_rise(run, a, p);
	for (p = 0; p < PATTERNS; p++) {
		a->finding[FOUND_REFILL][p] = refill(run, a, ARM_THREAD_FLUSH,
						     ARM_THREAD_CONTROL, p);
		a->finding[FOUND_RING_REFILL][p] =
			refill(run, a, ARM_RING_PROCESS, ARM_RING_THREAD, p);
		a->finding[FOUND_THREAD_REFILL][p] =
			refill(run, a, ARM_THREAD, ARM_COROUTINE, p);
		a->finding[FOUND_PROCESS_REFILL][p] =
			refill(run, a, ARM_PROCESS, ARM_THREAD, p);
		a->finding[FOUND_EXCEEDS][p] = exceeds(run, a, p);
		a->finding[FOUND_ENDS][p] = ends(run, a, p);
	}
}

/* Two tasks touch their pages in turn: the TLB is full at half as many of each. */
unsigned int switch_marks(const struct run *run, const struct answers *a,
			  int variant, struct mark *mark)
{
	const struct estimate *found = &a->finding[FOUND_TLB][variant];
	double most = most_touched(run, variant);
	int told = run->machine.tlb_l2;
	unsigned int n = 0;

	if (run->settings.value[SET_HUGE])
		return 0;
	if (told > 0 && told / 2 <= most) {
		mark[n].x = told / 2.0;
		snprintf(mark[n++].words, sizeof(mark->words),
			 "CPUID: TLB of %d entries", told);
	}
	if (found->n && found->value / 2 <= most) {
		mark[n].x = found->value / 2;
		snprintf(mark[n++].words, sizeof(mark->words),
			 "each page costs more from here");
	}
	return n;
}
