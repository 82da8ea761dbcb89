/* SPDX-License-Identifier: GPL-2.0-only */
/* What is certain of a scan: reduction of its graph, and a second reading. */
#ifndef CTXLAB_DEADLOCK_CONFIRM_H
#define CTXLAB_DEADLOCK_CONFIRM_H

#include "scan.h"

/**
 * confirm() - find the threads that can never progress
 * @s: a scan that was read
 *
 * What one reading shows need never have been so at one moment.  Those threads
 * that are stuck by it are read again: how often each had been given a CPU, then
 * what it is in, what it waits for and who holds that, then again how often it had
 * been given a CPU.  Where both counts are the same the thread did not run in
 * between; where that holds for all of them, what was read in between held at one
 * moment.  A thread of which anything has changed is taken for one that can
 * progress.
 *
 * Fills @s->finding, and the marks of the threads.
 */
void confirm(struct scan *s);

#endif /* CTXLAB_DEADLOCK_CONFIRM_H */
