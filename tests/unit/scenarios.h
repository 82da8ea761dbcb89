/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scenarios for the coroutine scheduler: each is run on one P, on several, and
 * single-stepped from a few seeds, and its trace is checked by the rules.
 */
#ifndef CTXLAB_SCENARIOS_H
#define CTXLAB_SCENARIOS_H

#include <stdbool.h>
#include <stddef.h>

#include "gpm/gpm.h"

#define MSEC 1000000ll

/**
 * struct scenario - what the first G does
 * @name: in the output
 * @run: the G
 * @check: called after the run; may be NULL
 */
struct scenario {
	const char *name;
	void (*run)(void *arg);
	void (*check)(void);
};

/* The run that goes on. */
extern struct gpm_options how;
extern _Atomic long wrong;

/* For scenarios to count in. */
extern _Atomic long count;

/* One thread plays all Ps, in time that is counted in steps. */
static inline bool stepped(void)
{
	return how.seed;
}

/* In a scenario: else it has failed. */
void expect(long got, long want, const char *what);

void go(void (*fn)(void *arg), void *arg);

/* Channels of numbers. */
struct gpm_chan *chan(size_t capacity);
void send_to(struct gpm_chan *c, long v);
long recv_from(struct gpm_chan *c);

/*
 * Run all of them in every way, each @repeats times; and after those of each way
 * call @also, unless it is NULL.
 */
void each_way(const struct scenario *s, size_t n, int repeats,
	      void (*also)(unsigned int procs, uint64_t seed));

#endif /* CTXLAB_SCENARIOS_H */
