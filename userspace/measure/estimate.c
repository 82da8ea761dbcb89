// SPDX-License-Identifier: GPL-2.0-only
/*
 * Estimates from the rounds of arms: a number for each block, and the median and
 * interval of those.  Rounds of one block have workers and memory in common, so
 * only blocks tell how far the next one may be off; where a run consists of
 * several (repeats), each is one number, and the interval is over them.
 *
 * On hardware the number of a block is a median, of paired differences where two
 * arms are compared.  An emulated CPU is a program that its host interrupts for
 * milliseconds and slows down in many ways, none of which ever makes a round
 * shorter: lower quartiles there.
 */
#include <math.h>
#include <stdlib.h>

#include "estimate.h"
#include "experiment.h"
#include "lib/xalloc.h"

static double value_of(const struct sample *s, int quantity)
{
	return sample_disturbed(s) ? NAN : s->value[quantity];
}

double *estimate_values(const struct series *s, int quantity)
{
	double *x = xcalloc(s->n, sizeof(*x));
	size_t i;

	for (i = 0; i < s->n; i++)
		x[i] = value_of(&s->sample[i], quantity);
	return x;
}

static bool lower(const struct run *run)
{
	return *run->machine.emulator;
}

/* The samples of a block: from @from on, @n of them. */
struct part {
	size_t from;
	size_t n;
};

/* The part of @s that is in @block, which comes next after what @p had before. */
static void next_part(const struct series *s, unsigned int block, struct part *p)
{
	p->from += p->n;
	p->n = 0;
	while (p->from + p->n < s->n &&
	       s->sample[p->from + p->n].block == block)
		p->n++;
}

/* The number of a block, of its rounds' @n values; NaN of none. */
static double typical_of(const struct run *run, double *x, size_t n)
{
	size_t i, there = 0;

	for (i = 0; i < n; i++)
		if (!isnan(x[i]))
			x[there++] = x[i];
	if (there && lower(run))
		return stats_low(x, there);
	return stats_quantile(x, there, 0.5);
}

/* The median of the blocks of one repeat; it moves @from past them. */
static double repeat_value(const struct run *run, const double *x,
			   unsigned int *from)
{
	unsigned int repeat = run->block[*from].repeat, n = 0;
	double of[MAX_BLOCKS];

	for (; *from < run->blocks && run->block[*from].repeat == repeat;
	     ++*from)
		if (!isnan(x[*from]))
			of[n++] = x[*from];
	return stats_quantile(of, n, 0.5);
}

/* From a number for each block (NaN: none) to an estimate. */
static struct estimate over_blocks(const struct run *run, const double *x)
{
	double of[MAX_BLOCKS];
	unsigned int from = 0, n = 0;

	if (run_repeats(run) < 2)
		return stats_blocks(x, run->blocks);
	while (from < run->blocks)
		of[n++] = repeat_value(run, x, &from);
	return stats_blocks(of, n);
}

struct estimate estimate_cost(const struct run *run, const struct series *s,
			      int quantity)
{
	double *x = estimate_values(s, quantity), of[MAX_BLOCKS];
	struct part p = {};
	unsigned int b;

	for (b = 0; b < run->blocks; b++) {
		next_part(s, b, &p);
		of[b] = typical_of(run, x + p.from, p.n);
	}
	free(x);
	return over_blocks(run, of);
}

/* The number of times itself is known. */
static struct estimate how_many(const struct pool *pools, size_t n)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += pool_sum(&pools[i]);
	return (struct estimate){ sum, sum, sum, sum > 0 ? n : 0 };
}

struct estimate estimate_pooled(const struct run *run, const struct series *s,
				int quantity)
{
	double q = run_pooled(run, quantity)->quantile;
	bool repeats = run_repeats(run) > 1;
	size_t n = repeats ? run_repeats(run) : run->blocks;
	struct pool *pools = xcalloc(n, sizeof(*pools));
	struct estimate e;
	unsigned int i;

	for (i = 0; i < s->pools; i++)
		pool_merge(&pools[repeats ? run->block[i].repeat : i],
			   &s->pool[i]);
	e = q > 0 ? pool_quantile(pools, n, q) : how_many(pools, n);
	free(pools);
	return e;
}

/*
 * The difference of two arms in a block.  Differences are taken as a part of the
 * base in the same turn and scaled to what the base costs in that block: where a
 * CPU runs now faster, now slower, all arms do, and so does their difference.  The
 * base's cost must be that of the block: what it costs in all of them would take
 * out of the interval how far blocks, and runs, differ in what they scale with.
 */
static double block_difference(const struct run *run, const double *a,
			       const double *b, size_t n)
{
	double *x = xcalloc(n, sizeof(*x)), *y = xcalloc(n, sizeof(*y)), d, base;
	size_t i;

	for (i = 0; i < n; i++) {
		x[i] = lower(run) ? a[i] : (a[i] - b[i]) / b[i];
		y[i] = isnan(a[i]) ? NAN : b[i];
	}
	d = typical_of(run, x, n);
	base = typical_of(run, y, n);
	free(y);
	free(x);
	return lower(run) ? d - base : d * base;
}

/* The difference of two series in each block, into @of. */
static void differences(const struct run *run, const struct series *a,
			const struct series *b, int quantity, double *of)
{
	double *x = estimate_values(a, quantity);
	double *y = estimate_values(b, quantity);
	struct part p = {}, q = {};
	unsigned int i;

	for (i = 0; i < run->blocks; i++) {
		next_part(a, i, &p);
		next_part(b, i, &q);
		of[i] = block_difference(run, x + p.from, y + q.from,
					 p.n < q.n ? p.n : q.n);
	}
	free(y);
	free(x);
}

struct estimate estimate_difference(const struct run *run,
				    const struct series *a,
				    const struct series *b, int quantity)
{
	double of[MAX_BLOCKS];

	differences(run, a, b, quantity, of);
	return over_blocks(run, of);
}

struct estimate estimate_slope(const struct run *run, const struct series *a,
			       const struct series *b,
			       const unsigned int *points, size_t k)
{
	double x[MAX_POINTS], weight[MAX_POINTS], of[MAX_BLOCKS];
	double slope[MAX_BLOCKS] = {};
	unsigned int block;
	size_t i;

	if (k < 3)
		return (struct estimate){};
	for (i = 0; i < k; i++)
		x[i] = run->settings.point[points[i]].x;
	stats_slope_weights(x, k, weight);
	for (i = 0; i < k; i++) {
		differences(run, &a[points[i]], &b[points[i]], 0, of);
		for (block = 0; block < run->blocks; block++)
			slope[block] += weight[i] * of[block];
	}
	return over_blocks(run, slope);
}
