/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Times of many rounds together, how often each was seen: a quantile that a round
 * has too few of is one of all rounds.
 */
#ifndef MEASURE_POOL_H
#define MEASURE_POOL_H

#include <stdint.h>

#include "stats.h"

/* Eight buckets for each power of two. */
#define POOL_BUCKETS (32 * 8)

struct pool {
	uint32_t count[POOL_BUCKETS];
};

/* Where a bucket begins, in ns. */
double pool_from(unsigned int bucket);

void pool_add(struct pool *pool, uint32_t ns);
void pool_merge(struct pool *into, const struct pool *from);
uint64_t pool_sum(const struct pool *pool);

/**
 * pool_quantile() - a quantile of all of them together
 * @pools: one for each block or repeat: they are independent of each other, while
 *	times of one need not be
 * @n: pools
 * @q: above 0, below 1
 *
 * How far the share of longer times differs between pools is how surely the share
 * is known; the interval has the quantiles of the shares that it may be (Woodruff).
 * Return: an estimate with n = 0 where there are too few to tell: not POOL_BEYOND of
 * them are beyond the quantile, not POOL_END beyond the upper end of its interval,
 * or fewer than two pools have any.
 */
struct estimate pool_quantile(const struct pool *pools, size_t n, double q);
#define POOL_BEYOND 10
#define POOL_END    1

#endif /* MEASURE_POOL_H */
