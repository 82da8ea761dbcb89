/* SPDX-License-Identifier: GPL-2.0-only */
/* Scripted loads for the scheduler: each shows one of its rules at work. */
#ifndef SCHED_SCRIPTS_H
#define SCHED_SCRIPTS_H

#include <stdbool.h>

struct sched_script {
	const char *name;
	const char *brief;
	unsigned int procs;	/* enough to show it */
	bool threads;		/* shows nothing when single-stepped */
	int status;		/* what gpm_run() returns */
	void (*run)(void *arg);
};

/* Ends with an empty entry. */
extern const struct sched_script sched_scripts[];

const struct sched_script *sched_script_find(const char *name);

#endif /* SCHED_SCRIPTS_H */
