// SPDX-License-Identifier: GPL-2.0-only
/* A process that is looked at: its threads and its memory. */
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/compiler.h"
#include "lib/xalloc.h"
#include "process.h"

/* Descriptors kept open for threads; the others are opened for each reading. */
#define KEEP_BELOW_LIMIT 64

ssize_t file_read(int dir, const char *name, char *buf, size_t size)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	if (n < 0)
		n = -errno;
	else
		buf[n] = '\0';
	close(fd);
	return n;
}

/* Whether @fd is low enough to keep it open. */
static bool may_keep(int fd)
{
	static long limit;

	if (!limit)
		limit = sysconf(_SC_OPEN_MAX);
	return limit < 0 || fd < limit - KEEP_BELOW_LIMIT;
}

/*
 * Reads a file of a thread through @fd, which is opened where it is not and kept
 * where there is room.  Returns the length of the text or a negative errno.
 */
static ssize_t thread_file(const struct thread *t, const char *name, int *fd,
			   char *buf, size_t size)
{
	char path[32];
	ssize_t n;

	if (*fd < 0) {
		snprintf(path, sizeof(path), "%d/%s", t->tid, name);
		*fd = openat(t->process->tasks, path, O_RDONLY | O_CLOEXEC);
		if (*fd < 0)
			return -errno;
	}
	n = pread(*fd, buf, size - 1, 0);
	if (n < 0)
		n = -errno;
	else
		buf[n] = '\0';
	if (!may_keep(*fd)) {
		close(*fd);
		*fd = -1;
	}
	return n;
}

bool thread_read_stat(const struct thread *t, struct stat_line *stat)
{
	char path[32], text[1024];

	snprintf(path, sizeof(path), "%d/stat", t->tid);
	return file_read(t->process->tasks, path, text, sizeof(text)) > 0 &&
	       parse_stat(text, stat);
}

/* Of what has ended the kernel knows neither call nor registers. */
static bool has_ended(const struct thread *t)
{
	struct stat_line stat;

	return t->call.state == CALL_NONE && !t->call.pc && !t->call.sp &&
	       thread_read_stat(t, &stat) &&
	       (stat.state == 'Z' || stat.state == 'X');
}

void thread_read_call(struct thread *t)
{
	char text[256];
	ssize_t n;

	n = thread_file(t, "syscall", &t->call_fd, text, sizeof(text));
	t->saved.known = false;
	if (n > 0 && parse_call(text, &t->call)) {
		t->ended = has_ended(t);
		return;
	}
	t->call = (struct call){};
	/* ESRCH is a thread that has gone, ENOENT one that went before. */
	if (n < 0 && n != -ESRCH &&
	    (n != -ENOENT || process_has_thread(t->process, t->ns_tid)))
		t->process->trouble.calls = n;
}

bool process_ended(const struct process *p)
{
	size_t i;

	for (i = 0; i < p->threads; i++)
		if (!p->thread[i]->ended)
			return false;
	return true;
}

bool thread_read_runs(struct thread *t)
{
	char text[128];
	ssize_t n;

	n = thread_file(t, "schedstat", &t->runs_fd, text, sizeof(text));
	/* A kernel that does not count has 0; a thread that is seen has run. */
	return n > 0 && parse_runs(text, &t->runs) && t->runs;
}

static void thread_free(struct thread *t)
{
	if (t->call_fd >= 0)
		close(t->call_fd);
	if (t->runs_fd >= 0)
		close(t->runs_fd);
	free(t->by.process);
	free(t);
}

static pid_t read_ns_tid(const struct process *p, pid_t tid)
{
	char path[32], text[4096];
	pid_t ns_tid;

	if (!p->translated)
		return tid;
	snprintf(path, sizeof(path), "%d/status", tid);
	if (file_read(p->tasks, path, text, sizeof(text)) > 0 &&
	    parse_ns_tid(text, &ns_tid))
		return ns_tid;
	return 0;
}

static struct thread *thread_new(struct process *p, pid_t tid)
{
	struct thread *t = xcalloc(1, sizeof(*t));

	t->process = p;
	t->tid = tid;
	t->ns_tid = read_ns_tid(p, tid);
	t->call_fd = -1;
	t->runs_fd = -1;
	t->wait.fd = -1;
	return t;
}

static int by_tid(const void *a, const void *b)
{
	const struct thread *const *x = a, *const *y = b;

	return ((*x)->tid > (*y)->tid) - ((*x)->tid < (*y)->tid);
}

static int by_value(const void *a, const void *b)
{
	const pid_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static struct thread *find_tid(const struct process *p, pid_t tid)
{
	struct thread key = { .tid = tid }, *k = &key, **found;

	if (!p->threads)
		return NULL;
	found = bsearch(&k, p->thread, p->threads, sizeof(*p->thread), by_tid);
	return found ? *found : NULL;
}

struct thread *process_thread(const struct process *p, pid_t ns_tid)
{
	size_t i;

	if (!p->translated)
		return find_tid(p, ns_tid);
	for (i = 0; i < p->threads; i++)
		if (p->thread[i]->ns_tid == ns_tid)
			return p->thread[i];
	return NULL;
}

bool process_has_thread(const struct process *p, pid_t ns_tid)
{
	const struct thread *t;
	char path[32];

	if (!p->translated) {
		snprintf(path, sizeof(path), "%d", ns_tid);
		return !faccessat(p->tasks, path, F_OK, 0);
	}
	t = process_thread(p, ns_tid);
	if (!t)
		return false;
	snprintf(path, sizeof(path), "%d", t->tid);
	return !faccessat(p->tasks, path, F_OK, 0);
}

/* A thread ID as a name in a task folder; 0 for the dots. */
static pid_t tid_of(const char *name)
{
	char *end;
	long tid = strtol(name, &end, 10);

	return *end || tid <= 0 || tid > INT_MAX ? 0 : tid;
}

/* Moves what was known of thread @tid, or a new one, into @list. */
static struct thread *take_thread(struct process *p, pid_t tid)
{
	struct thread key = { .tid = tid }, *k = &key, **old, *t;

	old = p->threads ? bsearch(&k, p->thread, p->threads,
				   sizeof(*p->thread), by_tid) : NULL;
	if (!old)
		return thread_new(p, tid);
	t = *old;
	return t;
}

/* Frees the threads of the old list that are not in the new one, both sorted. */
static void drop_gone(struct thread **old, size_t n, struct thread **list,
		      size_t m)
{
	size_t i, k = 0;

	for (i = 0; i < n; i++) {
		while (k < m && list[k]->tid < old[i]->tid)
			k++;
		if (k == m || list[k] != old[i])
			thread_free(old[i]);
	}
}

static DIR *open_tasks(const struct process *p)
{
	int fd = openat(p->tasks, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? NULL : fdopendir(fd);
}

bool process_has_new_thread(const struct process *p)
{
	DIR *dir = open_tasks(p);
	struct dirent *entry;
	bool new = !dir;
	pid_t tid;

	while (!new && (entry = readdir(dir))) {
		tid = tid_of(entry->d_name);
		new = tid && !find_tid(p, tid);
	}
	if (dir)
		closedir(dir);
	return new;
}

void process_take(struct process *p, const pid_t *tid, size_t n)
{
	struct thread **list = xcalloc(n + 1, sizeof(*list));
	size_t i;

	for (i = 0; i < n; i++)
		list[i] = take_thread(p, tid[i]);
	drop_gone(p->thread, p->threads, list, n);
	free(p->thread);
	p->thread = list;
	p->threads = n;
}

int process_list(struct process *p)
{
	pid_t *list = NULL;
	size_t n = 0, room = 0;
	struct dirent *entry;
	DIR *dir = open_tasks(p);
	pid_t tid;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		tid = tid_of(entry->d_name);
		if (!tid)
			continue;
		if (n == room) {
			room = room ? 2 * room : 128;
			list = xrealloc(list, room, sizeof(*list));
		}
		list[n++] = tid;
	}
	closedir(dir);
	if (n)
		qsort(list, n, sizeof(*list), by_value);
	process_take(p, list, n);
	free(list);
	/* The folder of a process that has gone is empty. */
	return n ? 0 : -ESRCH;
}

/* Whether the program is one of 32 bits; false where that cannot be read. */
static bool is_compat(const struct process *p)
{
	unsigned char ident[EI_NIDENT];
	int fd = openat(p->dir, "exe", O_RDONLY | O_CLOEXEC);
	bool compat;

	if (fd < 0)
		return false;
	compat = pread(fd, ident, sizeof(ident), 0) == sizeof(ident) &&
		 !memcmp(ident, ELFMAG, SELFMAG) &&
		 ident[EI_CLASS] == ELFCLASS32;
	close(fd);
	return compat;
}

static void read_pid_ns(struct process *p)
{
	struct stat own, its;

	if (stat("/proc/self/ns/pid", &own) ||
	    fstatat(p->dir, "ns/pid", &its, 0)) {
		return;
	}
	p->pid_ns = its.st_ino;
	p->translated = its.st_ino != own.st_ino;
}

static int open_below(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Reads what /proc/<pid> says of the process as a whole. */
static int process_describe(struct process *p)
{
	char text[1024];
	struct stat_line stat;
	ssize_t n = file_read(p->dir, "stat", text, sizeof(text));

	if (n < 0)
		return n;
	if (!parse_stat(text, &stat))
		return -EINVAL;
	p->ppid = stat.ppid;
	p->start = stat.start;
	memcpy(p->name, stat.name, sizeof(p->name));
	read_pid_ns(p);
	p->compat = is_compat(p);
	return 0;
}

pid_t process_of(pid_t tid)
{
	char path[32], text[4096], *at;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	if (file_read(AT_FDCWD, path, text, sizeof(text)) <= 0)
		return 0;
	at = strstr(text, "\nTgid:");
	return at ? strtol(at + strlen("\nTgid:"), NULL, 10) : 0;
}

struct process *process_open(pid_t pid, int *err)
{
	struct process *p = xcalloc(1, sizeof(*p));
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", pid);
	p->pid = pid;
	p->tasks = -1;
	p->waits_fd = -1;
	p->dir = open_below(AT_FDCWD, path);
	if (p->dir < 0) {
		*err = p->dir;
		free(p);
		return NULL;
	}
	*err = process_describe(p);
	if (!*err) {
		p->tasks = open_below(p->dir, "task");
		*err = p->tasks < 0 ? p->tasks : 0;
	}
	if (*err) {
		process_close(p);
		return NULL;
	}
	return p;
}

void process_close(struct process *p)
{
	size_t i;

	if (!p)
		return;
	for (i = 0; i < p->threads; i++)
		thread_free(p->thread[i]);
	free(p->thread);
	process_unmap(p);
	if (p->tasks >= 0)
		close(p->tasks);
	if (p->waits_fd >= 0)
		close(p->waits_fd);
	close(p->dir);
	free(p);
}

/* As read_batch(), on a kernel without process_vm_readv(2): a call for each. */
static size_t read_each(struct process *p, struct piece *piece, size_t n)
{
	int fd = openat(p->dir, "mem", O_RDONLY | O_CLOEXEC);
	size_t i;

	if (fd < 0) {
		if (errno == EPERM || errno == EACCES)
			p->trouble.memory = -errno;
		return 0;
	}
	for (i = 0; i < n; i++) {
		if (pread(fd, piece[i].to, piece[i].len, piece[i].address) !=
		    (ssize_t)piece[i].len)
			break;
		piece[i].ok = true;
	}
	close(fd);
	return i;
}

/* Reads @n pieces, at most IOV_MAX; returns how many were, until one failed. */
static size_t read_batch(struct process *p, struct piece *piece, size_t n)
{
	struct iovec local[IOV_MAX], remote[IOV_MAX];
	size_t i;
	ssize_t got;

	for (i = 0; i < n; i++) {
		local[i] = (struct iovec){ piece[i].to, piece[i].len };
		remote[i] = (struct iovec){ (void *)(uintptr_t)piece[i].address,
					    piece[i].len };
	}
	got = process_vm_readv(p->pid, local, n, remote, n, 0);
	if (got < 0 && errno == ENOSYS)
		return read_each(p, piece, n);
	if (got < 0) {
		if (errno == EPERM)
			p->trouble.memory = -errno;
		return 0;
	}
	for (i = 0; i < n && (size_t)got >= piece[i].len; i++) {
		got -= piece[i].len;
		piece[i].ok = true;
	}
	return i;
}

void process_read(struct process *p, struct piece *piece, size_t n)
{
	size_t done = 0, batch;

	while (done < n && !p->trouble.memory) {
		batch = n - done < IOV_MAX ? n - done : IOV_MAX;
		/* It stops at the first that is not readable: step over that. */
		batch = read_batch(p, piece + done, batch);
		done += batch;
		if (done < n && !piece[done].ok && batch < IOV_MAX)
			done++;
	}
}
