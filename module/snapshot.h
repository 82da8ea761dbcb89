/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * task_struct, mm_struct, files_struct -> plain structs, under the right locks.
 *
 * A snapshot holds no reference.  The addresses in it are names to compare and
 * to hash, never to follow.
 */
#ifndef CTXLAB_SNAPSHOT_H
#define CTXLAB_SNAPSHOT_H

#include <linux/cpumask.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include "common.h"
#include "identity.h"

struct ctxlab_reader;
struct pid_namespace;

/* What a task holds by itself, not through its nsproxy or credentials. */
#define CTXLAB_TASK_KINDS	(CTXLAB_NSPROXY + 1)
/* Of those, the first few have a counter that says how many tasks hold them. */
#define CTXLAB_COUNTED_KINDS	(CTXLAB_IO + 1)
/* The namespaces. */
#define CTXLAB_FIRST_NS		CTXLAB_MNT_NS
#define CTXLAB_NS_KINDS		(CTXLAB_USER_NS - CTXLAB_MNT_NS + 1)

enum ctxlab_task_kind {
	CTXLAB_TASK_USER,
	CTXLAB_TASK_KTHREAD,
	CTXLAB_TASK_IO_WORKER,
	CTXLAB_TASK_USER_WORKER,
};

/**
 * struct ctxlab_task - one task at one moment
 * @held: what it holds, by kind
 * @users: the objects' own counters (mm_users, files_struct.count, ...); none
 *         for CTXLAB_SIGNAL
 * @borrowed: active_mm of a kernel thread that has no mm, else NULL
 * @kstack: its kernel stack, NULL once that is freed
 * @start: nanoseconds since boot
 * @rss_kb: resident set of its mm by the cheap, approximate counters
 * @sp: user stack pointer at the last entry to the kernel, 0 if unknown
 * @tls: base of thread-local storage, 0 if unknown
 * @may_see_registers: the reader may be shown @sp and @tls
 * @stack_start: start of the mapping that @sp lies in, 0 if none
 * @stack_size: its size in bytes
 */
struct ctxlab_task {
	const void *held[CTXLAB_TASK_KINDS];
	u32 users[CTXLAB_COUNTED_KINDS];
	const void *borrowed;
	const void *kstack;
	u64 start;
	u64 nvcsw;
	u64 nivcsw;
	u64 rss_kb;
	unsigned long sp;
	unsigned long tls;
	unsigned long stack_start;
	unsigned long stack_size;
	pid_t tid;
	pid_t tgid;
	pid_t ppid;
	kuid_t uid;
	int cpu;
	int policy;
	int prio;
	enum ctxlab_task_kind kind;
	char state;
	bool may_see_registers;
	char comm[TASK_COMM_LEN];
};

enum ctxlab_task_kind ctxlab_kind_of(const struct task_struct *task);

/* The namespaces that a task is in, by kind less CTXLAB_FIRST_NS. */
struct ctxlab_namespaces {
	const void *held[CTXLAB_NS_KINDS];
};

struct ctxlab_mm {
	u32 count;
	int maps;
	u64 rss_kb;
	u64 page_tables_kb;
	bool cpus_known;
	cpumask_t cpus;
};

enum ctxlab_file_kind {
	CTXLAB_FILE_REG,
	CTXLAB_FILE_DIR,
	CTXLAB_FILE_CHR,
	CTXLAB_FILE_BLK,
	CTXLAB_FILE_PIPE,
	CTXLAB_FILE_SOCKET,
	CTXLAB_FILE_LINK,
	CTXLAB_FILE_ANON,
	CTXLAB_FILE_KINDS,
};

/**
 * struct ctxlab_files - a file table
 * @open: open descriptors
 * @cloexec: those of them that execve(2) closes
 * @slots: how many it has room for
 * @kinds: the open ones by what they are open on; ctxlab_count_files()
 * @counted: what became of looking for duplicates; likewise
 * @duplicates: with CTXLAB_COMPARED, the descriptors that have a lower one of the
 *              same open file description
 */
struct ctxlab_files {
	unsigned int open;
	unsigned int cloexec;
	unsigned int slots;
	unsigned int kinds[CTXLAB_FILE_KINDS];
	enum ctxlab_compared counted;
	unsigned int duplicates;
};

/**
 * ctxlab_lock_exec - keep a process from changing by an exec(2)
 * @task: a task of the process, with a reference
 *
 * An exec(2) installs the new program's mm before its credentials.  Who may see
 * the old program must not be shown a setuid program's mm, so whether a task may
 * be seen is asked, and what it holds is taken, with this lock held for reading.
 * It lies in the signal_struct, which all tasks of a process have in common and
 * each keeps until its task_struct is freed.
 *
 * Context: sleeps until an exec(2) of the process has finished.  The lock
 * precedes task_lock().
 * Return: 0 or -EINTR.
 */
int ctxlab_lock_exec(struct task_struct *task);

/* The same without sleeping, for a task that RCU keeps; false in an exec(2). */
static inline bool ctxlab_trylock_exec(struct task_struct *task)
{
	return down_read_trylock(&task->signal->exec_update_lock);
}

static inline void ctxlab_unlock_exec(struct task_struct *task)
{
	up_read(&task->signal->exec_update_lock);
}

/* Those of two tasks, in the order of kcmp(2), the other one who takes two. */
int ctxlab_lock_exec_both(struct task_struct *first, struct task_struct *second);
void ctxlab_unlock_exec_both(struct task_struct *first,
			     struct task_struct *second);

/**
 * ctxlab_check_held - may this reader (still) see @task, and is @held its?
 * @who: who reads
 * @task: the task, with a reference
 * @kind: CTXLAB_MM or CTXLAB_FILES
 * @held: what it held of that kind; only compared
 *
 * Context: ctxlab_lock_exec(@task).  Takes and releases task_lock(@task).
 * Return: 0, -EACCES, or -ESTALE where an exec(2), unshare(2) or exit has put
 * another one, or none, in its place.
 */
int ctxlab_check_held(const struct ctxlab_reader *who, struct task_struct *task,
		      enum ctxlab_kind kind, const void *held);

/**
 * ctxlab_get_mm - keep @task's memory, if the reader may (still) see it
 * @who: who reads
 * @task: the task, with a reference
 * @held: the mm_struct that it held; only compared, and not NULL
 * @mm: that one, with a reference on mm_users for mmput_async()
 *
 * Context and return: as ctxlab_check_held().
 */
int ctxlab_get_mm(const struct ctxlab_reader *who, struct task_struct *task,
		  const void *held, struct mm_struct **mm);

/* How many descriptors of @task are open; takes and releases task_lock(@task). */
unsigned int ctxlab_count_open(struct task_struct *task);

/**
 * ctxlab_find_open - where descriptors are open, or about to be
 * @task: the task, with a reference
 * @fd: where to begin; moved on to the first one
 *
 * The kernel's own look-up goes over free slots one by one, their bits are 64 in
 * one step.
 *
 * Return: the one behind the last; not above *@fd where there is none.
 * Context: takes and releases task_lock(@task).
 */
unsigned int ctxlab_find_open(struct task_struct *task, unsigned int *fd);

/* The caller has a reference to @file. */
enum ctxlab_file_kind ctxlab_kind_of_file(const struct file *file);

/**
 * ctxlab_snapshot_task - one task, if the reader may see it
 * @who: who reads, and in which pid namespace
 * @task: the task; the caller has a reference, or RCU
 * @own: also what is the task's own: stacks and thread-local storage
 * @s: the result; without @own its @kstack, @sp and @tls are none
 *
 * Context: the caller holds ctxlab_lock_exec(@task).  Takes and releases
 * task_lock(@task); does not sleep.
 * Return: false, and nothing in @s, if the reader may not see @task.  Where it
 * has been reaped meanwhile, @tid is 0.
 */
bool ctxlab_snapshot_task(const struct ctxlab_reader *who, struct task_struct *task,
			  bool own, struct ctxlab_task *s);

/**
 * ctxlab_snapshot_pair - two tasks at the same moment
 * @who: who reads
 * @a: a task that the caller has a reference to
 * @b: another one, or the same
 * @s: the two results
 * @ns: their namespaces, at that moment too
 * @vfork: one of them waits in vfork(2) for the other
 *
 * Context: may sleep, for an exec(2) of either to finish.
 * Return: 0, -EACCES if the reader may not see one of them, -ESRCH if one has
 * been reaped, -EINTR.
 */
int ctxlab_snapshot_pair(const struct ctxlab_reader *who, struct task_struct *a,
			 struct task_struct *b, struct ctxlab_task s[2],
			 struct ctxlab_namespaces ns[2], bool *vfork);

/**
 * ctxlab_snapshot_details - a task with its namespaces, mm and file table
 * @who: who reads
 * @task: a task that the caller has a reference to
 * @s: the task
 * @ns: its namespaces
 * @mm: its mm; untouched where there is none
 * @files: its file table, but for what ctxlab_count_files() counts; zeroed where
 *         there is none
 *
 * Context: may sleep.
 * Return: the mm with a reference on mm_count that the caller puts by mmdrop(),
 * NULL where there is none, or an error as of ctxlab_snapshot_pair().
 */
struct mm_struct *ctxlab_snapshot_details(const struct ctxlab_reader *who,
					  struct task_struct *task,
					  struct ctxlab_task *s,
					  struct ctxlab_namespaces *ns,
					  struct ctxlab_mm *mm,
					  struct ctxlab_files *files);

/**
 * ctxlab_snapshot_thread - a thread, and its leader at the same moment
 * @who: who reads
 * @task: a task that the caller has a reference to
 * @leader: its leader, with a reference, or NULL
 * @s: the two results
 * @ns: @task's namespaces
 * @seen: the reader may see @leader, and @s[1] is its snapshot
 *
 * Context: may sleep.
 * Return: as ctxlab_snapshot_details().
 */
struct mm_struct *ctxlab_snapshot_thread(const struct ctxlab_reader *who,
					 struct task_struct *task,
					 struct task_struct *leader,
					 struct ctxlab_task s[2],
					 struct ctxlab_namespaces *ns,
					 bool *seen);

/**
 * ctxlab_let_go - which of what a task held does it not hold any more?
 * @task: the task, with a reference, or NULL for one that has been reaped
 * @held: what it held, by kind
 *
 * An address of @held is of the object that it was taken of only as long as
 * somebody holds that.  What is compared with it between two calls that both
 * find @task to hold it is compared with what @task holds.
 *
 * Context: takes and releases task_lock(@task); does not sleep.
 * Return: a bit for each kind in @held that is not @task's now.
 */
unsigned int ctxlab_let_go(struct task_struct *task,
			   const void *const held[CTXLAB_TASK_KINDS]);

/**
 * ctxlab_snapshot_stacks - find the mappings that stack pointers lie in
 * @mm: the mm, with a reference on mm_count
 * @s: tasks; those that hold another mm are left alone
 * @n: number of them
 *
 * Context: takes and releases mmap_lock for reading; may sleep.
 * Return: 0 or -EINTR.
 */
int ctxlab_snapshot_stacks(struct mm_struct *mm, struct ctxlab_task *s, int n);

/* The pid namespace that the reader's mount shows. */
struct pid_namespace *ctxlab_pid_ns(const struct ctxlab_reader *who);

#endif /* CTXLAB_SNAPSHOT_H */
