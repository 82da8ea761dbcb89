/* SPDX-License-Identifier: GPL-2.0-only */
/* Descriptors of one open file description, in one file table or in two. */
#ifndef CTXLAB_COMMON_FILES_H
#define CTXLAB_COMMON_FILES_H

#include <linux/types.h>

#include "common.h"
#include "snapshot.h"

struct ctxlab_reader;
struct task_struct;

/**
 * struct ctxlab_common_file - an open file description that both tables hold
 * @id: its ID
 * @fd: the lowest descriptor seen of it on each side
 * @kind: what it is open on
 */
struct ctxlab_common_file {
	u64 id;
	unsigned int fd[2];
	enum ctxlab_file_kind kind;
};

/**
 * struct ctxlab_common_files - what two file tables have in common
 * @how: what became of the comparison; without CTXLAB_COMPARED the rest is void
 * @open: descriptors found on each side
 * @duplicates: those of them whose description a lower one of that side has
 * @common: descriptions that both sides hold
 * @row: the first of these, by the descriptor of the first side
 */
struct ctxlab_common_files {
	enum ctxlab_compared how;
	unsigned int open[2];
	unsigned int duplicates[2];
	unsigned int common;
	struct ctxlab_common_file row[CTXLAB_COMMON_ROWS];
};

/**
 * ctxlab_compare_files - what the file tables of two tasks have in common
 * @who: who reads
 * @task: both tasks, with a reference each
 * @table: the tables that they held
 * @s: the result
 *
 * Context: may sleep.
 * Return: 0, -EACCES if the reader may not see one of them any more, -EINTR,
 * -ENOMEM.
 */
int ctxlab_compare_files(const struct ctxlab_reader *who,
			 struct task_struct *const task[2],
			 const void *const table[2],
			 struct ctxlab_common_files *s);

/**
 * ctxlab_count_files - the kinds and the duplicates of one file table
 * @who: who reads
 * @task: the task, with a reference
 * @table: the table that it held, or NULL
 * @s: the result
 *
 * Context and return: as ctxlab_compare_files().
 */
int ctxlab_count_files(const struct ctxlab_reader *who,
		       struct task_struct *task, const void *table,
		       struct ctxlab_files *s);

#endif /* CTXLAB_COMMON_FILES_H */
