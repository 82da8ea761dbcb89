/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether a run may be believed: after answers_find(). */
#ifndef MEASURE_VERDICT_H
#define MEASURE_VERDICT_H

#include "answers.h"

/* Fills a->reasons, a->reason and a->parts_ok; the rest is there already. */
void verdict_find(const struct run *run, struct answers *a);

#endif /* MEASURE_VERDICT_H */
