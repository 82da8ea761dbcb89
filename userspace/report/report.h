/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The layer that prints a run, from the tables of its experiment alone.  It
 * measures nothing and judges nothing.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdio.h>

#include "lib/output.h"
#include "measure/answers.h"
#include "measure/run.h"

/* The columns of the long table: one row for each arm at each point. */
const struct out_col *report_columns(const struct experiment *e);

/*
 * For people: the answer, the machine, notes, and a plot where stdout is a
 * terminal that has room for it; with @all every table, plot and count as well.
 */
void report_people(const struct run *run, const struct answers *a,
		   const struct out_opts *opts, bool all);

/* The long table; returns NULL, or what is wrong with the columns asked for. */
const char *report_long(const struct run *run, const struct answers *a,
			const struct out_opts *opts);

/* The parts of report_people(). */
void report_refusal(FILE *out, const struct answers *a);
void report_advice(FILE *out, const struct answers *a);
void report_machine(FILE *out, const struct run *run);
void report_notes(FILE *out, const struct run *run);
void report_counts(const struct run *run, const struct out_opts *opts);

/* One line that says that the CPU is emulated; "" where it is not. */
const char *report_emulated(const struct machine *m);

/* " (chain)", or nothing where there are no variants; @buf is returned. */
#define REPORT_VARIANT 64
const char *report_variant(char buf[REPORT_VARIANT], const struct run *run,
			   int variant);

/* @text in capitals; the caller frees. */
char *report_capitals(const char *text);

#endif /* REPORT_REPORT_H */
