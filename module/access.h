/* SPDX-License-Identifier: GPL-2.0-only */
/* Who may see whom. */
#ifndef CTXLAB_ACCESS_H
#define CTXLAB_ACCESS_H

#include <linux/types.h>

#include "compat.h"

struct file;
struct task_struct;

/**
 * struct ctxlab_reader - who asks: the current task, through a file
 * @file: the open file
 * @opener_label: the opener's security label.  Credentials do not give it under
 *                every security module, so it is noted at open.
 * @sees_all: both may see every task: they have CAP_SYS_PTRACE over the initial
 *            user namespace, and so over all.  Noted anew for each batch.
 * @exec_waits: how many more ticks this system call may wait for tasks in the
 *              midst of an exec(2), see walk.h
 *
 * The opener and the reader must both be allowed, so that a descriptor gains
 * nobody anything when it is passed to, or kept across an exec by, somebody
 * with more rights.  Each batch is checked when it is taken; see view.h for what
 * becomes of one when the next to read is somebody else.
 */
struct ctxlab_reader {
	const struct file *file;
	struct ctxlab_label opener_label;
	bool sees_all;
	unsigned int exec_waits;
};

/* For open(): the current task is the opener. */
struct ctxlab_reader ctxlab_opener(const struct file *file);

/* Note @sees_all; the current task must go on to read as it is now. */
void ctxlab_reader_refresh(struct ctxlab_reader *who);

/**
 * ctxlab_may_see - may this reader look into @task?
 * @who: who reads
 * @task: the task to look into
 *
 * PTRACE_MODE_READ_FSCREDS, re-stated, since ptrace_may_access() is not
 * exported; see access.c for where it is stricter.
 *
 * Context: the caller holds task_lock(@task), as ptrace_may_access() does, and
 * @task's exec_update_lock for reading, as ctxlab_lock_exec() takes it.  What is
 * taken of the task on the strength of the answer is taken before either is let
 * go of.
 */
bool ctxlab_may_see(const struct ctxlab_reader *who, struct task_struct *task);

/**
 * ctxlab_may_see_registers - may this reader see @task's stack pointer and TLS?
 * @who: who reads; ctxlab_may_see() must have allowed it before
 * @task: the task
 *
 * procfs shows these to PTRACE_MODE_ATTACH alone, which security modules may
 * narrow (Yama); a module cannot ask them, so it asks for the capability that
 * they accept, or for the reader's own process.
 */
bool ctxlab_may_see_registers(const struct ctxlab_reader *who,
			      struct task_struct *task);

#endif /* CTXLAB_ACCESS_H */
