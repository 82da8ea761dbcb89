/* SPDX-License-Identifier: GPL-2.0-only */
/* What the records of a round say: who held the lock, who waited how long. */
#ifndef SYNC_RECORDS_H
#define SYNC_RECORDS_H

#include "arena.h"
#include "measure/pool.h"

/* Adds the waits that a round has timed. */
void records_pool(struct pool *pool, const struct arena *a, unsigned int users);

/**
 * struct order_found - what the order of the holders shows
 * @handoffs: acquisitions by another one than before, in 1,000
 * @streak: most acquisitions in a row by one
 * @jain: Jain's index over windows of JAIN_WINDOW acquisitions, the mean; 1 where
 *	all have equal shares, 1/n where one has all; NAN: no whole window
 * @passed_999: acquisitions by others between two of one, 99.9th percentile
 * @passed_most: the most; one that never had the lock has waited for all
 */
struct order_found {
	double handoffs;
	double streak;
	double jain;
	double passed_999;
	double passed_most;
};

struct order_found records_order(const uint8_t *owner, uint32_t n,
				 unsigned int users);

/* Quantiles of the waits that were timed, in ns; NAN where there are none. */
struct wait_found {
	double p50, longest;
};

struct wait_found records_waits(const struct arena *a, unsigned int users);

#endif /* SYNC_RECORDS_H */
