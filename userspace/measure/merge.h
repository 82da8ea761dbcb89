/* SPDX-License-Identifier: GPL-2.0-only */
/* Several runs as one. */
#ifndef MEASURE_MERGE_H
#define MEASURE_MERGE_H

#include "run.h"

/*
 * Adds what @from has to @into, as one repeat more, and empties @from.  Both are
 * of the same experiment, settings and machine.  An arm that one of them has
 * dropped is dropped; blocks beyond MAX_BLOCKS are left out.
 */
void run_merge(struct run *into, struct run *from);

#endif /* MEASURE_MERGE_H */
