/* SPDX-License-Identifier: GPL-2.0-only */
/* Estimates from the rounds of arms; n = 0 where there is none. */
#ifndef MEASURE_ESTIMATE_H
#define MEASURE_ESTIMATE_H

#include "run.h"
#include "stats.h"

/* The only door from samples to statistics. */

/* One value a round, NaN where it was disturbed; the caller frees. */
double *estimate_values(const struct series *s, int quantity);

struct estimate estimate_cost(const struct run *run, const struct series *s,
			      int quantity);

/* Of what the rounds have pooled: @quantity is a pooled one. */
struct estimate estimate_pooled(const struct run *run, const struct series *s,
				int quantity);

/* @a - @b, in pairs of rounds. */
struct estimate estimate_difference(const struct run *run,
				    const struct series *a,
				    const struct series *b, int quantity);

/*
 * What each unit of x adds to (a - b) of the first quantity, over @k points; @a
 * and @b are indexed by point.
 */
struct estimate estimate_slope(const struct run *run, const struct series *a,
			       const struct series *b,
			       const unsigned int *points, size_t k);

#endif /* MEASURE_ESTIMATE_H */
