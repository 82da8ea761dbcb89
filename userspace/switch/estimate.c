// SPDX-License-Identifier: GPL-2.0-only
/*
 * Estimates from the rounds of arms.
 *
 * On hardware: medians, and medians of paired differences.  An emulated CPU is
 * a program that its host interrupts for milliseconds and slows down in many
 * ways, none of which ever makes a round shorter: lower quartiles there.
 */
#include <math.h>
#include <stdlib.h>

#include "estimate.h"
#include "lib/xalloc.h"

double *estimate_values(const struct series *s, enum quantity what)
{
	double *x = xcalloc(s->n, sizeof(*x));
	const struct sample *one;
	size_t i;

	for (i = 0; i < s->n; i++) {
		one = &s->sample[i];
		if (sample_disturbed(one))
			x[i] = NAN;
		else if (what == ROUND_NS)
			x[i] = one->ns;
		else if (what == OWN_NS)
			x[i] = one->own_ns;
		else if (what == FLUSH_NS)
			x[i] = one->flush_ns;
		else
			x[i] = one->own_ns + one->flush_ns;
	}
	return x;
}

static bool lower(const struct run *run)
{
	return *run->machine.emulator;
}

struct estimate estimate_cost(const struct run *run, const struct series *s,
			      enum quantity what)
{
	double *x = estimate_values(s, what);
	const double one = 1;
	struct estimate e;

	if (lower(run))
		e = stats_low_sum(x, 1, &one, s->n);
	else
		e = stats_median(x, stats_fold(x, s->n));
	free(x);
	return e;
}

/* Rows of an arm and its base, taken in the same turn. */
static double *pair_up(const struct series *a, const struct series *b,
		       enum quantity what, size_t *n)
{
	double *x = estimate_values(a, what), *y = estimate_values(b, what);
	double *rows;
	size_t i;

	*n = a->n < b->n ? a->n : b->n;
	rows = xcalloc(*n * 2, sizeof(*rows));
	for (i = 0; i < *n; i++) {
		rows[2 * i] = x[i];
		rows[2 * i + 1] = y[i];
	}
	free(x);
	free(y);
	return rows;
}

/*
 * Differences are taken as a part of the base in the same turn and scaled to
 * what the base costs (@typical): where a CPU runs now faster, now slower, all
 * arms do, and so does their difference.
 */
static void scale(const double *rows, double typical, double *x, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		x[i] = (rows[2 * i] - rows[2 * i + 1]) *
		       (typical / rows[2 * i + 1]);
}

struct estimate estimate_difference(const struct run *run,
				    const struct series *a,
				    const struct series *b, double typical,
				    enum quantity what)
{
	static const double weight[] = { 1, -1 };
	struct estimate e;
	double *rows, *x;
	size_t n;

	rows = pair_up(a, b, what, &n);
	if (lower(run)) {
		e = stats_low_sum(rows, 2, weight, n);
	} else {
		x = xcalloc(n, sizeof(*x));
		scale(rows, typical, x, n);
		e = stats_median(x, stats_fold(x, n));
		free(x);
	}
	free(rows);
	return e;
}

/*
 * All pairs of the points side by side: 2 * @k columns.  Where a point has more
 * rounds than others, a row has those of the same pass.
 */
static double *pairs_of_points(const struct series *a, const struct series *b,
			       const unsigned int *points, size_t k, size_t n)
{
	double *all = xcalloc(n * k * 2, sizeof(*all)), *rows;
	size_t i, row, from, have;

	for (i = 0; i < k; i++) {
		rows = pair_up(&a[points[i]], &b[points[i]], ROUND_NS, &have);
		for (row = 0; row < n; row++) {
			from = row * (have / n);
			all[(row * k + i) * 2] = rows[2 * from];
			all[(row * k + i) * 2 + 1] = rows[2 * from + 1];
		}
		free(rows);
	}
	return all;
}

static struct estimate low_slope(const double *x, size_t k, const double *all,
				 size_t n)
{
	double *slope = xcalloc(k, sizeof(*slope));
	double *weight = xcalloc(k * 2, sizeof(*weight));
	struct estimate e;
	size_t i;

	stats_slope_weights(x, k, slope);
	for (i = 0; i < k; i++) {
		weight[2 * i] = slope[i];
		weight[2 * i + 1] = -slope[i];
	}
	e = stats_low_sum(all, k * 2, weight, n);
	free(weight);
	free(slope);
	return e;
}

static struct estimate median_slope(const double *x, size_t k,
				    const double *all, const double *typical,
				    size_t n)
{
	double *y = xcalloc(n * k, sizeof(*y));
	struct estimate e;
	size_t i;

	for (i = 0; i < n * k; i++)
		scale(all + 2 * i, typical[i % k], y + i, 1);
	e = stats_slope(x, k, y, n);
	free(y);
	return e;
}

struct estimate estimate_slope(const struct run *run, const struct series *a,
			       const struct series *b,
			       const unsigned int *points, size_t k,
			       const double *typical)
{
	size_t n = SIZE_MAX, i;
	double x[MAX_POINTS];
	struct estimate e = {};
	double *all;

	for (i = 0; i < k; i++) {
		n = a[points[i]].n < n ? a[points[i]].n : n;
		n = b[points[i]].n < n ? b[points[i]].n : n;
		x[i] = run->settings.point[points[i]].pages;
	}
	if (k < 3 || !n)
		return e;
	all = pairs_of_points(a, b, points, k, n);
	if (lower(run))
		e = low_slope(x, k, all, n);
	else
		e = median_slope(x, k, all, typical, n);
	free(all);
	return e;
}
