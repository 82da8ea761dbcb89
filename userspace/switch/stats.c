// SPDX-License-Identifier: GPL-2.0-only
/* Medians, bootstrap intervals, slopes and bends, on top of GSL. */
#include <gsl/gsl_fit.h>
#include <gsl/gsl_multifit.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "stats.h"

#define RESAMPLES 1000
/* The same samples must give the same interval whenever they are rendered. */
#define SEED 20220117

double estimate_half(const struct estimate *e)
{
	return (e->high - e->low) / 2;
}

size_t stats_fold(double *x, size_t n)
{
	size_t i, kept = 0;

	for (i = 0; i + 1 < n; i += 2)
		if (!isnan(x[i]) && !isnan(x[i + 1]))
			x[kept++] = (x[i] + x[i + 1]) / 2;
	return kept;
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
	gsl_rng *rng;
	size_t i, b;

	if (!n)
		return e;
	medians = xcalloc(RESAMPLES, sizeof(*medians));
	resample = xcalloc(n, sizeof(*resample));
	e.value = median_of(resample, x, n);
	rng = gsl_rng_alloc(gsl_rng_mt19937);
	gsl_rng_set(rng, SEED);
	for (b = 0; b < RESAMPLES; b++) {
		for (i = 0; i < n; i++)
			resample[i] = x[gsl_rng_uniform_int(rng, n)];
		medians[b] = gsl_stats_median(resample, 1, n);
	}
	gsl_rng_free(rng);
	gsl_sort(medians, 1, RESAMPLES);
	e.low = gsl_stats_quantile_from_sorted_data(medians, 1, RESAMPLES,
						    0.025);
	e.high = gsl_stats_quantile_from_sorted_data(medians, 1, RESAMPLES,
						     0.975);
	free(resample);
	free(medians);
	return e;
}

struct estimate stats_slope(const double *x, size_t k, const double *y,
			    size_t n)
{
	double *slopes = xcalloc(n, sizeof(*slopes));
	double c0, c1, cov00, cov01, cov11, sumsq;
	struct estimate e = {};
	size_t i, rows = 0;

	for (i = 0; i < n && k >= 2; i++) {
		gsl_fit_linear(x, 1, y + i * k, 1, k, &c0, &c1, &cov00, &cov01,
			       &cov11, &sumsq);
		if (!isnan(c1))
			slopes[rows++] = c1;
	}
	if (rows)
		e = stats_median(slopes, rows);
	free(slopes);
	return e;
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

struct estimate stats_difference(const struct estimate *a,
				 const struct estimate *b)
{
	struct estimate e = {};

	if (!a->n || !b->n)
		return e;
	e.n = a->n < b->n ? a->n : b->n;
	e.value = a->value - b->value;
	e.low = e.value - hypot(a->value - a->low, b->high - b->value);
	e.high = e.value + hypot(a->high - a->value, b->value - b->low);
	return e;
}

/* y = c0 + c1 x + c2 max(0, x - bend), errors relative to y; bend < 0: c2 = 0. */
static double fit_bent(const double *x, const double *y, size_t n, double bend,
		       double *c1, double *c2)
{
	size_t terms = bend < 0 ? 2 : 3, i;
	gsl_multifit_linear_workspace *w = gsl_multifit_linear_alloc(n, terms);
	gsl_matrix *xs = gsl_matrix_alloc(n, terms);
	gsl_matrix *cov = gsl_matrix_alloc(terms, terms);
	gsl_vector *ys = gsl_vector_alloc(n), *c = gsl_vector_alloc(terms);
	gsl_vector *weight = gsl_vector_alloc(n);
	double chisq;

	for (i = 0; i < n; i++) {
		gsl_matrix_set(xs, i, 0, 1);
		gsl_matrix_set(xs, i, 1, x[i]);
		if (terms == 3)
			gsl_matrix_set(xs, i, 2, fmax(0, x[i] - bend));
		gsl_vector_set(ys, i, y[i]);
		gsl_vector_set(weight, i, 1 / (y[i] * y[i]));
	}
	gsl_multifit_wlinear(xs, weight, ys, c, cov, &chisq, w);
	*c1 = gsl_vector_get(c, 1);
	*c2 = terms == 3 ? gsl_vector_get(c, 2) : 0;
	gsl_vector_free(weight);
	gsl_vector_free(c);
	gsl_vector_free(ys);
	gsl_matrix_free(cov);
	gsl_matrix_free(xs);
	gsl_multifit_linear_free(w);
	return chisq;
}

#define BENDS 200	/* places tried, evenly spread on a logarithmic scale */

bool stats_knee(const double *x, const double *y, size_t n, double *at,
		double *before, double *after)
{
	double best = INFINITY, c1, c2, bend, straight, chisq, from, to;
	int i;

	if (n < 6)
		return false;
	straight = fit_bent(x, y, n, -1, &c1, &c2);
	from = log(fmax(x[2], 1));
	to = log(x[n - 3]);
	for (i = 0; i <= BENDS; i++) {
		bend = exp(from + (to - from) * i / BENDS);
		chisq = fit_bent(x, y, n, bend, &c1, &c2);
		if (chisq < best) {
			best = chisq;
			*at = bend;
			*before = c1;
			*after = c1 + c2;
		}
	}
	return *after > 1.5 * *before && best < straight / 4;
}
