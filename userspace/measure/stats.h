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

/* What 95 % of Student's t with @df degrees of freedom are within. */
double stats_student(double df);

/* The median of @n numbers, with a percentile bootstrap interval. */
struct estimate stats_median(const double *x, size_t n);

/* Weights that make of the values at @x the slope of their best line. */
void stats_slope_weights(const double *x, size_t k, double *weight);

/*
 * The lower quartile of @n numbers, at least one, which come in another order.
 * Where trouble only ever adds to a time, and often does, it knows less of that
 * than the median.
 */
double stats_low(double *x, size_t n);

/* The @q-quantile of @n numbers; NaN of none.  @x is sorted. */
double stats_quantile(double *x, size_t n, double q);

/* The same in two steps, for several quantiles of the same numbers. */
void stats_sort(double *x, size_t n);
double stats_sorted_quantile(const double *x, size_t n, double q);

/*
 * a / b with an interval, taking both as independent: the quotient's interval
 * follows from both in quadrature.
 */
struct estimate stats_ratio(const struct estimate *a,
			    const struct estimate *b);

/*
 * a - b of two independent estimates, for comparing two runs; what n says of each
 * is how surely its interval is known.
 */
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
