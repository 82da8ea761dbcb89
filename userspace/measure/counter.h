/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counts the kernel's own events while workers run: by a BPF program where that
 * is to be had, else by perf's tracepoint counters.
 */
#ifndef MEASURE_COUNTER_H
#define MEASURE_COUNTER_H

#include <sys/types.h>

#include "run.h"

struct counter;

/**
 * struct counter_ops - a way of counting
 * @name: as it is stored in run->counter
 * @open: prepares it for the CPUs of @set and the counts that are wanted (end
 *	with COUNT_NONE); NULL with *@why set (to be freed) on failure
 * @start: from now on, count what these threads do; 0 or a negative errno
 * @stop: end that, and fill in the kernel's part of @c
 */
struct counter_ops {
	const char *name;
	struct counter *(*open)(const struct settings *set,
				const enum count *wanted, char **why);
	int (*start)(struct counter *counter, const pid_t *tids,
		     unsigned int n);
	int (*stop)(struct counter *counter, struct counts *c);
	void (*close)(struct counter *counter);
};

extern const struct counter_ops counter_bpf;
extern const struct counter_ops counter_perf;

#endif /* MEASURE_COUNTER_H */
