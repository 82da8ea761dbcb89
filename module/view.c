// SPDX-License-Identifier: GPL-2.0-only
/* What the views have in common. */
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "access.h"
#include "snapshot.h"
#include "target.h"
#include "view.h"
#include "walk.h"

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

void ctxlab_view_init(struct ctxlab_view *view, const struct file *file)
{
	view->who = ctxlab_opener(file);
	mutex_init(&view->lock);
	view->reader = NULL;
}

void ctxlab_view_release(struct ctxlab_view *view)
{
	put_cred(view->reader);
	mutex_destroy(&view->lock);
}

/* The current task is about to read; then @view's lock is held. */
static int view_begin(struct ctxlab_view *view, struct seq_file *m)
{
	if (mutex_lock_killable(&view->lock))
		return -EINTR;
	view->who.exec_waits = CTXLAB_EXEC_WAITS;
	if (view->reader == current_cred())
		return 0;
	put_cred(view->reader);
	view->reader = get_current_cred();
	/* No file's position: seq_file goes back to the start for any that is. */
	m->read_pos = -1;
	return 0;
}

ssize_t ctxlab_view_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct seq_file *m = iocb->ki_filp->private_data;
	struct ctxlab_view *view = m->private;
	ssize_t ret = view_begin(view, m);

	if (ret)
		return ret;
	ret = seq_read_iter(iocb, to);
	mutex_unlock(&view->lock);
	return ret;
}

loff_t ctxlab_view_llseek(struct file *file, loff_t offset, int whence)
{
	struct seq_file *m = file->private_data;
	struct ctxlab_view *view = m->private;
	loff_t ret = view_begin(view, m);

	if (ret)
		return ret;
	ret = seq_lseek(file, offset, whence);
	mutex_unlock(&view->lock);
	return ret;
}

int ctxlab_single_open(struct file *file,
		       int (*show)(struct seq_file *m, void *v),
		       const struct ctxlab_target *target, size_t size)
{
	struct ctxlab_single *single;
	int err;

	single = kmalloc(sizeof(*single), GFP_KERNEL_ACCOUNT);
	if (!single)
		return -ENOMEM;
	ctxlab_view_init(&single->view, file);
	single->target = *target;
	err = single_open_size(file, show, single, size);
	if (err)
		kfree(single);
	return err;
}

int ctxlab_single_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	struct ctxlab_single *single = m->private;

	ctxlab_target_put(&single->target);
	ctxlab_view_release(&single->view);
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
