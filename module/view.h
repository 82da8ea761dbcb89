/* SPDX-License-Identifier: GPL-2.0-only */
/* What a file shows: the walk that fills it, row by row. */
#ifndef CTXLAB_VIEW_H
#define CTXLAB_VIEW_H

#include <linux/fs.h>
#include <linux/pid.h>

struct ctxlab_reader;

/**
 * struct ctxlab_target - which task, or pair of tasks, a file is about
 * @a: the task's pid, a reference held as long as the inode lives
 * @b: the second task's pid, NULL in a file about one task
 */
struct ctxlab_target {
	struct pid *a;
	struct pid *b;
};

static inline const struct ctxlab_target *ctxlab_target(const struct file *file)
{
	return file_inode(file)->i_private;
}

/**
 * ctxlab_get_visible - a target's task, for a reader who may see it
 * @who: who reads
 * @pid: the task's pid
 *
 * Return: the task with a reference for put_task_struct(), ERR_PTR(-ESRCH) if
 * it has gone, ERR_PTR(-EACCES) if the reader may not see it.
 */
struct task_struct *ctxlab_get_visible(struct ctxlab_reader *who,
				       struct pid *pid);

/* /proc/ctxlab/<tid>; open() turns to ctxlab_process_fops for a leader. */
extern const struct file_operations ctxlab_task_fops;
extern const struct file_operations ctxlab_process_fops;
/* /proc/ctxlab/<a>,<b> */
extern const struct file_operations ctxlab_pair_fops;
/* /proc/ctxlab/tasks */
extern const struct file_operations ctxlab_tasks_fops;

#endif /* CTXLAB_VIEW_H */
