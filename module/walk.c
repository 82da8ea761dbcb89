// SPDX-License-Identifier: GPL-2.0-only
/* Walks over tasks that stop and go on. */
#include <linux/fs.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rculist.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "access.h"
#include "walk.h"

/* The most tasks that one RCU read section looks at. */
#define LOOK_AT_MOST 256

/*
 * Context: RCU.  Return: 1 if the task is in @s, 0 if it is hidden, -EBUSY in the
 * midst of an exec(2) that may be waited for.
 */
static int take_one(struct ctxlab_reader *who, struct task_struct *task,
		    struct ctxlab_task *s)
{
	bool seen;

	if (!ctxlab_trylock_exec(task))
		return who->exec_waits ? -EBUSY : 0;
	seen = ctxlab_snapshot_task(who, task, false, s);
	ctxlab_unlock_exec(task);
	return seen && s->tid;
}

/*
 * One RCU read section's worth of ctxlab_walk_all().  Return: how many there are
 * in @batch.  *@end: -ENOENT behind the last task, -EBUSY before one that is to
 * be waited for.
 */
static int walk_some(struct ctxlab_reader *who, pid_t *next,
		     struct ctxlab_task *batch, int *end)
{
	struct pid_namespace *ns = ctxlab_pid_ns(who);
	int looked, n = 0;

	ctxlab_reader_refresh(who);
	*end = 0;
	rcu_read_lock();
	for (looked = 0; looked < LOOK_AT_MOST && n < CTXLAB_BATCH; looked++) {
		struct pid *pid = find_ge_pid(*next, ns);
		struct task_struct *task;
		int took;

		if (!pid) {
			*end = -ENOENT;
			break;
		}
		task = pid_task(pid, PIDTYPE_PID);
		took = task ? take_one(who, task, &batch[n]) : 0;
		if (took < 0) {
			*end = took;
			break;
		}
		*next = pid_nr_ns(pid, ns) + 1;
		/* An exec(2) may just have given its number to another thread. */
		if (took)
			batch[n++].tid = *next - 1;
	}
	rcu_read_unlock();
	return n;
}

int ctxlab_walk_all(struct ctxlab_reader *who, pid_t *next,
		    struct ctxlab_task *batch)
{
	int end = 0, n = 0;

	while (!n && end != -ENOENT) {
		if (fatal_signal_pending(current))
			return -EINTR;
		n = walk_some(who, next, batch, &end);
		if (!n && end == -EBUSY) {
			who->exec_waits--;
			schedule_timeout_killable(1);
		}
		cond_resched();
	}
	return n;
}

struct task_struct *ctxlab_get_live_thread(struct task_struct *leader)
{
	struct task_struct *t, *live = leader;
	int looked = 0;

	rcu_read_lock();
	for_each_thread(leader, t) {
		if (looked++ == LOOK_AT_MOST)
			break;
		/* Written by the task under siglock, before it drops anything. */
		if (!(data_race(t->flags) & PF_EXITING)) {
			live = t;
			break;
		}
	}
	get_task_struct(live);
	rcu_read_unlock();
	return live;
}

void ctxlab_threads_begin(struct ctxlab_threads *t,
			  int (*take)(const struct ctxlab_reader *who,
				      struct task_struct *thread, void *rows,
				      int i))
{
	ctxlab_threads_end(t);
	t->take = take;
}

void ctxlab_threads_end(struct ctxlab_threads *t)
{
	put_pid(t->last);
	memset(t, 0, sizeof(*t));
}

/*
 * The thread that a walk goes on with.  Context: RCU.  A thread that has not
 * been unhashed yet (pid_alive()) is still on the list, and whatever follows it
 * there outlives this read section.  While an exec(2) by another thread swaps
 * two tids the walk may go back by one thread.  Where the last one has died the
 * walk begins again; it does so no more often than threads die that were there.
 */
static struct task_struct *resume(struct task_struct *task,
				  struct ctxlab_threads *t)
{
	struct list_head *head = &task->signal->thread_head;
	struct task_struct *last;
	bool alive;

	last = pid_task(t->last, PIDTYPE_PID);
	/* release_task() may be about to clear what pid_alive() reads. */
	alive = last && data_race(pid_alive(last));
	if (alive && same_thread_group(last, task))
		return list_next_or_null_rcu(head, &last->thread_node,
					     struct task_struct, thread_node);
	t->again = t->begun;
	return list_first_or_null_rcu(head, struct task_struct, thread_node);
}

/* Context: RCU.  A thread that died meanwhile may have lost its pid: NULL. */
static void remember(struct ctxlab_threads *t, struct task_struct *thread)
{
	put_pid(t->last);
	t->last = get_task_pid(thread, PIDTYPE_PID);
	t->begun = true;
}

/* Is @thread to be passed by?  Else it is the last one visited from here on. */
static bool visited(struct ctxlab_threads *t, const struct task_struct *thread)
{
	/* An exec(2) of another thread gives it the leader's. */
	u64 start = data_race(thread->start_time);

	if (t->again && start <= t->visited)
		return true;
	t->again = false;
	t->visited = start;
	return false;
}

static int take(const struct ctxlab_reader *who, struct task_struct *thread,
		bool own, struct ctxlab_task *s)
{
	if (!ctxlab_snapshot_task(who, thread, own, s))
		return -EACCES;
	return !!s->tid;
}

int ctxlab_take_task(const struct ctxlab_reader *who, struct task_struct *thread,
		     void *rows, int i)
{
	return take(who, thread, false, (struct ctxlab_task *)rows + i);
}

int ctxlab_take_own(const struct ctxlab_reader *who, struct task_struct *thread,
		    void *rows, int i)
{
	return take(who, thread, true, (struct ctxlab_task *)rows + i);
}

/* Return: 1 if the thread is row @i, 0 if it is not to be shown. */
static int visit(struct ctxlab_reader *who, struct task_struct *thread,
		 struct ctxlab_threads *t, void *rows, int i)
{
	int took;

	if (visited(t, thread))
		return 0;
	took = t->take(who, thread, rows, i);
	if (took >= 0)
		return took;
	t->hidden++;
	return 0;
}

/*
 * One RCU read section's worth of ctxlab_walk_threads().  Context:
 * ctxlab_lock_exec(), the same for all: it is their signal_struct's.
 */
static int visit_some(struct ctxlab_reader *who, struct task_struct *task,
		      struct ctxlab_threads *t, void *rows)
{
	struct list_head *head = &task->signal->thread_head;
	struct task_struct *thread, *last = NULL;
	int looked = 0, n = 0;

	rcu_read_lock();
	thread = resume(task, t);
	while (thread && looked++ < LOOK_AT_MOST && n < CTXLAB_BATCH) {
		n += visit(who, thread, t, rows, n);
		last = thread;
		thread = list_next_or_null_rcu(head, &thread->thread_node,
					       struct task_struct, thread_node);
	}
	if (last)
		remember(t, last);
	t->done = !thread;
	rcu_read_unlock();
	return n;
}

int ctxlab_walk_threads(struct ctxlab_reader *who, struct task_struct *task,
			struct ctxlab_threads *t, void *rows)
{
	int n = 0;

	ctxlab_reader_refresh(who);
	while (!n && !t->done) {
		if (fatal_signal_pending(current) || ctxlab_lock_exec(task))
			return -EINTR;
		n = visit_some(who, task, t, rows);
		ctxlab_unlock_exec(task);
		cond_resched();
	}
	return n;
}
