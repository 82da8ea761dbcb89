/* SPDX-License-Identifier: GPL-2.0-only */
/* Statistics on plain numbers.  No input, no output, no clock. */
#ifndef SWITCH_STATS_H
#define SWITCH_STATS_H

#include <stdbool.h>
#include <stddef.h>

/* A value and the 95 % interval around it; n = 0: there is none. */
struct estimate {
	double value;
	double low;
	double high;
	size_t n;		/* independent numbers behind it */
};

/* Half the width of the interval. */
double estimate_half(const struct estimate *e);

/*
 * Rounds 2k and 2k + 1 ran in opposite orders: their mean is free of what grows
 * evenly from one arm to the next (drift).  Pairs with a NaN in them are left
 * out.  @x is overwritten; returns how many means there are.
 */
size_t stats_fold(double *x, size_t n);

/* The median of @n numbers, with a percentile bootstrap interval. */
struct estimate stats_median(const double *x, size_t n);

/*
 * The slope of y over x where each of @n rows of @y has @k values, one for each
 * of @x: a least-squares line a row, then their median as above.  Rows with a
 * NaN are left out.
 */
struct estimate stats_slope(const double *x, size_t k, const double *y,
			    size_t n);

/*
 * a / b with an interval, taking both as independent: the quotient's interval
 * follows from both in quadrature.
 */
struct estimate stats_ratio(const struct estimate *a,
			    const struct estimate *b);

/* a - b of two independent estimates, for comparing two runs. */
struct estimate stats_difference(const struct estimate *a,
				 const struct estimate *b);

/**
 * stats_knee() - where a curve of two straight parts bends upwards
 * @x: increasing
 * @y: the values at @x
 * @n: their number
 * @at: the place of the bend
 * @before: slope before it
 * @after: slope after it
 *
 * The bend is the one with the smallest sum of squares of relative errors.
 * Return: whether there is one that is worth the name: at least three points a
 * side, the second slope at least half as much again as the first, and the
 * bent line at most half as far off as the best straight one.
 */
bool stats_knee(const double *x, const double *y, size_t n, double *at,
		double *before, double *after);

#endif /* SWITCH_STATS_H */
