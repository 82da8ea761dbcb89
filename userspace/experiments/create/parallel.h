/* SPDX-License-Identifier: GPL-2.0-only */
/* How many CPUs tasks that only calculate keep busy. */
#ifndef CREATE_PARALLEL_H
#define CREATE_PARALLEL_H

#include <stdint.h>

enum workload {
	ONE_THREAD,
	N_THREADS,
	N_PROCESSES,
	N_COROUTINES,		/* all in one thread */
	WORKLOADS
};

/* CPU time that all took together, and how long it took, microseconds. */
struct busy {
	uint64_t cpu_us;
	uint64_t wall_us;
};

/*
 * Let @n of them calculate for @ms milliseconds, in a process apart, under the
 * default policy on all CPUs allowed to the caller.  Return 0 or a negative
 * errno.
 */
int parallel_measure(enum workload what, unsigned int n, unsigned int ms,
		     struct busy *b);

#endif /* CREATE_PARALLEL_H */
