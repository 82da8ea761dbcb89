/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every difference between kernels and architectures, in one place.
 *
 * module/Kbuild probes the kernel's headers for features (distributions
 * backport, so version numbers lie) and defines a HAVE_ macro for each.
 */
#ifndef CTXLAB_COMPAT_H
#define CTXLAB_COMPAT_H

#include <linux/bitmap.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sem.h>

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

/*
 * Was @task, which has dropped its mm, dumpable until then?  exit_mm() notes it
 * under task_lock(); kernels that do not note it let everybody see such tasks.
 */
static inline bool ctxlab_was_dumpable(const struct task_struct *task)
{
#ifdef HAVE_USER_DUMPABLE
	return task->user_dumpable;
#else
	return true;
#endif
}

/*
 * The file of @task's next open descriptor from *@fd on, with a reference that
 * the caller puts by fput(); NULL when there is none, or no table any more.
 */
static inline struct file *ctxlab_get_next_file(struct task_struct *task,
						unsigned int *fd)
{
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
	return boot_cpu_has(X86_FEATURE_PCID);
#else
	return true;
#endif
}

/* Does the kernel run on page tables of its own (isolation, Meltdown)? */
static inline bool ctxlab_page_tables_isolated(void)
{
#ifdef CONFIG_X86_64
	return boot_cpu_has(X86_FEATURE_PTI);
#else
	return arm64_kernel_unmapped_at_el0();
#endif
}

#endif /* CTXLAB_COMPAT_H */
