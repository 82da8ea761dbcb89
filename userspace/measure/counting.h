/* SPDX-License-Identifier: GPL-2.0-only */
/* The pass of a run that counts; for runner.c alone. */
#ifndef MEASURE_COUNTING_H
#define MEASURE_COUNTING_H

#include "job.h"

/* Fills run->counts and run->counter. */
int counting_pass(struct job *job);

#endif /* MEASURE_COUNTING_H */
