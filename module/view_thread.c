// SPDX-License-Identifier: GPL-2.0-only
/* /proc/ctxlab/<tid>: one thread; where it leads its group, the process. */
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "access.h"
#include "render.h"
#include "target.h"
#include "view.h"

struct thread_view {
	struct ctxlab_task task[2];	/* the thread, and its leader */
	struct ctxlab_namespaces ns;
	bool leader_seen;
};

/* With a reference; NULL where @task has been reaped. */
static struct task_struct *get_leader(struct task_struct *task)
{
	struct task_struct *leader = NULL;

	/* A thread that is still hashed keeps its leader from being freed. */
	rcu_read_lock();
	/* release_task() may be about to clear what pid_alive() reads. */
	if (data_race(pid_alive(task)))
		leader = get_task_struct(READ_ONCE(task->group_leader));
	rcu_read_unlock();
	return leader;
}

static int take_thread(const struct ctxlab_reader *who, struct task_struct *task,
		       struct thread_view *v)
{
	struct task_struct *leader = get_leader(task);
	struct mm_struct *mm;
	int err = 0;

	mm = ctxlab_snapshot_thread(who, task, leader, v->task, &v->ns,
				    &v->leader_seen);
	if (leader)
		put_task_struct(leader);
	if (IS_ERR(mm))
		return PTR_ERR(mm);
	if (mm) {
		err = ctxlab_snapshot_stacks(mm, v->task, 1);
		mmdrop(mm);
	}
	return err;
}

static int thread_show(struct seq_file *m, void *unused)
{
	struct ctxlab_single *single = m->private;
	struct task_struct *task;
	struct thread_view *v;
	int err;

	task = ctxlab_get_visible(&single->view.who, single->target.a);
	if (IS_ERR(task))
		return PTR_ERR(task);
	v = kzalloc(sizeof(*v), GFP_KERNEL_ACCOUNT);
	err = v ? take_thread(&single->view.who, task, v) : -ENOMEM;
	put_task_struct(task);
	if (!err)
		ctxlab_render_thread(m, &v->task[0], &v->ns,
				     v->leader_seen ? &v->task[1] : NULL);
	kfree(v);
	return err;
}

static const struct file_operations thread_fops = {
	.owner		= THIS_MODULE,
	.read_iter	= ctxlab_view_read_iter,
	.llseek		= ctxlab_view_llseek,
	.release	= ctxlab_single_release,
};

/* Of the pid, not of a task: an exec(2) may be giving it another one. */
static bool is_process(struct pid *pid)
{
	bool leads;

	rcu_read_lock();
	leads = pid_task(pid, PIDTYPE_TGID);
	rcu_read_unlock();
	return leads;
}

/* Which it is can change with an exec(2), so it is decided at each open. */
static int open_target(struct file *file, const struct ctxlab_target *target)
{
	struct ctxlab_reader who = ctxlab_opener(file);
	struct task_struct *task = ctxlab_get_visible(&who, target->a);
	const struct file_operations *fops = &thread_fops;
	bool process;

	if (IS_ERR(task))
		return PTR_ERR(task);
	put_task_struct(task);

	process = is_process(target->a);
	if (process)
		fops = &ctxlab_process_fops;
	replace_fops(file, fops_get(fops));
	return process ? ctxlab_process_open(file, target) :
			 ctxlab_single_open(file, thread_show, target, PAGE_SIZE);
}

static int task_open(struct inode *inode, struct file *file)
{
	return ctxlab_open_target(inode, file, open_target);
}

const struct file_operations ctxlab_task_fops = {
	.owner	= THIS_MODULE,
	.open	= task_open,
};
