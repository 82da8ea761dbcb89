/* SPDX-License-Identifier: GPL-2.0-only */
/* A run that consists of several, each in a process of its own. */
#ifndef MEASURE_REPEAT_H
#define MEASURE_REPEAT_H

#include "run.h"

/* Measures and fills @run; 0, or a status of its own where it has nothing. */
typedef int (*repeat_fn)(void *arg, struct run *run);

/**
 * repeat_run() - have a run made @times times, one after the other
 * @once: called in a child for each; what it fills comes back as JSON
 * @run: gets all of them as one, see run_merge()
 *
 * Where a later one fails, or a signal asks to end, those before are kept: the
 * run is then interrupted, and a note says why.
 *
 * Return: 0; what @once returned for the first of them; or -1 where no process
 * could be had or the first was killed, with errno set (0: killed).
 */
int repeat_run(unsigned int times, repeat_fn once, void *arg, struct run *run);

#endif /* MEASURE_REPEAT_H */
