/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A group of workers, each pinned to a CPU, and the controller that starts their
 * rounds.  What they do in a round is the experiment's: the functions of
 * struct workers_spec.
 *
 * A round: the controller writes the order and counts @seq up; the workers wake,
 * prepare, meet, work, and count @finished up; the last one wakes the controller.
 */
#ifndef MEASURE_WORKERS_H
#define MEASURE_WORKERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/compiler.h"

#define MAX_WORKERS 64

/* So long without any time on their CPU is too long for workers to wait. */
#define WORKERS_STARVED_SECONDS 15

enum workers_kind {
	WORKERS_THREADS,	/* of one child process */
	WORKERS_PROCESSES,	/* own mm, the controller's file table */
	WORKERS_FORKED,		/* own mm, own file tables */
};

/* One round. */
struct order {
	uint32_t ops;		/* timed operations of each worker */
	int session;		/* of the probe, attached to for the round; or -1 */
};

/* One worker's part of the memory that all share with the controller. */
struct slot {
	/* Set by the experiment's work(). */
	uint64_t start_ns;
	uint64_t end_ns;
	uint64_t counted;	/* worker_part() sets it to @rusage */
	int32_t error;		/* a negative errno: the round is void */
	/* Set by worker_part(). */
	uint32_t rusage;	/* switches that the kernel made of it */
	uint32_t moved;		/* it was seen on another CPU */
	uint32_t yields;	/* calls that worker_meet() made while waiting */
	pid_t tid;
	/*
	 * Of the first worker: how long it took from worker_meet() to
	 * worker_part(), and the CPU time that all had meanwhile; where they take
	 * turns on one CPU the rest is time that other tasks had it.  0 and 0
	 * where the kernel does not tell.
	 */
	uint64_t span_ns;
	uint64_t cpu_ns;
} __aligned(128);

/* A worker, as its own functions see it. */
struct worker {
	unsigned int index;
	unsigned int n;		/* workers of the group */
	void *arg;		/* the experiment's */
	struct slot *slot;
	struct shared *shared;
	/* Between worker_meet() and worker_part(). */
	unsigned int cpu;
	uint32_t switches;
};

/**
 * struct workers_spec - what a group is made of
 * @kind: what the workers are to each other
 * @n: their number, 1 to MAX_WORKERS
 * @cpu: where each runs
 * @priority: of SCHED_FIFO; 0: the default policy
 * @limit: seconds that a round may take; 0: 60
 * @begin: once in each worker, pinned already; 0 or a negative errno; may be NULL
 * @work: one round, in each worker: has to call worker_meet() and worker_part()
 * @arg: handed to both; memory that all see has to be mapped before, MAP_SHARED
 *	(workers_memory())
 */
struct workers_spec {
	enum workers_kind kind;
	unsigned int n;
	unsigned int cpu[MAX_WORKERS];
	int priority;
	unsigned int limit;
	int (*begin)(struct worker *w);
	void (*work)(struct worker *w, const struct order *o);
	void *arg;
};

struct workers {
	struct workers_spec spec;
	struct shared *shared;
	unsigned int pids;
	pid_t pid[MAX_WORKERS];	/* children of the controller */
};

/* Each returns 0 or a negative errno. */
int workers_create(struct workers *w, const struct workers_spec *spec);
void workers_destroy(struct workers *w);

/**
 * workers_round() - have one round done
 *
 * Return: 0; -EINTR after a signal that asks to end; -ECHILD where a worker
 * died; -EBUSY where the workers got no time on their CPU; -ETIMEDOUT where no
 * answer came; -ENODEV where they may not run on that CPU (any more); or the
 * error that a worker met.
 */
int workers_round(struct workers *w, const struct order *o);

/* What a worker left behind in the last round. */
const struct slot *workers_slot(const struct workers *w, unsigned int i);

/* Of all workers in the last round. */
uint64_t workers_rusage(const struct workers *w);
uint64_t workers_counted(const struct workers *w);
bool workers_moved(const struct workers *w);

/* Time in which they did not have their CPU, where they take turns on one. */
double workers_waited_ns(const struct workers *w);

/* Thread IDs; returns their number. */
unsigned int workers_tids(const struct workers *w, pid_t tids[MAX_WORKERS]);

/*
 * The kernel moves tasks off a CPU that is taken offline, or out of the cpuset.
 * Return: 0 where they could be brought back, or a negative errno.
 */
int workers_bind_again(const struct workers *w);

/* Memory that the controller shares with all workers; NULL where there is none. */
void *workers_memory(size_t size);
void workers_memory_free(void *p, size_t size);

/* For begin() and work(): nanoseconds of a clock that nobody adjusts. */
uint64_t worker_now(void);

/* Waits for all workers of the group; from here on switches are counted. */
void worker_meet(struct worker *w);

/* Ends what worker_meet() began. */
void worker_part(struct worker *w);

/**
 * struct worker_use - what the kernel has given a thread
 * @voluntary: switches away from it because it waited
 * @involuntary: those because another task had its CPU
 */
struct worker_use {
	uint64_t cpu_ns;
	uint32_t voluntary;
	uint32_t involuntary;
};

/* Of the calling thread, since the last call with @begins set. */
void worker_use(struct worker_use *use, bool begins);

/* Set by the signals that ask the run to end (workers_catch_signals()). */
int workers_stop_signal(void);
void workers_catch_signals(void);

#endif /* MEASURE_WORKERS_H */
