/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What can be counted while an arm runs, by whom, and under which name.  Claims
 * of arms, the columns of reports and JSON all speak of these.
 */
#ifndef MEASURE_COUNTS_H
#define MEASURE_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

/* The order is that of the table in counts.c. */
enum count {
	COUNT_NONE,		/* ends lists */
	COUNT_EXPECTED,		/* operations made, by the experiment itself */
	COUNT_RUSAGE,
	COUNT_VOLUNTARY,	/* those of COUNT_RUSAGE where a task waited */
	COUNT_FUTEX_OWN,	/* by locks that count what they do */
	COUNT_CALLS,		/* system calls made for it, by who makes them */
	COUNT_MEETING,		/* those that workers made to begin together */
	/* By the kernel's events. */
	COUNT_SWITCHES,
	COUNT_SAME_MM,
	COUNT_OTHER_MM,
	COUNT_FOREIGN,
	COUNT_WAKEUPS,
	COUNT_ENTRIES,
	COUNT_FUTEX,
	COUNT_FORKS,
	COUNT_CR3_KEPT,
	COUNT_CR3_FLUSHED,
	COUNT_REMOTE_SHOOTDOWN,
	COUNT_LOCAL_SHOOTDOWN,
	COUNT_LOCAL_MM_SHOOTDOWN,
	COUNT_REMOTE_IPI,
	/* By the module's probe. */
	COUNT_PROBE,
	COUNT_PROBE_SAME_MM,
	COUNT_PROBE_OTHER_MM,
	COUNT_PROBE_LAZY_MM,
	COUNT_PROBE_FOREIGN,
	COUNT_PROBE_FLUSHES,
	COUNT_PROBE_MIGRATIONS,
	COUNT_PROBE_LOST,
	COUNTS
};

/* Who counts. */
enum count_group {
	GROUP_RUN,		/* the experiment and getrusage() */
	GROUP_KERNEL,
	GROUP_PROBE,
	GROUPS
};

/**
 * struct count_info - how a count is named
 * @key: in JSON, within the object of its group
 * @group: who counts it
 * @heading: of its column
 * @label: in a sentence, after a number
 */
struct count_info {
	const char *key;
	enum count_group group;
	const char *heading;
	const char *label;
};

extern const struct count_info counts_table[COUNTS];
extern const char *const counts_groups[GROUPS];

/* What was counted of one arm, in the pass made for it. */
struct counts {
	bool present;
	uint64_t n[COUNTS];
	bool has[COUNTS];
};

void counts_set(struct counts *c, enum count what, uint64_t n);

/* Whether any count of that group is there. */
bool counts_has_group(const struct counts *c, enum count_group group);

/* That count in one operation; -1 where it is not known. */
double counts_each(const struct counts *c, enum count what);

#endif /* MEASURE_COUNTS_H */
