/* SPDX-License-Identifier: GPL-2.0-only */
/* What follows from a run's samples: estimates, and whether to trust them. */
#ifndef MEASURE_ANSWERS_H
#define MEASURE_ANSWERS_H

#include "run.h"
#include "stats.h"

#define MAX_REASONS 16

/* A rise in the cost of a page, as they outgrow the TLB. */
struct knee {
	bool found;
	double pages;		/* of both members together */
	double before;		/* ns a page */
	double after;
};

/**
 * struct answers - what was found; an estimate with n = 0 could not be had
 *
 * @cell and @diff are indexed by arm and point: the arm's cost, and its paired
 * difference from answers_base().
 */
struct answers {
	struct estimate cell[ARMS][MAX_POINTS];
	struct estimate diff[ARMS][MAX_POINTS];
	struct estimate empty[ARMS];	/* a switch, no pages touched */
	struct estimate process;	/* process - thread */
	struct estimate null;	/* thread - thread-again */
	struct estimate probe;	/* thread+control - thread */
	struct estimate flush;	/* thread+flush - thread+control */
	struct estimate full;	/* thread+full - thread+control */
	struct estimate process_flush;	/* process+flush - process+control */
	struct estimate ring;	/* ring-process - ring-thread */
	struct estimate refill[PATTERNS];	/* of +flush, ns a page */
	struct estimate ring_refill[PATTERNS];
	double dominate[PATTERNS];	/* pages; 0: never, as far as seen */
	double vanish[PATTERNS];	/* pages past which it is gone; 0: not seen */
	struct knee knee[PATTERNS];
	/* What the probe timed, at 0 pages, by arm; see answers_part_base(). */
	struct estimate own[ARMS];	/* the kernel's own part of a switch */
	struct estimate part[ARMS];	/* and the flush after it, or nothing */
	struct estimate part_diff[ARMS];	/* @part, less its base's */
	struct estimate flush_itself[ARMS];	/* the flush alone, less nothing */
	bool steady;		/* those are certain enough to be told */
	double disturbed;	/* share of all rounds */
	double waited;		/* share of their time that others had the CPU, -1 */
	unsigned int reasons;	/* why there is no verdict */
	char *reason[MAX_REASONS];
};

/* All but the verdict: that is verdict_find()'s. */
void answers_find(const struct run *run, struct answers *a);
void answers_free(struct answers *a);

/* The arm that @arm differs from in one thing only, or -1. */
int answers_base(int arm);

/*
 * The arm that the kernel's part of @arm is held against, or -1: the one with
 * the same members and no flush, for those processes the threads.
 */
int answers_part_base(int arm);

/* Share of the counted switches that flushed the TLB by themselves; -1. */
double answers_flushing(const struct counts *c);

#endif /* MEASURE_ANSWERS_H */
