// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors of one open file description, in one file table or in two.
 *
 * One hash table takes the address of each file that a side has open, and with
 * it the lowest descriptor on that side.  It keeps no reference: an address may be
 * of another file by the time it is met again.  So a match is only a hint, and is
 * told where, with a reference to the file that was met, the other descriptor is
 * found to be of that very file.  Two such descriptors are of one open file
 * description, which lived throughout.
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

/* The most descriptors that are looked up between two looks at the right to. */
#define FILES_AT_ONCE 64

struct slot {
	const struct file *file;
	unsigned int fd[2];
};

/**
 * struct comparison - where the comparison stands
 * @who: who reads
 * @sides: one table, or two
 * @task: their tasks
 * @table: the tables that they held at the start
 * @kinds: where to count what the files are, or NULL
 * @slot: the hash table, by open addressing; NULL where only kinds are counted
 * @bits: the binary logarithm of its size
 * @room: how many more slots may be taken
 * @open: descriptors found on each side
 * @duplicates: those of them that have a lower one on that side
 * @common: where to note what both have; NULL with one side
 */
struct comparison {
	const struct ctxlab_reader *who;
	int sides;
	struct task_struct *const *task;
	const void *const *table;
	unsigned int *kinds;
	struct slot *slot;
	unsigned int bits;
	unsigned int room;
	unsigned int open[2];
	unsigned int duplicates[2];
	struct ctxlab_common_files *common;
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
			return -ENOSPC;
		c->room--;
		slot->file = file;
		slot->fd[0] = NO_FD;
		slot->fd[1] = NO_FD;
	}
	c->open[side]++;
	/* What does not hold any more was of another file at this address. */
	for (i = 0; i < 2; i++)
		if (slot->fd[i] != NO_FD && !is_of(c, i, slot->fd[i], file))
			slot->fd[i] = NO_FD;
	if (slot->fd[side] != NO_FD) {
		c->duplicates[side]++;
		return 0;
	}
	slot->fd[side] = fd;
	if (slot->fd[!side] != NO_FD)
		note_common(c->common, slot);
	return 0;
}

/*
 * Moves *@fd on.  Return: 1, 0 where it was the last descriptor, -ENOSPC.  There
 * the rest is not met, but its kinds may be asked for.
 */
static int meet_some(struct comparison *c, int side, unsigned int *fd,
		     unsigned int kinds[CTXLAB_FILE_KINDS])
{
	unsigned int end = ctxlab_find_open(c->task[side], fd), n;
	int err = 0;

	for (n = 0; n < FILES_AT_ONCE && *fd < end; n++, ++*fd) {
		struct file *file = ctxlab_get_next_file(c->task[side], fd);

		if (!file)
			return err;
		if (c->kinds)
			kinds[ctxlab_kind_of_file(file)]++;
		if (c->slot && !err)
			err = meet(c, side, *fd, file);
		fput(file);
	}
	return err ?: *fd < end;
}

static int check_tables(const struct comparison *c)
{
	int side, err = 0;

	for (side = 0; !err && side < c->sides; side++)
		err = ctxlab_check_held(c->who, c->task[side], CTXLAB_FILES,
					c->table[side]);
	return err;
}

/*
 * Each batch looks into all sides, so it asks for the right to see them, and for
 * their tables, before it, for no exec(2) comes in between, and after it, for a
 * task may change its credentials itself: a setuid program keeps the table of who
 * executes it.  Return: as meet_some(), or -EACCES, -ESTALE, -EINTR.
 */
static int take_batch(struct comparison *c, int side, unsigned int *fd)
{
	struct task_struct *last = c->task[c->sides - 1];
	unsigned int kinds[CTXLAB_FILE_KINDS] = {};
	int i, more, err;

	err = ctxlab_lock_exec_both(c->task[0], last);
	if (err)
		return err;
	more = check_tables(c);
	if (!more)
		more = meet_some(c, side, fd, kinds);
	err = check_tables(c);
	ctxlab_unlock_exec_both(c->task[0], last);
	for (i = 0; c->kinds && !err && i < CTXLAB_FILE_KINDS; i++)
		c->kinds[i] += kinds[i];
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

/* For @open descriptors of all sides, and some more that may be opened. */
static int get_slots(struct comparison *c, unsigned int open, unsigned int more)
{
	/* Two thirds full at most, for those of now. */
	c->bits = order_base_2(open + open / 2 + more);
	c->room = (1U << c->bits) / 4 * 3;
	c->slot = kvcalloc(1U << c->bits, sizeof(*c->slot), GFP_KERNEL_ACCOUNT);
	return c->slot ? 0 : -ENOMEM;
}

/* Both walks; the second one meets what is common, in its descriptors' order. */
static int compare(struct comparison *c, unsigned int open)
{
	int err;

	err = get_slots(c, open, 128);
	if (err)
		return err;
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
		.sides = 2,
		.task = task,
		.table = table,
		.common = s,
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
	memcpy(s->open, c.open, sizeof(s->open));
	memcpy(s->duplicates, c.duplicates, sizeof(s->duplicates));
	if (err == -ESTALE || err == -ENOSPC) {
		s->how = CTXLAB_CHANGED;
		return 0;
	}
	s->how = CTXLAB_COMPARED;
	return err;
}

/* Without room for more duplicates the kinds are still counted. */
static int count(struct comparison *c, bool *full)
{
	unsigned int fd = 0;
	struct slot *slot;
	int more;

	slot = c->slot;
	do {
		more = take_batch(c, 0, &fd);
		if (more == -ENOSPC) {
			*full = true;
			c->slot = NULL;
			more = 1;
		}
	} while (more > 0);
	kvfree(slot);
	return more;
}

int ctxlab_count_files(const struct ctxlab_reader *who,
		       struct task_struct *task, const void *table,
		       struct ctxlab_files *s)
{
	struct comparison c = {
		.who = who,
		.sides = 1,
		.task = &task,
		.table = &table,
		.kinds = s->kinds,
	};
	bool full = false;
	int err = 0;

	if (!table)
		return 0;
	s->counted = s->open > MOST_DESCRIPTORS / 2 ? CTXLAB_TOO_MANY :
						      CTXLAB_COMPARED;
	if (s->counted == CTXLAB_COMPARED)
		err = get_slots(&c, s->open, 16);
	if (err)
		return err;
	err = count(&c, &full);
	s->duplicates = c.duplicates[0];
	if (s->counted == CTXLAB_COMPARED && (full || err == -ESTALE))
		s->counted = CTXLAB_CHANGED;
	return err == -ESTALE ? 0 : err;
}
