/* SPDX-License-Identifier: GPL-2.0-only */
/* Names -> inodes: the one directory of the file system. */
#ifndef CTXLAB_NAMES_H
#define CTXLAB_NAMES_H

struct inode;
struct super_block;

extern const struct dentry_operations ctxlab_dentry_ops;
extern const struct super_operations ctxlab_super_ops;

/* The directory's inode, or NULL without memory. */
struct inode *ctxlab_new_root(struct super_block *sb);

#endif /* CTXLAB_NAMES_H */
