// SPDX-License-Identifier: GPL-2.0-only
/* What the views have in common. */
#include <linux/pid.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "access.h"
#include "snapshot.h"
#include "target.h"
#include "view.h"

struct task_struct *ctxlab_get_visible(struct ctxlab_reader *who,
				       struct pid *pid)
{
	struct task_struct *task = get_pid_task(pid, PIDTYPE_PID);
	int err;

	if (!task)
		return ERR_PTR(-ESRCH);
	ctxlab_reader_refresh(who);
	err = ctxlab_lock_exec(task);
	if (!err) {
		task_lock(task);
		err = ctxlab_may_see(who, task) ? 0 : -EACCES;
		task_unlock(task);
		ctxlab_unlock_exec(task);
	}
	if (err) {
		put_task_struct(task);
		return ERR_PTR(err);
	}
	return task;
}

int ctxlab_single_open(struct file *file,
		       int (*show)(struct seq_file *m, void *v),
		       const struct ctxlab_target *target)
{
	struct ctxlab_single *single;
	int err;

	single = kmalloc(sizeof(*single), GFP_KERNEL_ACCOUNT);
	if (!single)
		return -ENOMEM;
	single->who = ctxlab_opener(file);
	single->target = *target;
	err = single_open(file, show, single);
	if (err)
		kfree(single);
	return err;
}

int ctxlab_single_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	struct ctxlab_single *single = m->private;

	ctxlab_target_put(&single->target);
	kfree(single);
	return single_release(inode, file);
}

int ctxlab_open_target(const struct inode *inode, struct file *file,
		       int (*open)(struct file *file,
				   const struct ctxlab_target *target))
{
	struct ctxlab_target target;
	int err;

	err = ctxlab_target_get(inode, &target);
	if (err)
		return err;
	err = open(file, &target);
	if (err)
		ctxlab_target_put(&target);
	return err;
}
