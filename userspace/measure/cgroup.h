/* SPDX-License-Identifier: GPL-2.0-only */
/* What the cgroups of this process allow it, of either version. */
#ifndef MEASURE_CGROUP_H
#define MEASURE_CGROUP_H

/*
 * How often a CPU quota has stopped this process's cgroup or one above it, as
 * far up as they can be seen, since they were made; -1 if unknown.
 */
long long cgroup_throttled(void);

/* The real-time budget of its cgroup, us a period; -1 if unknown. */
long long cgroup_rt_budget(void);

#endif /* MEASURE_CGROUP_H */
