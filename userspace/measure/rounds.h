/* SPDX-License-Identifier: GPL-2.0-only */
/* The interleaved rounds of a run; for runner.c alone. */
#ifndef MEASURE_ROUNDS_H
#define MEASURE_ROUNDS_H

#include "job.h"

/* Finds how many operations make a round of about the length asked for. */
int rounds_calibrate(struct job *job);

/* Interleaved rounds until the time is over. */
int rounds_measure(struct job *job);

#endif /* MEASURE_ROUNDS_H */
