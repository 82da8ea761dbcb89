// SPDX-License-Identifier: GPL-2.0-only
/* Scenes of several processes, and of what they share. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "corpus.h"

/* What processes of a scene share. */
struct stage {
	pthread_mutex_t mutex[2];
	pthread_barrier_t barrier;
	volatile pid_t tid[2];
};

static struct stage *stage;

static void make_stage(unsigned int members)
{
	pthread_mutexattr_t mutex;
	pthread_barrierattr_t barrier;

	stage = shared_memory(sizeof(*stage));
	pthread_mutexattr_init(&mutex);
	pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&stage->mutex[0], &mutex);
	pthread_mutex_init(&stage->mutex[1], &mutex);
	pthread_barrierattr_init(&barrier);
	pthread_barrierattr_setpshared(&barrier, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&stage->barrier, &barrier, members);
}

/* Starts a child for each of two parts, and tells what is true of the two. */
static void play_two(const char *verdict, void (*act)(int part))
{
	pid_t tids[2];
	int part;

	make_stage(2);
	for (part = 0; part < 2; part++) {
		tids[part] = fork_child();
		if (!tids[part]) {
			act(part);
			_exit(0);
		}
	}
	for (part = 0; part < 2; part++)
		until_blocked(tids[part]);
	usleep(100000);
	for (part = 0; part < 2; part++)
		until_blocked(tids[part]);
	expect(verdict, tids, 2);
}

static void lock_shared(int part)
{
	pthread_mutex_lock(&stage->mutex[part]);
	pthread_barrier_wait(&stage->barrier);
	pthread_mutex_lock(&stage->mutex[!part]);
}

static void shared(size_t n)
{
	(void)n;
	play_two("deadlock", lock_shared);
}

static int file[2];

static int temporary(void)
{
	char name[] = "/tmp/ctxlab-corpus-XXXXXX";
	int fd = mkstemp(name);
	char path[32];

	if (fd < 0)
		die(name);
	/* A description of its own for each process, though the name goes. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	unlink(name);
	return fd;
}

static int reopen(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDWR);
}

static void flock_two(int part)
{
	int own = reopen(file[part]), other = reopen(file[!part]);

	if (flock(own, LOCK_EX))
		die("flock");
	pthread_barrier_wait(&stage->barrier);
	flock(other, LOCK_EX);
}

static void flocks(size_t n)
{
	(void)n;
	file[0] = temporary();
	file[1] = temporary();
	play_two("deadlock", flock_two);
}

static void lock_by_fcntl(int fd, int command)
{
	struct flock lock = { .l_type = F_WRLCK };

	if (fcntl(fd, command, &lock))
		die("fcntl");
}

static void ofd_two(int part)
{
	int own = reopen(file[part]), other = reopen(file[!part]);

	lock_by_fcntl(own, F_OFD_SETLKW);
	pthread_barrier_wait(&stage->barrier);
	lock_by_fcntl(other, F_OFD_SETLKW);
}

static void ofds(size_t n)
{
	(void)n;
	file[0] = temporary();
	file[1] = temporary();
	play_two("deadlock", ofd_two);
}

/* The kernel refuses a cycle of fcntl() locks alone: here one is flock()'s. */
static void fcntl_and_flock(int part)
{
	int fd = reopen(file[0]), other = reopen(file[1]);

	if (!part)
		lock_by_fcntl(fd, F_SETLKW);
	else
		flock(other, LOCK_EX);
	pthread_barrier_wait(&stage->barrier);
	if (!part)
		flock(other, LOCK_EX);
	else
		lock_by_fcntl(fd, F_SETLKW);
}

static void posix_lock(size_t n)
{
	(void)n;
	file[0] = temporary();
	file[1] = temporary();
	play_two("deadlock", fcntl_and_flock);
}

static void fill(int fd)
{
	char block[4096] = "";

	while (write(fd, block, sizeof(block)) > 0)
		;
}

/* A thread of the middle process waits for a child that fills its pipe. */
static void wait_for_writer(bool reader_too)
{
	pid_t tids[2];
	int fd[2], byte;

	if (pipe(fd))
		die("pipe");
	make_stage(2);
	tids[0] = fork_child();
	if (!tids[0]) {
		pid_t child = fork_child();

		if (!child) {
			close(fd[0]);
			fill(fd[1]);
			_exit(0);
		}
		close(fd[1]);
		stage->tid[1] = child;
		waitpid(child, NULL, 0);
		_exit(0);
	}
	while (!stage->tid[1])
		usleep(1000);
	tids[1] = stage->tid[1];
	close(fd[1]);
	if (!reader_too)
		close(fd[0]);
	until_blocked(tids[0]);
	until_blocked(tids[1]);
	usleep(100000);
	until_blocked(tids[1]);
	/* Where this process holds the reading end, too, it may read. */
	expect(reader_too ? "none" : "deadlock", tids, 2);
	(void)byte;
}

static void pipe_and_wait(size_t n)
{
	(void)n;
	wait_for_writer(false);
}

static void pipe_with_reader(size_t n)
{
	(void)n;
	wait_for_writer(true);
}

/* Two processes read from each other, and neither has written. */
static int ends[2][2];

static void read_from_other(int part)
{
	char byte;

	close(ends[part][1]);
	close(ends[!part][0]);
	if (read(ends[part][0], &byte, 1))
		_exit(1);
}

static void read_from_each_other(const char *verdict)
{
	pid_t tids[2];
	int part;

	for (part = 0; part < 2; part++) {
		tids[part] = fork_child();
		if (!tids[part])
			read_from_other(part);
	}
	for (part = 0; part < 2; part++) {
		close(ends[part][0]);
		close(ends[part][1]);
		until_blocked(tids[part]);
	}
	expect(verdict, tids, 2);
}

static void pipes(size_t n)
{
	(void)n;
	if (pipe(ends[0]) || pipe(ends[1]))
		die("pipe");
	read_from_each_other("deadlock");
}

/*
 * A process waits for a child that reads from it; another child sleeps on, so that
 * the wait ends where it is for any of them.
 */
static void wait_for_reader(bool any)
{
	pid_t tids[2], child;
	int fd[2];

	make_stage(2);
	tids[0] = fork_child();
	if (!tids[0]) {
		if (pipe(fd))
			die("pipe");
		child = fork_child();
		if (!child) {
			close(fd[1]);
			_exit(read(fd[0], fd, 1) < 0);
		}
		close(fd[0]);
		if (!fork_child()) {
			close(fd[1]);
			for (;;)
				pause();
		}
		stage->tid[1] = child;
		waitpid(any ? -1 : child, NULL, 0);
		_exit(0);
	}
	while (!stage->tid[1])
		usleep(1000);
	tids[1] = stage->tid[1];
	until_blocked(tids[0]);
	until_blocked(tids[1]);
	expect(any ? "none" : "deadlock", tids, 2);
}

static void wait_for_one(size_t n)
{
	(void)n;
	wait_for_reader(false);
}

static void wait_for_any(size_t n)
{
	(void)n;
	wait_for_reader(true);
}

/* Two processes read from FIFOs that have the other's end; anybody may write. */
static void fifos(size_t n)
{
	char name[2][40];
	int part;

	(void)n;
	for (part = 0; part < 2; part++) {
		snprintf(name[part], sizeof(name[part]), "/tmp/ctxlab-fifo-%d-%d",
			 getpid(), part);
		if (mkfifo(name[part], 0600))
			die("mkfifo");
		ends[part][0] = open(name[part], O_RDONLY | O_NONBLOCK);
		ends[part][1] = open(name[part], O_WRONLY);
		unlink(name[part]);
		if (fcntl(ends[part][0], F_SETFL, 0))
			die("fcntl");
	}
	read_from_each_other("none");
}

/* A socket may have a timeout, which nobody sees. */
static void read_socket(int part)
{
	char byte;

	if (read(ends[0][part], &byte, 1))
		_exit(1);
}

static void sockets(size_t n)
{
	(void)n;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends[0]))
		die("socketpair");
	play_two("none", read_socket);
}

static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER;

static void lock_for_long(struct actor *a)
{
	(void)a;
	pthread_mutex_lock(&left);
	pause();
}

/* A thread holds a mutex while another one forks. */
static void fork_held(size_t n)
{
	static struct actor holder;
	pid_t child;

	(void)n;
	start(&holder, lock_for_long, 0);
	until_blocked(holder.tid);
	child = fork_child();
	if (!child) {
		pthread_mutex_lock(&left);
		_exit(1);
	}
	until_blocked(child);
	expect("locked-at-fork", &child, 1);
}

/* A process holds a mutex that another one wants, and waits for its tracer. */
static void hold_traced(int part)
{
	if (part) {
		pthread_barrier_wait(&stage->barrier);
		pthread_mutex_lock(&stage->mutex[0]);
		_exit(1);
	}
	pthread_mutex_lock(&stage->mutex[0]);
	pthread_barrier_wait(&stage->barrier);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) || raise(SIGSTOP))
		_exit(1);
	for (;;)
		pause();
}

static void traced(size_t n)
{
	pid_t tids[2];
	int part, status;

	(void)n;
	make_stage(2);
	for (part = 0; part < 2; part++) {
		tids[part] = fork_child();
		if (!tids[part])
			hold_traced(part);
	}
	if (waitpid(tids[0], &status, 0) != tids[0] || !WIFSTOPPED(status))
		die("waitpid");
	until_blocked(tids[1]);
	usleep(100000);
	expect("none", tids, 2);
}

const struct scene process_scenes[] = {
	{ "shared", shared },
	{ "flocks", flocks },
	{ "ofds", ofds },
	{ "posix-lock", posix_lock },
	{ "pipe-and-wait", pipe_and_wait },
	{ "pipe-with-reader", pipe_with_reader },
	{ "pipes", pipes },
	{ "wait-for-one", wait_for_one },
	{ "wait-for-any", wait_for_any },
	{ "fifos", fifos },
	{ "sockets", sockets },
	{ "fork-held", fork_held },
	{ "traced", traced },
	{}
};
