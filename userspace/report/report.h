/* SPDX-License-Identifier: GPL-2.0-only */
/* The layer that prints a run: words, tables, plots.  It measures nothing. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdio.h>

#include "measure/answers.h"
#include "lib/output.h"
#include "measure/run.h"

/* The columns of the long table: one row for each arm at each point. */
extern const struct out_col report_columns[];

/* Everything for people; the answer comes first. */
void report_people(const struct run *run, const struct answers *a,
		   const struct out_opts *opts);

/* The long table; returns NULL, or what is wrong with the columns asked for. */
const char *report_long(const struct run *run, const struct answers *a,
			const struct out_opts *opts);

/* The parts of report_people(). */
void report_words(FILE *out, const struct run *run, const struct answers *a);
void report_refusal(FILE *out, const struct answers *a);
void report_machine(FILE *out, const struct run *run);
void report_notes(FILE *out, const struct run *run);
void report_counts(const struct run *run, const struct out_opts *opts);

/* One line that says that the TLB is emulated; "" where it is not. */
const char *report_emulated(const struct machine *m);

/* "12.3 ns", "1.29 us": @buf is returned. */
#define REPORT_NS 32
const char *report_ns(char buf[REPORT_NS], double ns);

#endif /* REPORT_REPORT_H */
