// SPDX-License-Identifier: GPL-2.0-only
/*
 * Times children in a round.  All clocks are read from the counter of the CPU
 * that maker and child are pinned to; the round's own length by the kernel's
 * clock gives its unit.
 */
#include <errno.h>
#include <math.h>
#include <sys/resource.h>
#include <time.h>

#include "raw.h"
#include "timing.h"

/* Pages written after one child was made. */
#define PAGES 256

struct round {
	const struct way *w;
	struct maker *m;
	struct gate *g;
	struct child child;
};

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

/* What reading the counter takes itself. */
static uint64_t tick_cost(void)
{
	uint64_t least = UINT64_MAX, a, b;
	int i;

	for (i = 0; i < 16; i++) {
		a = ticks();
		b = ticks();
		least = b - a < least ? b - a : least;
	}
	return least;
}

/* A plain loop around the call. */
static int make_and_reap(struct round *r, unsigned int n)
{
	int err = 0;

	if (r->w->kind == WAY_POOL)
		return maker_run_pooled(r->m, NULL, NULL, n);
	while (n-- && !err) {
		err = way_make(r->w, r->m, NULL, NULL, &r->child);
		if (!err)
			err = way_reap(r->w, &r->child);
	}
	return err;
}

static int whole(struct round *r, unsigned int n, double *sum)
{
	uint64_t start = ticks();
	int err = make_and_reap(r, n);

	*sum = ticks() - start;
	return err;
}

static CHILD_CODE void stamp(void *arg)
{
	((struct gate *)arg)->first = ticks();
}

/* Where a program was started, its clock comes through the pipe. */
static int collect_stamp(struct round *r)
{
	uint64_t *first = &r->g->first;

	if (!way_execs(r->w))
		return 0;
	if (read(r->m->pipe[0], first, sizeof(*first)) != sizeof(*first))
		return -EIO;
	return 0;
}

static int parts(struct round *r, unsigned int n, double *call, double *first)
{
	uint64_t start, end;
	unsigned int i;
	int err = 0;

	for (i = 0; i < n && !err; i++) {
		start = ticks();
		err = way_make(r->w, r->m, stamp, r->g, &r->child);
		end = ticks();
		if (err)
			break;
		err = way_reap(r->w, &r->child);
		if (!err)
			err = collect_stamp(r);
		*call += end - start;
		*first += r->g->first - start;
	}
	return err;
}

static long minor_faults(void)
{
	struct rusage u;

	getrusage(RUSAGE_THREAD, &u);
	return u.ru_minflt;
}

/* A child of vfork() lives only while its maker stands still. */
static bool has_later(const struct way *w, const struct parent_memory *memory)
{
	return memory->size && way_is_task(w) && w->kind != WAY_VFORK;
}

static int later(struct round *r, const struct parent_memory *memory,
		 double *each, double *faults)
{
	size_t page = sysconf(_SC_PAGESIZE), n = memory->size / page, i;
	uint64_t start;
	int err;

	n = n < PAGES ? n : PAGES;
	err = held_make(r->w, r->m, r->g, &r->child);
	if (err)
		return err;
	*faults = minor_faults();
	start = ticks();
	for (i = 0; i < n; i++)
		++*(volatile char *)(memory->base + i * page);
	*each = (double)(ticks() - start) / n;
	*faults = (minor_faults() - *faults) / n;
	return held_end(r->w, r->g, &r->child);
}

int time_way(const struct way *w, struct maker *m, unsigned int n,
	     const struct parent_memory *memory, struct gate *g,
	     struct times *t)
{
	struct round r = { .w = w, .m = m, .g = g };
	double begin = now_ns(), cost = tick_cost(), scale;
	uint64_t first_tick = ticks();
	unsigned int few = n / 4 + 1, warm = n < 4 ? 1 : n / 4;
	int err;

	*t = (struct times){
		.later = NAN,
		.faults = NAN,
		.made = warm + n + few + has_later(w, memory),
	};
	/*
	 * What the arm before has left in the caches takes some to go, and one at
	 * least where a round has one: or large parents would be compared cold
	 * with small ones that are warm.
	 */
	err = make_and_reap(&r, warm);
	if (!err)
		err = whole(&r, n, &t->whole);
	if (!err)
		err = parts(&r, few, &t->call, &t->first);
	if (!err && has_later(w, memory))
		err = later(&r, memory, &t->later, &t->faults);
	scale = (now_ns() - begin) / (ticks() - first_tick);
	t->whole *= scale / n;
	t->call = (t->call / few - cost) * scale;
	t->first = (t->first / few - cost) * scale;
	t->later *= scale;
	return err;
}
