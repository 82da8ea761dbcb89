/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of an experiment have in common while it runs. */
#ifndef SWITCH_STAGE_H
#define SWITCH_STAGE_H

#include "crew.h"
#include "rounds.h"

struct stage {
	struct run *run;
	struct crew crew[CREWS];
	bool up[CREWS];
	/* The probe's sessions: the rounds at 0 pages, all others, counting. */
	int session[ARMS][3];
	int keeper;
	uint32_t hand_overs[ARMS][MAX_POINTS];
	progress_fn progress;
	void *arg;
};

enum { SESSION_EMPTY, SESSION_PAGES, SESSION_COUNT };

/* One round of an arm at a point, of so many hand-overs. */
int stage_round(struct stage *st, int arm, unsigned int point,
		uint32_t hand_overs, int session, struct sample *s,
		double *window_ns);

void stage_progress(const struct stage *st, const char *doing, double done);

/* Fills run->counts and run->counter (counting.c). */
int stage_count(struct stage *st);

#endif /* SWITCH_STAGE_H */
