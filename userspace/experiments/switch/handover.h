/* SPDX-License-Identifier: GPL-2.0-only */
/* How workers hand the CPU to each other: their begin() and work(). */
#ifndef SWITCH_HANDOVER_H
#define SWITCH_HANDOVER_H

#include "measure/workers.h"
#include "switch.h"
#include "workset.h"

/*
 * Untimed hand-overs before and after the timed ones, see handover_work().  What
 * the round before has left in the CPU's predictors takes some to go.
 */
#define TAIL 2

static inline uint32_t warm_up(uint32_t ops)
{
	return 4 + ops / 8;
}

/* One worker's means to wait for its turn. */
struct seat {
	uint32_t token;		/* futex: 1 where it is this worker's turn */
	int take_fd;		/* its pipe's ends, for the pipe mechanisms */
	int give_fd;		/* the next worker's */
} __aligned(128);

/* Shared by the workers of a group and the controller (workers_memory()). */
struct table {
	enum mechanism mechanism;
	const struct workset *work;	/* one for each worker */
	unsigned int n;
	/* Of the round: written by the controller before it. */
	uint32_t pages;
	enum pattern pattern;
	enum coroutine co;
	struct seat seat[RING_MAX];
};

/* Pipes for the mechanisms that need them: 0 or a negative errno. */
int handover_open(struct table *t);
void handover_close(struct table *t);

/* Threads and processes. */
int handover_begin(struct worker *w);
void handover_work(struct worker *w, const struct order *o);

/* A worker whose two coroutines are what switches. */
int coroutines_begin(struct worker *w);
void coroutines_work(struct worker *w, const struct order *o);

#endif /* SWITCH_HANDOVER_H */
