/* SPDX-License-Identifier: GPL-2.0-only */
/* What the programs that measure have in common. */
#ifndef CTXLAB_TEST_BAR_H
#define CTXLAB_TEST_BAR_H

#include <stdbool.h>

/*
 * With the argument "instructions" the machine's clock counts instructions, each a
 * nanosecond (scripts/vm --icount): that is judged, since it is the same whatever
 * else the host does.  Times are only told.
 */
void bars_begin(int argc, char **argv);
bool clock_counts(void);
const char *clock_unit(void);

/* Microseconds, or thousands of instructions. */
double now(void);

/* Sorts @values. */
double quantile(double *values, int count, double part);

/* One line a bar: what was to be reached, and what was. */
void print_bar(const char *what, double value, double limit, bool at_least);
/* How many were judged, and not reached. */
int bars_missed(void);

/* The machine, and an empty line. */
void print_machine(void);

#endif /* CTXLAB_TEST_BAR_H */
