/* SPDX-License-Identifier: GPL-2.0-only */
/* As much of the kernel's types as BPF programs read; CO-RE finds the offsets. */
#ifndef CTXLAB_TEST_KERNEL_BPF_H
#define CTXLAB_TEST_KERNEL_BPF_H

#include <linux/types.h>

#define CORE __attribute__((preserve_access_index))

struct refcount_struct {
	struct {
		int counter;
	} CORE refs;
} CORE;

struct percpu_counter {
	__s64 count;
} CORE;

struct mm_struct {
	struct {
		int counter;
	} CORE mm_users;
	struct percpu_counter rss_stat[4];
} CORE;

/* Before the counters became per-CPU ones. */
struct mm_rss_stat {
	struct {
		__s64 counter;
	} CORE count[4];
} CORE;

struct mm_struct___old {
	struct mm_rss_stat rss_stat;
} CORE;

struct files_struct {
	struct {
		int counter;
	} CORE count;
} CORE;

struct fs_struct {
	int users;
} CORE;

struct sighand_struct {
	struct refcount_struct count;
} CORE;

struct cred {
	struct {
		__u32 val;
	} CORE uid;
} CORE;

struct task_struct {
	int pid;
	int tgid;
	struct task_struct *real_parent;
	unsigned int __state;
	unsigned int flags;
	struct mm_struct *mm;
	struct files_struct *files;
	struct fs_struct *fs;
	struct sighand_struct *sighand;
	void *signal;
	void *io_context;
	struct {
		void *undo_list;
	} CORE sysvsem;
	struct cred *real_cred;
	void *nsproxy;
	unsigned long nvcsw;
	unsigned long nivcsw;
	char comm[16];
	struct {
		__u32 cpu;
	} CORE thread_info;
} CORE;

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
} CORE;

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} CORE;

#endif /* CTXLAB_TEST_KERNEL_BPF_H */
