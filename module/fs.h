/* SPDX-License-Identifier: GPL-2.0-only */
/* The pseudo-filesystem under /proc/ctxlab. */
#ifndef CTXLAB_FS_H
#define CTXLAB_FS_H

int ctxlab_fs_init(void);
void ctxlab_fs_automount(void);
void ctxlab_fs_exit(void);

#endif /* CTXLAB_FS_H */
