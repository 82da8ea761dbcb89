// SPDX-License-Identifier: GPL-2.0-only
/* What the order of the holders of a lock shows, of orders that are known. */
#include <math.h>

#include "experiments/sync/records.h"
#include "tap.h"

#define N 4000

static uint8_t owner[N];
static struct arena arena;

static bool near(double a, double b)
{
	return fabs(a - b) < 0.000001;
}

static void in_turn(void)
{
	struct order_found f;
	int i;

	for (i = 0; i < N; i++)
		owner[i] = i % 4;
	f = records_order(owner, N, 4);
	ok(near(f.handoffs, 1000.0 * (N - 1) / N), "in turn: all are hand-offs");
	ok(near(f.streak, 1), "nobody has it twice in a row");
	ok(near(f.jain, 1), "shares are equal");
	ok(near(f.passed_most, 3), "three others come first");
}

/* One has it 3,990 times, then another one ten times; two never do. */
static void unfair(void)
{
	struct order_found f;
	int i;

	for (i = 0; i < N; i++)
		owner[i] = i >= N - 10;
	f = records_order(owner, N, 4);
	ok(near(f.handoffs, 1000.0 / N), "one hand-off");
	ok(near(f.streak, N - 10), "the longest streak");
	ok(f.jain > 0.25 && f.jain < 0.26, "about a quarter of a fair share");
	ok(near(f.passed_most, N), "who never had it has waited for all");
}

static void few(void)
{
	struct order_found f;

	memset(owner, 0, sizeof(owner));
	f = records_order(owner, JAIN_WINDOW - 1, 2);
	ok(isnan(f.jain), "no whole window, no index");
	f = records_order(owner, 0, 2);
	ok(near(f.handoffs, 0) && near(f.streak, 0), "no acquisition at all");
}

static void waits(void)
{
	static struct pool all;
	struct wait_found f = records_waits(&arena, 2);
	unsigned int i;

	ok(isnan(f.p50), "nothing timed: no wait");
	for (i = 0; i < 1000; i++)
		arena.record[i % 2].wait_ns[i / 2] = 100;
	arena.record[0].times = 500;
	arena.record[1].times = 500;
	arena.record[1].wait_ns[499] = 5000000;
	f = records_waits(&arena, 2);
	ok(near(f.p50, 100), "most waits are short");
	ok(near(f.longest, 5000000), "the longest of another thread is found");
	records_pool(&all, &arena, 2);
	for (i = 0; i < POOL_BUCKETS && !all.count[i]; i++)
		;
	ok(all.count[i] == 999 && pool_from(i) <= 100 && pool_from(i + 1) > 100,
	   "the bucket of 100 ns is from %.0f to %.0f", pool_from(i),
	   pool_from(i + 1));
	ok(pool_sum(&all) == 1000, "all waits of both are pooled");
}

int main(void)
{
	in_turn();
	unfair();
	few();
	waits();
	return tap_done();
}
