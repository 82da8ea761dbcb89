// SPDX-License-Identifier: GPL-2.0-only
/* The names of waits. */
#include "wait.h"

static const struct {
	const char *name, *words;
} names[WAIT_KINDS] = {
	[WAIT_UNKNOWN] = { "call", "is in a system call that ctxlab does not decode" },
	[WAIT_RUNNING] = { "runs", "runs" },
	[WAIT_NO_CALL] = { "no-call", "is blocked outside of system calls" },
	[WAIT_UNREADABLE] = { "unreadable", "cannot be looked into" },
	[WAIT_MUTEX] = { "mutex", "waits for a mutex" },
	[WAIT_MUTEX_ROBUST] = { "mutex-robust", "waits for a robust mutex" },
	[WAIT_MUTEX_PI] = { "mutex-pi", "waits for a PI mutex" },
	[WAIT_MUTEX_PARKED] = { "mutex-parked",
				"asked for a PI mutex, was refused, and sleeps for ever" },
	[WAIT_RWLOCK_READ] = { "rwlock-read", "waits to read under an rwlock" },
	[WAIT_RWLOCK_WRITE] = { "rwlock-write", "waits to write under an rwlock" },
	[WAIT_STDIO] = { "stdio", "waits for the lock of a FILE" },
	[WAIT_JOIN] = { "join", "waits for a thread to end" },
	[WAIT_LIBC_LOCK] = { "libc-lock", "waits for an internal lock of the C library" },
	[WAIT_MUTEX_NO_OWNER] = { "mutex-no-owner",
				  "waits for a mutex that does not record its owner" },
	[WAIT_COND] = { "cond", "waits for a condition variable" },
	[WAIT_SEM] = { "sem", "waits for a semaphore" },
	[WAIT_BARRIER] = { "barrier", "waits at a barrier" },
	[WAIT_ONCE] = { "once", "waits in pthread_once()" },
	[WAIT_FUTEX] = { "futex", "waits for a futex of unknown use" },
	[WAIT_FLOCK] = { "flock", "waits for a lock by flock(2)" },
	[WAIT_POSIX_LOCK] = { "fcntl-lock", "waits for a lock by fcntl(2)" },
	[WAIT_OFD_LOCK] = { "ofd-lock", "waits for a lock of an open file description" },
	[WAIT_CHILD] = { "child", "waits for a child to end" },
	[WAIT_VFORK] = { "vfork", "waits for its child of vfork(2)" },
	[WAIT_PIPE_READ] = { "pipe-read", "reads from an empty pipe" },
	[WAIT_PIPE_WRITE] = { "pipe-write", "writes to a full pipe" },
	[WAIT_FIFO_READ] = { "fifo-read", "reads from an empty FIFO" },
	[WAIT_FIFO_WRITE] = { "fifo-write", "writes to a full FIFO" },
	[WAIT_FIFO_OPEN] = { "fifo-open", "opens a FIFO, whose other end is not open" },
	[WAIT_SOCKET] = { "socket", "waits for a socket" },
	[WAIT_FILE] = { "file", "reads or writes a file" },
	[WAIT_POLL] = { "poll", "waits for events on descriptors" },
	[WAIT_SLEEP] = { "sleep", "sleeps" },
	[WAIT_SIGNAL] = { "signal", "waits for a signal" },
	[WAIT_IO_URING] = { "io_uring", "waits for an io_uring" },
	[WAIT_IPC] = { "sysv-ipc", "waits for System V IPC" },
};

const char *wait_name(enum wait_kind kind)
{
	return names[kind].name;
}

const char *wait_words(enum wait_kind kind)
{
	return names[kind].words;
}

bool wait_has_owner(enum wait_kind kind)
{
	return kind >= WAIT_MUTEX && kind <= WAIT_JOIN;
}

/* By the number in a PI mutex the kernel finds the owner itself. */
bool wait_has_shared_owner(const struct wait *w)
{
	return w->shared && w->owner &&
	       (w->kind == WAIT_MUTEX || w->kind == WAIT_MUTEX_ROBUST ||
		w->kind == WAIT_RWLOCK_READ || w->kind == WAIT_RWLOCK_WRITE);
}
