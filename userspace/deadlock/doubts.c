// SPDX-License-Identifier: GPL-2.0-only
/* What could end a wait, though by the lock or the descriptor nobody can. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "doubts.h"

/* Where a thread's C library keeps its list of robust mutexes; NULL where unknown. */
static const void *robust_list(pid_t tid)
{
	const void *head;
	size_t size;

	return syscall(SYS_get_robust_list, tid, &head, &size) ? NULL : head;
}

/* A recursive or an errorcheck mutex is unlocked by its owner's ID alone. */
static bool asks_for_owner(const struct wait *w)
{
	return w->kind != WAIT_MUTEX || (w->type && (!strcmp(w->type, "recursive") ||
						     !strcmp(w->type, "errorcheck")));
}

/*
 * What a thread has locked is locked by its copy after a fork, too, which is the main
 * thread of the child until that runs a program.  A copy has its list at the address
 * at which the thread itself has it.
 */
struct thread *heir_of(const struct thread *t)
{
	struct process *p = t->process;
	struct thread *leader = process_thread(p, p->pid);
	const void *list;
	struct stat_line stat;

	if (!leader || leader->ended || asks_for_owner(&t->wait) ||
	    !thread_read_stat(leader, &stat) || stat.execed)
		return NULL;
	list = t->by.state == OWNER_FORKED ? robust_list(t->wait.owner) : NULL;
	return list && list != robust_list(leader->tid) ? NULL : leader;
}

/* Also where that may not be read, unless the process has ended. */
static bool may_map(pid_t pid, unsigned long long inode)
{
	struct map_line line;
	char path[32], *text = NULL;
	size_t size = 0;
	bool maps = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "re");
	if (!f)
		return errno != ENOENT && errno != ESRCH;
	while (!maps && getline(&text, &size, f) > 0)
		maps = parse_map(text, &line) && line.inode == inode;
	free(text);
	fclose(f);
	return maps;
}

bool owner_may_be_abroad(const struct holders *h, const struct thread *t)
{
	const struct mapping *m = process_mapping(t->process, t->wait.address);
	size_t i;

	if (!h->namespaces || !wait_has_shared_owner(&t->wait) || !m || !m->shared)
		return false;
	if (h->outside)
		return true;
	for (i = 0; i < h->processes; i++)
		if (h->process[i].pid_ns != t->process->pid_ns &&
		    may_map(h->process[i].pid, m->inode))
			return true;
	return false;
}

bool handler_may_write(const struct process *p)
{
	char text[4096];

	return file_read(p->dir, "status", text, sizeof(text)) > 0 &&
	       parse_catches(text);
}

/* Where in the kernel a thread sleeps; false where that is not told. */
static bool read_wchan(const struct thread *t, char *text, size_t size)
{
	char path[32];

	snprintf(path, sizeof(path), "%d/wchan", t->tid);
	return file_read(t->process->tasks, path, text, size) > 0 && strcmp(text, "0");
}

/*
 * A thread may be stopped on its way out of the call, with what it asked for, wait for
 * a page that it is to be read into, or for a supervisor that lets it call (seccomp).
 */
bool still_waits(const struct thread *t)
{
	struct stat_line stat;
	char wchan[64];

	if (t->wait.kind != WAIT_CHILD && t->wait.kind != WAIT_PIPE_READ &&
	    t->wait.kind != WAIT_PIPE_WRITE)
		return true;
	if (!thread_read_stat(t, &stat) || stat.state != 'S')
		return false;
	return !read_wchan(t, wchan, sizeof(wchan)) ||
	       strstr(wchan, t->wait.kind == WAIT_CHILD ? "wait" : "pipe_");
}
