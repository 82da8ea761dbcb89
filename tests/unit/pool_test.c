// SPDX-License-Identifier: GPL-2.0-only
/* Times pooled over rounds, and their quantiles, of distributions that are known. */
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

#include "measure/pool.h"
#include "tap.h"

#define BLOCKS 8
#define TRIALS 300

static struct pool pools[BLOCKS];

static void clear(void)
{
	memset(pools, 0, sizeof(pools));
}

static void buckets(void)
{
	static const uint32_t ns[] = { 1, 7, 100, 1000, 123456, 4000000, UINT32_MAX };
	unsigned int i, k, outside = 0;
	struct pool one;

	for (i = 0; i < sizeof(ns) / sizeof(*ns); i++) {
		one = (struct pool){};
		pool_add(&one, ns[i]);
		for (k = 0; k < POOL_BUCKETS && !one.count[k]; k++)
			;
		outside += ns[i] < pool_from(k) || ns[i] >= pool_from(k + 1);
	}
	ok(!outside, "each time is in the bucket that has its place");
	one = (struct pool){};
	pool_add(&one, 0);
	ok(pool_sum(&one) == 1, "no time at all is in one, too");
}

/* As many times as said, 1,000 ns but for each @rare-th, which is 1 ms. */
static void fill(struct pool *pool, unsigned int n, unsigned int rare)
{
	unsigned int i;

	for (i = 1; i <= n; i++)
		pool_add(pool, rare && !(i % rare) ? 1000000 : 1000);
}

static void quantiles(void)
{
	struct estimate e;
	int b;

	clear();
	for (b = 0; b < BLOCKS; b++)
		fill(&pools[b], 5000, 100);
	e = pool_quantile(pools, BLOCKS, 0.5);
	ok(e.n == BLOCKS && fabs(e.value - 1000) < 70, "the median is among the many: %.0f",
	   e.value);
	e = pool_quantile(pools, BLOCKS, 0.999);
	ok(e.n && fabs(e.value - 1e6) < 7e4, "p99.9 among the rare, a hundredth: %.0f",
	   e.value);
	clear();
	for (b = 0; b < BLOCKS; b++)
		fill(&pools[b], 5000, 2500);
	e = pool_quantile(pools, BLOCKS, 0.999);
	ok(e.n && e.value < 1100, "but not if they are a 2500th: %.0f", e.value);
	ok(e.low <= e.value && e.value <= e.high, "the interval is around it");
}

static void too_few(void)
{
	struct estimate e;
	int b;

	clear();
	for (b = 0; b < BLOCKS; b++)
		fill(&pools[b], 1000, 0);
	ok(!pool_quantile(pools, BLOCKS, 0.999).n,
	   "8,000 times: eight beyond p99.9 are too few");
	ok(pool_quantile(pools, BLOCKS, 0.99).n, "but 80 beyond p99 are not");
	clear();
	fill(&pools[3], 100000, 100);
	ok(!pool_quantile(pools, BLOCKS, 0.99).n, "one block says nothing of the next");
	ok(!pool_quantile(pools, 0, 0.5).n, "no block, no quantile");
	clear();
	/* All that is long is in one block, and more than p99.9 leaves room for. */
	for (b = 0; b < BLOCKS; b++)
		fill(&pools[b], 2000, b ? 0 : 50);
	e = pool_quantile(pools, BLOCKS, 0.999);
	ok(e.n && e.value > 9e5 && e.low < 1100,
	   "where few blocks have long ones the next ones may have none");
	ok(!pool_quantile(pools, 3, 0.999).n,
	   "and with few blocks at all there is no upper end");
}

/*
 * Blocks differ in how long their times are, as those of a lock do: the interval
 * holds what all such blocks together would have.
 */
static double truth(double spread, double q)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	static struct pool all;
	struct pool two[2];
	double mean;
	int i;

	memset(&all, 0, sizeof(all));
	for (i = 0; i < 2000000; i++) {
		mean = 1000 * exp(gsl_ran_gaussian(rng, spread));
		pool_add(&all, 100 + gsl_ran_exponential(rng, mean));
	}
	gsl_rng_free(rng);
	two[0] = all;
	two[1] = all;
	return pool_quantile(two, 2, q).value;
}

static void coverage(double spread, double q, const char *what)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus);
	double is = truth(spread, q), mean;
	int held = 0, there = 0, t, b, i;
	struct estimate e;

	for (t = 0; t < TRIALS; t++) {
		clear();
		for (b = 0; b < BLOCKS; b++) {
			mean = 1000 * exp(gsl_ran_gaussian(rng, spread));
			for (i = 0; i < 4000; i++)
				pool_add(&pools[b], 100 + gsl_ran_exponential(rng, mean));
		}
		e = pool_quantile(pools, BLOCKS, q);
		there += e.n > 0;
		held += e.n && e.low <= is && is <= e.high;
	}
	gsl_rng_free(rng);
	ok(there > TRIALS * 0.9 && held >= there * 0.9, "%s: %d of %d intervals hold it",
	   what, held, there);
}

int main(void)
{
	buckets();
	quantiles();
	too_few();
	coverage(0, 0.999, "p99.9 of blocks that are alike");
	coverage(0.1, 0.99, "p99 of blocks that differ");
	return tap_done();
}
