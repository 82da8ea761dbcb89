/* SPDX-License-Identifier: GPL-2.0-only */
/* What the controller and its workers share: a round's load, and its record. */
#ifndef SCHED_LOAD_H
#define SCHED_LOAD_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>

#include "measure/workers.h"

/* What tasks do. */
enum load {
	LOAD_YIELD,		/* let the next one run */
	LOAD_YIELD_GLOBAL,	/* likewise, by the global queue */
	LOAD_YIELD_TRACED,	/* likewise, by the own one, and it is traced */
	LOAD_CREATE,		/* are made, run, and end */
	LOAD_SEMAPHORE,		/* two wake each other in turn */
	LOAD_MUTEX,		/* all want one mutex, and its owner yields */
	LOAD_CHANNEL,		/* one sends, the other receives */
	LOAD_PIPE,		/* a byte there and back */
	LOAD_UNIX,
	LOAD_TCP,
	LOAD_TIMER,		/* sleeps for 1 ms beside one that never waits */
	LOAD_BLOCK,		/* blocks the thread, as announced by gpm_block() */
	LOAD_BLOCK_UNSAID,	/* likewise, unannounced */
	LOAD_FAN_OUT,		/* one task makes all the work, for two CPUs */
	LOAD_PARK,		/* all wait at the same time */
	LOADS
};

/* What the tasks are, and on how many CPUs. */
enum kind {
	KIND_ALONE,		/* what is to be done, without the tasks: see the arms */
	KIND_COROUTINE,		/* of libgpm, one P */
	KIND_COROUTINE_2,	/* two Ps on two CPUs */
	KIND_THREAD,
	KIND_THREAD_2,
	KIND_PROCESS,
	KINDS
};

/* The most threads of a round; coroutines have no such limit. */
#define THREADS_MOST 2000
/* The most connections of a round. */
#define CONNECTIONS_MOST 1000
/* Times of a round that are kept. */
#define TIMES 1024

/* How long the timer sleeps, and the task that blocks its thread. */
#define SLEEP_NS 1000000

/* A piece of work of LOAD_FAN_OUT, and how many there are at least. */
#define WORK_NS 20000
#define WORK_LEAST 500

/* Both ends of a connection: what each side reads from and writes to. */
struct connection {
	int in[2];
	int out[2];
};

/* What the kernel gave a process, from load_begin() to load_end(). */
struct use {
	uint64_t cpu_ns;
	uint64_t voluntary;	/* switches because a task of it waited */
	uint64_t involuntary;	/* because another one had its CPU */
};

/**
 * struct arena - the order of a round, and what its workers left behind
 * @load: what tasks do
 * @kind: what they are
 * @tasks: how many there are at the same time
 * @ops: operations that are asked for
 * @cpu: where they run; the second one where @kind says so
 * @turns: of busy() in a nanosecond
 * @error: a negative errno: the round is void
 * @handed_over: the coroutines' P went to another thread, whom nobody counts
 * @made: operations that were made
 * @bytes: resident memory that the tasks took while they waited; 0: unknown
 * @use: of each worker's process; of the first one where they are threads
 * @times: in @late_ns
 * @late_ns: how late each was: the timer, or who runs after one that blocks
 * @began: when a task blocked its thread; 0: nobody looks for that
 * @over: the other task may end
 * @ready: tasks that wait to begin, then a futex: 1 where they may
 */
struct arena {
	enum load load;
	enum kind kind;
	unsigned int tasks;
	uint32_t ops;
	unsigned int cpu[2];
	double turns;

	int error;
	bool handed_over;
	uint64_t made;
	double bytes;
	struct use use[2];
	uint32_t times;
	double late_ns[TIMES];

	/* Between the tasks. */
	_Alignas(128) uint64_t began;
	_Alignas(128) uint32_t over;
	_Alignas(128) uint32_t ready;
	pthread_mutex_t mutex;
	sem_t sem[THREADS_MOST];
	struct connection connection[CONNECTIONS_MOST];
};

/*
 * The timed part of a round, in each worker: from here to load_end(), which the
 * first worker calls when the tasks that it made have ended.
 */
void load_begin(struct arena *a, struct worker *w);
void load_end(struct arena *a, struct worker *w);

/* Operations of each of @n tasks: at least ten, beside which beginning is little. */
uint32_t load_each(const struct arena *a, unsigned int n);

/* Operations that tasks make who live until all have been made. */
uint64_t load_made(const struct arena *a);

/* Keep the first error of any task. */
void load_failed(struct arena *a, int err);

/* CLOCK_MONOTONIC in ns. */
uint64_t load_now(void);

/* Keep how late something was that was due at @when. */
void load_late(struct arena *a, uint64_t when);

/* Looks whether a task has blocked its thread, and keeps how long ago that was. */
void load_look(struct arena *a);

/* Work of WORK_NS; and how many pieces of it LOAD_FAN_OUT has. */
void load_work(const struct arena *a);
unsigned int load_pieces(const struct arena *a);

/* Resident memory of the caller's process, in bytes; 0: unknown. */
double load_resident(void);

/* One connection for each pair of tasks: 0 or a negative errno. */
int load_connect(struct arena *a);
void load_disconnect(struct arena *a);

/* A round of coroutines, and one of all else, in each worker. */
void coroutines_round(struct arena *a, struct worker *w);
void tasks_round(struct arena *a, struct worker *w);

#endif /* SCHED_LOAD_H */
