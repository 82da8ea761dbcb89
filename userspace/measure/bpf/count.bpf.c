// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts the switches among a crew's members, by whether the mm changed, and
 * the kernel's own TLB flushes while a member is the current task.
 *
 * Only the fields used are declared; CO-RE finds where they are on the kernel
 * at hand, so that one object serves all of them.
 */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define CO_RE __attribute__((preserve_access_index))

typedef __u32 u32;
typedef __u64 u64;

struct mm_struct;

struct ns_common {
	unsigned int inum;
} CO_RE;

struct pid_namespace {
	struct ns_common ns;
} CO_RE;

struct upid {
	int nr;
	struct pid_namespace *ns;
} CO_RE;

struct pid {
	unsigned int level;
	struct upid numbers[1];
} CO_RE;

struct task_struct {
	struct mm_struct *mm;
	struct pid *thread_pid;
} CO_RE;

/* Thread IDs as ctxlab sees them: in the pid namespace @ns_inum. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, u32);
} members SEC(".maps");

const volatile unsigned int ns_inum;

unsigned long long same_mm;
unsigned long long other_mm;
unsigned long long foreign;
/* By reason and by size: nothing, some pages, everything. */
unsigned long long tlb[5][3];

/* The task's ID in the innermost namespace that it is in, if that is ours. */
static bool is_member(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	u32 level = BPF_CORE_READ(pid, level), id;
	struct upid *upid;

	upid = (void *)pid + bpf_core_field_offset(struct pid, numbers) +
	       level * bpf_core_type_size(struct upid);
	if (BPF_CORE_READ(upid, ns, ns.inum) != ns_inum)
		return false;
	id = BPF_CORE_READ(upid, nr);
	return bpf_map_lookup_elem(&members, &id);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev,
	     struct task_struct *next)
{
	bool from = is_member(prev), to = is_member(next);

	if (from != to)
		__sync_fetch_and_add(&foreign, 1);
	if (!from || !to)
		return 0;
	if (BPF_CORE_READ(prev, mm) == BPF_CORE_READ(next, mm))
		__sync_fetch_and_add(&same_mm, 1);
	else
		__sync_fetch_and_add(&other_mm, 1);
	return 0;
}

/* At a switch, the mm changes while the task that is left is still current. */
SEC("tp_btf/tlb_flush")
int BPF_PROG(on_flush, int reason, unsigned long pages)
{
	u32 size = !pages ? 0 : pages == -1UL ? 2 : 1;

	if ((u32)reason > 4 || !is_member((void *)bpf_get_current_task_btf()))
		return 0;
	__sync_fetch_and_add(&tlb[reason][size], 1);
	return 0;
}

char _license[] SEC("license") = "GPL";
