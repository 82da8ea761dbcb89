/* SPDX-License-Identifier: GPL-2.0-only */
/* What two maps (mm_struct) have mapped of the same objects. */
#ifndef CTXLAB_COMMON_MAPS_H
#define CTXLAB_COMMON_MAPS_H

#include <linux/types.h>

#include "common.h"

struct ctxlab_reader;
struct file;
struct task_struct;

/* What is mapped, by what made it. */
enum ctxlab_map_kind {
	CTXLAB_MAP_SHMEM,
	CTXLAB_MAP_MEMFD,
	CTXLAB_MAP_SYSV,
	CTXLAB_MAP_HUGETLB,
	CTXLAB_MAP_FILE,
	CTXLAB_MAP_CHR,
	CTXLAB_MAP_BLK,
	CTXLAB_MAP_SOCKET,
	CTXLAB_MAP_ANON,
	CTXLAB_MAP_OTHER,
};

/**
 * struct ctxlab_common_map - an object that both have mapped shared
 * @id: its ID
 * @file: a file through which it is mapped, for its name; a reference
 * @kind: what it is
 * @maps: mappings of it on each side
 * @pages: their pages; one that is mapped twice counts twice
 * @both: pages of the object that both sides have mapped; each counts once
 */
struct ctxlab_common_map {
	u64 id;
	struct file *file;
	enum ctxlab_map_kind kind;
	unsigned int maps[2];
	u64 pages[2];
	u64 both;
};

/**
 * struct ctxlab_common_maps - what two maps have in common
 * @how: what became of the comparison; without CTXLAB_COMPARED the rest is void
 * @objects: objects that both have mapped shared
 * @maps: mappings of these on each side
 * @pages: their pages
 * @both: pages of the objects that both sides have mapped
 * @private_files: files that both have mapped privately
 * @row: the first objects, by A's addresses
 */
struct ctxlab_common_maps {
	enum ctxlab_compared how;
	unsigned int objects;
	unsigned int maps[2];
	u64 pages[2];
	u64 both;
	unsigned int private_files;
	struct ctxlab_common_map row[CTXLAB_COMMON_ROWS];
};

/**
 * ctxlab_compare_maps - what the maps of two tasks have in common
 * @who: who reads
 * @task: both tasks, with a reference each
 * @mm: the mm_structs that they held
 * @s: the result; ctxlab_put_common_maps() ends it, whatever comes back
 *
 * Context: may sleep, for mmap_lock of one mm at a time.
 * Return: 0, -EACCES if the reader may not see one of them any more, -EINTR,
 * -ENOMEM.
 */
int ctxlab_compare_maps(const struct ctxlab_reader *who,
			struct task_struct *const task[2],
			const void *const mm[2],
			struct ctxlab_common_maps *s);

/* Puts the files. */
void ctxlab_put_common_maps(struct ctxlab_common_maps *s);

#endif /* CTXLAB_COMMON_MAPS_H */
