// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may see whom: the read check of ptrace_may_access(), re-stated.
 *
 * Stricter than the kernel's own in two points.  The opener of the file and the
 * task that reads it must both pass.  And since security hooks cannot be called
 * from a module, a security label that differs from the target's denies unless
 * the reader has CAP_SYS_PTRACE over the target.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/sched/coredump.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/security.h>
#include <linux/uidgid.h>

#include "access.h"

/* One who asks: the opener by @file, or the current task where @file is NULL. */
struct asker {
	const struct cred *cred;
	const struct file *file;
};

static bool capable_over(const struct asker *who, struct user_namespace *ns)
{
	if (who->file)
		return file_ns_capable(who->file, ns, CAP_SYS_PTRACE);
	return ns_capable_noaudit(ns, CAP_SYS_PTRACE);
}

static bool same_ids(const struct cred *cred, const struct cred *target)
{
	return uid_eq(cred->fsuid, target->euid) &&
	       uid_eq(cred->fsuid, target->suid) &&
	       uid_eq(cred->fsuid, target->uid) &&
	       gid_eq(cred->fsgid, target->egid) &&
	       gid_eq(cred->fsgid, target->sgid) &&
	       gid_eq(cred->fsgid, target->gid);
}

static bool same_label(const struct asker *who, struct task_struct *task)
{
	u32 mine, theirs;

	if (who->file)
		security_cred_getsecid(who->cred, &mine);
	else
		security_current_getsecid_subj(&mine);
	security_task_getsecid_obj(task, &theirs);
	return mine == theirs;
}

/* Context: task_lock(@task) keeps task->mm; RCU keeps its credentials. */
static bool asker_may_see(const struct asker *who, struct task_struct *task)
{
	const struct cred *target;
	struct mm_struct *mm;
	bool allowed;

	rcu_read_lock();
	target = __task_cred(task);
	allowed = (same_ids(who->cred, target) && same_label(who, task)) ||
		  capable_over(who, target->user_ns);
	rcu_read_unlock();
	if (!allowed)
		return false;

	/*
	 * Credentials before dumpability: a task that drops privileges turns
	 * undumpable first.  Pairs with the write barrier in commit_creds().
	 */
	smp_rmb();
	mm = task->mm;
	return !mm || get_dumpable(mm) == SUID_DUMP_USER ||
	       capable_over(who, mm->user_ns);
}

bool ctxlab_may_see(const struct file *file, struct task_struct *task)
{
	struct asker reader = { .cred = current_cred() };
	struct asker opener = { .cred = file->f_cred, .file = file };

	if (!same_thread_group(task, current) && !asker_may_see(&reader, task))
		return false;
	return opener.cred == reader.cred || asker_may_see(&opener, task);
}

bool ctxlab_may_see_registers(const struct file *file, struct task_struct *task)
{
	struct asker reader = { .cred = current_cred() };
	struct asker opener = { .cred = file->f_cred, .file = file };
	struct user_namespace *ns;
	bool allowed;

	if (same_thread_group(task, current) && opener.cred == reader.cred)
		return true;
	rcu_read_lock();
	ns = __task_cred(task)->user_ns;
	allowed = capable_over(&reader, ns) && capable_over(&opener, ns);
	rcu_read_unlock();
	return allowed;
}
