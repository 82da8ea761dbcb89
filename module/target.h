/* SPDX-License-Identifier: GPL-2.0-only */
/* Which task, or pair of tasks, a name and the file opened by it are about. */
#ifndef CTXLAB_TARGET_H
#define CTXLAB_TARGET_H

#include <linux/fs.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

struct pid;
struct pid_namespace;

/**
 * struct ctxlab_name_ref - the tasks that a name meant when it was looked up
 * @nr: their numbers in the mount's pid namespace; the second is 0 in a name of
 *      one task
 * @start: when they were created, by which a later task of that number differs
 * @rcu: path walks read this under RCU
 *
 * No reference: the kernel may remember a name long after its task has gone, and
 * nothing of the task, nor its pid namespace, is to live on with it.
 */
struct ctxlab_name_ref {
	pid_t nr[2];
	u64 start[2];
	struct rcu_head rcu;
};

/**
 * struct ctxlab_name - a name that tasks are looked up by
 * @nr: their numbers; the second is 0 in a name of one task
 * @waits: what the threads of that task's process wait in
 */
struct ctxlab_name {
	pid_t nr[2];
	bool waits;
};

/*
 * "<a>", "<a>,<b>" or "<a>-waits"; the numbers as procfs takes a pid: no sign, no
 * leading zero, not 0.
 */
bool ctxlab_parse_name(const char *name, struct ctxlab_name *parsed);

/*
 * Return: for kfree_rcu(); ERR_PTR(-ENOENT) where there is no such task,
 * ERR_PTR(-ENOMEM).
 */
struct ctxlab_name_ref *ctxlab_name_ref_new(const pid_t nr[2],
					    struct pid_namespace *ns);

/* Do the tasks that were meant still exist?  Does not sleep. */
bool ctxlab_name_valid(const struct ctxlab_name_ref *named,
		       struct pid_namespace *ns);

/**
 * struct ctxlab_target - which task, or pair of tasks, an open file is about
 * @a: the task's pid, a reference held as long as the file is open
 * @b: the second task's pid, NULL in a file about one task
 */
struct ctxlab_target {
	struct pid *a;
	struct pid *b;
};

/* For open().  Return: 0, or -ESRCH if a task has gone. */
int ctxlab_target_get(const struct inode *inode, struct ctxlab_target *target);
void ctxlab_target_put(const struct ctxlab_target *target);

#endif /* CTXLAB_TARGET_H */
