// SPDX-License-Identifier: GPL-2.0-only
/* /proc/ctxlab/<pid>-waits: what each thread of a process sleeps in. */
#include <linux/pid_namespace.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "access.h"
#include "render.h"
#include "snapshot.h"
#include "target.h"
#include "view.h"
#include "wait.h"
#include "walk.h"

/* A hundred rows and more; see view_tasks.c. */
#define BUFFER_SIZE	(8 * PAGE_SIZE)

/* The parts of the text, in their order; the table's is one row a step. */
enum part { HEAD, ROWS, TAIL, END };

/**
 * struct waits_walk - where a read of the file stands
 * @view: what every such file begins with
 * @target: a task of the process
 * @tgid: of the process, for the head
 * @part: the part of the text that comes next
 * @row: in the table, the row that comes next
 * @rows: how many rows @batch has
 * @withheld: of the rows so far, those whose registers the reader may not see
 * @threads: the walk behind the table
 * @batch: the rows
 */
struct waits_walk {
	struct ctxlab_view view;
	struct ctxlab_target target;
	pid_t tgid;
	enum part part;
	int row;
	int rows;
	unsigned int withheld;
	struct ctxlab_threads threads;
	struct ctxlab_wait batch[CTXLAB_BATCH];
};

static int begin(struct waits_walk *w)
{
	struct task_struct *task = ctxlab_get_visible(&w->view.who, w->target.a);

	if (IS_ERR(task))
		return PTR_ERR(task);
	w->tgid = task_tgid_nr_ns(task, ctxlab_pid_ns(&w->view.who));
	put_task_struct(task);
	w->part = HEAD;
	w->row = 0;
	w->rows = 0;
	w->withheld = 0;
	ctxlab_threads_begin(&w->threads, ctxlab_take_wait);
	/* Without a process it has just been reaped. */
	return w->tgid ? 0 : -ESRCH;
}

/* The next rows; w->rows is 0 at the end of the table. */
static int fill(struct waits_walk *w)
{
	struct task_struct *task = ctxlab_get_visible(&w->view.who, w->target.a);
	int i, n;

	if (IS_ERR(task))
		return PTR_ERR(task);
	n = ctxlab_walk_threads(&w->view.who, task, &w->threads, w->batch);
	put_task_struct(task);
	w->row = 0;
	w->rows = max(n, 0);
	for (i = 0; i < w->rows; i++)
		w->withheld += w->batch[i].withheld;
	return min(n, 0);
}

/* What is shown next; at the end of the table that is the tail. */
static void *settle(struct waits_walk *w)
{
	int err;

	if (w->part == ROWS && w->row == w->rows) {
		err = fill(w);
		if (err)
			return ERR_PTR(err);
		if (!w->rows)
			w->part = TAIL;
	}
	return w->part == END ? NULL : w;
}

/* seq_file asks for position 0, or for the one it stopped at. */
static void *waits_start(struct seq_file *m, loff_t *pos)
{
	struct waits_walk *w = m->private;
	int err = *pos ? 0 : begin(w);

	return err ? ERR_PTR(err) : settle(w);
}

static void *waits_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct waits_walk *w = m->private;

	++*pos;
	if (w->part == ROWS)
		w->row++;
	else
		w->part++;
	return settle(w);
}

static void waits_stop(struct seq_file *m, void *v)
{
}

static int waits_show(struct seq_file *m, void *v)
{
	struct waits_walk *w = v;

	if (w->part == HEAD)
		ctxlab_render_waits_head(m, w->tgid);
	else if (w->part == ROWS)
		ctxlab_render_waits_row(m, &w->batch[w->row]);
	else
		ctxlab_render_waits_tail(m, w->threads.hidden, w->withheld);
	return 0;
}

static const struct seq_operations waits_seq_ops = {
	.start	= waits_start,
	.next	= waits_next,
	.stop	= waits_stop,
	.show	= waits_show,
};

static int open_target(struct file *file, const struct ctxlab_target *target)
{
	struct ctxlab_reader who = ctxlab_opener(file);
	struct task_struct *task = ctxlab_get_visible(&who, target->a);
	struct waits_walk *w;
	struct seq_file *m;

	if (IS_ERR(task))
		return PTR_ERR(task);
	put_task_struct(task);
	w = __seq_open_private(file, &waits_seq_ops, sizeof(*w));
	if (!w)
		return -ENOMEM;
	ctxlab_view_init(&w->view, file);
	w->target = *target;
	m = file->private_data;
	/* Where this fails, seq_file allocates a page by itself. */
	m->buf = kvmalloc(BUFFER_SIZE, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	m->size = m->buf ? BUFFER_SIZE : 0;
	return 0;
}

static int waits_open(struct inode *inode, struct file *file)
{
	return ctxlab_open_target(inode, file, open_target);
}

static int waits_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	struct waits_walk *w = m->private;

	ctxlab_threads_end(&w->threads);
	ctxlab_target_put(&w->target);
	ctxlab_view_release(&w->view);
	return seq_release_private(inode, file);
}

const struct file_operations ctxlab_waits_fops = {
	.owner		= THIS_MODULE,
	.open		= waits_open,
	.read_iter	= ctxlab_view_read_iter,
	.llseek		= ctxlab_view_llseek,
	.release	= waits_release,
};
