// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a BPF task iterator needs to tell as much as /proc/ctxlab/tasks does:
 * what the benchmark holds that against.
 */
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "kernel.bpf.h"
#include "records.h"

char LICENSE[] SEC("license") = "GPL";

/* File, anonymous and shared pages; the third counter is of swap. */
static __s64 rss_of(struct mm_struct *mm)
{
	struct mm_struct___old *old = (void *)mm;
	__s64 pages[4] = {};

	if (!bpf_core_field_exists(old->rss_stat.count))
		return mm->rss_stat[0].count + mm->rss_stat[1].count +
		       mm->rss_stat[3].count;
	/* The verifier of these kernels follows no pointer into an atomic. */
	bpf_core_read(pages, sizeof(pages), &old->rss_stat.count);
	return pages[0] + pages[1] + pages[3];
}

SEC("iter/task")
int dump_records(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct task_record record = {};

	if (!task)
		return 0;
	record.tgid = task->tgid;
	record.tid = task->pid;
	record.ppid = task->real_parent->tgid;
	record.state = task->__state;
	record.flags = task->flags;
	record.cpu = task->thread_info.cpu;
	record.uid = task->real_cred->uid.val;
	record.vcsw = task->nvcsw;
	record.icsw = task->nivcsw;
	if (task->mm) {
		record.mm_users = task->mm->mm_users.counter;
		record.rss = rss_of(task->mm);
	}
	if (task->files)
		record.files_users = task->files->count.counter;
	if (task->fs)
		record.fs_users = task->fs->users;
	if (task->sighand)
		record.sighand_users = task->sighand->count.refs.counter;
	record.pointers[0] = (__u64)task->mm;
	record.pointers[1] = (__u64)task->files;
	record.pointers[2] = (__u64)task->fs;
	record.pointers[3] = (__u64)task->sighand;
	record.pointers[4] = (__u64)task->signal;
	record.pointers[5] = (__u64)task->io_context;
	record.pointers[6] = (__u64)task->sysvsem.undo_list;
	record.pointers[7] = (__u64)task->real_cred;
	record.pointers[8] = (__u64)task->nsproxy;
	bpf_probe_read_kernel_str(record.name, sizeof(record.name), task->comm);
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}
