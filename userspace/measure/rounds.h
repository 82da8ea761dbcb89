/* SPDX-License-Identifier: GPL-2.0-only */
/* The parts of a run while it is under way; for runner.c alone. */
#ifndef MEASURE_ROUNDS_H
#define MEASURE_ROUNDS_H

#include "experiment.h"
#include "runner.h"

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

/* Finds how many operations make a round of about the length asked for. */
int rounds_calibrate(struct job *job);

/* Interleaved rounds until the time is over. */
int rounds_measure(struct job *job);

/* Fills run->counts and run->counter (counting.c). */
int counting_pass(struct job *job);

#endif /* MEASURE_ROUNDS_H */
