// SPDX-License-Identifier: GPL-2.0-only
/* Scenes of waits that end, by what is easily overlooked. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stage.h"

static int ends[2];

static void tell_main(int signal)
{
	(void)signal;
	if (write(ends[1], "", 1) < 0)
		_exit(1);
}

/* A process reads from its own pipe, into which its signal handler writes. */
static void self_pipe(size_t n)
{
	struct member m = { .waits = "pipe-read" };
	char byte;

	(void)n;
	if (pipe(ends))
		die("pipe");
	m.tid = fork_child();
	if (!m.tid) {
		signal(SIGTERM, tell_main);
		_exit(read(ends[0], &byte, 1) < 0);
	}
	m.whom = m.tid;
	close(ends[0]);
	close(ends[1]);
	until_quiet(m.tid);
	expect_members("none", &m, 1);
}

/* Tell the stage who waits next, and wait for that child. */
static __attribute__((noreturn)) void wait_for(int part, pid_t child)
{
	stage->tid[part] = child;
	waitpid(child, NULL, 0);
	_exit(0);
}

static void drain(void)
{
	char block[4096];

	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	while (read(ends[0], block, sizeof(block)) > 0)
		;
}

/*
 * A process waits for its child, which was stopped while it wrote to a full pipe that
 * is empty now.
 */
static void stopped_writer(size_t n)
{
	struct member m[2] = { { .waits = "child" }, {} };
	pid_t child;

	(void)n;
	make_stage(2);
	m[0].tid = fork_child();
	if (!m[0].tid) {
		if (pipe(ends))
			die("pipe");
		child = fork_child();
		if (!child) {
			close(ends[0]);
			fill(ends[1]);
			_exit(0);
		}
		close(ends[1]);
		until_quiet(child);
		kill(child, SIGSTOP);
		waitpid(child, NULL, WUNTRACED);
		drain();
		wait_for(1, child);
	}
	m[1].tid = tid_on_stage(1);
	m[0].whom = m[1].tid;
	until_quiet(m[0].tid);
	expect_members("none", m, 2);
}

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;

static void lock_held(struct actor *a)
{
	(void)a;
	pthread_mutex_lock(&held);
}

/* Ends with whoever is the parent once that is not @left any more. */
static void lock_in_thread(pid_t left)
{
	static struct actor waiter;

	while (getppid() == left)
		usleep(1000);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	start(&waiter, lock_held, 0);
	stage->tid[0] = waiter.tid;
	nap_for_ever(NULL);
}

/*
 * A thread that holds a mutex forks: what goes on in the child holds it there, and may
 * unlock it, while another thread waits for that.
 */
static void fork_holding(bool parent_ends)
{
	struct member m = { .waits = "mutex", .type = "normal" };
	pid_t parent;

	make_stage(2);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	parent = fork_child();
	if (!parent) {
		pthread_mutex_lock(&held);
		parent = getpid();
		if (!fork())
			lock_in_thread(parent_ends ? parent : 0);
		if (parent_ends)
			_exit(0);
		nap_for_ever(NULL);
	}
	m.tid = tid_on_stage(0);
	if (parent_ends)
		waitpid(parent, NULL, 0);
	until_quiet(m.tid);
	expect_members("none", &m, 1);
}

static void inherited(size_t n)
{
	(void)n;
	fork_holding(false);
}

static void inherited_by_daemon(size_t n)
{
	(void)n;
	fork_holding(true);
}

/* A mutex that is not meant to be shared among processes, in memory that is. */
static void not_meant_to_be_shared(size_t n)
{
	struct member m = { .waits = "mutex", .type = "normal" };
	int part;

	(void)n;
	make_stage(2);
	pthread_mutex_init(&stage->mutex[0], NULL);
	for (part = 0; part < 2; part++) {
		m.tid = fork_child();
		if (!m.tid) {
			while (part && !stage->holds)
				usleep(1000);
			pthread_mutex_lock(&stage->mutex[0]);
			stage->holds = true;
			nap_for_ever(NULL);
		}
	}
	until_quiet(m.tid);
	expect_members("none", &m, 1);
}

/* A process that is the first one of a pid namespace; its ID here. */
static pid_t fork_first(void)
{
	pid_t child;

	if (unshare(CLONE_NEWPID))
		die("unshare");
	child = fork();
	if (child < 0)
		die("fork");
	if (!child)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return child;
}

/*
 * Processes of two pid namespaces have the same ID there, and a mutex together: what
 * it has as its owner is not who waits.
 */
static void namespaces(size_t n)
{
	struct member m = { .waits = "mutex" };
	pid_t child[2];
	int part;

	(void)n;
	make_stage(2);
	for (part = 0; part < 2; part++) {
		/* Each parent's children are in one namespace. */
		child[part] = fork_child();
		if (child[part])
			continue;
		child[part] = fork_first();
		if (child[part])
			wait_for(part, child[part]);
		while (part && !stage->holds)
			usleep(1000);
		pthread_mutex_lock(&stage->mutex[0]);
		stage->holds = true;
		nap_for_ever(NULL);
	}
	m.tid = tid_on_stage(1);
	until_quiet(m.tid);
	expect_members("none", &m, 1);
}

static void lock_file(int fd)
{
	struct flock lock = { .l_type = F_WRLCK };

	if (fcntl(fd, F_SETLKW, &lock))
		die("fcntl");
}

/*
 * A process waits for its child, which wants its file lock; another child has the
 * descriptors of the first one as its own, and so that lock.
 */
static void shared_descriptors(size_t n)
{
	struct member m[2] = { { .waits = "child" }, { .waits = "fcntl-lock" } };
	int fd = temporary();

	(void)n;
	make_stage(2);
	m[0].tid = fork_child();
	if (!m[0].tid) {
		pid_t child;

		lock_file(fd);
		if (!syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, 0)) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			nap_for_ever(NULL);
		}
		child = fork_child();
		if (!child) {
			lock_file(reopen(fd));
			_exit(0);
		}
		wait_for(1, child);
	}
	m[1].tid = tid_on_stage(1);
	m[0].whom = m[1].tid;
	until_quiet(m[0].tid);
	until_quiet(m[1].tid);
	expect_members("none", m, 2);
}

const struct scene overlooked_scenes[] = {
	{ "self-pipe", self_pipe },
	{ "stopped-writer", stopped_writer },
	{ "inherited", inherited },
	{ "inherited-by-daemon", inherited_by_daemon },
	{ "not-meant-shared", not_meant_to_be_shared },
	{ "namespaces", namespaces },
	{ "shared-descriptors", shared_descriptors },
	{}
};
