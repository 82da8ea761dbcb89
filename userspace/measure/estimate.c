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
#include <string.h>

#include "estimate.h"
#include "lib/xalloc.h"

double *estimate_values(const struct series *s, int quantity)
{
	double *x = xcalloc(s->n, sizeof(*x));
	size_t i;

	for (i = 0; i < s->n; i++)
		x[i] = sample_disturbed(&s->sample[i]) ?
			       NAN : s->sample[i].value[quantity];
	return x;
}

static bool lower(const struct run *run)
{
	return *run->machine.emulator;
}

struct estimate estimate_cost(const struct run *run, const struct series *s,
			      int quantity)
{
	double *x = estimate_values(s, quantity);
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
		       int quantity, size_t *n)
{
	double *x = estimate_values(a, quantity);
	double *y = estimate_values(b, quantity);
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
				    int quantity)
{
	static const double weight[] = { 1, -1 };
	struct estimate e;
	double *rows, *x;
	size_t n;

	rows = pair_up(a, b, quantity, &n);
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

/* Rounds of the same pass at the points of a slope; some points have several. */
struct passes {
	size_t n;		/* passes */
	size_t most;		/* rounds a pass, at most */
};

/*
 * All pairs of the points side by side, 2 * @k columns, and as many rows a pass
 * as the point with the most runner.has; NaN where a point has fewer.
 */
static double *pairs_of_points(const struct series *a, const struct series *b,
			       const unsigned int *points, size_t k,
			       const struct passes *passes)
{
	size_t rows = passes->n * passes->most, i, row, each, have, from;
	double *all = xcalloc(rows * k * 2, sizeof(*all)), *pairs, *to;

	for (i = 0; i < k; i++) {
		pairs = pair_up(&a[points[i]], &b[points[i]], 0, &have);
		each = have / passes->n;
		for (row = 0; row < rows; row++) {
			from = row / passes->most * each + row % passes->most;
			to = &all[(row * k + i) * 2];
			to[0] = NAN;
			to[1] = NAN;
			if (row % passes->most < each)
				memcpy(to, &pairs[2 * from], 2 * sizeof(*to));
		}
		free(pairs);
	}
	return all;
}

/* The median of a pass's differences at one point, scaled; NaN of none. */
static double median_of_pass(const double *pairs, size_t step, size_t rounds,
			     double typical)
{
	double *x = xcalloc(rounds, sizeof(*x)), m;
	size_t i, n = 0;

	for (i = 0; i < rounds; i++) {
		scale(pairs + i * step, typical, x + n, 1);
		n += !isnan(x[n]);
	}
	m = stats_quantile(x, n, 0.5);
	free(x);
	return m;
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
				    const struct passes *passes)
{
	double *y = xcalloc(passes->n * k, sizeof(*y));
	struct estimate e;
	size_t i, pass;

	for (pass = 0; pass < passes->n; pass++)
		for (i = 0; i < k; i++)
			y[pass * k + i] = median_of_pass(
				all + (pass * passes->most * k + i) * 2, 2 * k,
				passes->most, typical[i]);
	e = stats_slope(x, k, y, passes->n);
	free(y);
	return e;
}

struct estimate estimate_slope(const struct run *run, const struct series *a,
			       const struct series *b,
			       const unsigned int *points, size_t k,
			       const double *typical)
{
	struct passes passes = { .n = SIZE_MAX };
	struct estimate e = {};
	double x[MAX_POINTS];
	double *all;
	size_t i, n, most = 0;

	for (i = 0; i < k; i++) {
		n = a[points[i]].n < b[points[i]].n ? a[points[i]].n :
						      b[points[i]].n;
		passes.n = n < passes.n ? n : passes.n;
		most = n > most ? n : most;
		x[i] = run->settings.point[points[i]].x;
	}
	if (k < 3 || !passes.n)
		return e;
	passes.most = most / passes.n;
	all = pairs_of_points(a, b, points, k, &passes);
	if (lower(run))
		e = low_slope(x, k, all, passes.n * passes.most);
	else
		e = median_slope(x, k, all, typical, &passes);
	free(all);
	return e;
}
