// SPDX-License-Identifier: GPL-2.0-only
/* Times in buckets, and quantiles of them. */
#include <math.h>

#include "pool.h"

double pool_from(unsigned int bucket)
{
	return ldexp(1 + bucket % 8 / 8.0, bucket / 8);
}

static unsigned int bucket_of(uint32_t ns)
{
	unsigned int power;

	if (!ns)
		return 0;
	power = 31 - __builtin_clz(ns);
	return power * 8 + (unsigned int)(((uint64_t)ns << 3 >> power) & 7);
}

void pool_add(struct pool *pool, uint32_t ns)
{
	pool->count[bucket_of(ns)]++;
}

void pool_merge(struct pool *into, const struct pool *from)
{
	unsigned int i;

	for (i = 0; i < POOL_BUCKETS; i++)
		into->count[i] += from->count[i];
}

uint64_t pool_sum(const struct pool *pool)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < POOL_BUCKETS; i++)
		sum += pool->count[i];
	return sum;
}

/* Below which time @share of them lie; within a bucket all are equally likely. */
static double quantile(const struct pool *pool, double share)
{
	double left = share * pool_sum(pool), from;
	unsigned int i;

	for (i = 0; i < POOL_BUCKETS - 1 && left > pool->count[i]; i++)
		left -= pool->count[i];
	from = pool_from(i);
	if (!pool->count[i])
		return from;
	return from + (pool_from(i + 1) - from) * fmin(left / pool->count[i], 1);
}

/* How many are longer than @ns. */
static double beyond(const struct pool *pool, double ns)
{
	double sum = 0, from, to;
	unsigned int i;

	for (i = 0; i < POOL_BUCKETS; i++) {
		from = pool_from(i);
		to = pool_from(i + 1);
		if (ns < to)
			sum += pool->count[i] *
			       (ns <= from ? 1 : (to - ns) / (to - from));
	}
	return sum;
}

static struct pool merge_all(const struct pool *pools, size_t n)
{
	struct pool all = {};
	size_t i;

	for (i = 0; i < n; i++)
		pool_merge(&all, &pools[i]);
	return all;
}

/*
 * Half the interval of the share of times beyond @ns, which is 1 - @q of @total, as
 * that of its log odds: shares are never below 0.  It is at least that of as many
 * independent times.  Sets *@used to the pools that have any.
 */
static double half_width(const struct pool *pools, size_t n, double q, double ns,
			 double total, size_t *used)
{
	double squares = 0, more, sum;
	size_t i;

	*used = 0;
	for (i = 0; i < n; i++) {
		sum = pool_sum(&pools[i]);
		if (sum <= 0)
			continue;
		more = beyond(&pools[i], ns) - (1 - q) * sum;
		squares += more * more;
		++*used;
	}
	if (*used < 2)
		return INFINITY;
	squares *= *used / (*used - 1.0);
	squares = fmax(squares, q * (1 - q) * total);
	return stats_student(*used - 1) * sqrt(squares) / total / (q * (1 - q));
}

/* A share whose log odds are @by more. */
static double moved(double share, double by)
{
	double odds = share / (1 - share) * exp(by);

	return odds / (1 + odds);
}

struct estimate pool_quantile(const struct pool *pools, size_t n, double q)
{
	struct pool all = merge_all(pools, n);
	double total = pool_sum(&all), half, least;
	struct estimate e = {};
	size_t used;

	if (total * (1 - q) < POOL_BEYOND)
		return e;
	e.value = quantile(&all, q);
	half = half_width(pools, n, q, e.value, total, &used);
	least = moved(1 - q, -half);
	if (!(total * least >= POOL_END))
		return (struct estimate){};
	e.low = quantile(&all, 1 - moved(1 - q, half));
	e.high = quantile(&all, 1 - least);
	e.n = used;
	return e;
}
