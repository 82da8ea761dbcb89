// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a thread is in while it sleeps: system call, registers, switches.
 *
 * procfs asks wait_task_inactive(), which takes the run queue's lock; a module can
 * do neither.  A thread that goes to sleep and runs again writes, in this order:
 *
 *	registers	at the entry to the kernel, on its kernel stack
 *	nvcsw, nivcsw	in __schedule(), behind a full barrier
 *	on_cpu = 0	in finish_task(), a release
 *	  it sleeps
 *	pcount		in sched_info_arrive()
 *	on_cpu = 1	in prepare_task(); the switch that follows is a full barrier
 *	registers	at the next entry
 *
 * A look that finds it off the CPU has the registers of the entry before.  Where one
 * of the next entry was read all the same, a later look finds it on the CPU, or
 * has counted the run.
 */
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/sched/task.h>

#include "access.h"
#include "compat.h"
#include "snapshot.h"
#include "wait.h"

/* One look at whether a thread is asleep, and how often it had run. */
struct look {
	bool asleep;
	unsigned long nvcsw;
	unsigned long nivcsw;
	unsigned long runs;
};

static struct look look_at(struct task_struct *task)
{
	struct look look = { .asleep = ctxlab_asleep(task) };

	/* The scheduler's, under the runqueue's lock. */
	look.nvcsw = data_race(task->nvcsw);
	/* Likewise. */
	look.nivcsw = data_race(task->nivcsw);
	look.runs = ctxlab_runs(task);
	return look;
}

static bool slept_between(const struct look *a, const struct look *b)
{
	return a->asleep && b->asleep && a->nvcsw == b->nvcsw &&
	       a->nivcsw == b->nivcsw && a->runs == b->runs;
}

/*
 * Context: task_lock(@task), under which a task that has its mm has not passed
 * exit_mm(): it has not died, and its kernel stack is its own.
 */
static bool has_registers(struct task_struct *task)
{
	/* Kernel threads borrow an mm; workers never return to user space. */
	return task->mm && ctxlab_kind_of(task) == CTXLAB_TASK_USER;
}

/* Context: task_lock(@task). */
static void take_asleep(const struct ctxlab_reader *who, struct task_struct *task,
			struct ctxlab_wait *w)
{
	struct look before, after;
	bool has = has_registers(task);

	w->withheld = has && !ctxlab_may_see_registers(who, task);
	before = look_at(task);
	/* The counts before the registers, ... */
	smp_rmb();
	w->known = before.asleep && has && !w->withheld;
	/* A thread that runs changes them: then they are thrown away. */
	w->known = w->known && data_race(ctxlab_take_registers(task, &w->registers));
	/* exit_state is written under tasklist_lock. */
	w->state = data_race(task_state_to_char(task));
	/* ... and these before the counts again. */
	smp_rmb();
	after = look_at(task);

	w->asleep = slept_between(&before, &after);
	w->known &= w->asleep;
	w->nvcsw = after.nvcsw;
	w->nivcsw = after.nivcsw;
	w->runs = after.runs;
}

/* Context: task_lock(@task). */
static int take(const struct ctxlab_reader *who, struct task_struct *task,
		struct ctxlab_wait *w)
{
	if (!ctxlab_may_see(who, task))
		return -EACCES;
	take_asleep(who, task, w);
	/* What has exited keeps its letter, Z or X. */
	if (!w->asleep && !READ_ONCE(task->exit_state))
		w->state = 'R';
	w->tid = task_pid_nr_ns(task, ctxlab_pid_ns(who));
	/* set_task_comm() writes it under task_lock(); a few drivers do not. */
	memcpy(w->comm, task->comm, sizeof(w->comm));
	w->comm[sizeof(w->comm) - 1] = '\0';
	return !!w->tid;
}

int ctxlab_take_wait(const struct ctxlab_reader *who, struct task_struct *thread,
		     void *rows, int i)
{
	struct ctxlab_wait *w = rows;
	int took;

	task_lock(thread);
	took = take(who, thread, &w[i]);
	task_unlock(thread);
	return took;
}
