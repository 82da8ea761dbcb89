// SPDX-License-Identifier: GPL-2.0-only
/* The opening of a FIFO, which waits until the other end is opened. */
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fifo.h"
#include "lib/xalloc.h"
#include "process.h"

#define PAGE 4096

/* Reads to the end of the page first: what follows it may be unreadable. */
static bool read_path(const struct thread *t, char path[PATH_MAX])
{
	uint64_t address = t->call.args[t->call.nr == SYS_openat];
	size_t first = PAGE - address % PAGE;
	struct piece piece[2] = {
		{ address, path, first, false },
		{ address + first, path + first, PATH_MAX - first, false },
	};

	process_read(t->process, piece, first < PATH_MAX ? 2 : 1);
	return piece[0].ok &&
	       memchr(path, '\0', piece[1].ok ? PATH_MAX : first);
}

/* What a path that is not absolute starts from. */
static int open_start(const struct thread *t)
{
	char name[40];

	if (t->call.nr == SYS_openat && (int)t->call.args[0] != AT_FDCWD)
		snprintf(name, sizeof(name), "%d/fd/%d", t->tid,
			 (int)t->call.args[0]);
	else
		snprintf(name, sizeof(name), "%d/cwd", t->tid);
	return openat(t->process->tasks, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* As the process would find it; a path that leaves its folder is not followed. */
static int open_path(const struct thread *t, const char *path)
{
	bool absolute = path[0] == '/';
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_NO_MAGICLINKS |
			   (absolute ? RESOLVE_IN_ROOT : RESOLVE_BENEATH),
	};
	int start, fd;

	start = absolute ? openat(t->process->dir, "root",
				  O_PATH | O_DIRECTORY | O_CLOEXEC) :
			   open_start(t);
	if (start < 0)
		return -1;
	fd = syscall(SYS_openat2, start, path, &how, sizeof(how));
	close(start);
	return fd;
}

bool fifo_is_opened(struct thread *t)
{
	char path[PATH_MAX];
	struct stat stat;
	bool fifo;
	int fd;

	if (!read_path(t, path))
		return false;
	fd = open_path(t, path);
	if (fd < 0)
		return false;
	fifo = !fstat(fd, &stat) && S_ISFIFO(stat.st_mode);
	close(fd);
	return fifo;
}

char *fifo_path(const struct thread *t)
{
	char path[PATH_MAX];

	return read_path(t, path) ? xstrdup(path) : NULL;
}
