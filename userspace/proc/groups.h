/* SPDX-License-Identifier: GPL-2.0-only */
/* The tasks of a system, grouped by the objects that they hold. */
#ifndef CTXLAB_GROUPS_H
#define CTXLAB_GROUPS_H

#include "model.h"

/* A process that holds an object with some of its threads. */
struct holder {
	unsigned long long tgid;
	size_t threads;
	bool kthread;
	const char *name;	/* of the leader, else of a thread */
};

/* An object, and who holds it in order of process ID. */
struct group {
	enum resource type;
	const char *id;
	unsigned long long users;
	unsigned long long rss;		/* kB; of an mm */
	size_t threads;
	size_t kthreads;		/* of the threads */
	const char *first_kthread;
	size_t nholder;
	struct holder *holder;
};

/* Mms, file tables, fs and sighands; those with most holders come first. */
struct groups {
	size_t n;
	struct group *group;
	size_t processes;	/* without kernel threads */
	size_t threads;		/* of those */
	size_t kthreads;
	size_t mms;
	unsigned long long rss;			/* kB, each mm once */
	unsigned long long rss_by_process;	/* kB, each process's mm */
};

/* Strings of the result point into those of @tasks. */
void groups_make(struct groups *g, const struct tasks *tasks);
void groups_free(struct groups *g);

#endif /* CTXLAB_GROUPS_H */
