/* SPDX-License-Identifier: GPL-2.0-only */
/* What the workers of the torture test share. */
#ifndef CTXLAB_TEST_TORTURE_H
#define CTXLAB_TEST_TORTURE_H

#include <stdbool.h>
#include <sys/types.h>

#include "kselftest.h"
#include "sharing_states.h"

#define TORTURE_PLACE "/tmp/ctxlab-torture"

/* What must hold all along; each is one test of the TAP. */
enum invariant {
	FROZEN_EXACT, IDS_UNIQUE, RECONCILED, READS_END, PROBE_KEPT, INVARIANTS
};

/**
 * struct torture - mapped shared by all workers
 * @stop: everybody comes to an end
 * @reloading: the module may go away and come back: ENOENT is no wonder, and
 *	IDs are others
 * @pid_max: where pids begin anew
 * @checks: how often each invariant was looked at
 * @broken: how often it did not hold
 * @message: the first case of each
 * @done: deeds of each worker
 * @reloads: how often the module was unloaded and loaded
 * @rounds: how often pids began anew, so that names came to mean others
 * @frozen: tasks that do nothing, whose report may not change
 */
struct torture {
	bool stop;
	bool reloading;
	int pid_max;
	long checks[INVARIANTS];
	long broken[INVARIANTS];
	char message[INVARIANTS][256];
	long done[32];
	long reloads;
	long rounds;
	struct states *frozen;
};

/**
 * struct worker - one kind of trouble, in a process of its own
 * @name: for the summary
 * @turn: one deed, with the worker's own random numbers
 * @prepare: what the worker becomes before its first turn; may be NULL
 */
struct worker {
	const char *name;
	void (*turn)(struct torture *t, unsigned int *seed);
	int (*prepare)(struct torture *t);
};

/* Look at an invariant; the first time that it fails leaves the message. */
void torture_check(struct torture *t, enum invariant which, bool holds,
		   const char *format, ...)
	__printf(4, 5);

/* The same number below @below for the same seed. */
unsigned int torture_random(unsigned int *seed, unsigned int below);

/* Storms: tasks that come, change and go. */
void torture_fork(struct torture *t, unsigned int *seed);
void torture_threads(struct torture *t, unsigned int *seed);
void torture_exec(struct torture *t, unsigned int *seed);
void torture_vfork(struct torture *t, unsigned int *seed);
void torture_unshare(struct torture *t, unsigned int *seed);
void torture_mount(struct torture *t, unsigned int *seed);
void torture_probe(struct torture *t, unsigned int *seed);

/* Readers, and what they hold against what must be. */
void torture_read(struct torture *t, unsigned int *seed);
void torture_watch(struct torture *t, unsigned int *seed);
int torture_read_as_nobody(struct torture *t);

#endif /* CTXLAB_TEST_TORTURE_H */
