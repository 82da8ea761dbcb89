/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every difference between kernels, in one place.
 *
 * module/Kbuild probes the kernel's headers for features (distributions
 * backport, so version numbers lie) and defines a HAVE_ macro for each.
 */
#ifndef CTXLAB_COMPAT_H
#define CTXLAB_COMPAT_H

#include <linux/fs.h>

#ifdef HAVE_MNT_IDMAP
typedef struct mnt_idmap ctxlab_idmap;
#else
typedef struct user_namespace ctxlab_idmap;
#endif

#ifndef HAVE_SIMPLE_INODE_INIT_TS
static inline struct timespec64 simple_inode_init_ts(struct inode *inode)
{
	inode->i_atime = current_time(inode);
	inode->i_mtime = inode->i_atime;
	inode->i_ctime = inode->i_atime;
	return inode->i_ctime;
}
#endif

#endif /* CTXLAB_COMPAT_H */
