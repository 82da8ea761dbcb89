/* SPDX-License-Identifier: GPL-2.0-only */
/* What the programs that measure have in common. */
#ifndef CTXLAB_TEST_BAR_H
#define CTXLAB_TEST_BAR_H

#include <stdbool.h>

/* Microseconds. */
double now(void);

/* Sorts @values. */
double quantile(double *values, int count, double part);

/* One line a bar: what was to be reached, and what was. */
void print_bar(const char *what, double value, double limit, bool at_least);

/* The machine, and an empty line. */
void print_machine(void);

#endif /* CTXLAB_TEST_BAR_H */
