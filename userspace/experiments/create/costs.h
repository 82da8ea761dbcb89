/* SPDX-License-Identifier: GPL-2.0-only */
/* The cost model: t = a + b mappings + c pages + d files.  Pure numbers. */
#ifndef CREATE_COSTS_H
#define CREATE_COSTS_H

#include <stdbool.h>
#include <stddef.h>

#include "measure/stats.h"

enum term {
	TERM_FIXED,
	TERM_MAPPING,
	TERM_PAGE,
	TERM_FILE,
	TERMS
};

/**
 * struct cost_point - a parent at which a cost was measured
 * @has: of each term, how many; of the first, 1
 * @held_out: the model is not fitted to it, but tested on it
 */
struct cost_point {
	double has[TERMS];
	bool held_out;
};

/**
 * struct cost_model - what was fitted
 * @term: ns of each, with intervals over the rows
 * @worst: the largest error at a point held out, as a part of its cost
 * @at: which point that is
 * @tested: how many points were held out
 */
struct cost_model {
	struct estimate term[TERMS];
	double worst;
	size_t at;
	size_t tested;
};

/**
 * costs_fit() - fit the model
 * @points: @k of them
 * @ns: @n rows of @k costs, each row one measurement of all; a row with a NaN in
 *	it is left out
 *
 * Errors count relative to the cost, as large costs would drown the small ones.
 * Return: whether there was enough to fit: a row, and points in which each term
 * varies by itself.
 */
bool costs_fit(const struct cost_point *points, size_t k, const double *ns,
	       size_t n, struct cost_model *model);

/* What the model says of a parent that has so many. */
double costs_predict(const struct cost_model *model, const double has[TERMS]);

#endif /* CREATE_COSTS_H */
