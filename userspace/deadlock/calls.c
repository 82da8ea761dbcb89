// SPDX-License-Identifier: GPL-2.0-only
/* Waits in system calls other than futex(2). */
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fifo.h"
#include "lib/compiler.h"
#include "lib/xalloc.h"
#include "waits.h"

/* Where the timeout of a call stands among its arguments. */
enum timeout_kind {
	NO_TIMEOUT,
	MILLISECONDS,	/* an int, negative: none */
	TIMESPEC,	/* a pointer, 0: none; from the start of the call */
	TIMEVAL,	/* likewise */
	UNTIL,		/* clock_nanosleep(): by its flags */
};

static const struct call_row {
	long nr;
	enum wait_kind kind;
	enum timeout_kind timeout;
	unsigned char argument;		/* of the timeout */
} rows[] = {
#ifdef SYS_poll
	{ SYS_poll, WAIT_POLL, MILLISECONDS, 2 },
	{ SYS_select, WAIT_POLL, TIMEVAL, 4 },
	{ SYS_epoll_wait, WAIT_POLL, MILLISECONDS, 3 },
	{ SYS_pause, WAIT_SIGNAL, NO_TIMEOUT, 0 },
	{ SYS_vfork, WAIT_VFORK, NO_TIMEOUT, 0 },
	{ SYS_open, WAIT_FIFO_OPEN, NO_TIMEOUT, 0 },
#endif
	{ SYS_ppoll, WAIT_POLL, TIMESPEC, 2 },
	{ SYS_pselect6, WAIT_POLL, TIMESPEC, 4 },
	{ SYS_epoll_pwait, WAIT_POLL, MILLISECONDS, 3 },
	{ SYS_epoll_pwait2, WAIT_POLL, TIMESPEC, 3 },
	{ SYS_nanosleep, WAIT_SLEEP, TIMESPEC, 0 },
	{ SYS_clock_nanosleep, WAIT_SLEEP, UNTIL, 2 },
	{ SYS_rt_sigtimedwait, WAIT_SIGNAL, TIMESPEC, 2 },
	{ SYS_rt_sigsuspend, WAIT_SIGNAL, NO_TIMEOUT, 0 },
	{ SYS_io_uring_enter, WAIT_IO_URING, NO_TIMEOUT, 0 },
	{ SYS_semop, WAIT_IPC, NO_TIMEOUT, 0 },
	{ SYS_semtimedop, WAIT_IPC, TIMESPEC, 3 },
	{ SYS_msgrcv, WAIT_IPC, NO_TIMEOUT, 0 },
	{ SYS_msgsnd, WAIT_IPC, NO_TIMEOUT, 0 },
	{ SYS_clone, WAIT_VFORK, NO_TIMEOUT, 0 },
	{ SYS_clone3, WAIT_VFORK, NO_TIMEOUT, 0 },
	{ SYS_openat, WAIT_FIFO_OPEN, NO_TIMEOUT, 0 },
	{ SYS_wait4, WAIT_CHILD, NO_TIMEOUT, 0 },
	{ SYS_waitid, WAIT_CHILD, NO_TIMEOUT, 0 },
	{ SYS_flock, WAIT_FLOCK, NO_TIMEOUT, 0 },
	{ SYS_fcntl, WAIT_POSIX_LOCK, NO_TIMEOUT, 0 },
	{ SYS_read, WAIT_PIPE_READ, NO_TIMEOUT, 0 },
	{ SYS_readv, WAIT_PIPE_READ, NO_TIMEOUT, 0 },
	{ SYS_write, WAIT_PIPE_WRITE, NO_TIMEOUT, 0 },
	{ SYS_writev, WAIT_PIPE_WRITE, NO_TIMEOUT, 0 },
	{ SYS_recvfrom, WAIT_SOCKET, NO_TIMEOUT, 0 },
	{ SYS_recvmsg, WAIT_SOCKET, NO_TIMEOUT, 0 },
	{ SYS_recvmmsg, WAIT_SOCKET, TIMESPEC, 4 },
	{ SYS_sendto, WAIT_SOCKET, NO_TIMEOUT, 0 },
	{ SYS_sendmsg, WAIT_SOCKET, NO_TIMEOUT, 0 },
	{ SYS_accept, WAIT_SOCKET, NO_TIMEOUT, 0 },
	{ SYS_accept4, WAIT_SOCKET, NO_TIMEOUT, 0 },
	{ SYS_connect, WAIT_SOCKET, NO_TIMEOUT, 0 },
};

static bool read_pair(struct thread *t, uint64_t address, int64_t pair[2])
{
	struct piece piece = { address, pair, 2 * sizeof(*pair), false };

	process_read(t->process, &piece, 1);
	return piece.ok && pair[0] >= 0 && pair[1] >= 0;
}

static void ends_within(struct wait *w, double seconds)
{
	w->end = ENDS_WITHIN;
	w->seconds = seconds < 0 ? 0 : seconds;
}

void wait_until(struct thread *t, uint64_t timespec, bool absolute, int clock)
{
	struct timespec now = {};
	int64_t pair[2];

	t->wait.end = ENDS_UNKNOWN;
	if (!read_pair(t, timespec, pair))
		return;
	if (absolute && clock_gettime(clock, &now))
		return;
	ends_within(&t->wait, (double)pair[0] - now.tv_sec +
		    ((double)pair[1] - now.tv_nsec) / 1e9);
}

static void relative_pair(struct thread *t, uint64_t address, double fractions)
{
	int64_t pair[2];

	if (!address)
		return;
	t->wait.end = ENDS_UNKNOWN;
	if (read_pair(t, address, pair))
		ends_within(&t->wait, pair[0] + pair[1] / fractions);
}

static void decode_timeout(struct thread *t, const struct call_row *row)
{
	uint64_t argument = t->call.args[row->argument];

	switch (row->timeout) {
	case NO_TIMEOUT:
		break;
	case MILLISECONDS:
		if ((int32_t)argument >= 0)
			ends_within(&t->wait, (int32_t)argument / 1e3);
		break;
	case TIMESPEC:
		relative_pair(t, argument, 1000000000);
		break;
	case TIMEVAL:
		relative_pair(t, argument, 1000000);
		break;
	case UNTIL:
		wait_until(t, argument, t->call.args[1] & TIMER_ABSTIME,
			   (clockid_t)t->call.args[0]);
		break;
	}
}

/*
 * Which file descriptor @t->wait.fd is; false where that cannot be read.  A thread
 * may have descriptors of its own.
 */
static bool stat_fd(const struct thread *t, struct stat *stat)
{
	char path[40];

	snprintf(path, sizeof(path), "%d/fd/%d", t->tid, t->wait.fd);
	return !fstatat(t->process->tasks, path, stat, 0);
}

/* A pipe has no name; a FIFO has, by which anybody may open it. */
static bool has_name(const struct thread *t)
{
	char path[40], target[16];
	ssize_t n;

	snprintf(path, sizeof(path), "%d/fd/%d", t->tid, t->wait.fd);
	n = readlinkat(t->process->tasks, path, target, sizeof(target));
	return n < 6 || memcmp(target, "pipe:[", 6);
}

static void decode_descriptor(struct thread *t)
{
	struct wait *w = &t->wait;
	struct stat stat;

	w->fd = (int)t->call.args[0];
	if (!stat_fd(t, &stat)) {
		w->kind = w->kind == WAIT_SOCKET ? WAIT_SOCKET : WAIT_FILE;
		return;
	}
	w->inode = stat.st_ino;
	if (S_ISSOCK(stat.st_mode)) {
		w->kind = WAIT_SOCKET;
	} else if (!S_ISFIFO(stat.st_mode)) {
		w->kind = WAIT_FILE;
	} else if (has_name(t)) {
		w->kind = w->kind == WAIT_PIPE_READ ? WAIT_FIFO_READ :
						      WAIT_FIFO_WRITE;
		w->device = stat.st_dev;
	}
}

static void decode_fcntl(struct thread *t)
{
	struct stat stat;

	switch ((int)t->call.args[1]) {
	case F_SETLKW:
		break;
	case F_OFD_SETLKW:
		t->wait.kind = WAIT_OFD_LOCK;
		break;
	default:
		t->wait.kind = WAIT_UNKNOWN;
		return;
	}
	t->wait.fd = (int)t->call.args[0];
	if (stat_fd(t, &stat))
		t->wait.inode = stat.st_ino;
}

static void decode_flock(struct thread *t)
{
	struct stat stat;

	t->wait.fd = (int)t->call.args[0];
	if (stat_fd(t, &stat))
		t->wait.inode = stat.st_ino;
}

#define BY_PIDFD 3	/* P_PIDFD, which not every header has */

/* Whom a pidfd is of; 0 where that is not known, or it has ended. */
static pid_t pid_of_pidfd(const struct thread *t, int fd)
{
	char path[40], text[1024], *at;
	long pid;

	snprintf(path, sizeof(path), "%d/fdinfo/%d", t->tid, fd);
	if (file_read(t->process->tasks, path, text, sizeof(text)) <= 0)
		return 0;
	at = strstr(text, "\nPid:");
	pid = at ? strtol(at + strlen("\nPid:"), NULL, 10) : 0;
	return pid > 0 && pid <= INT_MAX ? pid : 0;
}

/* The child in @owner, -1 for any; a wait for a process group is for any. */
static void decode_child(struct thread *t)
{
	pid_t id = (pid_t)t->call.args[t->call.nr == SYS_waitid];
	bool one = t->call.nr == SYS_wait4 || t->call.args[0] == P_PID;

	t->wait.owner = one && id > 0 ? id : -1;
	if (t->call.nr != SYS_waitid || t->call.args[0] <= P_PGID)
		return;
	t->wait.owner = t->call.args[0] == BY_PIDFD ? pid_of_pidfd(t, id) : 0;
	if (!t->wait.owner)
		t->wait.kind = WAIT_UNKNOWN;
}

/* The flags of clone(2) and clone3(2), which has them in memory. */
static uint64_t clone_flags(struct thread *t)
{
	uint64_t flags = 0;
	struct piece piece = { t->call.args[0], &flags, sizeof(flags), false };

	if (t->call.nr == SYS_clone)
		return t->call.args[0];
	if (t->call.nr == SYS_clone3)
		process_read(t->process, &piece, 1);
	else
		flags = CLONE_VFORK;
	return flags;
}

static void decode_vfork(struct thread *t)
{
	if (!(clone_flags(t) & CLONE_VFORK))
		t->wait.kind = WAIT_UNKNOWN;
	t->wait.owner = -1;
}

/* Whether the call waits for no descriptors, and so for a signal or for its end. */
static bool polls_nothing(const struct thread *t)
{
	switch (t->call.nr) {
#ifdef SYS_poll
	case SYS_poll:
		return !t->call.args[1];
	case SYS_select:
#endif
	case SYS_pselect6:
		return !t->call.args[0];
	case SYS_ppoll:
		return !t->call.args[1];
	default:
		return false;
	}
}

void call_decode(struct thread *t)
{
	const struct call_row *row = rows;

	while (row < rows + ARRAY_SIZE(rows) && row->nr != t->call.nr)
		row++;
	if (row == rows + ARRAY_SIZE(rows))
		return;
	t->wait.kind = row->kind;
	decode_timeout(t, row);
	switch (row->kind) {
	case WAIT_PIPE_READ:
	case WAIT_PIPE_WRITE:
	case WAIT_SOCKET:
		decode_descriptor(t);
		break;
	case WAIT_POLL:
		/* So does pause(3) on arm64. */
		if (polls_nothing(t) && t->wait.end == ENDS_NEVER)
			t->wait.kind = WAIT_SIGNAL;
		break;
	case WAIT_FLOCK:
		decode_flock(t);
		break;
	case WAIT_POSIX_LOCK:
		decode_fcntl(t);
		break;
	case WAIT_CHILD:
		decode_child(t);
		break;
	case WAIT_VFORK:
		decode_vfork(t);
		break;
	case WAIT_FIFO_OPEN:
		if (!fifo_is_opened(t))
			t->wait.kind = WAIT_UNKNOWN;
		break;
	default:
		break;
	}
}

/* What the call alone says; true where a futex's memory must be read too. */
static bool by_call(struct thread *t)
{
	t->wait = (struct wait){ .fd = -1 };
	switch (t->call.state) {
	case CALL_RUNNING:
		t->wait.kind = WAIT_RUNNING;
		return false;
	case CALL_NONE:
		t->wait.kind = WAIT_NO_CALL;
		return false;
	case CALL_UNKNOWN:
		t->wait.kind = WAIT_UNREADABLE;
		return false;
	case CALL_BLOCKED:
		break;
	}
	if (t->process->compat)
		return false;
	/* Workers of io_uring, and of the kernel, have no program to return to. */
	if (!t->call.pc) {
		t->wait.kind = WAIT_NO_CALL;
		return false;
	}
	if (t->call.nr == SYS_futex)
		return true;
	call_decode(t);
	return false;
}

void waits_read(struct process *p, struct thread **thread, size_t n)
{
	struct thread **futex = xcalloc(n + 1, sizeof(*futex));
	size_t i, futexes = 0;

	for (i = 0; i < n; i++)
		if (by_call(thread[i]))
			futex[futexes++] = thread[i];
	if (futexes)
		futex_read(p, futex, futexes);
	free(futex);
}
