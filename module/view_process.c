// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/ctxlab/<pid>: the process, its threads, and who else holds its parts.
 *
 * What the head says is counted first; the tables then follow batch by batch,
 * so that a read costs no memory that grows with the process or the system.
 */
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "access.h"
#include "render.h"
#include "target.h"
#include "view.h"
#include "walk.h"

/* The parts of the text, in their order; a table's part is one row a step. */
enum part {
	HEAD,
	THREADS,
	OWN_HEAD,
	OWN,
	ELSEWHERE_HEAD,
	ELSEWHERE,
	WALK,
	END,
};

/**
 * struct process_walk - where a read of the file stands
 * @view: what every such file begins with
 * @target: the process
 * @process: what the head says
 * @base: the pid of @process.base's task (a reference), or NULL
 * @held: what rows are compared with: what that task holds of what it held at
 *        the head, for nothing here keeps that once the task has let go of it
 * @mm: @process.base's mm, a reference on mm_count, or NULL
 * @counted_at: when counting the threads began, in nanoseconds since boot
 * @counted_new: threads counted that were created after @counted_at
 * @part: the part of the text that comes next
 * @row: in a table's part, the row that comes next
 * @rows: how many rows @batch has
 * @listed: threads in the present table of threads
 * @new: those of them that were created after @counted_at
 * @came: the most threads in a table that were not counted
 * @gone: the most threads that were counted and are missing in a table
 * @threads: the walk behind a table of threads
 * @next: the walk behind the table of sharers
 * @batch: the rows
 */
struct process_walk {
	struct ctxlab_view view;
	struct ctxlab_target target;
	struct ctxlab_process process;
	struct pid *base;
	const void *held[CTXLAB_TASK_KINDS];
	struct mm_struct *mm;
	u64 counted_at;
	unsigned int counted_new;
	enum part part;
	int row;
	int rows;
	unsigned int listed;
	unsigned int new;
	unsigned int came;
	unsigned int gone;
	struct ctxlab_threads threads;
	pid_t next;
	struct ctxlab_task batch[CTXLAB_BATCH];
};

/* Compare no more with what the head's task has let go of. */
static void check_held(struct process_walk *w)
{
	struct task_struct *base = get_pid_task(w->base, PIDTYPE_PID);
	unsigned int let_go = ctxlab_let_go(base, w->held);
	int kind;

	if (base)
		put_task_struct(base);
	w->process.let_go |= let_go;
	for (kind = 0; let_go; kind++, let_go >>= 1)
		if (let_go & 1)
			w->held[kind] = NULL;
}

/*
 * The next threads, or with @next the next tasks of the system.  They are
 * compared with what the head's task holds both before and after it.
 */
static int take_batch(struct process_walk *w, struct task_struct *leader,
		      pid_t *next)
{
	int n;

	if (!next && w->threads.done)
		return 0;
	check_held(w);
	n = next ? ctxlab_walk_all(&w->view.who, next, w->batch) :
		   ctxlab_walk_threads(&w->view.who, leader, &w->threads,
				       w->batch);
	check_held(w);
	return n;
}

static void count_thread(struct process_walk *w, const struct ctxlab_task *t)
{
	struct ctxlab_process *p = &w->process;
	int kind;

	p->threads++;
	for (kind = 0; kind < CTXLAB_TASK_KINDS; kind++) {
		if (p->let_go & BIT(kind))
			continue;
		if (t->held[kind] != w->held[kind])
			p->deviating[kind]++;
		else if (kind < CTXLAB_RECONCILED_KINDS && t->held[kind])
			p->here[kind]++;
	}
}

/* How many of the first @n in the batch were created after @counted_at. */
static unsigned int count_new(const struct process_walk *w, int n)
{
	unsigned int new = 0;
	int i;

	for (i = 0; i < n; i++)
		new += w->batch[i].start > w->counted_at;
	return new;
}

static int count_threads(struct process_walk *w, struct task_struct *leader)
{
	int i, n;

	ctxlab_threads_begin(&w->threads, ctxlab_take_task);
	w->counted_at = ktime_get_boottime_ns();
	w->counted_new = 0;
	while ((n = take_batch(w, leader, NULL)) > 0) {
		for (i = 0; i < n; i++)
			count_thread(w, &w->batch[i]);
		w->counted_new += count_new(w, n);
	}
	w->process.hidden = w->threads.hidden;
	ctxlab_threads_end(&w->threads);
	return n;
}

/*
 * Does @t, of another process, hold something of this one's?  The signal_struct
 * is the process's as long as that has a task, whichever of them lets go.
 */
static bool is_sharer(const struct process_walk *w, const struct ctxlab_task *t)
{
	int kind;

	if (t->held[CTXLAB_SIGNAL] == w->process.base.held[CTXLAB_SIGNAL])
		return false;
	for (kind = 0; kind < CTXLAB_RECONCILED_KINDS; kind++)
		if (t->held[kind] && t->held[kind] == w->held[kind])
			return true;
	return false;
}

static void count_sharer(struct process_walk *w, const struct ctxlab_task *t)
{
	int kind;

	if (!is_sharer(w, t))
		return;
	w->process.sharers++;
	for (kind = 0; kind < CTXLAB_RECONCILED_KINDS; kind++)
		if (t->held[kind] && t->held[kind] == w->held[kind])
			w->process.elsewhere[kind]++;
}

/* Does a counter say that somebody outside the process holds an object? */
static bool held_elsewhere(const struct ctxlab_process *p)
{
	int kind;

	for (kind = 0; kind < CTXLAB_RECONCILED_KINDS; kind++)
		if (p->base.users[kind] > p->here[kind])
			return true;
	return false;
}

static int count_sharers(struct process_walk *w, struct task_struct *leader)
{
	pid_t next = 1;
	int i, n;

	if (!held_elsewhere(&w->process))
		return 0;
	while ((n = take_batch(w, leader, &next)) > 0)
		for (i = 0; i < n; i++)
			count_sharer(w, &w->batch[i]);
	return n;
}

static void forget(struct process_walk *w)
{
	ctxlab_threads_end(&w->threads);
	put_pid(w->base);
	w->base = NULL;
	if (w->mm)
		mmdrop(w->mm);
	w->mm = NULL;
}

static int take_leader(struct process_walk *w, struct task_struct *leader)
{
	bool seen;

	if (ctxlab_lock_exec(leader))
		return -EINTR;
	seen = ctxlab_snapshot_task(&w->view.who, leader, false, &w->process.leader);
	ctxlab_unlock_exec(leader);
	return seen ? 0 : -EACCES;
}

/* Everything that the head says. */
static int take_process(struct process_walk *w, struct task_struct *leader)
{
	struct ctxlab_process *p = &w->process;
	struct task_struct *base;
	struct mm_struct *mm;
	int err;

	forget(w);
	memset(p, 0, sizeof(*p));
	w->came = 0;
	w->gone = 0;
	err = take_leader(w, leader);
	if (err)
		return err;

	base = ctxlab_get_live_thread(leader);
	mm = ctxlab_snapshot_details(&w->view.who, base, &p->base, &p->ns, &p->mm,
				     &p->files);
	w->base = get_task_pid(base, PIDTYPE_PID);
	err = PTR_ERR_OR_ZERO(mm);
	if (!err) {
		w->mm = mm;
		memcpy(w->held, p->base.held, sizeof(w->held));
		err = ctxlab_count_files(&w->view.who, base,
					 p->base.held[CTXLAB_FILES], &p->files);
	}
	put_task_struct(base);

	return err ?: count_threads(w, leader) ?: count_sharers(w, leader);
}

static bool has_rows(enum part part)
{
	return part == THREADS || part == OWN || part == ELSEWHERE;
}

static void begin_part(struct process_walk *w, enum part part)
{
	w->part = part;
	w->row = 0;
	w->rows = 0;
	if (part == THREADS || part == OWN) {
		ctxlab_threads_begin(&w->threads, part == OWN ? ctxlab_take_own :
							ctxlab_take_task);
		w->new = 0;
		w->listed = 0;
	}
	w->next = 1;
}

static void note_threads(struct process_walk *w)
{
	w->listed += w->rows;
	w->new += count_new(w, w->rows);
}

static unsigned int above(unsigned int a, unsigned int b)
{
	return a > b ? a - b : 0;
}

/*
 * At the end of a table of threads: hold it against the count, old ones against
 * old ones and new against new.  A thread gets its time of creation a moment
 * before it is listed, so old ones may come, too.
 */
static void reconcile_threads(struct process_walk *w)
{
	unsigned int counted_old = w->process.threads - w->counted_new;
	unsigned int old = w->listed - w->new;

	w->came = max(w->came, above(old, counted_old) +
			       above(w->new, w->counted_new));
	w->gone = max(w->gone, above(counted_old, old) +
			       above(w->counted_new, w->new));
}

/* The next rows of the table of sharers: only those that share. */
static int fill_sharers(struct process_walk *w, struct task_struct *leader)
{
	int i, n, kept = 0;

	if (!w->process.sharers)
		return 0;
	do {
		n = take_batch(w, leader, &w->next);
		for (i = 0; i < n; i++)
			if (is_sharer(w, &w->batch[i]))
				w->batch[kept++] = w->batch[i];
	} while (n > 0 && !kept);
	return n < 0 ? n : kept;
}

/* The next rows of the present part; w->rows is 0 at its end. */
static int fill(struct process_walk *w, struct task_struct *leader)
{
	int n;

	w->row = 0;
	w->rows = 0;
	n = w->part == ELSEWHERE ? fill_sharers(w, leader) :
				   take_batch(w, leader, NULL);
	if (n < 0)
		return n;
	w->rows = n;
	if (w->part == ELSEWHERE)
		return 0;
	note_threads(w);
	if (w->part == OWN && w->mm)
		return ctxlab_snapshot_stacks(w->mm, w->batch, w->rows);
	return 0;
}

/* A table has been shown whole. */
static void end_part(struct process_walk *w)
{
	if (w->part != ELSEWHERE)
		reconcile_threads(w);
	begin_part(w, w->part + 1);
}

/* Move on until there is something to show. */
static int settle(struct process_walk *w, struct task_struct *leader)
{
	int err;

	while (has_rows(w->part) && w->row == w->rows) {
		err = fill(w, leader);
		if (err)
			return err;
		if (w->rows)
			break;
		end_part(w);
	}
	return 0;
}

/* Go on from where @w stands; each batch asks anew who may see the task. */
static void *next_batch(struct process_walk *w, bool anew)
{
	struct task_struct *leader = ctxlab_get_visible(&w->view.who, w->target.a);
	int err = 0;

	if (IS_ERR(leader))
		return leader;
	if (anew) {
		begin_part(w, HEAD);
		err = take_process(w, leader);
	}
	if (!err)
		err = settle(w, leader);
	put_task_struct(leader);
	return err ? ERR_PTR(err) : w;
}

/* seq_file asks for position 0, or for the one it stopped at. */
static void *process_start(struct seq_file *m, loff_t *pos)
{
	struct process_walk *w = m->private;

	/* All has been read: no matter whether the task is still there. */
	if (*pos && w->part == END)
		return NULL;
	return next_batch(w, !*pos);
}

/* Is nothing left to be taken for the present table? */
static bool is_whole(const struct process_walk *w)
{
	return w->part == ELSEWHERE ? !w->process.sharers : w->threads.done;
}

static void *process_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct process_walk *w = m->private;

	++*pos;
	if (!has_rows(w->part))
		begin_part(w, w->part + 1);
	else if (++w->row < w->rows)
		return w;
	else if (is_whole(w))
		end_part(w);
	if (w->part == ELSEWHERE && is_whole(w))
		end_part(w);
	if (w->part == END)
		return NULL;
	/* Only rows have to be taken from the tasks. */
	return has_rows(w->part) ? next_batch(w, false) : w;
}

static void process_stop(struct seq_file *m, void *v)
{
}

static int process_show(struct seq_file *m, void *v)
{
	struct process_walk *w = v;
	const struct ctxlab_process *p = &w->process;
	const struct ctxlab_task *row = &w->batch[w->row];

	switch (w->part) {
	case HEAD:
		ctxlab_render_process(m, p);
		break;
	case THREADS:
		ctxlab_render_thread_row(m, row, w->held);
		break;
	case OWN_HEAD:
		ctxlab_render_own_head(m);
		break;
	case OWN:
		ctxlab_render_own_row(m, row);
		break;
	case ELSEWHERE_HEAD:
		ctxlab_render_elsewhere_head(m, p->sharers);
		break;
	case ELSEWHERE:
		ctxlab_render_elsewhere_row(m, row, w->held);
		break;
	case WALK:
		ctxlab_render_walk(m, w->came, w->gone, p->let_go);
		break;
	case END:
		break;
	}
	return 0;
}

static const struct seq_operations process_seq_ops = {
	.start	= process_start,
	.next	= process_next,
	.stop	= process_stop,
	.show	= process_show,
};

int ctxlab_process_open(struct file *file, const struct ctxlab_target *target)
{
	struct process_walk *w;
	struct seq_file *m;
	int err;

	/* Not zeroed as a whole: begin_part() and take_process() set the rest. */
	w = kmalloc(sizeof(*w), GFP_KERNEL_ACCOUNT);
	if (!w)
		return -ENOMEM;
	ctxlab_view_init(&w->view, file);
	w->target = *target;
	w->base = NULL;
	w->mm = NULL;
	w->threads = (struct ctxlab_threads){};
	err = seq_open(file, &process_seq_ops);
	if (err) {
		kfree(w);
		return err;
	}
	m = file->private_data;
	m->private = w;
	return 0;
}

static int process_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	struct process_walk *w = m->private;

	forget(w);
	ctxlab_target_put(&w->target);
	ctxlab_view_release(&w->view);
	return seq_release_private(inode, file);
}

const struct file_operations ctxlab_process_fops = {
	.owner		= THIS_MODULE,
	.read_iter	= ctxlab_view_read_iter,
	.llseek		= ctxlab_view_llseek,
	.release	= process_release,
};
