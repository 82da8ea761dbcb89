/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The switch probe: sessions, and the tasks attached to them.
 *
 * switch.c is the probe, switch_file.c is /proc/ctxlab/switch.
 */
#ifndef CTXLAB_SWITCH_H
#define CTXLAB_SWITCH_H

#include <linux/fs.h>
#include <linux/types.h>

#include <linux/ctxlab.h>

struct ctxlab_session;

extern const struct file_operations ctxlab_switch_fops;

struct ctxlab_session *ctxlab_session_new(void);

/* Only for a session that no task is attached to, as at its file's release. */
void ctxlab_session_free(struct ctxlab_session *s);

/**
 * ctxlab_session_attach - time the switches of the calling task
 * @s: the session
 * @file: its open file; the attachment keeps it, and so @s and the module
 *
 * Return: 0, -EBUSY, -ENOMEM or another error.
 */
int ctxlab_session_attach(struct ctxlab_session *s, struct file *file);

/* Undo ctxlab_session_attach(): 0, or -ENOENT where there is nothing to undo. */
int ctxlab_session_detach(struct ctxlab_session *s);

/* Whether the calling task is attached to @s. */
bool ctxlab_session_attached(struct ctxlab_session *s);

/* @flush: a mode that ctxlab_flush_modes() has. */
void ctxlab_session_set_flush(struct ctxlab_session *s, enum ctxlab_flush flush);

/* The sums over all that are or were attached, and what is in force now. */
void ctxlab_session_read(struct ctxlab_session *s,
			 struct ctxlab_switch_read *read);
void ctxlab_session_read_hist(struct ctxlab_session *s, enum ctxlab_hist hist,
			      u64 buckets[CTXLAB_HIST_BUCKETS]);
void ctxlab_session_reset(struct ctxlab_session *s);

/* What this CPU and kernel do, allow, and count time in. */
void ctxlab_switch_machine(struct ctxlab_switch_info *info);
bool ctxlab_switch_can_flush(u32 mode);

void ctxlab_switch_init(void);
void ctxlab_switch_exit(void);

#endif /* CTXLAB_SWITCH_H */
