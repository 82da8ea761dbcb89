/* SPDX-License-Identifier: GPL-2.0-only */
/* Who holds pipes, sockets and file locks, and whose child is who: all of /proc. */
#ifndef CTXLAB_DEADLOCK_HOLDERS_H
#define CTXLAB_DEADLOCK_HOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "parse.h"

enum {
	HOLD_READ = 1,		/* a descriptor open for reading */
	HOLD_WRITE = 2,
	HOLD_FLOCK = 4,		/* the open file description that has the lock */
	HOLD_OFD = 8,
	HOLD_POSIX = 16,	/* a file table that has locks of fcntl() there */
};

/* What else holders_find() reads. */
enum {
	FIND_LOCKS = 1,		/* /proc/locks, and the locks of each descriptor */
	FIND_FIFOS = 2,		/* which descriptors are FIFOs */
	FIND_TRACERS = 4,	/* who traces the main threads of whom */
	FIND_OF_THREADS = 8,	/* what threads have beside their main thread */
	FIND_NAMESPACES = 16,	/* the pid namespaces of processes */
};

struct holder {
	pid_t pid;
	unsigned long long inode;
	unsigned long long device;	/* of a FIFO, else 0 */
	unsigned int how;
};

/* A process as the walk found it. */
struct seen_process {
	pid_t pid, ppid;
	unsigned long long pid_ns;	/* its inode; 0 where that was not read */
	bool unseen;		/* its descriptors may not be read */
	bool io_uring;		/* the kernel may read and write for it */
};

/* A thread, and which thread of another process traces it. */
struct trace {
	pid_t tracer, pid, tid;
};

/* A lock that somebody waits for, of /proc/locks. */
struct lock_wait {
	struct lock_line waiter;
	struct lock_line holder;
};

struct holders {
	struct seen_process *process;
	size_t processes;
	size_t unseen;		/* processes whose descriptors may not be read */
	bool namespaces;	/* the pid namespaces of processes were read */
	bool outside;		/* there may be processes that /proc does not show */
	struct holder *holder;
	size_t n;
	struct trace *trace;
	size_t traced;
	struct lock_wait *wait;
	size_t waits;
};

/**
 * holders_find() - walk over all processes
 * @h: takes the result; holders_free() frees it
 * @inode: the pipes, FIFOs, sockets and locked files to look for, in rising order
 * @n: number of them
 * @what: a sum of FIND_LOCKS and the like
 */
void holders_find(struct holders *h, const unsigned long long *inode, size_t n,
		  unsigned int what);
void holders_free(struct holders *h);

const struct seen_process *holders_process(const struct holders *h, pid_t pid);

#endif /* CTXLAB_DEADLOCK_HOLDERS_H */
