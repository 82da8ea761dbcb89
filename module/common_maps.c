// SPDX-License-Identifier: GPL-2.0-only
/*
 * What two maps (mm_struct) have mapped of the same objects.
 *
 * First all mappings of files of one side are gone through, and each object
 * among them gets an entry, with a reference to a file that it is mapped through.
 * That keeps the object for as long as the comparison lasts, so that the other
 * side's mappings, gone through next, are of an object where they lead to its
 * address.  The reference is to a file and not to its inode, which alone would
 * be in the way of an unmount without the file system's knowing why.
 *
 * An object is the address space (page cache) behind a file, whichever file or
 * name leads to it.  Files of anonymous inodes (perf_event_open(2), io_uring)
 * have one address space for all of them and are objects themselves.
 *
 * mmap_lock is taken for some mappings at a time, of one side; what changes in
 * between may be missing or counted twice.  Pages that fork(2) left to both until
 * one of them writes lie in private mappings and are not looked for: that would be
 * a walk through both sides' page tables.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/hugetlb_inline.h>
#include <linux/list_sort.h>
#include <linux/log2.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "access.h"
#include "common_maps.h"
#include "compat.h"
#include "identity.h"
#include "snapshot.h"

/* On each side: 48 MB for both, charged to the reader. */
#define MOST_MAPPINGS BIT(18)

/* Mappings that may come while others are gone through. */
#define SLACK 128

#define MAPPINGS_AT_ONCE 256

/**
 * struct object - what is mapped through files
 * @node: in its hash bucket
 * @name: the address that makes it this object
 * @file: a file through which side 1 has mapped it, a reference; it keeps @name
 * @kind: what it is
 * @parts: the shared mappings of it, of both sides
 * @maps: how many these are
 * @pages: their pages
 * @private: it is a regular file, and that side has mapped it privately
 * @row: where both have mapped it shared, how many such ones came before it
 */
struct object {
	struct hlist_node node;
	const void *name;
	struct file *file;
	enum ctxlab_map_kind kind;
	struct list_head parts;
	unsigned int maps[2];
	u64 pages[2];
	bool private[2];
	unsigned int row;
};

/* Pages of an object, from @start to before @end, mapped shared by @side. */
struct part {
	struct list_head link;
	u64 start;
	u64 end;
	int side;
};

/**
 * struct comparison - where the comparison stands
 * @who: who reads
 * @task: both tasks
 * @mm: their maps, a reference on mm_users each
 * @bucket: the hash table of objects, by their names
 * @bits: the binary logarithm of its size
 * @object: the objects
 * @objects: how many
 * @object_room: how many there is room for
 * @part: the shared mappings
 * @parts: how many
 * @part_room: how many there is room for
 * @s: the result
 */
struct comparison {
	const struct ctxlab_reader *who;
	struct task_struct *const *task;
	struct mm_struct *mm[2];
	struct hlist_head *bucket;
	unsigned int bits;
	struct object *object;
	unsigned int objects;
	unsigned int object_room;
	struct part *part;
	unsigned int parts;
	unsigned int part_room;
	struct ctxlab_common_maps *s;
};

/* A mount of the kernel's own: nobody can have given a name in it. */
static bool is_internal(const struct file *file)
{
	return file->f_path.mnt->mnt_sb->s_flags & SB_KERNMOUNT;
}

static bool begins_with(const struct file *file, const char *prefix)
{
	const unsigned char *name = file->f_path.dentry->d_name.name;

	return !strncmp((const char *)name, prefix, strlen(prefix));
}

static enum ctxlab_map_kind kind_of_shmem(const struct file *file)
{
	/* Such a name never changes, so it may be read without a lock. */
	if (is_internal(file) && begins_with(file, "memfd:"))
		return CTXLAB_MAP_MEMFD;
	if (is_internal(file) && begins_with(file, "SYSV"))
		return CTXLAB_MAP_SYSV;
	return CTXLAB_MAP_SHMEM;
}

/* Context: mmap_lock, for @vma. */
static enum ctxlab_map_kind kind_of(struct vm_area_struct *vma)
{
	const struct file *file = vma->vm_file;

	if (is_vm_hugetlb_page(vma))
		return CTXLAB_MAP_HUGETLB;
	switch (ctxlab_kind_of_file(file)) {
	case CTXLAB_FILE_REG:
		if (file_inode(file)->i_sb->s_magic == TMPFS_MAGIC)
			return kind_of_shmem(file);
		return CTXLAB_MAP_FILE;
	case CTXLAB_FILE_CHR:
		return CTXLAB_MAP_CHR;
	case CTXLAB_FILE_BLK:
		return CTXLAB_MAP_BLK;
	case CTXLAB_FILE_SOCKET:
		return CTXLAB_MAP_SOCKET;
	case CTXLAB_FILE_ANON:
		return CTXLAB_MAP_ANON;
	default:
		return CTXLAB_MAP_OTHER;
	}
}

/*
 * As /proc/<pid>/maps marks it with an "s"; VM_SHARED is missing where the file
 * was opened for reading alone.
 */
static bool is_shared(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_MAYSHARE;
}

/* What is read through it comes from the page cache, until it is written. */
static bool is_private_file(struct vm_area_struct *vma)
{
	return !vma_is_anonymous(vma) && !is_vm_hugetlb_page(vma) &&
	       ctxlab_kind_of_file(vma->vm_file) == CTXLAB_FILE_REG;
}

static const void *name_of(const struct file *file)
{
	if (ctxlab_kind_of_file(file) == CTXLAB_FILE_ANON)
		return file;
	return READ_ONCE(file->f_mapping);
}

static struct object *find_object(const struct comparison *c, const void *name)
{
	struct object *o;

	hlist_for_each_entry(o, &c->bucket[hash_ptr((void *)name, c->bits)], node)
		if (o->name == name)
			return o;
	return NULL;
}

/* Context: mmap_lock, for @vma and its reference to the file. */
static struct object *add_object(struct comparison *c, struct vm_area_struct *vma,
				 const void *name)
{
	struct object *o;

	if (c->objects == c->object_room)
		return NULL;
	o = &c->object[c->objects++];
	*o = (struct object){
		.name = name,
		.file = get_file(vma->vm_file),
		.kind = kind_of(vma),
	};
	INIT_LIST_HEAD(&o->parts);
	hlist_add_head(&o->node, &c->bucket[hash_ptr((void *)name, c->bits)]);
	return o;
}

/* @vma's part from the address @from on, which lies in it or before it. */
static int add_part(struct comparison *c, struct object *o, int side,
		    const struct vm_area_struct *vma, unsigned long from)
{
	unsigned long start = max(vma->vm_start, from);
	struct part *part;

	if (c->parts == c->part_room)
		return -ESTALE;
	part = &c->part[c->parts++];
	part->side = side;
	part->start = vma->vm_pgoff + ((start - vma->vm_start) >> PAGE_SHIFT);
	part->end = part->start + ((vma->vm_end - start) >> PAGE_SHIFT);
	list_add_tail(&part->link, &o->parts);
	o->pages[side] += part->end - part->start;
	o->maps[side]++;
	return 0;
}

static void note_private(struct comparison *c, struct object *o, int side)
{
	if (o->private[side])
		return;
	o->private[side] = true;
	if (o->private[!side])
		c->s->private_files++;
}

/* Context: mmap_lock of @side's mm.  Return: 0 or -ESTALE. */
static int take_mapping(struct comparison *c, int side,
			struct vm_area_struct *vma, unsigned long from)
{
	struct object *o;
	const void *name;

	if (!vma->vm_file || (!is_shared(vma) && !is_private_file(vma)))
		return 0;
	name = name_of(vma->vm_file);
	o = find_object(c, name);
	if (!o && side == 0)
		return 0;
	if (!o)
		o = add_object(c, vma, name);
	if (!o)
		return -ESTALE;
	if (!is_shared(vma)) {
		note_private(c, o, side);
		return 0;
	}
	if (side == 0 && !o->maps[1])
		return 0;
	if (side == 0 && !o->maps[0])
		o->row = c->s->objects++;
	return add_part(c, o, side, vma, from);
}

/* Moves *@from on.  Return: 1, 0 where there are no more, -ESTALE, -EINTR. */
static int take_batch(struct comparison *c, int side, unsigned long *from)
{
	VMA_ITERATOR(vmi, c->mm[side], *from);
	struct mm_struct *mm = c->mm[side];
	struct vm_area_struct *vma;
	unsigned int n = 0;
	int err = 0;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	for_each_vma(vmi, vma) {
		err = take_mapping(c, side, vma, *from);
		*from = vma->vm_end;
		if (err || ++n == MAPPINGS_AT_ONCE)
			break;
	}
	mmap_read_unlock(mm);
	return err ?: n == MAPPINGS_AT_ONCE;
}

/*
 * The right to see both, and that these are still their maps.  An exec(2) does
 * not change the map that is pinned here, but it ends the task's right to it.
 */
static int check_maps(const struct comparison *c)
{
	int side, err;

	err = ctxlab_lock_exec_both(c->task[0], c->task[1]);
	if (err)
		return err;
	for (side = 0; !err && side < 2; side++)
		err = ctxlab_check_held(c->who, c->task[side], CTXLAB_MM,
					c->mm[side]);
	ctxlab_unlock_exec_both(c->task[0], c->task[1]);
	return err;
}

static int walk(struct comparison *c, int side)
{
	unsigned long from = 0;
	int more, err;

	do {
		more = take_batch(c, side, &from);
		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
		err = check_maps(c);
		if (err)
			return err;
	} while (more > 0);
	return more;
}

/* list_sort() calls it even where there is nothing to compare, for this. */
static int by_start(void *unused, const struct list_head *a,
		    const struct list_head *b)
{
	u64 first = list_entry(a, struct part, link)->start;
	u64 second = list_entry(b, struct part, link)->start;

	cond_resched();
	return first > second;
}

/*
 * In the order of their starts each part adds to its side's pages what reaches
 * beyond them.  Of that, both have what the other side has reached already, and
 * the rest is found when that side gets there.
 */
static u64 count_in_both(struct object *o)
{
	u64 reach[2] = {}, both = 0;
	const struct part *part;

	list_sort(NULL, &o->parts, by_start);
	list_for_each_entry(part, &o->parts, link) {
		u64 from = max(part->start, reach[part->side]);
		u64 to = min(part->end, reach[!part->side]);

		if (to > from)
			both += to - from;
		reach[part->side] = max(reach[part->side], part->end);
		cond_resched();
	}
	return both;
}

static void sum_up(struct ctxlab_common_maps *s, const struct object *o, u64 both)
{
	int side;

	for (side = 0; side < 2; side++) {
		s->maps[side] += o->maps[side];
		s->pages[side] += o->pages[side];
	}
	s->both += both;
}

static void fill_row(struct ctxlab_common_maps *s, const struct object *o,
		     u64 both)
{
	struct ctxlab_common_map *row;

	if (o->row >= CTXLAB_COMMON_ROWS)
		return;
	row = &s->row[o->row];
	row->id = ctxlab_id(CTXLAB_MAPPED, o->name);
	row->file = get_file(o->file);
	row->kind = o->kind;
	memcpy(row->maps, o->maps, sizeof(row->maps));
	memcpy(row->pages, o->pages, sizeof(row->pages));
	row->both = both;
}

static int conclude(struct comparison *c)
{
	unsigned int i;

	for (i = 0; i < c->objects; i++) {
		struct object *o = &c->object[i];
		u64 both;

		if (!o->maps[0] || !o->maps[1])
			continue;
		both = count_in_both(o);
		sum_up(c->s, o, both);
		fill_row(c->s, o, both);
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	return 0;
}

static void put_objects(struct comparison *c)
{
	unsigned int i;

	for (i = 0; i < c->objects; i++) {
		fput(c->object[i].file);
		cond_resched();
	}
}

/* Where there is no memory, free_room() frees what has been got. */
static int get_room(struct comparison *c, unsigned int maps_0,
		    unsigned int maps_1)
{
	c->object_room = maps_1 + SLACK;
	c->part_room = maps_0 + maps_1 + 2 * SLACK;
	c->bits = order_base_2(c->object_room);
	c->object = kvmalloc_array(c->object_room, sizeof(*c->object),
				   GFP_KERNEL_ACCOUNT);
	c->part = kvmalloc_array(c->part_room, sizeof(*c->part),
				 GFP_KERNEL_ACCOUNT);
	c->bucket = kvcalloc(1U << c->bits, sizeof(*c->bucket),
			     GFP_KERNEL_ACCOUNT);
	return c->object && c->part && c->bucket ? 0 : -ENOMEM;
}

static void free_room(struct comparison *c)
{
	kvfree(c->bucket);
	kvfree(c->part);
	kvfree(c->object);
}

/* Context: a reference on mm_users of both maps. */
static int compare(struct comparison *c)
{
	/* Written under mmap_lock. */
	unsigned int maps_0 = data_race(c->mm[0]->map_count);
	/* Likewise. */
	unsigned int maps_1 = data_race(c->mm[1]->map_count);
	int err;

	if (maps_0 > MOST_MAPPINGS || maps_1 > MOST_MAPPINGS) {
		c->s->how = CTXLAB_TOO_MANY;
		return 0;
	}
	c->s->how = CTXLAB_COMPARED;
	err = get_room(c, maps_0, maps_1);
	if (!err)
		err = walk(c, 1) ?: walk(c, 0) ?: conclude(c);
	put_objects(c);
	free_room(c);
	return err;
}

/* The maps that they hold, if the reader may see both. */
static int get_maps(struct comparison *c, const void *const mm[2])
{
	int err = ctxlab_lock_exec_both(c->task[0], c->task[1]);

	if (err)
		return err;
	err = ctxlab_get_mm(c->who, c->task[0], mm[0], &c->mm[0]) ?:
	      ctxlab_get_mm(c->who, c->task[1], mm[1], &c->mm[1]);
	ctxlab_unlock_exec_both(c->task[0], c->task[1]);
	return err;
}

/* We may be the last user: exit_mmap() must not run from a read. */
static void put_maps(struct comparison *c)
{
	int side;

	for (side = 0; side < 2; side++)
		if (c->mm[side])
			mmput_async(c->mm[side]);
}

int ctxlab_compare_maps(const struct ctxlab_reader *who,
			struct task_struct *const task[2],
			const void *const mm[2],
			struct ctxlab_common_maps *s)
{
	struct comparison c = {
		.who = who,
		.task = task,
		.s = s,
	};
	int err;

	memset(s, 0, sizeof(*s));
	if (!mm[0] || !mm[1] || mm[0] == mm[1])
		return 0;
	err = get_maps(&c, mm);
	if (!err)
		err = compare(&c);
	put_maps(&c);
	if (err != -ESTALE)
		return err;
	s->how = CTXLAB_CHANGED;
	return 0;
}

void ctxlab_put_common_maps(struct ctxlab_common_maps *s)
{
	unsigned int i;

	for (i = 0; i < CTXLAB_COMMON_ROWS; i++)
		if (s->row[i].file)
			fput(s->row[i].file);
}
