/* SPDX-License-Identifier: GPL-2.0-only */
/* What this process may do with CPUs. */
#ifndef MEASURE_CPUS_H
#define MEASURE_CPUS_H

#include <stdbool.h>

/*
 * Whether a child of this process may use SCHED_FIFO: a child tries, so that the
 * caller's own policy stays as it is.
 */
bool fifo_allowed(void);

#endif /* MEASURE_CPUS_H */
