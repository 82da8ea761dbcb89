/* SPDX-License-Identifier: GPL-2.0-only */
/* What a file shows: the walk that fills it, row by row. */
#ifndef CTXLAB_VIEW_H
#define CTXLAB_VIEW_H

#include <linux/fs.h>
#include <linux/mutex.h>

#include "access.h"
#include "target.h"

struct cred;
struct pid;
struct seq_file;
struct task_struct;

/**
 * struct ctxlab_view - how an open file about tasks begins: m->private points to it
 * @who: who reads; the opener is noted
 * @lock: held by each read(2) and lseek(2) from its first look at @reader on
 * @reader: the credentials that the text in the seq_file's buffer, and whatever
 *          else has been taken for it, was taken with; a reference, or NULL
 *
 * What was taken for one reader is not for the next, or for the same one with
 * other credentials: then it is dropped, and the text taken anew from its start
 * up to the file's position, as after an lseek(2).  Each process has a
 * struct cred of its own, so that holds wherever one passes the file to another.
 */
struct ctxlab_view {
	struct ctxlab_reader who;
	struct mutex lock;		/* of @reader, and of the seq_file */
	const struct cred *reader;
};

/* For open(). */
void ctxlab_view_init(struct ctxlab_view *view, const struct file *file);
void ctxlab_view_release(struct ctxlab_view *view);

/* seq_read_iter() and seq_lseek(); both also -EINTR on a fatal signal. */
ssize_t ctxlab_view_read_iter(struct kiocb *iocb, struct iov_iter *to);
loff_t ctxlab_view_llseek(struct file *file, loff_t offset, int whence);

/**
 * struct ctxlab_single - an open file that one show() fills
 * @view: what every such file begins with
 * @target: what the file is about
 */
struct ctxlab_single {
	struct ctxlab_view view;
	struct ctxlab_target target;
};

/**
 * ctxlab_single_open - single_open() of a file about tasks
 * @file: the file
 * @show: finds a struct ctxlab_single in its seq_file's private
 * @target: what it is about; where this succeeds, ctxlab_single_release() puts it
 * @size: room for its text; where that is longer, @show is called again
 *
 * Return: 0 or -ENOMEM.
 */
int ctxlab_single_open(struct file *file,
		       int (*show)(struct seq_file *m, void *v),
		       const struct ctxlab_target *target, size_t size);
int ctxlab_single_release(struct inode *inode, struct file *file);

/**
 * ctxlab_get_visible - a target's task, for a reader who may see it
 * @who: who reads
 * @pid: the task's pid
 *
 * Return: the task with a reference for put_task_struct(), ERR_PTR(-ESRCH) if
 * it has gone, ERR_PTR(-EACCES) if the reader may not see it, ERR_PTR(-EINTR).
 * Context: may sleep, for an exec(2) of the task to finish.
 */
struct task_struct *ctxlab_get_visible(struct ctxlab_reader *who,
				       struct pid *pid);

/**
 * ctxlab_open_target - open a file about tasks
 * @inode: the file's inode
 * @file: the file
 * @open: what opens it; where it succeeds, the file's release() puts the target
 *
 * Return: 0, -ESRCH if a task has gone, or what @open returned.
 */
int ctxlab_open_target(const struct inode *inode, struct file *file,
		       int (*open)(struct file *file,
				   const struct ctxlab_target *target));

/* /proc/ctxlab/<tid>; open() turns to ctxlab_process_fops for a leader. */
extern const struct file_operations ctxlab_task_fops;
extern const struct file_operations ctxlab_process_fops;
/* As ctxlab_single_open(), for ctxlab_process_fops. */
int ctxlab_process_open(struct file *file, const struct ctxlab_target *target);
/* /proc/ctxlab/<a>,<b> */
extern const struct file_operations ctxlab_pair_fops;
/* /proc/ctxlab/<pid>-waits */
extern const struct file_operations ctxlab_waits_fops;
/* /proc/ctxlab/tasks */
extern const struct file_operations ctxlab_tasks_fops;

#endif /* CTXLAB_VIEW_H */
