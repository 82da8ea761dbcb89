// SPDX-License-Identifier: GPL-2.0-only
/* Fits the cost model by GSL's least squares. */
#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_multifit.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "costs.h"
#include "lib/xalloc.h"

/* A design this near to singular says nothing of one of its terms. */
#define LEAST_RCOND 0.000000001

struct fit {
	gsl_multifit_linear_workspace *space;
	gsl_matrix *x;
	gsl_matrix *cov;
	gsl_vector *y;
	gsl_vector *w;
	gsl_vector *c;
	size_t n;
};

static size_t count_fitted(const struct cost_point *points, size_t k)
{
	size_t i, n = 0;

	for (i = 0; i < k; i++)
		n += !points[i].held_out;
	return n;
}

static void fit_begin(struct fit *f, size_t n)
{
	f->n = n;
	f->space = gsl_multifit_linear_alloc(n, TERMS);
	f->x = gsl_matrix_alloc(n, TERMS);
	f->cov = gsl_matrix_alloc(TERMS, TERMS);
	f->y = gsl_vector_alloc(n);
	f->w = gsl_vector_alloc(n);
	f->c = gsl_vector_alloc(TERMS);
}

static void fit_end(struct fit *f)
{
	gsl_multifit_linear_free(f->space);
	gsl_matrix_free(f->x);
	gsl_matrix_free(f->cov);
	gsl_vector_free(f->y);
	gsl_vector_free(f->w);
	gsl_vector_free(f->c);
}

/* One row's terms; false where the points do not tell them apart. */
static bool fit_row(struct fit *f, const struct cost_point *points, size_t k,
		    const double *ns, double term[TERMS])
{
	double chisq;
	size_t i, j, row = 0;

	for (i = 0; i < k; i++) {
		if (points[i].held_out)
			continue;
		for (j = 0; j < TERMS; j++)
			gsl_matrix_set(f->x, row, j, points[i].has[j]);
		gsl_vector_set(f->y, row, ns[i]);
		gsl_vector_set(f->w, row, 1 / (ns[i] * ns[i]));
		row++;
	}
	if (gsl_multifit_wlinear(f->x, f->w, f->y, f->c, f->cov, &chisq,
				 f->space))
		return false;
	for (j = 0; j < TERMS; j++)
		term[j] = gsl_vector_get(f->c, j);
	return gsl_multifit_linear_rcond(f->space) > LEAST_RCOND;
}

static bool row_complete(const double *ns, size_t k)
{
	size_t i;

	for (i = 0; i < k; i++)
		if (!(ns[i] > 0))
			return false;
	return true;
}

/* The terms of all rows, one array a term; how many rows could be fitted. */
static size_t fit_rows(const struct cost_point *points, size_t k,
		       const double *ns, size_t n, double *terms)
{
	double term[TERMS];
	size_t i, j, rows = 0;
	struct fit f;

	fit_begin(&f, count_fitted(points, k));
	for (i = 0; i < n; i++) {
		if (!row_complete(ns + i * k, k) ||
		    !fit_row(&f, points, k, ns + i * k, term))
			continue;
		for (j = 0; j < TERMS; j++)
			terms[j * n + rows] = term[j];
		rows++;
	}
	fit_end(&f);
	return rows;
}

double costs_predict(const struct cost_model *model, const double has[TERMS])
{
	double sum = 0;
	int j;

	for (j = 0; j < TERMS; j++)
		sum += model->term[j].value * has[j];
	return sum;
}

static void test_model(const struct cost_point *points, size_t k,
		       const double *ns, size_t n, struct cost_model *model)
{
	double *column = xcalloc(n, sizeof(*column)), cost, error;
	size_t i, row, have;

	for (i = 0; i < k; i++) {
		if (!points[i].held_out)
			continue;
		for (row = 0, have = 0; row < n; row++)
			if (row_complete(ns + row * k, k))
				column[have++] = ns[row * k + i];
		cost = gsl_stats_median(column, 1, have);
		error = fabs(costs_predict(model, points[i].has) - cost) / cost;
		model->tested++;
		if (error >= model->worst) {
			model->worst = error;
			model->at = i;
		}
	}
	free(column);
}

bool costs_fit(const struct cost_point *points, size_t k, const double *ns,
	       size_t n, struct cost_model *model)
{
	double *terms;
	size_t rows, j;
	gsl_error_handler_t *old;

	*model = (struct cost_model){};
	if (!n || count_fitted(points, k) < TERMS)
		return false;
	/* A design that says nothing is an answer here, no reason to abort. */
	old = gsl_set_error_handler_off();
	terms = xcalloc(n * TERMS, sizeof(*terms));
	rows = fit_rows(points, k, ns, n, terms);
	for (j = 0; j < TERMS && rows; j++)
		model->term[j] = stats_blocks(terms + j * n, rows);
	free(terms);
	gsl_set_error_handler(old);
	if (rows)
		test_model(points, k, ns, n, model);
	return rows;
}
