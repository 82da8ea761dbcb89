/* SPDX-License-Identifier: GPL-2.0-only */
/* What the BPF task iterator hands to userspace: one record a thread. */
#ifndef CTXLAB_TEST_GROUPS_H
#define CTXLAB_TEST_GROUPS_H

#include <linux/types.h>

enum {
	GROUP_MM, GROUP_FILES, GROUP_FS, GROUP_SIGHAND, GROUP_SIGNAL, GROUP_IO,
	GROUP_SYSVSEM, GROUP_CRED, GROUP_NSPROXY, GROUPS
};

struct group_row {
	__s32 tid;
	__s32 tgid;
	__u64 pointers[GROUPS];
};

#endif /* CTXLAB_TEST_GROUPS_H */
