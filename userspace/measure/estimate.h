/* SPDX-License-Identifier: GPL-2.0-only */
/* Estimates from the rounds of arms; n = 0 where there is none. */
#ifndef MEASURE_ESTIMATE_H
#define MEASURE_ESTIMATE_H

#include "run.h"
#include "stats.h"

/* What of a round. */
enum quantity {
	ROUND_NS,	/* a whole switch */
	OWN_NS,		/* the kernel's own part, as the probe timed it */
	FLUSH_NS,	/* the probe's flush, or the nothing in its place */
	PART_NS,	/* those two together */
};

/* One value a round, NaN where it was disturbed; the caller frees. */
double *estimate_values(const struct series *s, enum quantity what);

struct estimate estimate_cost(const struct run *run, const struct series *s,
			      enum quantity what);

/* @a - @b, in pairs of rounds; @typical: what @b costs. */
struct estimate estimate_difference(const struct run *run,
				    const struct series *a,
				    const struct series *b, double typical,
				    enum quantity what);

/*
 * What each page adds to (a - b), over @k points; @a and @b are indexed by
 * point, @typical are the costs of @b at those points.
 */
struct estimate estimate_slope(const struct run *run, const struct series *a,
			       const struct series *b,
			       const unsigned int *points, size_t k,
			       const double *typical);

#endif /* MEASURE_ESTIMATE_H */
