// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts what a group of workers does: switches among them, by whether the mm
 * changed, wake-ups, system calls, tasks made, and the kernel's own TLB flushes
 * while one of them is the current task.
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
	__uint(max_entries, 256);
	__type(key, u32);
	__type(value, u32);
} workers SEC(".maps");

const volatile unsigned int ns_inum;
const volatile long futex_number;

unsigned long long same_mm;
unsigned long long other_mm;
unsigned long long foreign;
unsigned long long wakeups;
unsigned long long entries;
unsigned long long futex;
unsigned long long forks;
/* At a switch: the register was written, the entries kept. */
unsigned long long cr3_kept;
/* Flushes by the kernel's reason; the first one is a switch. */
unsigned long long tlb[5];

/* The task's ID in the innermost namespace that it is in, if that is ours. */
static bool is_worker(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	u32 level = BPF_CORE_READ(pid, level), id;
	struct upid *upid;

	upid = (void *)pid + bpf_core_field_offset(struct pid, numbers) +
	       level * bpf_core_type_size(struct upid);
	if (BPF_CORE_READ(upid, ns, ns.inum) != ns_inum)
		return false;
	id = BPF_CORE_READ(upid, nr);
	return bpf_map_lookup_elem(&workers, &id);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev,
	     struct task_struct *next)
{
	bool from = is_worker(prev), to = is_worker(next);

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

SEC("tp_btf/sched_waking")
int BPF_PROG(on_wakeup, struct task_struct *task)
{
	if (is_worker((void *)bpf_get_current_task_btf()) && is_worker(task))
		__sync_fetch_and_add(&wakeups, 1);
	return 0;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(on_entry, void *regs, long number)
{
	if (!is_worker((void *)bpf_get_current_task_btf()))
		return 0;
	__sync_fetch_and_add(&entries, 1);
	if (number == futex_number)
		__sync_fetch_and_add(&futex, 1);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	if (is_worker(parent))
		__sync_fetch_and_add(&forks, 1);
	return 0;
}

/* At a switch, the mm changes while the task that is left is still current. */
SEC("tp_btf/tlb_flush")
int BPF_PROG(on_flush, int reason, unsigned long pages)
{
	u64 index = (u32)reason;

	/*
	 * Else the compiler may check one register and index by another, which
	 * the verifier then knows nothing of.
	 */
	asm volatile("" : "+r"(index));
	if (index > 4 || !is_worker((void *)bpf_get_current_task_btf()))
		return 0;
	if (pages)
		__sync_fetch_and_add(&tlb[index], 1);
	else if (!index)
		__sync_fetch_and_add(&cr3_kept, 1);
	return 0;
}

char _license[] SEC("license") = "GPL";
