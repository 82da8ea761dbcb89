/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of an experiment have in common while it runs. */
#ifndef SWITCH_SETUP_H
#define SWITCH_SETUP_H

#include "measure/workers.h"
#include "measure/runner.h"
#include "workset.h"

struct probe_past;

struct stage {
	struct run *run;
	/* What all pairs touch, and all rings: the same memory in every arm. */
	struct workset pair[2];
	struct workset ring[RING_MAX];
	struct crew crew[CREWS];
	bool up[CREWS];
	/* The probe's sessions: the rounds at 0 pages, all others, counting. */
	int session[ARMS][3];
	struct probe_past *past[ARMS];	/* of the first: what it has told already */
	uint32_t hand_overs[ARMS][MAX_POINTS];
	progress_fn progress;
	void *arg;
};

enum { SESSION_EMPTY, SESSION_PAGES, SESSION_COUNT };

/*
 * Map what is touched, open the probe's sessions and make the crews.  Returns 0
 * or a negative errno, and says in *@what what was tried; stage_strike() is due
 * either way.
 */
int stage_set(struct stage *st, const char **what);
void stage_strike(struct stage *st);

/* Send all crews home and make new ones: 0 or a negative errno. */
int stage_new_crews(struct stage *st);

/* One round of an arm at a point, of so many hand-overs. */
int stage_round(struct stage *st, int arm, unsigned int point,
		uint32_t hand_overs, int session, struct sample *s,
		double *window_ns);

void stage_progress(const struct stage *st, const char *doing, double done);

/* Finds how many hand-overs make a round of about the length asked for. */
int stage_calibrate(struct stage *st);

/* Interleaved rounds until the time is over (rounds.c). */
int stage_passes(struct stage *st);

/* Fills run->counts and run->counter (counting.c). */
int stage_count(struct stage *st);

#endif /* SWITCH_SETUP_H */
