/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Walks over tasks that stop and go on: each call is one bounded RCU read
 * section, and between calls a walk holds no task.
 */
#ifndef CTXLAB_WALK_H
#define CTXLAB_WALK_H

#include <linux/types.h>

#include "snapshot.h"

struct ctxlab_reader;
struct pid;
struct task_struct;

/* The most tasks that one call takes. */
#define CTXLAB_BATCH 16

/*
 * How many ticks of the clock one system call waits, over all tasks that it
 * meets in the midst of an exec(2); further ones count as hidden.  That mostly
 * takes less than a tick, but its length is the task's own matter.
 */
#define CTXLAB_EXEC_WAITS 10

/**
 * ctxlab_walk_all - the next visible tasks of the reader's pid namespace
 * @who: who reads
 * @next: the smallest tid to look at; moved behind the last one looked at
 * @batch: room for CTXLAB_BATCH tasks
 *
 * A task in the midst of an exec(2) is waited for within @who's exec_waits.
 *
 * Context: may sleep.
 * Return: how many there are in @batch, 0 at the end, -EINTR on a fatal signal.
 */
int ctxlab_walk_all(struct ctxlab_reader *who, pid_t *next,
		    struct ctxlab_task *batch);

/**
 * struct ctxlab_threads - a walk over the threads of one process
 * @begun: a thread has been looked at
 * @last: the last one (a reference), NULL if it was being reaped
 * @visited: when the last thread that was visited was created
 *           (task_struct.start_time)
 * @again: the walk has begun again and passes by all up to @visited
 * @take: puts what is wanted of a thread into a row of the batch; see
 *        ctxlab_threads_begin()
 * @hidden: threads passed by that the reader may not see
 * @done: the end has been reached
 */
struct ctxlab_threads {
	struct pid *last;
	u64 visited;
	int (*take)(const struct ctxlab_reader *who, struct task_struct *thread,
		    void *rows, int i);
	unsigned int hidden;
	bool begun;
	bool again;
	bool done;
};

/*
 * The first thread of @leader's process that has not exited, or @leader where
 * the process has none or so many that have; with a reference for
 * put_task_struct().
 */
struct task_struct *ctxlab_get_live_thread(struct task_struct *leader);

/**
 * ctxlab_threads_begin - begin anew
 * @t: zeroed, or begun before
 * @take: puts what is wanted of a thread into row @i; 1 where it did, 0 where the
 *        thread has been reaped meanwhile, -EACCES where the reader may not see
 *        it.  Context: RCU, and ctxlab_lock_exec() of the thread.
 */
void ctxlab_threads_begin(struct ctxlab_threads *t,
			  int (*take)(const struct ctxlab_reader *who,
				      struct task_struct *thread, void *rows,
				      int i));
void ctxlab_threads_end(struct ctxlab_threads *t);

/* Rows are struct ctxlab_task; the second has what is the threads' own as well. */
int ctxlab_take_task(const struct ctxlab_reader *who, struct task_struct *thread,
		     void *rows, int i);
int ctxlab_take_own(const struct ctxlab_reader *who, struct task_struct *thread,
		    void *rows, int i);

/**
 * ctxlab_walk_threads - the next visible threads of a process
 * @who: who reads
 * @task: a task of the process, with a reference
 * @t: where the walk stands
 * @rows: room for CTXLAB_BATCH rows of the kind that @t takes
 *
 * Where the last thread visited has died meanwhile, the walk goes on with the
 * first one created after it.  Threads stand on the list in the order in which
 * they were put there, which may differ from that of their creation by the moment
 * between the two.
 *
 * Return: how many there are in @rows, 0 at the end, -EINTR on a fatal signal.
 */
int ctxlab_walk_threads(struct ctxlab_reader *who, struct task_struct *task,
			struct ctxlab_threads *t, void *rows);

#endif /* CTXLAB_WALK_H */
