/* SPDX-License-Identifier: GPL-2.0-only */
/* What follows from a run's samples: estimates, and whether to trust them. */
#ifndef MEASURE_ANSWERS_H
#define MEASURE_ANSWERS_H

#include "lib/compiler.h"
#include "run.h"
#include "stats.h"

#define MAX_REASONS 16

/**
 * struct answers - what was found; an estimate with n = 0 could not be had
 * @cell: by arm, point, quantity: the value
 * @diff: likewise, the paired difference from run_base()
 * @finding: the experiment's own, by variant where they differ by it
 * @parts_ok: the quantities that are parts of bars pass their own checks
 * @disturbed: share of all rounds
 * @waited: share of their time that other tasks had the CPU; -1: unknown
 * @reason: why there is no verdict
 */
struct answers {
	struct estimate (*cell)[MAX_POINTS][MAX_QUANTITIES];
	struct estimate (*diff)[MAX_POINTS][MAX_QUANTITIES];
	struct estimate finding[MAX_FINDINGS][MAX_VARIANTS];
	bool parts_ok;
	double disturbed;
	double waited;
	unsigned int reasons;
	char *reason[MAX_REASONS];
};

/* All but the verdict: that is verdict_find()'s. */
void answers_find(const struct run *run, struct answers *a);
void answers_free(struct answers *a);

/* Adds a reason for which there is no verdict. */
__printf(2, 3)
void answers_refuse(struct answers *a, const char *fmt, ...);

#endif /* MEASURE_ANSWERS_H */
