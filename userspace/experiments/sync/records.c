// SPDX-License-Identifier: GPL-2.0-only
/* Hand-offs, streaks, shares and waits of a round. */
#include <math.h>
#include <stdlib.h>

#include "lib/xalloc.h"
#include "measure/stats.h"
#include "records.h"

void records_pool(struct pool *pool, const struct arena *a, unsigned int users)
{
	unsigned int u;
	uint32_t i;

	for (u = 0; u < users; u++)
		for (i = 0; i < a->record[u].times; i++)
			pool_add(pool, a->record[u].wait_ns[i]);
}

/* Jain's index of the shares that users have of a window. */
static double jain(const uint8_t *owner, uint32_t n, unsigned int users)
{
	double share[LOCK_USERS] = {}, sum = 0;
	unsigned int u;
	uint32_t i;

	for (i = 0; i < n; i++)
		share[owner[i]]++;
	for (u = 0; u < users; u++)
		sum += share[u] * share[u];
	return (double)n * n / (users * sum);
}

static double mean_jain(const uint8_t *owner, uint32_t n, unsigned int users)
{
	uint32_t i, windows = n / JAIN_WINDOW;
	double sum = 0;

	for (i = 0; i < windows; i++)
		sum += jain(owner + i * JAIN_WINDOW, JAIN_WINDOW, users);
	return windows ? sum / windows : NAN;
}

/*
 * How many others had the lock between two acquisitions of one, for each; who
 * waits as the round ends has waited for at least that many.
 */
static void passed(struct order_found *f, const uint8_t *owner, uint32_t n,
		   unsigned int users)
{
	double *gap = xcalloc(n + users, sizeof(*gap));
	uint32_t last[LOCK_USERS] = {}, i;
	size_t gaps = 0;
	unsigned int u;

	for (i = 0; i < n; i++) {
		gap[gaps++] = i - last[owner[i]];
		last[owner[i]] = i + 1;
	}
	for (u = 0; u < users; u++)
		gap[gaps++] = n - last[u];
	stats_sort(gap, gaps);
	f->passed_999 = stats_sorted_quantile(gap, gaps, 0.999);
	f->passed_most = stats_sorted_quantile(gap, gaps, 1);
	free(gap);
}

struct order_found records_order(const uint8_t *owner, uint32_t n,
				 unsigned int users)
{
	struct order_found f = {.jain = mean_jain(owner, n, users)};
	uint32_t i, streak = 0, changes = 0;

	for (i = 0; i < n; i++) {
		if (i && owner[i] != owner[i - 1]) {
			changes++;
			streak = 0;
		}
		streak++;
		f.streak = fmax(f.streak, streak);
	}
	f.handoffs = n ? 1000.0 * changes / n : 0;
	passed(&f, owner, n, users);
	return f;
}

struct wait_found records_waits(const struct arena *a, unsigned int users)
{
	struct wait_found f;
	double *ns = xcalloc((size_t)users * TIMES, sizeof(*ns));
	unsigned int u;
	size_t n = 0;
	uint32_t i;

	for (u = 0; u < users; u++)
		for (i = 0; i < a->record[u].times; i++)
			ns[n++] = a->record[u].wait_ns[i];
	stats_sort(ns, n);
	f.p50 = stats_sorted_quantile(ns, n, 0.5);
	f.longest = stats_sorted_quantile(ns, n, 1);
	free(ns);
	return f;
}
