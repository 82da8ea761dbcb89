// SPDX-License-Identifier: GPL-2.0-only
/* The statistics, against exact small cases and known distributions. */
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <string.h>

#include "measure/stats.h"
#include "tap.h"

#define EXACT 0.000000001

static bool near(double got, double want, double by, const char *what)
{
	if (ok(fabs(got - want) <= by, "%s", what))
		return true;
	printf("# got %.6g, not %.6g within %.2g\n", got, want, by);
	return false;
}

static void medians(void)
{
	const double odd[] = { 9, 1, 5 }, even[] = { 4, 1, 3, 2 };
	const double same[] = { 7, 7, 7, 7, 7 }, one[] = { 3 };
	struct estimate e;

	near(stats_median(odd, 3).value, 5, 0, "median of three");
	near(stats_median(even, 4).value, 2.5, 0, "median of four");
	e = stats_median(same, 5);
	ok(e.low == 7 && e.high == 7, "equal numbers leave no doubt");
	e = stats_median(one, 1);
	ok(e.n == 1 && e.low == 3 && e.high == 3, "one number");
	ok(!stats_median(one, 0).n, "no number");
	e = stats_median(odd, 3);
	ok(e.low >= 1 && e.high <= 9 && e.low <= e.value && e.high >= e.value,
	   "the interval lies within the numbers and around the median");
}

/* 95 % intervals must hold the truth in about 95 % of all cases. */
static void coverage(void)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	int held = 0, i, k, trials = 200;
	struct estimate e;
	double x[60];

	for (i = 0; i < trials; i++) {
		for (k = 0; k < 60; k++)
			x[k] = 100 + gsl_ran_exponential(rng, 10);
		e = stats_median(x, 60);
		held += e.low <= 100 + 10 * M_LN2 && e.high >= 100 + 10 * M_LN2;
	}
	gsl_rng_free(rng);
	if (!ok(held >= trials * 0.90 && held <= trials * 0.995,
		"the interval holds the truth as often as it says"))
		printf("# %d of %d\n", held, trials);
}

static void width(void)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	struct estimate few, many;
	double x[1600];
	int i;

	for (i = 0; i < 1600; i++)
		x[i] = gsl_ran_gaussian(rng, 10);
	gsl_rng_free(rng);
	few = stats_median(x, 100);
	many = stats_median(x, 1600);
	near(estimate_half(&few) / estimate_half(&many), 4, 1.5,
	     "sixteen times the numbers, a quarter of the width");
	/* The median's error is 1.2533 sigma / sqrt(n). */
	near(estimate_half(&many), 1.96 * 1.2533 * 10 / 40, 0.2,
	     "the width is that of theory");
	ok(stats_median(x, 1600).low == many.low,
	   "the same numbers give the same interval");
}

static void blocks(void)
{
	const double six[] = { 6, 1, 5, 2, 4, 3 }, two[] = { 10, 14 };
	double holes[] = { NAN, 7, NAN, 7, 7, NAN };
	struct estimate e = stats_blocks(six, 6);

	near(e.value, 3.5, 0, "median of six blocks");
	/* The least and the most hold it in 1 - 2 / 64 of all cases. */
	ok(e.low >= 1 && e.low < 1.5 && e.high <= 6 && e.high > 5.5,
	   "an interval nearly from the least to the most");
	e = stats_blocks(two, 2);
	near(e.value, 12, 0, "two blocks");
	near(e.high - e.value, 12.706 * 2, 0.01, "and how little they say");
	e = stats_blocks(holes, 6);
	ok(e.n == 3 && e.low == 7 && e.high == 7, "blocks without a number");
	ok(!stats_blocks(two, 1).n, "of one block nothing is known");
	ok(!stats_blocks(two, 0).n, "nor of none");
}

/* What makes one block differ from the next. */
enum effect {
	EFFECT_NORMAL,		/* where its memory lies, in many ways */
	EFFECT_BURSTS,		/* neighbours wake, now and then, and last */
	EFFECT_TWO_WAYS,	/* memory lies well, or badly */
	EFFECT_SKEWED,
	EFFECT_DRIFT,		/* the machine gets slower by 3 % */
	EFFECTS
};

static double block_value(gsl_rng *rng, enum effect effect, double at)
{
	double bad = gsl_rng_uniform(rng);

	switch (effect) {
	case EFFECT_BURSTS:
		return 100 + gsl_ran_gaussian(rng, 2) +
		       (bad < 0.15 ? gsl_ran_exponential(rng, 30) : 0);
	case EFFECT_TWO_WAYS:
		return 100 + gsl_ran_gaussian(rng, 1) + (bad < 0.3 ? 10 : 0);
	case EFFECT_SKEWED:
		return 100 + gsl_ran_lognormal(rng, 0, 1);
	case EFFECT_DRIFT:
		return 98.5 + 3 * at + gsl_ran_gaussian(rng, 2);
	default:
		return 100 + gsl_ran_gaussian(rng, 2);
	}
}

/* The median of the distribution above, from many numbers. */
static double true_median(gsl_rng *rng, enum effect effect)
{
	static double x[100001];
	size_t i, n = sizeof(x) / sizeof(*x);

	for (i = 0; i < n; i++)
		x[i] = block_value(rng, effect, i / (n - 1.0));
	return stats_quantile(x, n, 0.5);
}

static int blocks_held(gsl_rng *rng, enum effect effect, size_t n, int trials)
{
	double truth = true_median(rng, effect), x[20];
	struct estimate e;
	int held = 0, i;
	size_t b;

	for (i = 0; i < trials; i++) {
		for (b = 0; b < n; b++)
			x[b] = block_value(rng, effect, b / (n - 1.0));
		e = stats_blocks(x, n);
		held += e.low <= truth && e.high >= truth;
	}
	return held;
}

/* Whatever it is that differs between blocks, the interval holds what it says. */
static void blocks_coverage(void)
{
	static const size_t sizes[] = { 6, 10, 20 };
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	int held, trials = 1000, least = trials;
	enum effect effect;
	size_t i;

	for (effect = 0; effect < EFFECTS; effect++)
		for (i = 0; i < 3; i++) {
			held = blocks_held(rng, effect, sizes[i], trials);
			least = held < least ? held : least;
		}
	held = blocks_held(rng, EFFECT_NORMAL, 4, trials);
	gsl_rng_free(rng);
	if (!ok(least >= trials * 0.93, "intervals over blocks hold the truth"))
		printf("# %d of %d\n", least, trials);
	if (!ok(held >= trials * 0.93, "also over four of them"))
		printf("# %d of %d\n", held, trials);
}

static void low(void)
{
	double five[] = { 5, 1, 4, 2, 3 }, one[] = { 7 };

	near(stats_low(five, 5), 2, 0, "a lower quartile is the second of five");
	near(stats_low(one, 1), 7, 0, "and the first of one");
}

static void quotients(void)
{
	const struct estimate a = { 200, 190, 210, 50 };
	const struct estimate b = { 100, 90, 110, 40 }, none = {};
	const struct estimate five = { 100, 90, 110, 5 };
	const struct estimate plain = { 50, 50, 50, 1 };
	struct estimate r = stats_ratio(&a, &b);

	ok(r.value == 2 && r.n == 40, "a ratio");
	/* Relative errors of 5 % and 10 % add up in quadrature. */
	near(r.high - r.value, 2 * hypot(0.05, 0.10), EXACT, "and its interval");
	ok(!stats_ratio(&a, &none).n, "nothing to divide by");
	r = stats_difference(&a, &b);
	ok(r.value == 100 && r.n == 40, "a difference");
	/* By many numbers on both sides: in quadrature, or nearly so. */
	near(r.value - r.low, hypot(10, 10), 0.3, "and its interval");
	ok(!stats_difference(&none, &b).n, "nothing to take from");
	/* By five each: standard errors in quadrature, t of eight, not of four. */
	r = stats_difference(&five, &five);
	near(r.high, 2.306 * hypot(10 / 2.776, 10 / 2.776), 0.01,
	     "of two times five numbers");
	near(r.low, -r.high, EXACT, "to both sides");
	r = stats_difference(&a, &plain);
	near(r.high - r.value, 10, EXACT, "the other side has no doubt");
}

static void rises(void)
{
	const double x[] = { 128, 256, 384, 512, 768, 1024, 1280, 1536, 2048,
			     3072, 4096, 6144 };
	const size_t n = sizeof(x) / sizeof(*x);
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	double y[sizeof(x) / sizeof(*x)], at, before, after;
	size_t i;

	for (i = 0; i < n; i++)
		y[i] = (5 + 15 / (1 + pow(1400 / x[i], 6))) *
		       (1 + gsl_ran_gaussian(rng, 0.02));
	ok(stats_rise(x, y, n, &at, &before, &after), "a rise is found");
	near(at, 1400, 0.1 * 1400, "where it is half way");
	near(before, 5, 0.5, "with the level before it");
	near(after, 20, 1, "and after it");
	/* Least recently used first, a set at a time: all miss or all hit. */
	for (i = 0; i < n; i++)
		y[i] = x[i] > 1536 ? 20 : 5;
	ok(stats_rise(x, y, n, &at, &before, &after) && at > 1536 &&
	   at < 2048, "a sudden rise");
	for (i = 0; i < n; i++)
		y[i] = 5 * (1 + gsl_ran_gaussian(rng, 0.02));
	ok(!stats_rise(x, y, n, &at, &before, &after), "a level has none");
	for (i = 0; i < n; i++)
		y[i] = 5 + x[i] / 100;
	ok(!stats_rise(x, y, n, &at, &before, &after),
	   "neither has a straight line");
	for (i = 0; i < n; i++)
		y[i] = x[i] > 1536 ? 5 : 20;
	ok(!stats_rise(x, y, n, &at, &before, &after), "a fall is none");
	ok(!stats_rise(x, y, 4, &at, &before, &after),
	   "four points are too few");
	gsl_rng_free(rng);
}

static void slope_weights(void)
{
	const double x[] = { 0, 16, 64, 100 };
	double weight[4], sum = 0;
	int i;

	stats_slope_weights(x, 4, weight);
	for (i = 0; i < 4; i++)
		sum += weight[i] * (7 + 11 * x[i]);
	near(sum, 11, EXACT, "weights give the slope of a line");
}

int main(void)
{
	medians();
	coverage();
	blocks();
	blocks_coverage();
	width();
	low();
	slope_weights();
	quotients();
	rises();
	return tap_done();
}
