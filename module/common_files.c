// SPDX-License-Identifier: GPL-2.0-only
/*
 * The open file descriptions that two file tables have in common.
 *
 * One hash table takes the address of each file that either side has open, and
 * with it the lowest descriptor on that side.  It keeps no reference: an address
 * may be of another file by the time it is met again.  So a match is only a hint,
 * and is told where, with a reference to the file that was met, the other
 * descriptor is found to be of that very file.  Two such descriptors are of one
 * open file description, which lived throughout.
 *
 * The descriptors are looked up one by one, as /proc/<pid>/fd does; between two
 * batches nothing is held but the references to the tasks.
 */
#include <linux/bits.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "access.h"
#include "common_files.h"
#include "compat.h"
#include "identity.h"

/* On both sides together: 64 MB of hash table, charged to the reader. */
#define MOST_DESCRIPTORS BIT(21)

#define NO_FD UINT_MAX

struct slot {
	const struct file *file;
	unsigned int fd[2];
};

/**
 * struct comparison - where the comparison stands
 * @who: who reads
 * @task: both tasks
 * @table: the tables that they held at the start
 * @slot: the hash table, by open addressing
 * @bits: the binary logarithm of its size
 * @room: how many more slots may be taken
 * @s: the result
 */
struct comparison {
	const struct ctxlab_reader *who;
	struct task_struct *const *task;
	const void *const *table;
	struct slot *slot;
	unsigned int bits;
	unsigned int room;
	struct ctxlab_common_files *s;
};

/* Is @fd of @side of @file?  The caller has a reference to @file. */
static bool is_of(const struct comparison *c, int side, unsigned int fd,
		  const struct file *file)
{
	unsigned int next = fd;
	struct file *found = ctxlab_get_next_file(c->task[side], &next);

	if (!found)
		return false;
	fput(found);
	return next == fd && found == file;
}

/* The slot of @file, or the free one where it belongs. */
static struct slot *find_slot(const struct comparison *c,
			      const struct file *file)
{
	unsigned int mask = (1U << c->bits) - 1;
	unsigned int at = hash_ptr((void *)file, c->bits);

	while (c->slot[at].file && c->slot[at].file != file)
		at = (at + 1) & mask;
	return &c->slot[at];
}

static void note_common(struct ctxlab_common_files *s, const struct slot *slot)
{
	struct ctxlab_common_file *row;

	if (s->common++ >= CTXLAB_COMMON_ROWS)
		return;
	row = &s->row[s->common - 1];
	row->id = ctxlab_id(CTXLAB_FILE, slot->file);
	memcpy(row->fd, slot->fd, sizeof(row->fd));
	row->kind = ctxlab_kind_of_file(slot->file);
}

/* @fd of @side is of @file, which the caller has a reference to. */
static int meet(struct comparison *c, int side, unsigned int fd,
		const struct file *file)
{
	struct slot *slot = find_slot(c, file);
	int i;

	if (!slot->file) {
		if (!c->room)
			return -ESTALE;
		c->room--;
		slot->file = file;
		slot->fd[0] = NO_FD;
		slot->fd[1] = NO_FD;
	}
	c->s->open[side]++;
	/* What does not hold any more was of another file at this address. */
	for (i = 0; i < 2; i++)
		if (slot->fd[i] != NO_FD && !is_of(c, i, slot->fd[i], file))
			slot->fd[i] = NO_FD;
	if (slot->fd[side] != NO_FD) {
		c->s->duplicates[side]++;
		return 0;
	}
	slot->fd[side] = fd;
	if (slot->fd[!side] != NO_FD)
		note_common(c->s, slot);
	return 0;
}

/* Moves *@fd on.  Return: 1, 0 where it was the last descriptor, -ESTALE. */
static int meet_some(struct comparison *c, int side, unsigned int *fd)
{
	unsigned int n;
	int err = 0;

	for (n = 0; !err && n < CTXLAB_FILES_AT_ONCE; n++, ++*fd) {
		struct file *file = ctxlab_get_next_file(c->task[side], fd);

		if (!file)
			return 0;
		err = meet(c, side, *fd, file);
		fput(file);
	}
	return err ?: 1;
}

static int check_tables(const struct comparison *c)
{
	return ctxlab_check_table(c->who, c->task[0], c->table[0]) ?:
	       ctxlab_check_table(c->who, c->task[1], c->table[1]);
}

/*
 * Each batch looks into both sides, so it asks for the right to see both, and
 * for their tables, before it and after it.  Return: as meet_some(), or -EACCES,
 * -EINTR.
 */
static int take_batch(struct comparison *c, int side, unsigned int *fd)
{
	int more, err;

	err = ctxlab_lock_exec_both(c->task[0], c->task[1]);
	if (err)
		return err;
	more = check_tables(c);
	if (!more)
		more = meet_some(c, side, fd);
	err = check_tables(c);
	ctxlab_unlock_exec_both(c->task[0], c->task[1]);
	cond_resched();
	if (fatal_signal_pending(current))
		return -EINTR;
	return err ?: more;
}

static int walk(struct comparison *c, int side)
{
	unsigned int fd = 0;
	int more;

	do {
		more = take_batch(c, side, &fd);
	} while (more > 0);
	return more;
}

/* Both walks; the second one meets what is common, in its descriptors' order. */
static int compare(struct comparison *c, unsigned int open)
{
	int err;

	/* Two thirds full at most, for those of now; some more may be opened. */
	c->bits = order_base_2(open + open / 2 + 128);
	c->room = (1U << c->bits) / 4 * 3;
	c->slot = kvcalloc(1U << c->bits, sizeof(*c->slot), GFP_KERNEL_ACCOUNT);
	if (!c->slot)
		return -ENOMEM;
	err = walk(c, 1) ?: walk(c, 0);
	kvfree(c->slot);
	return err;
}

int ctxlab_compare_files(const struct ctxlab_reader *who,
			 struct task_struct *const task[2],
			 const void *const table[2],
			 struct ctxlab_common_files *s)
{
	struct comparison c = {
		.who = who,
		.task = task,
		.table = table,
		.s = s,
	};
	unsigned int open[2];
	int err;

	memset(s, 0, sizeof(*s));
	if (!table[0] || !table[1] || table[0] == table[1])
		return 0;
	open[0] = ctxlab_count_open(task[0]);
	open[1] = ctxlab_count_open(task[1]);
	if (open[0] > MOST_DESCRIPTORS / 2 || open[1] > MOST_DESCRIPTORS / 2) {
		s->how = CTXLAB_TOO_MANY;
		return 0;
	}
	err = compare(&c, open[0] + open[1]);
	s->how = err == -ESTALE ? CTXLAB_CHANGED : CTXLAB_COMPARED;
	return err == -ESTALE ? 0 : err;
}
