/* SPDX-License-Identifier: GPL-2.0-only */
/* All that a line of /proc/ctxlab/tasks says, as a BPF iterator's record. */
#ifndef CTXLAB_TEST_RECORDS_H
#define CTXLAB_TEST_RECORDS_H

#include <linux/types.h>

struct task_record {
	__s32 tgid;
	__s32 tid;
	__s32 ppid;
	__u32 state;
	__u32 flags;
	__u32 cpu;
	__u32 uid;
	__u32 mm_users;
	__u32 files_users;
	__u32 fs_users;
	__u32 sighand_users;
	__u32 unused;
	__u64 pointers[9];
	__s64 rss;
	__u64 vcsw;
	__u64 icsw;
	char name[16];
};

#endif /* CTXLAB_TEST_RECORDS_H */
