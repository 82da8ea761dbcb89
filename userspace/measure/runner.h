/* SPDX-License-Identifier: GPL-2.0-only */
/* One run of an experiment, from the first worker to the last. */
#ifndef MEASURE_RUNNER_H
#define MEASURE_RUNNER_H

#include "job.h"

/**
 * runner_plan() - choose what to measure on this machine
 *
 * Reads the machine's facts, chooses the CPU, and asks the experiment.
 *
 * Return: NULL, or what is wrong with the request (to be freed).
 */
char *runner_plan(const struct experiment *e, const struct request *r,
		  struct run *run);

/**
 * runner_measure() - measure what run->settings asks for
 * @run: planned; gets samples, blocks, counts, histograms and notes
 *
 * An arm that cannot be had, or that takes too long, is dropped with a note.
 * After a signal what was measured so far is there, and run->interrupted set;
 * likewise where it cannot go on, for which run->trouble then has the reason.
 *
 * Return: 0, or a negative errno where nothing could be measured.
 */
int runner_measure(struct run *run, progress_fn progress, void *arg);

#endif /* MEASURE_RUNNER_H */
