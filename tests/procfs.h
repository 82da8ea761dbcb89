/* SPDX-License-Identifier: GPL-2.0-only */
/* What procfs tells of a task, counted. */
#ifndef CTXLAB_TEST_PROCFS_H
#define CTXLAB_TEST_PROCFS_H

#include <stdbool.h>
#include <sys/types.h>

/* Field @n of /proc/<tid>/stat, counted as proc(5) does, for n > 2; or -1. */
long long procfs_stat_field(pid_t tid, int n);

/* Entries of a directory whose path has a %d for @pid. */
int procfs_count_entries(const char *format, pid_t pid);

/* What a descriptor is open on, as "FilesKinds" calls it; "?" if it is closed. */
const char *procfs_fd_kind(pid_t pid, int fd);

/* Descriptors of one kind; close-on-exec ones. */
int procfs_count_kind(pid_t pid, const char *kind);
int procfs_count_cloexec(pid_t pid);

/* The mapping that @address lies in, by /proc/<pid>/maps. */
bool procfs_find_mapping(pid_t pid, unsigned long address, unsigned long *start,
			 unsigned long *end);

/* The stack pointer of a sleeping thread: the last but one in "syscall". */
unsigned long procfs_syscall_sp(pid_t pid, pid_t tid);

#endif /* CTXLAB_TEST_PROCFS_H */
