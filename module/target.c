// SPDX-License-Identifier: GPL-2.0-only
/* Which task, or pair of tasks, a name and the file opened by it are about. */
#include <linux/ctype.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/threads.h>

#include "target.h"

/* Moves *@s on; 0 if there is no pid. */
static pid_t parse_pid(const char **s)
{
	unsigned int nr = 0;

	if (**s == '0')
		return 0;
	for (; isdigit(**s); ++*s) {
		nr = nr * 10 + (**s - '0');
		if (nr > PID_MAX_LIMIT)
			return 0;
	}
	return nr;
}

bool ctxlab_parse_name(const char *name, struct ctxlab_name *parsed)
{
	parsed->nr[0] = parse_pid(&name);
	parsed->nr[1] = 0;
	parsed->waits = !strcmp(name, "-waits");
	if (!parsed->nr[0] || !*name || parsed->waits)
		return parsed->nr[0];
	if (*name++ != ',')
		return false;
	parsed->nr[1] = parse_pid(&name);
	return parsed->nr[1] && !*name;
}

/*
 * The pid of an existing task, and when that was created.  Context: RCU.  What
 * another thread's exec(2) makes of the leader's number keeps its time.
 */
static struct pid *find_live(pid_t nr, struct pid_namespace *ns, u64 *start)
{
	struct pid *pid = find_pid_ns(nr, ns);
	struct task_struct *task = pid ? pid_task(pid, PIDTYPE_PID) : NULL;

	if (!task)
		return NULL;
	/* It is written by such an exec alone. */
	*start = data_race(task->start_boottime);
	return pid;
}

/* The pid of the task that @named means by its @i-th number.  Context: RCU. */
static struct pid *find_same_task(const struct ctxlab_name_ref *named, int i,
				  struct pid_namespace *ns)
{
	struct pid *pid;
	u64 start;

	pid = find_live(named->nr[i], ns, &start);
	return pid && start == named->start[i] ? pid : NULL;
}

struct ctxlab_name_ref *ctxlab_name_ref_new(const pid_t nr[2],
					    struct pid_namespace *ns)
{
	struct ctxlab_name_ref *named;
	bool found;

	named = kzalloc(sizeof(*named), GFP_KERNEL_ACCOUNT);
	if (!named)
		return ERR_PTR(-ENOMEM);
	memcpy(named->nr, nr, sizeof(named->nr));
	rcu_read_lock();
	found = find_live(nr[0], ns, &named->start[0]) &&
		(!nr[1] || find_live(nr[1], ns, &named->start[1]));
	rcu_read_unlock();
	if (!found) {
		kfree(named);
		return ERR_PTR(-ENOENT);
	}
	return named;
}

bool ctxlab_name_valid(const struct ctxlab_name_ref *named,
		       struct pid_namespace *ns)
{
	bool lives;

	rcu_read_lock();
	lives = find_same_task(named, 0, ns) &&
		(!named->nr[1] || find_same_task(named, 1, ns));
	rcu_read_unlock();
	return lives;
}

int ctxlab_target_get(const struct inode *inode, struct ctxlab_target *target)
{
	const struct ctxlab_name_ref *named = inode->i_private;
	struct pid_namespace *ns = inode->i_sb->s_fs_info;

	rcu_read_lock();
	target->a = get_pid(find_same_task(named, 0, ns));
	target->b = named->nr[1] ? get_pid(find_same_task(named, 1, ns)) : NULL;
	rcu_read_unlock();
	if (target->a && (target->b || !named->nr[1]))
		return 0;
	ctxlab_target_put(target);
	return -ESRCH;
}

void ctxlab_target_put(const struct ctxlab_target *target)
{
	put_pid(target->b);
	put_pid(target->a);
}
