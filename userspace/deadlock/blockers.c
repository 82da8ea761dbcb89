// SPDX-License-Identifier: GPL-2.0-only
/* Who can end a wait: threads and processes, of which some are added for that. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "doubts.h"
#include "lib/xalloc.h"
#include "scan.h"
#include "waits.h"

static void owned_by(struct thread *t, struct thread *owner)
{
	t->by.state = OWNER_THREAD;
	t->by.owner = owner;
	t->by.certain = true;
}

/* Whether a thread of an ancestor has that ID; that ancestor in @parent. */
static bool ancestor_has(const struct process *p, pid_t tid, pid_t *parent)
{
	struct stat_line stat;
	char path[48], text[1024];
	int depth;

	*parent = p->ppid;
	for (depth = 0; depth < 32 && *parent > 0; depth++) {
		snprintf(path, sizeof(path), "/proc/%d/task/%d", *parent, tid);
		if (!access(path, F_OK))
			return true;
		snprintf(path, sizeof(path), "/proc/%d/stat", *parent);
		if (file_read(AT_FDCWD, path, text, sizeof(text)) <= 0 ||
		    !parse_stat(text, &stat))
			return false;
		*parent = stat.ppid;
	}
	return false;
}

enum sharing { NOT_SHARED, MAYBE_SHARED, SHARED };

/* Whether a task of that ID is there and has the memory of @p. */
static enum sharing shares_memory(const struct process *p, pid_t tid)
{
	char path[32];
	long differ;

	snprintf(path, sizeof(path), "/proc/%d", tid);
	if (access(path, F_OK) && errno == ENOENT)
		return NOT_SHARED;
	differ = syscall(SYS_kcmp, p->pid, tid, KCMP_VM, 0, 0);
	return differ < 0 ? MAYBE_SHARED : differ ? NOT_SHARED : SHARED;
}

/* A thread of another process with the same memory, as after vfork(2). */
static void resolve_sharer(struct scan *s, struct thread *t)
{
	struct process *p = scan_take(s, process_of(t->wait.owner));
	struct thread *owner = p && p->pid_ns == t->process->pid_ns ?
			       process_thread(p, t->wait.owner) : NULL;

	if (owner)
		owned_by(t, owner);
}

/* The owner of a lock that only threads with this memory can hold is missing. */
static void owner_missing(struct scan *s, struct thread *t)
{
	const struct process *p = t->process;
	pid_t owner = t->wait.owner;
	enum sharing sharing;

	/* It may be new, or the ID another's in a namespace that is not ours. */
	if (process_has_thread(p, owner) || p->translated)
		return;
	sharing = shares_memory(p, owner);
	if (sharing == SHARED)
		resolve_sharer(s, t);
	if (sharing != NOT_SHARED)
		return;
	t->by.state = ancestor_has(p, owner, &t->by.parent) ? OWNER_FORKED :
							       OWNER_GONE;
	t->by.heir = heir_of(t);
	t->by.certain = true;
}

/* A lock that is shared among processes: the owner is of the same pid namespace. */
static void resolve_shared(struct scan *s, struct thread *t)
{
	struct process *p;
	struct thread *owner;
	size_t i;

	for (i = 0; i < s->processes; i++) {
		p = s->process[i];
		owner = p->pid_ns == t->process->pid_ns ?
			process_thread(p, t->wait.owner) : NULL;
		if (owner) {
			owned_by(t, owner);
			return;
		}
	}
	if (t->process->translated)
		return;
	p = scan_take(s, process_of(t->wait.owner));
	owner = p && p->pid_ns == t->process->pid_ns ?
		process_thread(p, t->wait.owner) : NULL;
	if (owner)
		owned_by(t, owner);
}

static void resolve_owner(struct scan *s, struct thread *t)
{
	struct thread *owner;

	if (!t->wait.owner) {
		t->by.certain = t->wait.kind == WAIT_MUTEX_PARKED;
		return;
	}
	if (owner_may_be_abroad(&s->holders, t))
		return;
	owner = process_thread(t->process, t->wait.owner);
	if (owner && owner->ended)
		t->by = (struct blockers){ .state = OWNER_GONE, .certain = true };
	else if (owner)
		owned_by(t, owner);
	else if (t->wait.shared)
		resolve_shared(s, t);
	else if (t->wait.kind == WAIT_MUTEX || t->wait.kind == WAIT_MUTEX_ROBUST ||
		 t->wait.kind == WAIT_RWLOCK_READ || t->wait.kind == WAIT_RWLOCK_WRITE)
		owner_missing(s, t);
}

static void add_blocker(struct scan *s, struct thread *t, pid_t pid)
{
	struct process *p = scan_take(s, pid);
	size_t i;

	if (!p) {
		t->by.certain = false;
		return;
	}
	for (i = 0; i < t->by.n; i++)
		if (t->by.process[i] == p)
			return;
	t->by.process = xrealloc(t->by.process, t->by.n + 1,
				 sizeof(*t->by.process));
	t->by.process[t->by.n++] = p;
}

/*
 * A child by its ID, or any, which another thread of the process may start as well;
 * so it is with threads that the process traces.  IDs of another namespace are not
 * translated.
 */
static void resolve_child(struct scan *s, struct thread *t)
{
	const struct holders *h = &s->holders;
	size_t i;

	if (t->process->translated)
		return;
	t->by.certain = true;
	t->by.own = t->wait.owner < 0;
	for (i = 0; i < h->processes; i++)
		if (h->process[i].ppid == t->process->pid &&
		    (t->wait.owner < 0 || t->wait.owner == h->process[i].pid))
			add_blocker(s, t, h->process[i].pid);
	for (i = 0; i < h->traced; i++)
		if (process_thread(t->process, h->trace[i].tracer) &&
		    (t->wait.owner < 0 || t->wait.owner == h->trace[i].tid))
			add_blocker(s, t, h->trace[i].pid);
}

/* The child that has this memory; where none has it, any may be meant. */
static void resolve_vfork(struct scan *s, struct thread *t)
{
	const struct holders *h = &s->holders;
	const struct process *p = t->process;
	size_t i;

	if (p->translated)
		return;
	t->by.certain = true;
	for (i = 0; i < h->processes; i++)
		if (h->process[i].ppid == p->pid &&
		    shares_memory(p, h->process[i].pid) != NOT_SHARED)
			add_blocker(s, t, h->process[i].pid);
	if (!t->by.n)
		resolve_child(s, t);
}

static void resolve_pipe(struct scan *s, struct thread *t)
{
	unsigned int other = t->wait.kind == WAIT_PIPE_READ ? HOLD_WRITE :
							      HOLD_READ;
	const struct holders *h = &s->holders;
	size_t i;

	t->by.certain = !h->unseen && !h->outside;
	for (i = 0; i < h->n; i++) {
		if (h->holder[i].inode != t->wait.inode ||
		    !(h->holder[i].how & other))
			continue;
		add_blocker(s, t, h->holder[i].pid);
		if (holders_process(h, h->holder[i].pid)->io_uring ||
		    (h->holder[i].pid == t->process->pid && other == HOLD_WRITE &&
		     handler_may_write(t->process)))
			t->by.certain = false;
	}
}

/* Whoever may open the FIFO can end the wait, so that it is never certain. */
static void resolve_fifo(struct scan *s, struct thread *t)
{
	unsigned int other = t->wait.kind == WAIT_FIFO_READ ? HOLD_WRITE :
							      HOLD_READ;
	const struct holders *h = &s->holders;
	size_t i;

	for (i = 0; i < h->n; i++)
		if (h->holder[i].inode == t->wait.inode &&
		    h->holder[i].device == t->wait.device &&
		    h->holder[i].how & other)
			add_blocker(s, t, h->holder[i].pid);
	t->by.certain = false;
}

/*
 * The other end of a socket.  A timeout of the socket (SO_RCVTIMEO) cannot be
 * seen, so no wait for one is certain.
 */
static void resolve_socket(struct scan *s, struct thread *t)
{
	const struct peer *p = peers_find(&s->peers, t->wait.inode);
	const struct holders *h = &s->holders;
	size_t i;

	for (i = 0; p && p->other && i < h->n; i++)
		if (h->holder[i].inode == p->other)
			add_blocker(s, t, h->holder[i].pid);
}

/* The lock that the thread's process waits for on that file, if it is just one. */
static const struct lock_wait *find_lock_wait(const struct holders *h,
					      const struct thread *t,
					      enum file_lock_kind kind)
{
	const struct lock_wait *found = NULL, *w;

	for (w = h->wait; w < h->wait + h->waits; w++) {
		if (w->waiter.inode != t->wait.inode || w->waiter.kind != kind ||
		    (kind != FILE_LOCK_OFD && w->waiter.pid != t->process->pid))
			continue;
		if (found && found->holder.id != w->holder.id)
			return NULL;
		found = w;
	}
	return found;
}

/* Whether any wait for a lock on that file is listed for the thread's process. */
static bool has_lock_wait(const struct holders *h, const struct thread *t)
{
	const struct lock_wait *w;

	for (w = h->wait; w < h->wait + h->waits; w++)
		if (w->waiter.inode == t->wait.inode &&
		    (w->waiter.pid == t->process->pid || w->waiter.pid < 0))
			return true;
	return false;
}

/* Adds whoever has an open file description that has a lock on that file. */
static void add_lock_holders(struct scan *s, struct thread *t, unsigned int how)
{
	const struct holders *h = &s->holders;
	size_t i;

	for (i = 0; i < h->n; i++)
		if (h->holder[i].inode == t->wait.inode &&
		    h->holder[i].how & how)
			add_blocker(s, t, h->holder[i].pid);
}

/*
 * In a pid namespace /proc/locks does not list a lock whose taker has no ID there:
 * it has ended, or is outside.  fdinfo does, where somebody inside has the open file
 * description.
 */
static void resolve_unlisted(struct scan *s, struct thread *t,
			     enum file_lock_kind kind)
{
	if (kind == FILE_LOCK_FLOCK)
		add_lock_holders(s, t, HOLD_FLOCK);
	t->by.state = t->by.n ? OWNER_DESCRIPTION : OWNER_UNSEEN;
}

/*
 * The lock is that of all who have the descriptors of @holder as theirs, too.  Who has
 * a lock there may have one of its own: kcmp(2) tells, where it may be asked.
 */
static void add_posix_holders(struct scan *s, struct thread *t, pid_t holder)
{
	const struct holders *h = &s->holders;
	long order;
	size_t i;

	add_blocker(s, t, holder);
	for (i = 0; i < h->n; i++) {
		if (h->holder[i].inode != t->wait.inode ||
		    !(h->holder[i].how & HOLD_POSIX))
			continue;
		order = syscall(SYS_kcmp, holder, h->holder[i].pid, KCMP_FILES, 0, 0);
		if (!order)
			add_blocker(s, t, h->holder[i].pid);
		else if (order < 0 && errno != ESRCH)
			t->by.certain = false;
	}
}

/* Open file descriptions hold all but POSIX locks, which are the process's. */
static void resolve_lock(struct scan *s, struct thread *t,
			 enum file_lock_kind kind)
{
	const struct holders *h = &s->holders;
	const struct lock_wait *w = find_lock_wait(h, t, kind);

	if (!w) {
		if (h->outside && !has_lock_wait(h, t))
			resolve_unlisted(s, t, kind);
		return;
	}
	t->by.certain = !h->unseen && !h->outside;
	if (w->holder.kind == FILE_LOCK_POSIX) {
		t->by.certain &= w->holder.pid > 0;
		if (w->holder.pid > 0)
			add_posix_holders(s, t, w->holder.pid);
		return;
	}
	add_lock_holders(s, t, w->holder.kind == FILE_LOCK_FLOCK ? HOLD_FLOCK :
								   HOLD_OFD);
}

void scan_resolve(struct scan *s, struct thread *t)
{
	free(t->by.process);
	t->by = (struct blockers){};
	switch (t->wait.kind) {
	case WAIT_CHILD:
		resolve_child(s, t);
		break;
	case WAIT_VFORK:
		resolve_vfork(s, t);
		break;
	case WAIT_PIPE_READ:
	case WAIT_PIPE_WRITE:
		resolve_pipe(s, t);
		break;
	case WAIT_FIFO_READ:
	case WAIT_FIFO_WRITE:
		resolve_fifo(s, t);
		break;
	case WAIT_SOCKET:
		resolve_socket(s, t);
		break;
	case WAIT_FLOCK:
		resolve_lock(s, t, FILE_LOCK_FLOCK);
		break;
	case WAIT_POSIX_LOCK:
		resolve_lock(s, t, FILE_LOCK_POSIX);
		break;
	case WAIT_OFD_LOCK:
		resolve_lock(s, t, FILE_LOCK_OFD);
		break;
	default:
		if (wait_has_owner(t->wait.kind))
			resolve_owner(s, t);
	}
	if (t->wait.end != ENDS_NEVER)
		t->by.certain = false;
}
