/* SPDX-License-Identifier: GPL-2.0-only */
/* The processes that are looked at together, and who of them waits for whom. */
#ifndef CTXLAB_DEADLOCK_SCAN_H
#define CTXLAB_DEADLOCK_SCAN_H

#include "holders.h"
#include "peers.h"
#include "process.h"

enum verdict {
	VERDICT_DEADLOCK,	/* a knot of two threads and more */
	VERDICT_SELF,		/* a thread waits for itself */
	VERDICT_DEAD_OWNER,	/* a lock whose owner has ended */
	VERDICT_FORK,		/* a lock that was held at a fork, by another thread */
	VERDICT_PARKED,		/* glibc parked a thread that the kernel refused */
	VERDICT_ALL_WAIT,	/* of suspects: all threads of a process wait within it */
};

/* Threads that can never progress, whatever the others do. */
struct finding {
	enum verdict verdict;
	struct thread **member;
	size_t n;
};

/**
 * struct scan - processes, and what was found of them
 * @process: in the order in which they were added
 * @holders: of pipes and file locks, read where somebody waits for one
 * @held: @holders was read
 * @peers: the other ends of sockets, read where somebody waits for one
 * @finding: what is certain, confirmed by a second reading
 * @dropped: threads that the second reading found changed
 */
struct scan {
	struct process **process;
	size_t processes, room;
	struct holders holders;
	bool held;
	struct peers peers;
	struct finding *finding;
	size_t findings;
	size_t dropped;
};

struct scan *scan_new(void);
void scan_free(struct scan *s);

/* Adds a process, unless it is there; 0 or a negative errno. */
int scan_add(struct scan *s, pid_t pid, bool asked);

/* Adds every process that has a program and may be seen. */
void scan_add_all(struct scan *s);

struct process *scan_process(const struct scan *s, pid_t pid);

/*
 * Reads all threads, and those of the processes that they wait for, and who
 * waits for whom.  0 or a negative errno: there is none left.
 */
int scan_read(struct scan *s);

/* Where calls came from: "module", "procfs", or "both" for several processes. */
const char *scan_source(const struct scan *s);

/* Adds a process and reads it, unless it is there; NULL: there is none to be seen. */
struct process *scan_take(struct scan *s, pid_t pid);

/* Finds anew who can end the wait of @t; processes are added for that. */
void scan_resolve(struct scan *s, struct thread *t);

/*
 * Walks over /proc for what the threads wait for; @again: for a second reading, in
 * which threads are asked for descriptors and tracers of their own, too.
 */
void scan_find_holders(struct scan *s, bool again);

#endif /* CTXLAB_DEADLOCK_SCAN_H */
