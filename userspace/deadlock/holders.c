// SPDX-License-Identifier: GPL-2.0-only
/* Who holds pipes, sockets and file locks, and whose child is who: all of /proc. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "holders.h"
#include "lib/xalloc.h"
#include "process.h"

struct walk {
	struct holders *h;
	const unsigned long long *inode;
	size_t inodes;
	unsigned int what;
	size_t room, process_room;
	pid_t pid;		/* whose descriptors are read */
	bool unseen, io_uring;	/* of it, as in struct seen_process */
};

static int by_inode(const void *a, const void *b)
{
	const unsigned long long *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool is_wanted(const struct walk *w, unsigned long long inode)
{
	return w->inodes && bsearch(&inode, w->inode, w->inodes,
				    sizeof(inode), by_inode);
}

static void add_holder(struct walk *w, unsigned long long inode,
		       unsigned long long device, unsigned int how)
{
	struct holders *h = w->h;

	if (h->n == w->room) {
		w->room = w->room ? 2 * w->room : 64;
		h->holder = xrealloc(h->holder, w->room, sizeof(*h->holder));
	}
	h->holder[h->n++] = (struct holder){
		.pid = w->pid, .inode = inode, .device = device, .how = how
	};
}

/* The inode in "pipe:[123]" or "socket:[123]"; 0 for any other file. */
static unsigned long long inode_of(const char *target)
{
	unsigned long long inode;

	if (sscanf(target, "pipe:[%llu]", &inode) == 1 ||
	    sscanf(target, "socket:[%llu]", &inode) == 1)
		return inode;
	return 0;
}

/* The mode of the link says how the descriptor is open. */
static void take_end(struct walk *w, int dir, const char *name,
		     unsigned long long inode, unsigned long long device)
{
	struct stat stat;

	if (fstatat(dir, name, &stat, AT_SYMLINK_NOFOLLOW))
		return;
	add_holder(w, inode, device, (stat.st_mode & 0400 ? HOLD_READ : 0) |
		   (stat.st_mode & 0200 ? HOLD_WRITE : 0));
}

static const unsigned int how_locked[] = {
	[FILE_LOCK_FLOCK] = HOLD_FLOCK,
	[FILE_LOCK_POSIX] = HOLD_POSIX,
	[FILE_LOCK_OFD] = HOLD_OFD,
};

/*
 * The locks of one open file description, and those of the file table by it: its
 * fdinfo lists them.
 */
static void take_locks(struct walk *w, int process, const char *name)
{
	struct lock_line lock;
	char path[300], text[4096], *line;

	snprintf(path, sizeof(path), "fdinfo/%s", name);
	if (file_read(process, path, text, sizeof(text)) <= 0)
		return;
	for (line = strstr(text, "lock:\t"); line;
	     line = strstr(line + 1, "lock:\t"))
		if (parse_lock(line + strlen("lock:\t"), &lock) &&
		    is_wanted(w, lock.inode))
			add_holder(w, lock.inode, 0, how_locked[lock.kind]);
}

/* A FIFO is known by its device and inode; a server of files is not asked. */
static void take_fifo(struct walk *w, int dir, const char *name)
{
	struct statx stat;

	if (!statx(dir, name, AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO, &stat) &&
	    S_ISFIFO(stat.stx_mode) && is_wanted(w, stat.stx_ino))
		take_end(w, dir, name, stat.stx_ino,
			 makedev(stat.stx_dev_major, stat.stx_dev_minor));
}

static void take_descriptor(struct walk *w, int process, int dir,
			    const char *name)
{
	unsigned long long inode;
	char target[64];
	ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);

	if (n < 0)
		return;
	target[n] = '\0';
	inode = inode_of(target);
	if (inode && is_wanted(w, inode))
		take_end(w, dir, name, inode, 0);
	if (!strcmp(target, "anon_inode:[io_uring]"))
		w->io_uring = true;
	if (w->what & FIND_LOCKS && target[0] == '/')
		take_locks(w, process, name);
	if (w->what & FIND_FIFOS && target[0] == '/')
		take_fifo(w, dir, name);
}

/* Returns false where the descriptors may not be read. */
static bool take_descriptors(struct walk *w, int process)
{
	int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		int err = errno;

		if (fd >= 0)
			close(fd);
		return err == ENOENT || err == ESRCH;
	}
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			take_descriptor(w, process, fd, entry->d_name);
	closedir(dir);
	return true;
}

static struct seen_process *add_process(struct walk *w,
					const struct stat_line *stat)
{
	struct holders *h = w->h;

	if (h->processes == w->process_room) {
		w->process_room = w->process_room ? 2 * w->process_room : 256;
		h->process = xrealloc(h->process, w->process_room,
				      sizeof(*h->process));
	}
	h->process[h->processes] = (struct seen_process){
		.pid = w->pid, .ppid = stat->ppid
	};
	return &h->process[h->processes++];
}

static void take_tracer(struct walk *w, int folder, pid_t tid)
{
	struct holders *h = w->h;
	char text[4096], *at = NULL;
	long tracer;

	if (file_read(folder, "status", text, sizeof(text)) > 0)
		at = strstr(text, "\nTracerPid:");
	tracer = at ? strtol(at + strlen("\nTracerPid:"), NULL, 10) : 0;
	if (!tracer)
		return;
	h->trace = xrealloc(h->trace, h->traced + 1, sizeof(*h->trace));
	h->trace[h->traced++] = (struct trace){ tracer, w->pid, tid };
}

/* Where that cannot be told, the descriptors may be its own. */
static bool has_own_descriptors(const struct walk *w, pid_t tid)
{
	return tid != w->pid && syscall(SYS_kcmp, w->pid, tid, KCMP_FILES, 0, 0);
}

static void take_of_thread(struct walk *w, int folder, pid_t tid)
{
	if (w->what & FIND_TRACERS && tid != w->pid)
		take_tracer(w, folder, tid);
	if (w->inodes && has_own_descriptors(w, tid))
		w->unseen |= !take_descriptors(w, folder);
}

static void take_threads(struct walk *w, int process)
{
	int fd = openat(process, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int folder;

	if (!dir && fd >= 0)
		close(fd);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		folder = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (folder < 0)
			continue;
		take_of_thread(w, folder, strtol(entry->d_name, NULL, 10));
		close(folder);
	}
	if (dir)
		closedir(dir);
}

/* A leader that has exited has no descriptors left, its threads may have theirs. */
static void take_parts(struct walk *w, int process, const struct stat_line *stat)
{
	if (w->what & FIND_TRACERS)
		take_tracer(w, process, w->pid);
	if (w->inodes)
		w->unseen = !take_descriptors(w, process);
	if (w->what & FIND_OF_THREADS || stat->state == 'Z')
		take_threads(w, process);
}

#define OWN_PID_NS "/proc/self/ns/pid"

/* The inode of a pid namespace; anybody may see who has no ID but in this one. */
static unsigned long long read_pid_ns(int process)
{
	struct stat ns;
	char text[4096], *at;

	if (!fstatat(process, "ns/pid", &ns, 0))
		return ns.st_ino;
	if (file_read(process, "status", text, sizeof(text)) <= 0)
		return 0;
	at = strstr(text, "\nNSpid:\t");
	if (!at || at[strlen("\nNSpid:\t") +
		      strcspn(at + strlen("\nNSpid:\t"), "\t\n")] != '\n')
		return 0;
	return stat(OWN_PID_NS, &ns) ? 0 : ns.st_ino;
}

static void take_process(struct walk *w, int proc, const char *name)
{
	struct seen_process *seen;
	struct stat_line stat;
	char text[1024];
	int process = openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (process < 0)
		return;
	if (file_read(process, "stat", text, sizeof(text)) > 0 &&
	    parse_stat(text, &stat)) {
		w->pid = strtol(name, NULL, 10);
		w->io_uring = false;
		w->unseen = false;
		seen = add_process(w, &stat);
		if (w->what & FIND_NAMESPACES)
			seen->pid_ns = read_pid_ns(process);
		take_parts(w, process, &stat);
		seen->unseen = w->unseen;
		seen->io_uring = w->io_uring;
		w->h->unseen += seen->unseen;
	}
	close(process);
}

static void add_lock_wait(struct holders *h, const struct lock_line *waiter,
			  const struct lock_line *holder)
{
	h->wait = xrealloc(h->wait, h->waits + 1, sizeof(*h->wait));
	h->wait[h->waits++] = (struct lock_wait){ *waiter, *holder };
}

/* A lock that is held, and below it those who wait for it. */
static void read_locks(struct holders *h)
{
	FILE *f = fopen("/proc/locks", "re");
	struct lock_line lock, holder = {};
	char *text = NULL;
	size_t size = 0;

	if (!f)
		return;
	while (getline(&text, &size, f) > 0) {
		if (!parse_lock(text, &lock))
			continue;
		if (!lock.depth)
			holder = lock;
		else if (lock.id == holder.id && lock.inode == holder.inode)
			add_lock_wait(h, &lock, &holder);
	}
	free(text);
	fclose(f);
}

/* The number that the kernel gives to the first pid namespace of all. */
#define FIRST_PID_NS 0xeffffffc

static bool in_first_pid_ns(void)
{
	struct stat ns;

	return !stat(OWN_PID_NS, &ns) && ns.st_ino == FIRST_PID_NS;
}

/* /proc may be mounted so that users see their own processes alone (hidepid). */
static bool hides_processes(void)
{
	return access("/proc/1", F_OK);
}

void holders_find(struct holders *h, const unsigned long long *inode, size_t n,
		  unsigned int what)
{
	struct walk w = { .h = h, .inode = inode, .inodes = n, .what = what };
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	*h = (struct holders){
		.namespaces = what & FIND_NAMESPACES,
		.outside = !in_first_pid_ns() || hides_processes(),
	};
	if (!proc)
		return;
	if (what & FIND_LOCKS)
		read_locks(h);
	while ((entry = readdir(proc)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			take_process(&w, dirfd(proc), entry->d_name);
	closedir(proc);
}

void holders_free(struct holders *h)
{
	free(h->process);
	free(h->holder);
	free(h->trace);
	free(h->wait);
	*h = (struct holders){};
}

const struct seen_process *holders_process(const struct holders *h, pid_t pid)
{
	size_t i;

	for (i = 0; i < h->processes; i++)
		if (h->process[i].pid == pid)
			return &h->process[i];
	return NULL;
}
