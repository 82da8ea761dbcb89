// SPDX-License-Identifier: GPL-2.0-only
/* Scenes of several processes, and of what they share. */
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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

/* Starts a child for each of two parts, which wait so, for each other. */
static void play_two(const char *waits, const char *other, void (*act)(int part))
{
	struct member m[2] = { { .waits = waits }, { .waits = other } };
	int part;

	make_stage(2);
	for (part = 0; part < 2; part++) {
		m[part].tid = fork_child();
		if (!m[part].tid) {
			act(part);
			_exit(0);
		}
	}
	for (part = 0; part < 2; part++) {
		m[part].whom = m[!part].tid;
		until_quiet(m[part].tid);
	}
	expect_members("deadlock", m, 2);
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
	play_two("mutex", "mutex", lock_shared);
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
	play_two("flock", "flock", flock_two);
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
	play_two("ofd-lock", "ofd-lock", ofd_two);
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
	play_two("flock", "fcntl-lock", fcntl_and_flock);
}

static void fill(int fd)
{
	char block[4096] = "";

	while (write(fd, block, sizeof(block)) > 0)
		;
}

static void nap_for_ever(struct actor *a)
{
	(void)a;
	for (;;)
		pause();
}

/*
 * A thread of the middle process waits for a child that fills its pipe; where another
 * process, begun later, has the reading end, too, that may read.
 */
static void wait_for_writer(bool reader_too)
{
	struct member m[2] = { { .waits = "child" }, { .waits = "pipe-write" } };
	int fd[2];

	if (pipe(fd))
		die("pipe");
	make_stage(2);
	m[0].tid = fork_child();
	if (!m[0].tid) {
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
	m[1].tid = stage->tid[1];
	m[0].whom = m[1].tid;
	close(fd[1]);
	if (!reader_too)
		m[1].whom = m[0].tid;
	else if (!fork_child())
		nap_for_ever(NULL);
	close(fd[0]);
	until_blocked(m[0].tid);
	until_quiet(m[1].tid);
	expect_members(reader_too ? "none" : "deadlock", m, 2);
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

static void read_from_each_other(const char *verdict, const char *waits, bool uring)
{
	struct member m[2] = { { .waits = waits }, { .waits = waits } };
	int part;

	for (part = 0; part < 2; part++) {
		m[part].tid = fork_child();
		if (!m[part].tid) {
			if (uring && !part && open_uring() < 0)
				die("io_uring_setup");
			read_from_other(part);
		}
	}
	for (part = 0; part < 2; part++) {
		close(ends[part][0]);
		close(ends[part][1]);
		m[part].whom = m[!part].tid;
		until_blocked(m[part].tid);
	}
	expect_members(verdict, m, 2);
}

static void make_pipes(void)
{
	if (pipe(ends[0]) || pipe(ends[1]))
		die("pipe");
}

static void pipes(size_t n)
{
	(void)n;
	make_pipes();
	read_from_each_other("deadlock", "pipe-read", false);
}

/* For whoever has an io_uring the kernel may read and write meanwhile. */
static void pipes_and_uring(size_t n)
{
	(void)n;
	make_pipes();
	read_from_each_other("none", "pipe-read", true);
}

static void wait_one(pid_t child)
{
	waitpid(child, NULL, 0);
}

static void wait_any(pid_t child)
{
	(void)child;
	waitpid(-1, NULL, 0);
}

static void wait_group(pid_t child)
{
	(void)child;
	waitpid(0, NULL, 0);
}

static void waitid_one(pid_t child)
{
	siginfo_t info;

	waitid(P_PID, child, &info, WEXITED);
}

static void waitid_any(pid_t child)
{
	siginfo_t info;

	(void)child;
	waitid(P_ALL, 0, &info, WEXITED);
}

static void waitid_group(pid_t child)
{
	siginfo_t info;

	(void)child;
	waitid(P_PGID, getpgrp(), &info, WEXITED);
}

#define BY_PIDFD 3	/* P_PIDFD, which not every header has */

static void waitid_pidfd(pid_t child)
{
	siginfo_t info;

	waitid(BY_PIDFD, syscall(SYS_pidfd_open, child, 0), &info, WEXITED);
}

/*
 * A process waits for a child that reads from it; @beside: another child sleeps on;
 * @may_end: there is somebody else who can end the wait.
 */
static void wait_for_reader(void (*wait)(pid_t child), bool beside, bool may_end)
{
	struct member m[2] = { { .waits = "child" }, { .waits = "pipe-read" } };
	pid_t child;
	int fd[2];

	if (!stage)
		make_stage(2);
	m[0].tid = fork_child();
	if (!m[0].tid) {
		if (pipe(fd))
			die("pipe");
		child = fork_child();
		if (!child) {
			close(fd[1]);
			_exit(read(fd[0], fd, 1) < 0);
		}
		close(fd[0]);
		if (beside && !fork_child()) {
			close(fd[1]);
			nap_for_ever(NULL);
		}
		stage->tid[1] = child;
		wait(child);
		_exit(0);
	}
	while (!stage->tid[1])
		usleep(1000);
	m[1].tid = stage->tid[1];
	m[1].whom = m[0].tid;
	m[0].whom = may_end ? 0 : m[1].tid;
	until_quiet(m[0].tid);
	until_quiet(m[1].tid);
	expect_members(may_end ? "none" : "deadlock", m, 2);
}

static void wait_for_one(size_t n)
{
	(void)n;
	wait_for_reader(wait_one, true, false);
}

static void wait_for_any(size_t n)
{
	(void)n;
	wait_for_reader(wait_any, true, true);
}

static void wait_for_only(size_t n)
{
	(void)n;
	wait_for_reader(wait_any, false, false);
}

static void wait_for_group(size_t n)
{
	(void)n;
	wait_for_reader(wait_group, false, false);
}

static void wait_by_waitid(size_t n)
{
	(void)n;
	wait_for_reader(waitid_one, true, false);
}

static void wait_for_any_by_waitid(size_t n)
{
	(void)n;
	wait_for_reader(waitid_any, true, true);
}

static void wait_for_group_by_waitid(size_t n)
{
	(void)n;
	wait_for_reader(waitid_group, false, false);
}

static void wait_by_pidfd(size_t n)
{
	(void)n;
	wait_for_reader(waitid_pidfd, true, false);
}

/*
 * A thread waits for any child, the only one of which wants its mutex; but another
 * thread may start a child that ends.
 */
static void wait_beside(size_t n)
{
	struct member m[2] = { { .waits = "child" }, { .waits = "mutex" } };
	static struct actor beside;
	pid_t child;

	(void)n;
	make_stage(2);
	m[0].tid = fork_child();
	if (!m[0].tid) {
		pthread_mutex_lock(&stage->mutex[0]);
		child = fork_child();
		if (!child) {
			pthread_mutex_lock(&stage->mutex[0]);
			_exit(1);
		}
		stage->tid[1] = child;
		start(&beside, nap_for_ever, 0);
		waitpid(-1, NULL, 0);
		_exit(0);
	}
	while (!stage->tid[1])
		usleep(1000);
	m[1].tid = stage->tid[1];
	m[1].whom = m[0].tid;
	until_quiet(m[0].tid);
	until_quiet(m[1].tid);
	expect_members("none", m, 2);
}

static void wait_for_traced(pid_t child)
{
	if (ptrace(PTRACE_SEIZE, stage->tid[0], NULL, NULL))
		die("ptrace");
	wait_any(child);
}

/* Who waits for any child waits for a process that it traces as well. */
static void wait_as_tracer(size_t n)
{
	pid_t other;

	(void)n;
	make_stage(2);
	other = fork_child();
	if (!other) {
		prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
		stage->tid[0] = getpid();
		nap_for_ever(NULL);
	}
	while (!stage->tid[0])
		usleep(1000);
	wait_for_reader(wait_for_traced, false, true);
}

/* Tells who it is, in the memory of its parent, and ends with that. */
static void introduce(void)
{
	stage->tid[1] = getpid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void vfork_and_read(void)
{
	char byte;

	if (pipe(file))
		die("pipe");
	if (!vfork()) {
		introduce();
		close(file[1]);
		_exit(read(file[0], &byte, 1) < 0);
	}
}

static void vfork_and_lock(void)
{
	pthread_mutex_lock(&stage->mutex[1]);
	if (!vfork()) {
		introduce();
		pthread_mutex_lock(&stage->mutex[1]);
		_exit(1);
	}
}

/*
 * A child of vfork(2), which the parent waits for, waits for the parent, which has
 * another child as well.
 */
static void play_vfork(void (*act)(void), const char *waits)
{
	struct member m[2] = { { .waits = "vfork" }, { .waits = waits } };

	make_stage(2);
	/* Of this memory alone. */
	pthread_mutex_init(&stage->mutex[1], NULL);
	m[0].tid = fork_child();
	if (!m[0].tid) {
		if (!fork_child())
			nap_for_ever(NULL);
		act();
		_exit(1);
	}
	while (!stage->tid[1])
		usleep(1000);
	m[1].tid = stage->tid[1];
	m[0].whom = m[1].tid;
	m[1].whom = m[0].tid;
	until_quiet(m[0].tid);
	until_quiet(m[1].tid);
	expect_members("deadlock", m, 2);
}

static void vfork_read(size_t n)
{
	(void)n;
	play_vfork(vfork_and_read, "pipe-read");
}

static void vfork_lock(size_t n)
{
	(void)n;
	play_vfork(vfork_and_lock, "mutex");
}

#ifdef __GLIBC__
static void print_stats(struct actor *a)
{
	(void)a;
	malloc_stats();
}

static void take_memory(struct actor *a)
{
	(void)a;
	while (!stage->tid[0])
		usleep(1000);
	until_quiet(stage->tid[0]);
	if (!malloc(100000))
		exit(1);
}

/*
 * malloc_stats() has the lock of the only arena while it prints into a full pipe.
 * What it reads from there would be read by the one that waits for the lock, which
 * records no owner.
 */
static void fill_and_take(void)
{
	static struct actor actor[2];
	int fd[2];

	if (pipe(fd) || fcntl(fd[1], F_SETFL, O_NONBLOCK))
		die("pipe");
	mallopt(M_ARENA_MAX, 1);
	fill(fd[1]);
	fcntl(fd[1], F_SETFL, 0);
	dup2(fd[1], STDERR_FILENO);
	/* To start a thread takes memory, too. */
	start(&actor[1], take_memory, 1);
	stage->tid[1] = actor[1].tid;
	start(&actor[0], print_stats, 0);
	stage->tid[0] = actor[0].tid;
	for (;;)
		pause();
}

static void malloc_lock(size_t n)
{
	struct member m[2] = { { .waits = "pipe-write" },
			       { .waits = "libc-lock", .type = "malloc" } };
	int i;

	(void)n;
	make_stage(2);
	if (!fork_child())
		fill_and_take();
	for (i = 0; i < 2; i++) {
		while (!stage->tid[i])
			usleep(1000);
		m[i].tid = stage->tid[i];
	}
	until_quiet(m[0].tid);
	until_quiet(m[1].tid);
	expect_members("none", m, 2);
}
#endif

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
	read_from_each_other("none", "fifo-read", false);
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
	expect_members("locked-at-fork",
		       &(struct member){ child, "mutex", "normal", 0, 0 }, 1);
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
	struct member m[2] = { {}, { .waits = "mutex" } };
	int part, status;

	(void)n;
	make_stage(2);
	for (part = 0; part < 2; part++) {
		m[part].tid = fork_child();
		if (!m[part].tid)
			hold_traced(part);
	}
	if (waitpid(m[0].tid, &status, 0) != m[0].tid || !WIFSTOPPED(status))
		die("waitpid");
	m[1].whom = m[0].tid;
	until_quiet(m[1].tid);
	expect_members("none", m, 2);
}

const struct scene process_scenes[] = {
	{ "shared", shared },
	{ "flocks", flocks },
	{ "ofds", ofds },
	{ "posix-lock", posix_lock },
	{ "pipe-and-wait", pipe_and_wait },
	{ "pipe-with-reader", pipe_with_reader },
	{ "pipes", pipes },
	{ "pipes-and-uring", pipes_and_uring },
	{ "wait-for-one", wait_for_one },
	{ "wait-for-any", wait_for_any },
	{ "wait-for-only", wait_for_only },
	{ "wait-for-group", wait_for_group },
	{ "waitid", wait_by_waitid },
	{ "waitid-any", wait_for_any_by_waitid },
	{ "waitid-group", wait_for_group_by_waitid },
	{ "waitid-pidfd", wait_by_pidfd },
	{ "wait-beside", wait_beside },
	{ "wait-as-tracer", wait_as_tracer },
	{ "vfork", vfork_read },
	{ "vfork-lock", vfork_lock },
#ifdef __GLIBC__
	{ "malloc", malloc_lock },
#endif
	{ "fifos", fifos },
	{ "fork-held", fork_held },
	{ "traced", traced },
	{}
};
