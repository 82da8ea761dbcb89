// SPDX-License-Identifier: GPL-2.0-only
/*
 * task_struct, mm_struct, files_struct -> plain structs.
 *
 * task_lock() is the lock of most of this: it keeps task->mm, files, fs, nsproxy
 * and io_context from being dropped (exit_mm(), exit_files(), exit_fs(),
 * switch_task_namespaces() and exit_io_context() all take it before they put
 * theirs), so what those point to may be read while it is held.
 *
 * Counters and flags that their owners change under other locks, or none, are
 * read by data_race(): a moment's value is all that a snapshot claims.
 */
#include <linux/bitmap.h>
#include <linux/cred.h>
#include <linux/fdtable.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/iocontext.h>
#include <linux/mm.h>
#include <linux/nsproxy.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>

#include "access.h"
#include "compat.h"
#include "snapshot.h"

struct pid_namespace *ctxlab_pid_ns(const struct ctxlab_reader *who)
{
	return file_inode(who->file)->i_sb->s_fs_info;
}

int ctxlab_lock_exec(struct task_struct *task)
{
	return down_read_killable(&task->signal->exec_update_lock);
}

enum ctxlab_task_kind ctxlab_kind_of(const struct task_struct *task)
{
	/* Its owner changes them under no lock. */
	unsigned int flags = data_race(task->flags);

	/* Before PF_USER_WORKER, which I/O workers have as well. */
	if (flags & PF_IO_WORKER)
		return CTXLAB_TASK_IO_WORKER;
	if (flags & PF_USER_WORKER)
		return CTXLAB_TASK_USER_WORKER;
	return flags & PF_KTHREAD ? CTXLAB_TASK_KTHREAD : CTXLAB_TASK_USER;
}

/* Context: task_lock(@task). */
static void take_held(struct task_struct *task, struct ctxlab_task *s)
{
	struct io_context *io = task->io_context;

	s->held[CTXLAB_MM] = task->mm;
	s->users[CTXLAB_MM] = task->mm ? atomic_read(&task->mm->mm_users) : 0;
	s->rss_kb = task->mm ? get_mm_rss(task->mm) << (PAGE_SHIFT - 10) : 0;

	s->held[CTXLAB_FILES] = task->files;
	s->users[CTXLAB_FILES] = task->files ?
				 atomic_read(&task->files->count) : 0;

	s->held[CTXLAB_FS] = task->fs;
	/* Written under fs->lock. */
	s->users[CTXLAB_FS] = task->fs ? data_race(task->fs->users) : 0;

	s->held[CTXLAB_IO] = io;
	s->users[CTXLAB_IO] = io ? atomic_read(&io->active_ref) : 0;

	s->held[CTXLAB_NSPROXY] = task->nsproxy;
	s->held[CTXLAB_SYSVSEM] = ctxlab_sem_undo_list(task);
}

/*
 * The signal_struct lives as long as its task.  The sighand_struct is dropped
 * by release_task(), but its memory stays one of its type for a grace period
 * (SLAB_TYPESAFE_BY_RCU), so its counter may be read under RCU.  Context: RCU.
 */
static void take_signals(struct task_struct *task, struct ctxlab_task *s)
{
	struct sighand_struct *sighand;

	sighand = rcu_dereference(task->sighand);
	s->held[CTXLAB_SIGHAND] = sighand;
	s->users[CTXLAB_SIGHAND] = sighand ? refcount_read(&sighand->count) : 0;
	s->held[CTXLAB_SIGNAL] = task->signal;
	s->held[CTXLAB_CRED] = __task_cred(task);
	s->uid = __task_cred(task)->uid;
}

unsigned int ctxlab_let_go(struct task_struct *task,
			   const void *const held[CTXLAB_TASK_KINDS])
{
	struct ctxlab_task now = {};
	unsigned int kinds = 0;
	int kind;

	if (task) {
		task_lock(task);
		take_held(task, &now);
		rcu_read_lock();
		take_signals(task, &now);
		rcu_read_unlock();
		task_unlock(task);
	}
	for (kind = 0; kind < CTXLAB_TASK_KINDS; kind++)
		if (held[kind] && held[kind] != now.held[kind])
			kinds |= BIT(kind);
	return kinds;
}

/*
 * Context: task_lock(@task).  A task that still has its mm under that lock has
 * not passed exit_mm(), so it has not died and its kernel stack, on which the
 * user's registers lie, is its own.
 */
static void take_own(const struct ctxlab_reader *who, struct task_struct *task,
		     struct ctxlab_task *s)
{
	s->kstack = READ_ONCE(task->stack);
	if (!task->mm || s->kind == CTXLAB_TASK_KTHREAD)
		return;
	s->may_see_registers = ctxlab_may_see_registers(who, task);
	/* Workers never return to user space: their registers are not theirs. */
	if (s->kind != CTXLAB_TASK_USER)
		return;
	/* A running task changes both. */
	s->sp = data_race(user_stack_pointer(task_pt_regs(task)));
	/* Likewise. */
	s->tls = data_race(ctxlab_tls_base(task));
}

/* What chrt(1) and nice(1) would show. */
static int prio_of(const struct task_struct *task, int policy)
{
	if (policy == SCHED_FIFO || policy == SCHED_RR)
		return task->rt_priority;
	return task_nice(task);
}

/*
 * As task_tgid_nr_ns() and its like give them, which enter RCU for each: a walk
 * over the system takes them of every task.  Context: RCU.
 */
static void take_numbers(struct pid_namespace *ns, struct task_struct *task,
			 struct ctxlab_task *s)
{
	struct task_struct *parent = NULL;
	/* release_task() clears the second before the first; RCU keeps both. */
	struct pid *tgid = READ_ONCE(task->signal->pids[PIDTYPE_TGID]);
	struct pid *tid = READ_ONCE(task->thread_pid);

	s->tgid = pid_nr_ns(tgid, ns);
	s->tid = s->tgid ? pid_nr_ns(tid, ns) : 0;
	if (tid)
		parent = rcu_dereference(task->real_parent);
	tgid = parent ? READ_ONCE(parent->signal->pids[PIDTYPE_TGID]) : NULL;
	s->ppid = pid_nr_ns(tgid, ns);
}

/* Context: RCU. */
static void take_plain(struct pid_namespace *ns, struct task_struct *task,
		       struct ctxlab_task *s)
{
	take_numbers(ns, task, s);
	/* An exec(2) of another thread gives it the leader's. */
	s->start = data_race(task->start_boottime);
	/* From here on the scheduler's, under the runqueue's lock. */
	s->nvcsw = data_race(task->nvcsw);
	/* Likewise. */
	s->nivcsw = data_race(task->nivcsw);
	s->cpu = task_cpu(task);
	/* Likewise. */
	s->policy = data_race(task->policy);
	/* Likewise. */
	s->prio = data_race(prio_of(task, s->policy));
	/* exit_state is written under tasklist_lock. */
	s->state = data_race(task_state_to_char(task));
}

/* Context: task_lock(@task). */
static bool take_task(const struct ctxlab_reader *who, struct task_struct *task,
		      bool own, struct ctxlab_task *s)
{
	if (!ctxlab_may_see(who, task))
		return false;
	s->kind = ctxlab_kind_of(task);
	take_held(task, s);
	s->kstack = NULL;
	s->sp = 0;
	s->tls = 0;
	s->may_see_registers = false;
	s->stack_start = 0;
	s->stack_size = 0;
	if (own)
		take_own(who, task, s);
	rcu_read_lock();
	take_signals(task, s);
	take_plain(ctxlab_pid_ns(who), task, s);
	rcu_read_unlock();
	/* Only a name to hash: nothing keeps a running kernel thread's loan. */
	s->borrowed = s->kind == CTXLAB_TASK_KTHREAD && !task->mm ?
		      READ_ONCE(task->active_mm) : NULL;
	/* set_task_comm() writes it under task_lock(); a few drivers do not. */
	memcpy(s->comm, task->comm, sizeof(s->comm));
	s->comm[sizeof(s->comm) - 1] = '\0';
	return true;
}

bool ctxlab_snapshot_task(const struct ctxlab_reader *who, struct task_struct *task,
			  bool own, struct ctxlab_task *s)
{
	bool seen;

	task_lock(task);
	seen = take_task(who, task, own, s);
	task_unlock(task);
	return seen;
}

/* Of a task that was asked for by its number.  Context: task_lock(@task). */
static int take_known(const struct ctxlab_reader *who, struct task_struct *task,
		      bool own, struct ctxlab_task *s)
{
	if (!take_task(who, task, own, s))
		return -EACCES;
	return s->tid ? 0 : -ESRCH;
}

/* Context: task_lock(@task) keeps the nsproxy and so what it points to. */
static void take_namespaces(struct task_struct *task,
			    struct ctxlab_namespaces *s)
{
	const struct nsproxy *ns = task->nsproxy;
	const void **held = s->held;

	memset(s, 0, sizeof(*s));
	if (ns) {
		held[CTXLAB_MNT_NS - CTXLAB_FIRST_NS] = ns->mnt_ns;
		held[CTXLAB_UTS_NS - CTXLAB_FIRST_NS] = ns->uts_ns;
		held[CTXLAB_IPC_NS - CTXLAB_FIRST_NS] = ns->ipc_ns;
		held[CTXLAB_NET_NS - CTXLAB_FIRST_NS] = ns->net_ns;
		held[CTXLAB_PID_NS - CTXLAB_FIRST_NS] = ns->pid_ns_for_children;
		held[CTXLAB_CGROUP_NS - CTXLAB_FIRST_NS] = ns->cgroup_ns;
		held[CTXLAB_TIME_NS - CTXLAB_FIRST_NS] = ns->time_ns;
	}
	rcu_read_lock();
	held[CTXLAB_USER_NS - CTXLAB_FIRST_NS] = __task_cred(task)->user_ns;
	rcu_read_unlock();
}

/* Context: task_lock(@task) keeps the table, RCU the array behind it. */
static void take_file_bits(struct task_struct *task, struct ctxlab_files *s)
{
	struct fdtable *fdt;

	memset(s, 0, sizeof(*s));
	if (!task->files)
		return;
	rcu_read_lock();
	fdt = files_fdtable(task->files);
	s->slots = fdt->max_fds;
	/* The bits change under files->file_lock. */
	s->open = data_race(bitmap_weight(fdt->open_fds, fdt->max_fds));
	/* A closed descriptor may leave its close-on-exec bit behind. */
	s->cloexec = data_race(bitmap_weight_and(fdt->open_fds,
						 fdt->close_on_exec,
						 fdt->max_fds));
	rcu_read_unlock();
}

unsigned int ctxlab_count_open(struct task_struct *task)
{
	struct ctxlab_files files;

	task_lock(task);
	take_file_bits(task, &files);
	task_unlock(task);
	return files.open;
}

unsigned int ctxlab_find_open(struct task_struct *task, unsigned int *fd)
{
	struct fdtable *fdt;
	unsigned int end = 0;

	task_lock(task);
	if (task->files) {
		rcu_read_lock();
		fdt = files_fdtable(task->files);
		/* The bits change under files->file_lock. */
		*fd = data_race(find_next_bit(fdt->open_fds, fdt->max_fds, *fd));
		end = *fd;
		if (end < fdt->max_fds) {
			/* Likewise. */
			end = data_race(find_last_bit(fdt->open_fds,
						      fdt->max_fds)) + 1;
		}
		rcu_read_unlock();
	}
	task_unlock(task);
	return end;
}

enum ctxlab_file_kind ctxlab_kind_of_file(const struct file *file)
{
	switch (file_inode(file)->i_mode & S_IFMT) {
	case S_IFREG:
		return CTXLAB_FILE_REG;
	case S_IFDIR:
		return CTXLAB_FILE_DIR;
	case S_IFCHR:
		return CTXLAB_FILE_CHR;
	case S_IFBLK:
		return CTXLAB_FILE_BLK;
	case S_IFIFO:
		return CTXLAB_FILE_PIPE;
	case S_IFSOCK:
		return CTXLAB_FILE_SOCKET;
	case S_IFLNK:
		return CTXLAB_FILE_LINK;
	default:
		return CTXLAB_FILE_ANON;
	}
}

/*
 * Compared only: should the address be another object's by now, then one of
 * @task.  Context: ctxlab_lock_exec(@task) and task_lock(@task).
 */
static int check_held(const struct ctxlab_reader *who, struct task_struct *task,
		      enum ctxlab_kind kind, const void *held)
{
	const void *now = kind == CTXLAB_MM ? (void *)task->mm :
					      (void *)task->files;

	if (!ctxlab_may_see(who, task))
		return -EACCES;
	return now == held ? 0 : -ESTALE;
}

int ctxlab_check_held(const struct ctxlab_reader *who, struct task_struct *task,
		      enum ctxlab_kind kind, const void *held)
{
	int err;

	task_lock(task);
	err = check_held(who, task, kind, held);
	task_unlock(task);
	return err;
}

int ctxlab_get_mm(const struct ctxlab_reader *who, struct task_struct *task,
		  const void *held, struct mm_struct **mm)
{
	int err;

	task_lock(task);
	err = check_held(who, task, CTXLAB_MM, held);
	if (!err) {
		*mm = task->mm;
		mmget(*mm);
	}
	task_unlock(task);
	return err;
}

/* Context: the caller's reference on mm_count keeps the struct. */
static void take_mm(struct mm_struct *mm, struct ctxlab_mm *s)
{
	/* Not counted: the caller's own. */
	s->count = atomic_read(&mm->mm_count) - 1;
	/* Written under mmap_lock. */
	s->maps = data_race(mm->map_count);
	s->page_tables_kb = mm_pgtables_bytes(mm) >> 10;
	s->rss_kb = ctxlab_mm_rss_exact(mm) << (PAGE_SHIFT - 10);
	s->cpus_known = ctxlab_mm_cpumask_known();
	/* CPUs set and clear their own bits. */
	data_race((cpumask_copy(&s->cpus, mm_cpumask(mm)), 0));
}

static void take_stack(struct mm_struct *mm, struct ctxlab_task *s)
{
	struct vm_area_struct *vma;

	if (s->held[CTXLAB_MM] != mm || !s->sp)
		return;
	/* An empty stack's pointer is the first byte past its mapping. */
	vma = find_vma(mm, s->sp - 1);
	if (!vma || vma->vm_start >= s->sp)
		return;
	s->stack_start = vma->vm_start;
	s->stack_size = vma->vm_end - vma->vm_start;
}

int ctxlab_snapshot_stacks(struct mm_struct *mm, struct ctxlab_task *s, int n)
{
	int i;

	if (!mmget_not_zero(mm))
		return 0;
	if (mmap_read_lock_killable(mm)) {
		mmput_async(mm);
		return -EINTR;
	}
	for (i = 0; i < n; i++)
		take_stack(mm, &s[i]);
	mmap_read_unlock(mm);
	/* We may be its last user: exit_mmap() must not run from a read. */
	mmput_async(mm);
	return 0;
}

/* Context: both task_lock()s. */
static bool waits_in_vfork(struct task_struct *parent, struct task_struct *child)
{
	bool waits;

	rcu_read_lock();
	/* mm_release() clears it under task_lock(), kernel_clone() sets it. */
	waits = data_race(child->vfork_done) &&
		child->mm && child->mm == parent->mm &&
		rcu_dereference(child->real_parent) == parent;
	rcu_read_unlock();
	return waits;
}

/* In the order of kcmp_lock(), the other one who takes two of them. */
int ctxlab_lock_exec_both(struct task_struct *first, struct task_struct *second)
{
	struct rw_semaphore *a = &first->signal->exec_update_lock;
	struct rw_semaphore *b = &second->signal->exec_update_lock;

	if (b > a)
		swap(a, b);
	if (down_read_killable(a))
		return -EINTR;
	if (a != b && down_read_killable_nested(b, SINGLE_DEPTH_NESTING)) {
		up_read(a);
		return -EINTR;
	}
	return 0;
}

void ctxlab_unlock_exec_both(struct task_struct *first,
			     struct task_struct *second)
{
	struct rw_semaphore *a = &first->signal->exec_update_lock;
	struct rw_semaphore *b = &second->signal->exec_update_lock;

	up_read(a);
	if (a != b)
		up_read(b);
}

/* In the order of addresses, so that two readers of one pair cannot deadlock. */
static void lock_tasks(struct task_struct *a, struct task_struct *b)
	__acquires(&a->alloc_lock) __acquires(&b->alloc_lock)
{
	if (a > b)
		swap(a, b);
	task_lock(a);
	if (a != b)
		spin_lock_nested(&b->alloc_lock, SINGLE_DEPTH_NESTING);
	else
		__acquire(&b->alloc_lock);
}

static void unlock_tasks(struct task_struct *a, struct task_struct *b)
	__releases(&a->alloc_lock) __releases(&b->alloc_lock)
{
	task_unlock(a);
	if (a != b)
		task_unlock(b);
	else
		__release(&b->alloc_lock);
}

int ctxlab_snapshot_pair(const struct ctxlab_reader *who, struct task_struct *a,
			 struct task_struct *b, struct ctxlab_task s[2],
			 struct ctxlab_namespaces ns[2], bool *vfork)
{
	int err = ctxlab_lock_exec_both(a, b);

	if (err)
		return err;
	lock_tasks(a, b);
	err = take_known(who, a, false, &s[0]) ?:
	      take_known(who, b, false, &s[1]);
	if (!err) {
		take_namespaces(a, &ns[0]);
		take_namespaces(b, &ns[1]);
		*vfork = waits_in_vfork(a, b) || waits_in_vfork(b, a);
	}
	unlock_tasks(a, b);
	ctxlab_unlock_exec_both(a, b);
	return err;
}

/* Context: ctxlab_lock_exec(@task) and task_lock(@task).  Return: as below. */
static struct mm_struct *take_details(const struct ctxlab_reader *who,
				      struct task_struct *task,
				      struct ctxlab_task *s,
				      struct ctxlab_namespaces *ns)
{
	int err = take_known(who, task, true, s);

	if (err)
		return ERR_PTR(err);
	take_namespaces(task, ns);
	if (task->mm)
		mmgrab(task->mm);
	return task->mm;
}

struct mm_struct *ctxlab_snapshot_details(const struct ctxlab_reader *who,
					  struct task_struct *task,
					  struct ctxlab_task *s,
					  struct ctxlab_namespaces *ns,
					  struct ctxlab_mm *mm,
					  struct ctxlab_files *files)
{
	struct mm_struct *held;

	if (ctxlab_lock_exec(task))
		return ERR_PTR(-EINTR);
	task_lock(task);
	held = take_details(who, task, s, ns);
	if (!IS_ERR(held))
		take_file_bits(task, files);
	task_unlock(task);
	ctxlab_unlock_exec(task);
	if (!IS_ERR_OR_NULL(held))
		take_mm(held, mm);
	return held;
}

struct mm_struct *ctxlab_snapshot_thread(const struct ctxlab_reader *who,
					 struct task_struct *task,
					 struct task_struct *leader,
					 struct ctxlab_task s[2],
					 struct ctxlab_namespaces *ns,
					 bool *seen)
{
	struct task_struct *other = leader ?: task;
	struct mm_struct *held;

	if (ctxlab_lock_exec(task))
		return ERR_PTR(-EINTR);
	lock_tasks(task, other);
	held = take_details(who, task, &s[0], ns);
	*seen = leader && take_task(who, leader, false, &s[1]);
	unlock_tasks(task, other);
	ctxlab_unlock_exec(task);
	return held;
}
