// SPDX-License-Identifier: GPL-2.0-only
/* Scenes of processes that wait for their children, or trace others. */
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stage.h"

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
	m[1].tid = tid_on_stage(1);
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
	m[1].tid = tid_on_stage(1);
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
	m[1].tid = tid_on_stage(1);
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

static void trace_and_join(struct actor *a)
{
	if (ptrace(PTRACE_SEIZE, stage->tid[0], NULL, NULL))
		die("ptrace");
	pthread_join(a->whom->thread, NULL);
}

/* Whoever traces is another thread of this process, which waits for this one. */
static void wait_beside_tracer(pid_t child)
{
	static struct actor self, tracer = { .whom = &self };

	self.thread = pthread_self();
	start(&tracer, trace_and_join, 0);
	until_quiet(tracer.tid);
	wait_any(child);
}

static void introduce_thread(struct actor *a)
{
	stage->tid[0] = a->tid;
	nap_for_ever(a);
}

/* Who waits for any child waits for a thread that it traces as well. */
static void trace_and_wait(bool leader)
{
	static struct actor beside;

	make_stage(2);
	if (!fork_child()) {
		prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
		if (leader)
			stage->tid[0] = getpid();
		else
			start(&beside, introduce_thread, 0);
		nap_for_ever(NULL);
	}
	tid_on_stage(0);
	wait_for_reader(leader ? wait_for_traced : wait_beside_tracer, false, true);
}

static void wait_as_tracer(size_t n)
{
	(void)n;
	trace_and_wait(true);
}

static void wait_as_tracer_of_thread(size_t n)
{
	(void)n;
	trace_and_wait(false);
}

/* Tells who it is, in the memory of its parent, and ends with that. */
static void introduce(void)
{
	stage->tid[1] = getpid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void vfork_and_read(void)
{
	static int fd[2];
	char byte;

	if (pipe(fd))
		die("pipe");
	if (!vfork()) {
		introduce();
		close(fd[1]);
		_exit(read(fd[0], &byte, 1) < 0);
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
	m[1].tid = tid_on_stage(1);
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

const struct scene child_scenes[] = {
	{ "pipe-and-wait", pipe_and_wait },
	{ "pipe-with-reader", pipe_with_reader },
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
	{ "wait-as-tracer-of-thread", wait_as_tracer_of_thread },
	{ "vfork", vfork_read },
	{ "vfork-lock", vfork_lock },
	{ "traced", traced },
	{}
};
