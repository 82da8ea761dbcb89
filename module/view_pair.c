// SPDX-License-Identifier: GPL-2.0-only
/* /proc/ctxlab/<a>,<b>: how two tasks relate, both held at one moment. */
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "access.h"
#include "compat.h"
#include "render.h"
#include "target.h"
#include "view.h"

static bool shared(const struct ctxlab_pair *p, enum ctxlab_kind kind)
{
	const void *a = p->task[0].held[kind];

	return a && a == p->task[1].held[kind];
}

/* Of two different tasks. */
static enum ctxlab_relation relation_of(const struct ctxlab_pair *p, bool vfork)
{
	if (shared(p, CTXLAB_SIGNAL))
		return CTXLAB_SAME_THREAD_GROUP;
	if (vfork)
		return CTXLAB_VFORK;
	if (shared(p, CTXLAB_MM))
		return CTXLAB_SHARED_MM;
	if (shared(p, CTXLAB_FILES))
		return CTXLAB_SHARED_FILES;
	if (shared(p, CTXLAB_FS) || shared(p, CTXLAB_SIGHAND) ||
	    shared(p, CTXLAB_IO) || shared(p, CTXLAB_SYSVSEM))
		return CTXLAB_SHARED_OTHER;
	return CTXLAB_SEPARATE;
}

/* It has left the CPU for good; nothing switches to it. */
static bool has_exited(const struct ctxlab_task *t)
{
	return t->state == 'Z' || t->state == 'X';
}

/* What context_switch() and switch_mm() decide by. */
static enum ctxlab_switch switch_of(const struct ctxlab_pair *p)
{
	if (p->relation == CTXLAB_SAME_TASK || has_exited(&p->task[0]) ||
	    has_exited(&p->task[1]))
		return CTXLAB_SWITCH_NONE;
	if (!p->task[0].held[CTXLAB_MM] || !p->task[1].held[CTXLAB_MM])
		return CTXLAB_SWITCH_LAZY;
	return shared(p, CTXLAB_MM) ? CTXLAB_SWITCH_SAME_MM :
				      CTXLAB_SWITCH_OTHER_MM;
}

/* A kernel thread's is a loan, which /proc/<pid>/maps does not show either. */
static const void *own_mm(const struct ctxlab_task *t)
{
	return t->kind == CTXLAB_TASK_KTHREAD ? NULL : t->held[CTXLAB_MM];
}

/* After that moment: what two tables, and two maps, have in common. */
static int take_common(const struct ctxlab_reader *who,
		       struct task_struct *const task[2], struct ctxlab_pair *p)
{
	const void *const table[] = {
		p->task[0].held[CTXLAB_FILES], p->task[1].held[CTXLAB_FILES]
	};
	const void *const mm[] = { own_mm(&p->task[0]), own_mm(&p->task[1]) };

	return ctxlab_compare_files(who, task, table, &p->files) ?:
	       ctxlab_compare_maps(who, task, mm, &p->maps);
}

static void put_pair(struct ctxlab_pair *p)
{
	ctxlab_put_common_maps(&p->maps);
	kfree(p);
}

/* Both tasks at one moment; put_pair() ends what comes back. */
static struct ctxlab_pair *take_pair(const struct ctxlab_reader *who,
				     struct task_struct *a,
				     struct task_struct *b)
{
	struct ctxlab_pair *p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);
	struct task_struct *const task[] = { a, b };
	bool vfork;
	int err;

	if (!p)
		return ERR_PTR(-ENOMEM);
	err = ctxlab_snapshot_pair(who, a, b, p->task, p->ns, &vfork) ?:
	      take_common(who, task, p);
	if (err) {
		put_pair(p);
		return ERR_PTR(err);
	}
	p->relation = a == b ? CTXLAB_SAME_TASK : relation_of(p, vfork);
	p->sw = switch_of(p);
	p->tlb_tagged = ctxlab_tlb_tagged();
	p->isolated = ctxlab_page_tables_isolated();
	return p;
}

static int get_both(struct ctxlab_reader *who,
		    const struct ctxlab_target *target,
		    struct task_struct **a, struct task_struct **b)
{
	*a = ctxlab_get_visible(who, target->a);
	if (IS_ERR(*a))
		return PTR_ERR(*a);
	*b = ctxlab_get_visible(who, target->b);
	if (IS_ERR(*b)) {
		put_task_struct(*a);
		return PTR_ERR(*b);
	}
	return 0;
}

static int pair_show(struct seq_file *m, void *v)
{
	struct ctxlab_single *single = m->private;
	struct task_struct *a, *b;
	struct ctxlab_pair *p;
	int err;

	err = get_both(&single->view.who, &single->target, &a, &b);
	if (err)
		return err;
	p = take_pair(&single->view.who, a, b);
	put_task_struct(b);
	put_task_struct(a);
	if (IS_ERR(p))
		return PTR_ERR(p);
	ctxlab_render_pair(m, p);
	put_pair(p);
	return 0;
}

/*
 * With all rows of its tables, and names of 120 bytes: what they say is taken
 * once.
 */
#define TEXT_SIZE 20480

static int open_target(struct file *file, const struct ctxlab_target *target)
{
	struct ctxlab_reader who = ctxlab_opener(file);
	struct task_struct *a, *b;
	int err;

	err = get_both(&who, target, &a, &b);
	if (err)
		return err;
	put_task_struct(b);
	put_task_struct(a);
	return ctxlab_single_open(file, pair_show, target, TEXT_SIZE);
}

static int pair_open(struct inode *inode, struct file *file)
{
	return ctxlab_open_target(inode, file, open_target);
}

const struct file_operations ctxlab_pair_fops = {
	.owner		= THIS_MODULE,
	.open		= pair_open,
	.read_iter	= ctxlab_view_read_iter,
	.llseek		= ctxlab_view_llseek,
	.release	= ctxlab_single_release,
};
