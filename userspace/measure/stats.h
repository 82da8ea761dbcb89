/* SPDX-License-Identifier: GPL-2.0-only */
/* Statistics on plain numbers.  No input, no output, no clock. */
#ifndef MEASURE_STATS_H
#define MEASURE_STATS_H

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

/**
 * stats_blocks() - the median of numbers that are independent of each other
 * @x: one number for each block; NaN: the block has none
 * @n: blocks
 *
 * From six numbers on the interval is between order statistics, interpolated to
 * 95 % (Hettmansperger and Sheather): it holds the median whatever the numbers'
 * distribution.  With fewer no such interval exists; Student's t is used, which
 * takes them for normally distributed.
 * Return: an estimate with n = 0 for fewer than two numbers: nothing says how far
 * one is off.
 */
struct estimate stats_blocks(const double *x, size_t n);

/* The median of @n numbers, with a percentile bootstrap interval. */
struct estimate stats_median(const double *x, size_t n);

/*
 * Sum of weight[j] times the lower quartile of column j, over @n rows of @k
 * values, with an interval from resampling whole rows; a NaN is a value that is
 * not there.  Where trouble only ever adds to a time, and often does, the lower
 * quartile knows less of it than the median.
 */
struct estimate stats_low_sum(const double *rows, size_t k,
			      const double *weight, size_t n);

/* Weights that make of the values at @x the slope of their best line. */
void stats_slope_weights(const double *x, size_t k, double *weight);

/* The @q-quantile of @n numbers; NaN of none.  @x is sorted. */
double stats_quantile(double *x, size_t n, double q);

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
 * stats_rise() - where a curve rises from one level to another
 * @x: increasing, above 0
 * @y: the values at @x
 * @n: their number
 * @at: where it has risen half way
 * @before: the level before
 * @after: the level after
 *
 * The best fit of before + (after - before) / (1 + (at / x)^k), for k from 2
 * (slow) to 16 (sudden).
 * Return: whether there is a rise worth the name: five points at least, the
 * half of it well within them, the second level at least half as much again as
 * the first, and the fit at least twice as near as the best straight line.
 */
bool stats_rise(const double *x, const double *y, size_t n, double *at,
		double *before, double *after);

#endif /* MEASURE_STATS_H */
