/* SPDX-License-Identifier: GPL-2.0-only */
/* One run of an experiment, from the first worker to the last. */
#ifndef MEASURE_RUNNER_H
#define MEASURE_RUNNER_H

#include "run.h"

/* Told now and then how far it is (0 to 1); NULL where nobody asks. */
typedef void (*progress_fn)(void *arg, const char *doing, double done);

/**
 * experiment() - measure what run->settings asks for
 * @run: gets samples, counts, histograms and notes; its machine is read already
 *
 * An arm that cannot be had is taken out of the settings, with a note.  After a
 * signal what was measured so far is there, and run->interrupted set; likewise
 * where it cannot go on, for which run->trouble then has the reason in words.
 *
 * Return: 0, or a negative errno where nothing could be measured.
 */
int experiment(struct run *run, progress_fn progress, void *arg);

#endif /* MEASURE_RUNNER_H */
