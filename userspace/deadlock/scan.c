// SPDX-License-Identifier: GPL-2.0-only
/* The processes that are looked at together, and the readings of them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "image.h"
#include "lib/xalloc.h"
#include "module_waits.h"
#include "scan.h"
#include "waits.h"

struct scan *scan_new(void)
{
	struct rlimit limit;

	/* Two descriptors a thread are kept open. */
	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	return xcalloc(1, sizeof(struct scan));
}

static void drop_findings(struct scan *s)
{
	size_t i;

	for (i = 0; i < s->findings; i++)
		free(s->finding[i].member);
	free(s->finding);
	s->finding = NULL;
	s->findings = 0;
}

void scan_free(struct scan *s)
{
	size_t i;

	if (!s)
		return;
	drop_findings(s);
	for (i = 0; i < s->processes; i++)
		process_close(s->process[i]);
	free(s->process);
	holders_free(&s->holders);
	peers_free(&s->peers);
	image_cache_drop();
	free(s);
}

struct process *scan_process(const struct scan *s, pid_t pid)
{
	size_t i;

	for (i = 0; i < s->processes; i++)
		if (s->process[i]->pid == pid)
			return s->process[i];
	return NULL;
}

int scan_add(struct scan *s, pid_t pid, bool asked)
{
	struct process *p = scan_process(s, pid);
	int err;

	if (p) {
		p->asked |= asked;
		return 0;
	}
	p = process_open(pid, &err);
	if (!p)
		return err;
	p->asked = asked;
	if (s->processes == s->room) {
		s->room = s->room ? 2 * s->room : 16;
		s->process = xrealloc(s->process, s->room, sizeof(*s->process));
	}
	s->process[s->processes++] = p;
	return 0;
}

/* Kernel threads and what has ended have no program. */
static bool has_program(const struct process *p)
{
	char target[8];

	return readlinkat(p->dir, "exe", target, sizeof(target)) > 0;
}

void scan_add_all(struct scan *s)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	struct process *p;
	pid_t pid;

	while (proc && (entry = readdir(proc))) {
		pid = strtol(entry->d_name, NULL, 10);
		if (pid <= 0 || pid == getpid() || scan_process(s, pid) ||
		    scan_add(s, pid, true))
			continue;
		p = s->process[s->processes - 1];
		if (!has_program(p)) {
			process_close(p);
			s->processes--;
		}
	}
	if (proc)
		closedir(proc);
}

/* One reading of a process: its threads, their calls, what these wait for. */
static int read_process(struct process *p)
{
	size_t i;
	int err;

	p->by_module = module_waits_list(p);
	err = p->by_module ? 0 : process_list(p);
	if (err)
		return err;
	p->trouble = (struct trouble){};
	process_unmap(p);
	for (i = 0; !p->by_module && i < p->threads; i++)
		thread_read_call(p->thread[i]);
	waits_read(p, p->thread, p->threads);
	return 0;
}

struct process *scan_take(struct scan *s, pid_t pid)
{
	struct process *p = scan_process(s, pid);

	if (p)
		return p;
	if (scan_add(s, pid, false))
		return NULL;
	p = s->process[s->processes - 1];
	read_process(p);
	return p;
}

/* Whether a walk over /proc says more about a wait of that kind. */
static bool needs_walk(enum wait_kind kind)
{
	return (kind >= WAIT_FLOCK && kind <= WAIT_FIFO_WRITE) ||
	       kind == WAIT_SOCKET;
}

static int by_value(const void *a, const void *b)
{
	const unsigned long long *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

struct wanted {
	unsigned long long *inode;
	size_t n;
	bool walk;
	unsigned int what;
};

static void want(struct scan *s, struct wanted *w, const struct thread *t)
{
	const struct wait *wait = &t->wait;
	unsigned long long inode = wait->inode;
	const struct peer *peer;

	if (w->what & FIND_OF_THREADS && wait_has_shared_owner(wait)) {
		w->walk = true;
		w->what |= FIND_NAMESPACES;
	}
	if (!needs_walk(wait->kind))
		return;
	if (wait->kind == WAIT_SOCKET) {
		peers_read(&s->peers, t->process);
		peer = peers_find(&s->peers, inode);
		inode = peer ? peer->other : 0;
		if (!inode)
			return;
	}
	w->walk = true;
	if (wait->kind >= WAIT_FLOCK && wait->kind <= WAIT_OFD_LOCK)
		w->what |= FIND_LOCKS;
	if (wait->kind == WAIT_CHILD)
		w->what |= FIND_TRACERS;
	if (wait->kind == WAIT_FIFO_READ || wait->kind == WAIT_FIFO_WRITE)
		w->what |= FIND_FIFOS;
	if (!inode)
		return;
	w->inode = xrealloc(w->inode, w->n + 1, sizeof(*w->inode));
	w->inode[w->n++] = inode;
}

void scan_find_holders(struct scan *s, bool again)
{
	struct wanted w = { .what = again ? FIND_OF_THREADS : 0 };
	size_t i, k;

	for (i = 0; i < s->processes; i++)
		for (k = 0; k < s->process[i]->threads; k++)
			want(s, &w, s->process[i]->thread[k]);
	holders_free(&s->holders);
	s->held = w.walk;
	if (w.walk) {
		if (w.n)
			qsort(w.inode, w.n, sizeof(*w.inode), by_value);
		holders_find(&s->holders, w.inode, w.n, w.what);
	}
	free(w.inode);
}

/* Processes that others wait for may wait for more that only a walk shows. */
static void resolve_all(struct scan *s)
{
	size_t known, i, k;

	do {
		known = s->processes;
		scan_find_holders(s, false);
		for (i = 0; i < s->processes; i++)
			for (k = 0; k < s->process[i]->threads; k++)
				scan_resolve(s, s->process[i]->thread[k]);
	} while (s->processes != known);
}

/* Closes the processes that nobody asked for, and those that have gone. */
static void drop_processes(struct scan *s)
{
	size_t i, kept = 0;

	for (i = 0; i < s->processes; i++) {
		if (s->process[i]->asked && !read_process(s->process[i]))
			s->process[kept++] = s->process[i];
		else
			process_close(s->process[i]);
	}
	s->processes = kept;
}

static void clear_marks(struct scan *s)
{
	size_t i, k;

	for (i = 0; i < s->processes; i++)
		for (k = 0; k < s->process[i]->threads; k++) {
			s->process[i]->thread[k]->finding = 0;
			s->process[i]->thread[k]->behind = false;
		}
}

const char *scan_source(const struct scan *s)
{
	size_t i, n = 0;

	for (i = 0; i < s->processes; i++)
		n += s->process[i]->by_module;
	if (!n)
		return "procfs";
	return n == s->processes ? "module" : "both";
}

int scan_read(struct scan *s)
{
	drop_findings(s);
	s->dropped = 0;
	peers_free(&s->peers);
	drop_processes(s);
	clear_marks(s);
	resolve_all(s);
	return s->processes ? 0 : -ESRCH;
}
