/* SPDX-License-Identifier: GPL-2.0-only */
/* What kcmp(2) and /proc/<pid>/ns say of two tasks. */
#ifndef CTXLAB_TEST_ORACLE_H
#define CTXLAB_TEST_ORACLE_H

#include <sys/types.h>

#include "sharing_states.h"

enum is { SHARED, SEPARATE, NEITHER, ONLY_A, ONLY_B, UNKNOWN };

/* The words of the Resources table, by enum is. */
extern const char *const is_words[];

/**
 * struct resource - something that two tasks may share
 * @row: its name in the Resources table
 * @column: its column in "tasks"; NULL where that has none
 * @kcmp: the type to ask kcmp(2) for, or -1
 * @ns: the name under /proc/<pid>/ns to compare, or NULL
 */
struct resource {
	const char *row;
	const char *column;
	int kcmp;
	const char *ns;
};

extern const struct resource resources[];
extern const int resource_count;

/* Whether the kernel has kcmp(2). */
int oracle_supported(void);

/*
 * How @a and @b relate in @resource.  kcmp(2) answers that two tasks are equal
 * where neither has the resource; @zombie, which has lost all that can be
 * lost, tells that apart: whoever equals it has none.  UNKNOWN where the
 * oracles have no answer.
 */
enum is oracle_ask(const struct resource *resource, const struct state *a,
		   const struct state *b, pid_t zombie);

#endif /* CTXLAB_TEST_ORACLE_H */
