/* SPDX-License-Identifier: GPL-2.0-only */
/* What the cgroups of this process allow it, of either version. */
#ifndef MEASURE_CGROUP_H
#define MEASURE_CGROUP_H

#include <stdbool.h>

/*
 * How often a CPU quota has stopped this process's cgroup or one above it, as
 * far up as they can be seen, since they were made; -1 if unknown.
 */
long long cgroup_throttled(void);

/* The real-time budget of its cgroup, us a period; -1 if unknown. */
long long cgroup_rt_budget(void);

/**
 * cgroup_tightest() - find the cgroup that leaves this process least
 * @controller: "pids", "memory"
 * @limit: the file with the limit ("pids.max")
 * @usage: the file with what is used of it ("pids.current")
 * @most: takes the limit
 * @now: takes what is used
 *
 * Return: whether this process's cgroup, or one above it, has a limit.
 */
bool cgroup_tightest(const char *controller, const char *limit,
		     const char *usage, long long *most, long long *now);

#endif /* MEASURE_CGROUP_H */
