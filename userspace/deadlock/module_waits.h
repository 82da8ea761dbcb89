/* SPDX-License-Identifier: GPL-2.0-only */
/* What the module says of all threads of a process in one file, <pid>-waits. */
#ifndef CTXLAB_DEADLOCK_MODULE_WAITS_H
#define CTXLAB_DEADLOCK_MODULE_WAITS_H

#include "process.h"

/* A thread's row. */
struct waits_row {
	pid_t tid;
	char state;
	struct call call;
	uint64_t counts;	/* of runs and switches, together */
	struct saved saved;
};

/*
 * Text -> rows, sorted by @tid; the caller frees them.  NULL where the text makes no
 * sense, is not whole, or leaves out what the reader may not see.
 */
struct waits_row *waits_parse(const char *text, size_t *n);

/*
 * Lists the threads of @p anew with what they are in, and how often they had run.
 * False where the module is not there, is an older one, or does not tell all.
 */
bool module_waits_list(struct process *p);

/* Reads those of the listed threads anew; one that has no row is CALL_UNKNOWN. */
void module_waits_read(struct process *p);

#endif /* CTXLAB_DEADLOCK_MODULE_WAITS_H */
