// SPDX-License-Identifier: GPL-2.0-only
/* /proc/ctxlab/tasks: every visible task, in one pass. */
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "access.h"
#include "render.h"
#include "view.h"
#include "walk.h"

/*
 * A seq_file starts with one page; a system's worth of rows deserves more.  But
 * the kernel may zero it first, which a small system's reader pays for.
 */
#define BUFFER_SIZE	(4 * PAGE_SIZE)

/*
 * Position 0 is the head; position n is the n-th row, which is batch[row].
 * seq_file asks for position 0, or for the one it stopped at.
 */
struct tasks_walk {
	struct ctxlab_view view;
	pid_t next;
	int row;
	int rows;
	struct ctxlab_last_ids last;
	struct ctxlab_task batch[CTXLAB_BATCH];
};

/* The current row, from the next batch if need be; NULL at the end. */
static void *tasks_row(struct seq_file *m)
{
	struct tasks_walk *w = m->private;

	if (w->row == w->rows) {
		w->row = 0;
		w->rows = ctxlab_walk_all(&w->view.who, &w->next, w->batch);
	}
	if (w->rows < 0) {
		int err = w->rows;

		w->rows = 0;
		return ERR_PTR(err);
	}
	return w->rows ? &w->batch[w->row] : NULL;
}

static void *tasks_start(struct seq_file *m, loff_t *pos)
{
	struct tasks_walk *w = m->private;

	if (*pos)
		return tasks_row(m);
	w->next = 1;
	w->row = 0;
	w->rows = 0;
	return SEQ_START_TOKEN;
}

static void *tasks_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct tasks_walk *w = m->private;

	++*pos;
	if (v != SEQ_START_TOKEN)
		w->row++;
	return tasks_row(m);
}

static void tasks_stop(struct seq_file *m, void *v)
{
}

static int tasks_show(struct seq_file *m, void *v)
{
	struct tasks_walk *w = m->private;

	if (v == SEQ_START_TOKEN)
		ctxlab_render_tasks_head(m);
	else
		ctxlab_render_tasks_row(m, v, &w->last);
	return 0;
}

static const struct seq_operations tasks_seq_ops = {
	.start	= tasks_start,
	.next	= tasks_next,
	.stop	= tasks_stop,
	.show	= tasks_show,
};

static int tasks_open(struct inode *inode, struct file *file)
{
	struct tasks_walk *w;
	struct seq_file *m;

	w = __seq_open_private(file, &tasks_seq_ops, sizeof(*w));
	if (!w)
		return -ENOMEM;
	ctxlab_view_init(&w->view, file);
	m = file->private_data;
	/* Where this fails, seq_file allocates a page by itself. */
	m->buf = kvmalloc(BUFFER_SIZE, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	m->size = m->buf ? BUFFER_SIZE : 0;
	return 0;
}

static int tasks_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	struct tasks_walk *w = m->private;

	ctxlab_view_release(&w->view);
	return seq_release_private(inode, file);
}

const struct file_operations ctxlab_tasks_fops = {
	.owner		= THIS_MODULE,
	.open		= tasks_open,
	.read_iter	= ctxlab_view_read_iter,
	.llseek		= ctxlab_view_llseek,
	.release	= tasks_release,
};
