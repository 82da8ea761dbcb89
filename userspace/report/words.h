/* SPDX-License-Identifier: GPL-2.0-only */
/* For the answers in words that experiments give (say()). */
#ifndef REPORT_WORDS_H
#define REPORT_WORDS_H

#include <stdbool.h>
#include <stdio.h>

#include "lib/paragraph.h"
#include "measure/answers.h"

/* "12.3 ns", "1.29 us": @buf is returned. */
#define REPORT_NS 32
const char *report_ns(char buf[REPORT_NS], double ns);

/*
 * "with 95 % intervals of this run alone", or of how many runs: what the interval
 * of a run does not hold is what differs from one run to the next.
 */
void words_intervals(FILE *out, const struct run *run);

/*
 * One line of the answer: what, the value (with its sign where it is something
 * that is @extra), its interval, a remark; nothing for an estimate of nothing.
 */
void words_line(FILE *out, const char *what, const struct estimate *e,
		bool extra, const char *remark);

/* " 12 ns [11 ns, 13 ns]" */
void words_estimate(struct paragraph *p, const struct estimate *e);

/* What two arms that differ in nothing differ by; nothing for no estimate. */
void words_null(struct paragraph *p, const struct estimate *e);

/* How much of the run others got into, as a sentence. */
void words_disturbed(struct paragraph *p, const struct answers *a);

#endif /* REPORT_WORDS_H */
