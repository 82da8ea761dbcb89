/* SPDX-License-Identifier: GPL-2.0-only */
/* A run while it is under way; for runner.c, rounds.c and counting.c alone. */
#ifndef MEASURE_JOB_H
#define MEASURE_JOB_H

#include "experiment.h"

/* Told now and then how far it is (0 to 1); NULL where nobody asks. */
typedef void (*progress_fn)(void *arg, const char *doing, double done);

struct job {
	struct run *run;
	void *state;		/* the experiment's */
	uint32_t ops[MAX_ARMS][MAX_POINTS];
	double begin;		/* when the first pass began */
	progress_fn progress;
	void *arg;
};

double job_now(void);
void job_progress(const struct job *job, const char *doing, double done);

/*
 * One round, by the experiment.  An arm that takes too long is dropped with a
 * note, and its workers made anew: *@s is void then, and the arm no longer there.
 */
int job_round(struct job *job, const struct turn *turn, struct sample *s,
	      double *window_ns);

#endif /* MEASURE_JOB_H */
