// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may see whom: the read check of ptrace_may_access(), re-stated, with what
 * the capability module, which is always there, adds to it.
 *
 * Stricter than the kernel's own in two points.  The opener of the file and the
 * task that reads it must both pass.  And since the hooks of other security
 * modules cannot be called, a security label that differs from the target's
 * denies unless the asker has CAP_SYS_PTRACE over the target.
 *
 * Line by line, as read in Linux 6.1, 6.12 and 7.3, for PTRACE_MODE_READ_FSCREDS:
 *
 *   __ptrace_may_access()                   here
 *     same_thread_group(task, current)        ctxlab_may_see()
 *     uid_eq() and gid_eq(), three each       same_ids()
 *     ptrace_has_cap(tcred->user_ns)          capable_over(target->user_ns)
 *     smp_rmb()                               asker_may_see()
 *     dumpable: mm, task->user_dumpable or    ctxlab_dumpable(), in compat.h,
 *       task->exec_state, else a capability     else capable_over(ns)
 *   security_ptrace_access_check()
 *     cap_ptrace_access_check(): same         covers(), together with same_ids():
 *       user_ns and cap_issubset(), else        capable_over() makes up for both
 *       ptrace_has_cap()
 *     the hooks of other modules              same_label()
 *   mm_access(), 7.x: perfmon_capable()     not followed
 *
 * The kernel's own may change: access_test, label_test and visibility_test hold this
 * against what /proc/<pid>/maps grants and refuses on each kernel.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/lockdep.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include "access.h"
#include "compat.h"

/* One who asks: the opener, with @file and @label, or else the current task. */
struct asker {
	const struct cred *cred;
	const struct file *file;
	const struct ctxlab_label *label;
};

struct ctxlab_reader ctxlab_opener(const struct file *file)
{
	struct ctxlab_reader who = { .file = file };

	ctxlab_current_label(&who.opener_label);
	return who;
}

static struct asker opener_of(const struct ctxlab_reader *who)
{
	struct asker asker = {
		.cred = who->file->f_cred,
		.file = who->file,
		.label = &who->opener_label,
	};

	return asker;
}

/*
 * file_ns_capable() audits a denial, as no exported variant does not; it is
 * asked only where the opener's credentials are not the reader's.
 */
static bool capable_over(const struct asker *asker, struct user_namespace *ns)
{
	if (asker->file)
		return file_ns_capable(asker->file, ns, CAP_SYS_PTRACE);
	return ns_capable_noaudit(ns, CAP_SYS_PTRACE);
}

void ctxlab_reader_refresh(struct ctxlab_reader *who)
{
	struct asker reader = { .cred = current_cred() };
	struct asker opener = opener_of(who);

	who->sees_all = capable_over(&reader, &init_user_ns) &&
			(opener.cred == reader.cred ||
			 capable_over(&opener, &init_user_ns));
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

/* Does the target hold nothing that the asker does not? */
static bool covers(const struct cred *cred, const struct cred *target)
{
	return cred->user_ns == target->user_ns &&
	       cap_issubset(target->cap_permitted, cred->cap_effective);
}

/* Context: RCU, for both labels. */
static bool same_label(const struct asker *asker, struct task_struct *task)
{
	struct ctxlab_label own, label;

	if (asker->label)
		own = *asker->label;
	else
		ctxlab_current_label(&own);
	ctxlab_task_label(task, &label);
	return ctxlab_label_equal(&own, &label);
}

/* Context: task_lock(@task) keeps task->mm; RCU keeps its credentials. */
static bool asker_may_see(const struct asker *asker, struct task_struct *task)
{
	struct user_namespace *ns;
	const struct cred *target;
	bool allowed;

	rcu_read_lock();
	target = __task_cred(task);
	allowed = (same_ids(asker->cred, target) &&
		   covers(asker->cred, target) && same_label(asker, task)) ||
		  capable_over(asker, target->user_ns);
	rcu_read_unlock();
	if (!allowed)
		return false;

	/*
	 * Credentials before dumpability: a task that drops privileges turns
	 * undumpable first.  Pairs with the write barrier in commit_creds().
	 */
	smp_rmb();
	rcu_read_lock();
	allowed = ctxlab_dumpable(task, &ns) || capable_over(asker, ns);
	rcu_read_unlock();
	return allowed;
}

bool ctxlab_may_see(const struct ctxlab_reader *who, struct task_struct *task)
{
	struct asker reader = { .cred = current_cred() };
	struct asker opener = opener_of(who);

	lockdep_assert_held(&task->alloc_lock);
	lockdep_assert_held(&task->signal->exec_update_lock);
	if (who->sees_all)
		return true;
	if (!same_thread_group(task, current) && !asker_may_see(&reader, task))
		return false;
	return opener.cred == reader.cred || asker_may_see(&opener, task);
}

bool ctxlab_may_see_registers(const struct ctxlab_reader *who,
			      struct task_struct *task)
{
	struct asker reader = { .cred = current_cred() };
	struct asker opener = opener_of(who);
	struct user_namespace *ns;
	bool allowed;

	if (who->sees_all ||
	    (same_thread_group(task, current) && opener.cred == reader.cred))
		return true;
	rcu_read_lock();
	ns = __task_cred(task)->user_ns;
	allowed = capable_over(&reader, ns) &&
		  (opener.cred == reader.cred || capable_over(&opener, ns));
	rcu_read_unlock();
	return allowed;
}
