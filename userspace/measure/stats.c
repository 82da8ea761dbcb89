// SPDX-License-Identifier: GPL-2.0-only
/* Medians, bootstrap intervals, slopes and rises, on top of GSL. */
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_fit.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "stats.h"

#define RESAMPLES 1000
/* What is drawn again consists of so many runs of values, or a run a value. */
#define RUNS 25
/* The same samples must give the same interval whenever they are rendered. */
#define SEED 20220117

double estimate_half(const struct estimate *e)
{
	return (e->high - e->low) / 2;
}

#define CONFIDENCE 0.95
/* Of fewer numbers not even the least and the most hold the median so often. */
#define ORDER_LEAST 6

/* How often the median lies between the @d-th number from below and from above. */
static double order_holds(size_t d, size_t n)
{
	return 1 - 2 * gsl_cdf_binomial_P(d - 1, 0.5, n);
}

static void order_interval(const double *sorted, size_t n, struct estimate *e)
{
	double wide, narrow, part, weight;
	size_t d = 1;

	while (order_holds(d + 1, n) >= CONFIDENCE)
		d++;
	wide = order_holds(d, n);
	narrow = order_holds(d + 1, n);
	part = (wide - CONFIDENCE) / (wide - narrow);
	weight = (n - d) * part / (d + (n - 2.0 * d) * part);
	e->low = (1 - weight) * sorted[d - 1] + weight * sorted[d];
	e->high = (1 - weight) * sorted[n - d] + weight * sorted[n - d - 1];
}

double stats_student(double df)
{
	return gsl_cdf_tdist_Pinv((1 + CONFIDENCE) / 2, df);
}

static void t_interval(const double *x, size_t n, struct estimate *e)
{
	double t = stats_student(n - 1);

	e->value = gsl_stats_mean(x, 1, n);
	t *= gsl_stats_sd_m(x, 1, n, e->value) / sqrt(n);
	e->low = e->value - t;
	e->high = e->value + t;
}

struct estimate stats_blocks(const double *x, size_t n)
{
	double *sorted = xcalloc(n, sizeof(*sorted));
	struct estimate e = {};
	size_t i, there = 0;

	for (i = 0; i < n; i++)
		if (!isnan(x[i]))
			sorted[there++] = x[i];
	gsl_sort(sorted, 1, there);
	if (there >= ORDER_LEAST) {
		e.value = gsl_stats_median_from_sorted_data(sorted, 1, there);
		order_interval(sorted, there, &e);
	} else if (there >= 2) {
		t_interval(sorted, there, &e);
	}
	if (there >= 2)
		e.n = there;
	free(sorted);
	return e;
}

/*
 * Rounds that follow each other have more in common than their arms: the same
 * members in the same places of memory, the same neighbours.  So what is drawn
 * again is not single values but runs of them; a run that reaches the end goes
 * on at the beginning.
 */
static void draw(gsl_rng *rng, size_t *take, size_t n)
{
	size_t run = (n + RUNS - 1) / RUNS, i, at = 0;

	for (i = 0; i < n; i++) {
		at = i % run ? (at + 1) % n : gsl_rng_uniform_int(rng, n);
		take[i] = at;
	}
}

static double median_of(double *scratch, const double *x, size_t n)
{
	memcpy(scratch, x, n * sizeof(*x));
	return gsl_stats_median(scratch, 1, n);
}

struct estimate stats_median(const double *x, size_t n)
{
	struct estimate e = { .n = n };
	double *medians, *resample;
	size_t *take, i, b;
	gsl_rng *rng;

	if (!n)
		return e;
	medians = xcalloc(RESAMPLES, sizeof(*medians));
	resample = xcalloc(n, sizeof(*resample));
	take = xcalloc(n, sizeof(*take));
	e.value = median_of(resample, x, n);
	rng = gsl_rng_alloc(gsl_rng_mt19937);
	gsl_rng_set(rng, SEED);
	for (b = 0; b < RESAMPLES; b++) {
		draw(rng, take, n);
		for (i = 0; i < n; i++)
			resample[i] = x[take[i]];
		medians[b] = gsl_stats_median(resample, 1, n);
	}
	gsl_rng_free(rng);
	gsl_sort(medians, 1, RESAMPLES);
	e.low = gsl_stats_quantile_from_sorted_data(medians, 1, RESAMPLES,
						    0.025);
	e.high = gsl_stats_quantile_from_sorted_data(medians, 1, RESAMPLES,
						     0.975);
	free(take);
	free(resample);
	free(medians);
	return e;
}

void stats_slope_weights(const double *x, size_t k, double *weight)
{
	double mean = gsl_stats_mean(x, 1, k), sum = 0;
	size_t i;

	for (i = 0; i < k; i++)
		sum += (x[i] - mean) * (x[i] - mean);
	for (i = 0; i < k; i++)
		weight[i] = (x[i] - mean) / sum;
}

double stats_low(double *x, size_t n)
{
	return gsl_stats_select(x, 1, n, (n - 1) / 4);
}

void stats_sort(double *x, size_t n)
{
	gsl_sort(x, 1, n);
}

double stats_sorted_quantile(const double *x, size_t n, double q)
{
	return n ? gsl_stats_quantile_from_sorted_data(x, 1, n, q) : NAN;
}

double stats_quantile(double *x, size_t n, double q)
{
	stats_sort(x, n);
	return stats_sorted_quantile(x, n, q);
}

struct estimate stats_ratio(const struct estimate *a, const struct estimate *b)
{
	struct estimate e = {};
	double rel;

	if (!a->n || !b->n || b->value == 0)
		return e;
	e.n = a->n < b->n ? a->n : b->n;
	e.value = a->value / b->value;
	rel = hypot(estimate_half(a) / b->value,
		    e.value * estimate_half(b) / b->value);
	e.low = e.value - rel;
	e.high = e.value + rel;
	return e;
}

/* The standard error that half an interval over @n numbers stands for. */
static double standard_error(double half, size_t n)
{
	return n > 1 ? half / stats_student(n - 1) : 0;
}

/*
 * Half the interval of a difference, from those of both sides (Welch): two sides
 * of five numbers each know more of how far numbers spread than one does, and
 * Student's factor is taken once, for both, not for each.
 */
static double welch(double half_a, size_t n_a, double half_b, size_t n_b)
{
	double a = standard_error(half_a, n_a), b = standard_error(half_b, n_b);
	double spread = a * a + b * b, df = 0;

	if (a > 0)
		df += pow(a * a / spread, 2) / (n_a - 1);
	if (b > 0)
		df += pow(b * b / spread, 2) / (n_b - 1);
	return df > 0 ? stats_student(1 / df) * sqrt(spread) : 0;
}

struct estimate stats_difference(const struct estimate *a,
				 const struct estimate *b)
{
	struct estimate e = {};

	if (!a->n || !b->n)
		return e;
	e.n = a->n < b->n ? a->n : b->n;
	e.value = a->value - b->value;
	e.low = e.value - welch(a->value - a->low, a->n, b->high - b->value,
				b->n);
	e.high = e.value + welch(a->high - a->value, a->n, b->value - b->low,
				 b->n);
	return e;
}

#define PLACES 200	/* tried for the rise, even on a logarithmic scale */

/* The sum of squares that a line through (f(x), y) leaves. */
static double fit_line(const double *f, const double *y, size_t n, double *c0,
		       double *c1)
{
	double cov00, cov01, cov11, sumsq;

	gsl_fit_linear(f, 1, y, 1, n, c0, c1, &cov00, &cov01, &cov11, &sumsq);
	return sumsq;
}

bool stats_rise(const double *x, const double *y, size_t n, double *at,
		double *before, double *after)
{
	static const double steep[] = { 2, 3, 4, 6, 8, 12, 16 };
	double *f, best = INFINITY, straight, c0, c1, sumsq, place;
	size_t i, k;
	int p;

	if (n < 5)
		return false;
	straight = fit_line(x, y, n, &c0, &c1);
	f = xcalloc(n, sizeof(*f));
	for (p = 0; p <= PLACES; p++) {
		place = x[1] * pow(x[n - 2] / x[1], (double)p / PLACES);
		for (k = 0; k < sizeof(steep) / sizeof(*steep); k++) {
			for (i = 0; i < n; i++)
				f[i] = 1 / (1 + pow(place / x[i], steep[k]));
			sumsq = fit_line(f, y, n, &c0, &c1);
			if (sumsq >= best)
				continue;
			best = sumsq;
			*at = place;
			*before = c0;
			*after = c0 + c1;
		}
	}
	free(f);
	return *before > 0 && *after > 1.5 * *before && best < straight / 4;
}
