// SPDX-License-Identifier: GPL-2.0-only
/* Several runs as one: the blocks of the second after those of the first. */
#include <string.h>

#include "lib/xalloc.h"
#include "merge.h"

static int find_point(const struct settings *s, const struct point *point)
{
	unsigned int p;

	for (p = 0; p < s->points; p++)
		if (s->point[p].x == point->x &&
		    s->point[p].variant == point->variant)
			return p;
	return -1;
}

/* Where a point of the other run is in this one; a sweep may have gone further. */
static int place_point(struct settings *s, const struct point *point)
{
	int p = find_point(s, point);

	if (p >= 0)
		return p;
	return run_add_point(s, point) ? (int)s->points - 1 : -1;
}

static void add_series(struct series *into, const struct series *from,
		       unsigned int blocks)
{
	const struct sample *s;
	size_t i;

	if (!from->n)
		return;
	into->sample = xrealloc(into->sample, into->n + from->n,
				sizeof(*into->sample));
	for (i = 0; i < from->n; i++) {
		s = &from->sample[i];
		if (blocks + s->block >= MAX_BLOCKS)
			return;
		into->sample[into->n] = *s;
		into->sample[into->n++].block += blocks;
	}
}

/* Repeats are what is independent then: all that one has pooled is one. */
static void add_pools(struct series *into, const struct series *from,
		      unsigned int blocks)
{
	unsigned int i;

	for (i = 0; i < from->pools && blocks < MAX_BLOCKS; i++)
		pool_merge(series_pool(into, blocks), &from->pool[i]);
}

static void add_blocks(struct run *into, const struct run *from)
{
	unsigned int repeat = run_repeats(into), i;

	for (i = 0; i < from->blocks && into->blocks < MAX_BLOCKS; i++) {
		into->block[into->blocks] = from->block[i];
		into->block[into->blocks++].repeat = repeat;
	}
}

static void add_counts(struct counts *into, const struct counts *from)
{
	int i;

	into->present &= from->present;
	for (i = 0; i < COUNTS; i++) {
		into->n[i] += from->n[i];
		into->has[i] &= from->has[i];
	}
}

static bool same_buckets(const struct histogram *a, const struct histogram *b)
{
	return a->n == b->n &&
	       !memcmp(a->from_ns, b->from_ns, a->n * sizeof(*a->from_ns)) &&
	       !memcmp(a->to_ns, b->to_ns, a->n * sizeof(*a->to_ns));
}

/* Where the buckets are others, those of the first run stand alone. */
static void add_histogram(struct histogram *into, struct histogram *from)
{
	size_t i;

	if (!into->n) {
		*into = *from;
		*from = (struct histogram){};
		return;
	}
	if (!from->n || !same_buckets(into, from))
		return;
	for (i = 0; i < into->n; i++)
		into->count[i] += from->count[i];
}

/* A strip is of one round: the first run's. */
static void take_strip(struct strip *into, struct strip *from)
{
	if (into->n)
		return;
	*into = *from;
	*from = (struct strip){};
}

static void add_notes(struct run *into, const struct run *from)
{
	unsigned int i, k;

	for (i = 0; i < from->notes; i++) {
		for (k = 0; k < into->notes; k++)
			if (!strcmp(into->note[k], from->note[i]))
				break;
		if (k == into->notes)
			run_note(into, "%s", from->note[i]);
	}
}

/* The mean of what each run lost; -1 where one does not know. */
static void add_machine(struct machine *into, const struct machine *from,
			unsigned int repeats)
{
	if (into->steal >= 0 && from->steal >= 0)
		into->steal += (from->steal - into->steal) / repeats;
	else
		into->steal = -1;
	if (into->throttled >= 0 && from->throttled >= 0)
		into->throttled += from->throttled;
	else
		into->throttled = -1;
}

void run_merge(struct run *into, struct run *from)
{
	unsigned int p;
	int arm, to;

	for (p = 0; p < from->settings.points; p++) {
		to = place_point(&into->settings, &from->settings.point[p]);
		if (to >= 0)
			into->settings.longer[to] = from->settings.longer[p];
		for (arm = 0; arm < run_arms(into) && to >= 0; arm++) {
			add_series(&into->series[arm][to],
				   &from->series[arm][p], into->blocks);
			add_pools(&into->series[arm][to],
				  &from->series[arm][p], into->blocks);
		}
	}
	for (arm = 0; arm < run_arms(into); arm++) {
		add_counts(&into->counts[arm], &from->counts[arm]);
		add_histogram(&into->histogram[arm], &from->histogram[arm]);
		take_strip(&into->strip[arm], &from->strip[arm]);
	}
	add_blocks(into, from);
	add_notes(into, from);
	add_machine(&into->machine, &from->machine, run_repeats(into));
	for (arm = 0; arm < run_arms(into); arm++)
		if (into->settings.arm[arm] && !from->settings.arm[arm])
			run_drop(into, arm, "one of the runs had to do without it");
	into->passes += from->passes;
	into->interrupted |= from->interrupted;
	if (!into->trouble) {
		into->trouble = from->trouble;
		from->trouble = NULL;
	}
	run_free(from);
}
