/* SPDX-License-Identifier: GPL-2.0-only */
/* What a thread waits for. */
#ifndef CTXLAB_DEADLOCK_WAIT_H
#define CTXLAB_DEADLOCK_WAIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum wait_kind {
	WAIT_UNKNOWN,		/* blocked in a call that is not decoded */
	WAIT_RUNNING,
	WAIT_NO_CALL,		/* blocked in no system call: a fault, a stop */
	WAIT_UNREADABLE,

	/* Locks and threads, with the one that can end the wait. */
	WAIT_MUTEX,
	WAIT_MUTEX_ROBUST,
	WAIT_MUTEX_PI,
	WAIT_MUTEX_PARKED,	/* glibc parks who closes a cycle of PI mutexes */
	WAIT_RWLOCK_READ,
	WAIT_RWLOCK_WRITE,
	WAIT_STDIO,
	WAIT_JOIN,

	/* Futexes whose owner, if any, is recorded nowhere. */
	WAIT_LIBC_LOCK,		/* malloc and other internal locks */
	WAIT_MUTEX_NO_OWNER,	/* musl's normal mutex */
	WAIT_COND,
	WAIT_SEM,
	WAIT_BARRIER,
	WAIT_ONCE,
	WAIT_FUTEX,

	/* File locks, processes, descriptors. */
	WAIT_FLOCK,
	WAIT_POSIX_LOCK,
	WAIT_OFD_LOCK,
	WAIT_CHILD,
	WAIT_VFORK,
	WAIT_PIPE_READ,
	WAIT_PIPE_WRITE,
	WAIT_FIFO_READ,
	WAIT_FIFO_WRITE,
	WAIT_FIFO_OPEN,
	WAIT_SOCKET,
	WAIT_FILE,		/* a read or write of another file */

	/* Events. */
	WAIT_POLL,
	WAIT_SLEEP,
	WAIT_SIGNAL,
	WAIT_IO_URING,
	WAIT_IPC,		/* System V semaphores and messages */
	WAIT_KINDS
};

/* How the wait ends by itself. */
enum wait_end {
	ENDS_NEVER,
	ENDS_WITHIN,	/* @seconds from now at most */
	ENDS_UNKNOWN,	/* there is a timeout, of unknown length */
};

/**
 * struct wait - what a thread waits for
 * @kind: of the wait
 * @address: of the lock, where the wait is for one in memory
 * @word: the futex word
 * @owner: as the lock records it: an ID in the pid namespace of the process, 0
 *	where none is recorded.  For WAIT_CHILD the child, -1 for any
 * @type: the lock's type in words ("recursive"); static storage, may be NULL
 * @shared: the lock may be held by a thread of another process
 * @end: whether a timeout ends it
 * @seconds: see @end
 * @inode: of the pipe, FIFO, socket or locked file
 * @device: that a FIFO lies on
 * @fd: the descriptor, -1 where there is none
 */
struct wait {
	enum wait_kind kind;
	uint64_t address;
	uint32_t word;
	pid_t owner;
	const char *type;
	bool shared;
	enum wait_end end;
	double seconds;
	unsigned long long inode, device;
	int fd;
};

/* "mutex"; the name in tables and JSON. */
const char *wait_name(enum wait_kind kind);

/* "waits for a mutex"; for sentences. */
const char *wait_words(enum wait_kind kind);

/* Whether the lock records its owner in its own memory. */
bool wait_has_owner(enum wait_kind kind);

/* Whether it names an owner that may be of another process, by a number alone. */
bool wait_has_shared_owner(const struct wait *w);

#endif /* CTXLAB_DEADLOCK_WAIT_H */
