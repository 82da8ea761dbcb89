/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every difference between kernels and architectures, in one place.
 *
 * features.sh compiles a small program for each feature (distributions
 * backport, so version numbers lie) and leaves its HAVE_ macro in features.h.
 */
#ifndef CTXLAB_COMPAT_H
#define CTXLAB_COMPAT_H

#include <linux/bitmap.h>
#include <linux/dcache.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/coredump.h>
#include <linux/security.h>
#include <linux/sem.h>
#include <linux/string.h>

#include "features.h"

#ifdef HAVE_HEX_H
#include <linux/hex.h>
#else
#include <linux/kernel.h>
#endif

#ifdef HAVE_EXEC_STATE
#include <linux/sched/exec_state.h>
#endif

#ifdef CONFIG_X86_64
#include <asm/cpufeature.h>
#include <asm/fsgsbase.h>
#endif

/* The first argument of an inode operation. */
#ifdef HAVE_MNT_IDMAP
#define ctxlab_idmap mnt_idmap
#else
#define ctxlab_idmap user_namespace
#endif

#ifndef HAVE_SIMPLE_INODE_INIT_TS
static inline struct timespec64 simple_inode_init_ts(struct inode *inode)
{
	inode->i_atime = current_time(inode);
	inode->i_mtime = inode->i_atime;
	inode->i_ctime = inode->i_atime;
	return inode->i_ctime;
}
#endif

#ifndef PF_USER_WORKER
#define PF_USER_WORKER 0
#endif

/* The parameters of ->d_revalidate(). */
#ifdef HAVE_D_REVALIDATE_NAME
#define CTXLAB_REVALIDATE struct inode *dir, const struct qstr *name, \
			  struct dentry *dentry, unsigned int flags
#else
#define CTXLAB_REVALIDATE struct dentry *dentry, unsigned int flags
#endif

#ifndef HAVE_DEFAULT_D_OP
static inline void set_default_d_op(struct super_block *sb,
				    const struct dentry_operations *ops)
{
	sb->s_d_op = ops;
}
#endif

/* The parameters of a probe of the tracepoint sched_process_exit. */
#ifdef HAVE_EXIT_GROUP_DEAD
#define CTXLAB_EXIT_PROBE void *unused, struct task_struct *task, bool group_dead
#else
#define CTXLAB_EXIT_PROBE void *unused, struct task_struct *task
#endif

/**
 * struct ctxlab_label - a security label, only to compare with another
 *
 * Where it holds pointers (AppArmor, Smack) nothing keeps what they point to:
 * RCU keeps another label from taking that address, so two labels are taken and
 * compared in one read section.  All bytes count: unused ones are zero.
 */
struct ctxlab_label {
#ifdef HAVE_LSM_PROP
	struct lsm_prop prop;
#else
	u32 secid;
#endif
};

static inline void ctxlab_current_label(struct ctxlab_label *label)
{
#ifdef HAVE_LSM_PROP
	security_current_getlsmprop_subj(&label->prop);
#else
	security_current_getsecid_subj(&label->secid);
#endif
}

static inline void ctxlab_task_label(struct task_struct *task,
				     struct ctxlab_label *label)
{
#ifdef HAVE_LSM_PROP
	security_task_getlsmprop_obj(task, &label->prop);
#else
	security_task_getsecid_obj(task, &label->secid);
#endif
}

static inline bool ctxlab_label_equal(const struct ctxlab_label *a,
				      const struct ctxlab_label *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/*
 * Is @task dumpable by its owner?  Where not, *@ns is the user namespace over
 * which a capability makes up for it; RCU keeps it.
 *
 * Context: task_lock(@task), RCU.
 */
static inline bool ctxlab_dumpable(struct task_struct *task,
				   struct user_namespace **ns)
{
#ifdef HAVE_EXEC_STATE
	/* It is the task's own and outlives its mm; execve(2) replaces it. */
	const struct task_exec_state *state = rcu_dereference(task->exec_state);

	*ns = state->user_ns;
	return READ_ONCE(state->dumpable) == TASK_DUMPABLE_OWNER;
#else
	*ns = task->mm ? task->mm->user_ns : &init_user_ns;
	if (task->mm)
		return get_dumpable(task->mm) == SUID_DUMP_USER;
	/*
	 * exit_mm() notes it under task_lock(); kernels that do not note it let
	 * everybody see tasks that have dropped their mm.
	 */
#ifdef HAVE_USER_DUMPABLE
	return task->user_dumpable;
#else
	return true;
#endif
#endif
}

/*
 * The file of @task's next open descriptor from *@fd on, with a reference that
 * the caller puts by fput(); NULL when there is none, or no table any more.
 */
static inline struct file *ctxlab_get_next_file(struct task_struct *task,
						unsigned int *fd)
{
#ifdef HAVE_FGET_TASK_NEXT
	return fget_task_next(task, fd);
#else
	struct file *file;

	rcu_read_lock();
#ifdef HAVE_NEXT_FDGET
	file = task_lookup_next_fdget_rcu(task, fd);
#else
	/* One that is being closed right now counts as closed. */
	while ((file = task_lookup_next_fd_rcu(task, fd)) && !get_file_rcu(file))
		++*fd;
#endif
	rcu_read_unlock();
	return file;
#endif
}

/* Where the file lies that @file was opened by, and not another file system's own. */
static inline const struct path *ctxlab_user_path(struct file *file)
{
#ifdef HAVE_FILE_USER_PATH
	return file_user_path(file);
#else
	return &file->f_path;
#endif
}

/* Pages resident in @mm; the caller has a reference on mm_count. */
static inline unsigned long ctxlab_mm_rss_exact(struct mm_struct *mm)
{
#ifdef HAVE_MM_COUNTER_SUM
	return get_mm_counter_sum(mm, MM_FILEPAGES) +
	       get_mm_counter_sum(mm, MM_ANONPAGES) +
	       get_mm_counter_sum(mm, MM_SHMEMPAGES);
#else
	return get_mm_rss(mm);
#endif
}

/* @task's System V semaphore undo list: only a name, nothing keeps it. */
static inline const void *ctxlab_sem_undo_list(struct task_struct *task)
{
#ifdef CONFIG_SYSVIPC
	return READ_ONCE(task->sysvsem.undo_list);
#else
	return NULL;
#endif
}

/* Does mm_cpumask() tell on which CPUs an mm may be loaded? */
static inline bool ctxlab_mm_cpumask_known(void)
{
	return IS_ENABLED(CONFIG_X86);
}

/*
 * Does @task sleep, off every CPU, and has nobody woken it yet?  Where it does, what
 * it wrote before it went to sleep is seen.
 */
static inline bool ctxlab_asleep(struct task_struct *task)
{
	unsigned int state = READ_ONCE(task->__state);

	if (state == TASK_RUNNING || state & (TASK_WAKING | TASK_NEW))
		return false;
#ifdef HAVE_TASK_IS_RUNNABLE
	/* One that is asleep may stay queued for a while. */
	if (data_race(task_is_runnable(task)))
		return false;
#else
	if (READ_ONCE(task->on_rq))
		return false;
#endif
#ifdef HAVE_ON_CPU
	/* Pairs with the release in finish_task(). */
	return !smp_load_acquire(&task->on_cpu);
#else
	/* There is one CPU, on which the caller does not let go. */
	return task != current;
#endif
}

/* How often @task was given a CPU, as in /proc/<pid>/schedstat; 0 if unknown. */
static inline unsigned long ctxlab_runs(struct task_struct *task)
{
#ifdef CONFIG_SCHED_INFO
	/* The scheduler's, under the runqueue's lock. */
	return data_race(task->sched_info.pcount);
#else
	return 0;
#endif
}

/* Base of @task's thread-local storage, as of its last switch; 0 if none. */
static inline unsigned long ctxlab_tls_base(struct task_struct *task)
{
#if defined(CONFIG_X86_64)
	return task == current ? x86_fsbase_read_cpu() : task->thread.fsbase;
#elif defined(CONFIG_ARM64)
	return task == current && !is_compat_thread(task_thread_info(task)) ?
	       read_sysreg(tpidr_el0) : task->thread.uw.tp_value;
#else
#error "ctxlab knows x86-64 and arm64"
#endif
}

/* Does the kernel tag TLB entries with their address space (PCID, ASID)? */
static inline bool ctxlab_tlb_tagged(void)
{
#ifdef CONFIG_X86_64
	return cpu_feature_enabled(X86_FEATURE_PCID);
#else
	return true;
#endif
}

/* Does the kernel run on page tables of its own (isolation, Meltdown)? */
static inline bool ctxlab_page_tables_isolated(void)
{
#ifdef CONFIG_X86_64
	return cpu_feature_enabled(X86_FEATURE_PTI);
#else
	return arm64_kernel_unmapped_at_el0();
#endif
}

#endif /* CTXLAB_COMPAT_H */
