// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's own pointers, for every thread, by a BPF task iterator: the
 * oracle for the IDs of /proc/ctxlab/tasks, with which it shares no code.
 */
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "groups.h"
#include "kernel.bpf.h"

char LICENSE[] SEC("license") = "GPL";

SEC("iter/task")
int dump_tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct group_row row = {};

	if (!task)
		return 0;
	row.tid = task->pid;
	row.tgid = task->tgid;
	row.pointers[GROUP_MM] = (__u64)task->mm;
	row.pointers[GROUP_FILES] = (__u64)task->files;
	row.pointers[GROUP_FS] = (__u64)task->fs;
	row.pointers[GROUP_SIGHAND] = (__u64)task->sighand;
	row.pointers[GROUP_SIGNAL] = (__u64)task->signal;
	row.pointers[GROUP_IO] = (__u64)task->io_context;
	row.pointers[GROUP_SYSVSEM] = (__u64)task->sysvsem.undo_list;
	row.pointers[GROUP_CRED] = (__u64)task->real_cred;
	row.pointers[GROUP_NSPROXY] = (__u64)task->nsproxy;
	bpf_seq_write(ctx->meta->seq, &row, sizeof(row));
	return 0;
}
