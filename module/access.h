/* SPDX-License-Identifier: GPL-2.0-only */
/* Who may see whom. */
#ifndef CTXLAB_ACCESS_H
#define CTXLAB_ACCESS_H

#include <linux/types.h>

struct file;
struct task_struct;

/**
 * ctxlab_may_see - may this reader look into @task?
 * @file: the open file that is read; its opener and the reader must both be
 *        allowed, so that a descriptor gains nobody anything when it is passed
 *        to, or kept across an exec by, somebody with more rights
 * @task: the task to look into
 *
 * PTRACE_MODE_READ_FSCREDS, re-stated, since ptrace_may_access() is not
 * exported; see access.c for where it is stricter.
 *
 * Context: the caller holds task_lock(@task), as ptrace_may_access() does.
 */
bool ctxlab_may_see(const struct file *file, struct task_struct *task);

/**
 * ctxlab_may_see_registers - may this reader see @task's stack pointer and TLS?
 * @file: as for ctxlab_may_see(), which must have allowed it before
 * @task: the task
 *
 * procfs shows these to PTRACE_MODE_ATTACH alone, which security modules may
 * narrow (Yama); a module cannot ask them, so it asks for the capability that
 * they accept, or for the reader's own process.
 */
bool ctxlab_may_see_registers(const struct file *file, struct task_struct *task);

#endif /* CTXLAB_ACCESS_H */
