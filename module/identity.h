/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel pointer -> opaque ID. */
#ifndef CTXLAB_IDENTITY_H
#define CTXLAB_IDENTITY_H

#include <linux/types.h>

/* What an ID names; IDs of two kinds never compare. */
enum ctxlab_kind {
	CTXLAB_MM,
	CTXLAB_FILES,
	CTXLAB_FS,
	CTXLAB_SIGHAND,
	CTXLAB_SIGNAL,
	CTXLAB_IO,
	CTXLAB_SYSVSEM,
	CTXLAB_CRED,
	CTXLAB_NSPROXY,
	CTXLAB_MNT_NS,
	CTXLAB_UTS_NS,
	CTXLAB_IPC_NS,
	CTXLAB_NET_NS,
	CTXLAB_PID_NS,
	CTXLAB_CGROUP_NS,
	CTXLAB_TIME_NS,
	CTXLAB_USER_NS,
	CTXLAB_KSTACK,
	CTXLAB_FILE,
	CTXLAB_MAPPED,
	CTXLAB_KINDS,
};

/* Resources that a task holds, in the order of the ABI; what follows is no such. */
#define CTXLAB_RESOURCES CTXLAB_KSTACK

void ctxlab_identity_init(void);

/**
 * ctxlab_id - the ID of a kernel object
 * @kind: what @object is
 * @object: its address; only hashed, never followed
 *
 * Return: the ID, never 0; 0 for a NULL @object.
 */
u64 ctxlab_id(enum ctxlab_kind kind, const void *object);

#endif /* CTXLAB_IDENTITY_H */
