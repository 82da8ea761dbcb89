// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long an attachment lasts: until its own task detaches or exits, whatever
 * happens to descriptors, processes and signals meanwhile.
 *
 * Each case runs beside tasks that attach, switch, and detach all the time.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "attached_tasks.h"
#include "creds.h"
#include "probe.h"

#define STACK_SIZE (64 * 1024)

/* The module's references: open files of it and mounts, and what they hold. */
static int module_refs(void)
{
	FILE *file = fopen("/sys/module/ctxlab/refcnt", "r");
	int refs = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%d", &refs) != 1)
		refs = -1;
	fclose(file);
	return refs;
}

/* What ends later ends soon: the last reference goes on the way to user space. */
static bool wait_module_refs(int refs)
{
	for (int tries = 0; tries < 500; tries++) {
		if (module_refs() == refs)
			return true;
		usleep(10 * 1000);
	}
	return false;
}

FIXTURE(life)
{
	int fd;
	struct attached_tasks company;
};

FIXTURE_SETUP(life)
{
	ASSERT_EQ(0, attached_tasks_start(&self->company));
	self->fd = probe_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(life)
{
	EXPECT_EQ(0, attached_tasks_end(&self->company));
	close(self->fd);
}

TEST_F_TIMEOUT(life, attach_and_detach, PATIENCE)
{
	for (int i = 0; i < 100; i++) {
		ASSERT_EQ(0, probe_attach(self->fd));
		ASSERT_EQ(1, probe_is_attached(self->fd));
		ASSERT_EQ(1, probe_nr_attached(self->fd));
		ASSERT_EQ(0, probe_detach(self->fd));
		ASSERT_EQ(0, probe_is_attached(self->fd));
		ASSERT_EQ(0, probe_nr_attached(self->fd));
	}
}

TEST_F_TIMEOUT(life, attaching_twice_is_ebusy, PATIENCE)
{
	int other = probe_open();

	ASSERT_LE(0, other);
	ASSERT_EQ(0, probe_attach(self->fd));
	EXPECT_EQ(EBUSY, probe_attach(self->fd));
	EXPECT_EQ(EBUSY, probe_attach(other));
	EXPECT_EQ(0, probe_is_attached(other));
	EXPECT_EQ(1, probe_nr_attached(self->fd));
	EXPECT_EQ(0, probe_detach(self->fd));
	EXPECT_EQ(0, probe_attach(other));
	EXPECT_EQ(EBUSY, probe_attach(self->fd));
	EXPECT_EQ(0, probe_detach(other));
	close(other);
}

TEST_F_TIMEOUT(life, detaching_from_where_one_is_not, PATIENCE)
{
	int other = probe_open();

	ASSERT_LE(0, other);
	EXPECT_EQ(ENOENT, probe_detach(self->fd));
	ASSERT_EQ(0, probe_attach(self->fd));
	EXPECT_EQ(ENOENT, probe_detach(other));
	EXPECT_EQ(1, probe_is_attached(self->fd));
	EXPECT_EQ(0, probe_detach(self->fd));
	EXPECT_EQ(ENOENT, probe_detach(self->fd));
	close(other);
}

/* A thread that attaches and waits for its end. */
struct waiter {
	int fd;
	int error;
	bool detaches;
	pthread_barrier_t barrier;
};

static void *attach_and_wait(void *arg)
{
	struct waiter *w = arg;

	w->error = probe_attach(w->fd);
	pthread_barrier_wait(&w->barrier);
	pthread_barrier_wait(&w->barrier);
	if (w->detaches)
		w->error = probe_detach(w->fd);
	return NULL;
}

TEST_F_TIMEOUT(life, no_thread_detaches_another, PATIENCE)
{
	struct waiter w = { .fd = self->fd };
	pthread_t thread;

	pthread_barrier_init(&w.barrier, NULL, 2);
	ASSERT_EQ(0, pthread_create(&thread, NULL, attach_and_wait, &w));
	pthread_barrier_wait(&w.barrier);
	EXPECT_EQ(0, w.error);
	EXPECT_EQ(ENOENT, probe_detach(self->fd));
	EXPECT_EQ(1, probe_nr_attached(self->fd));
	pthread_barrier_wait(&w.barrier);
	pthread_join(thread, NULL);
}

TEST_F_TIMEOUT(life, a_threads_exit_ends_it, PATIENCE)
{
	struct ctxlab_switch_read before, after;
	struct waiter w = { .fd = self->fd };
	pthread_t thread;

	pthread_barrier_init(&w.barrier, NULL, 2);
	for (int i = 0; i < 50; i++) {
		ASSERT_EQ(0, pthread_create(&thread, NULL, attach_and_wait, &w));
		pthread_barrier_wait(&w.barrier);
		ASSERT_EQ(0, probe_read(self->fd, &before));
		pthread_barrier_wait(&w.barrier);
		pthread_join(thread, NULL);
		ASSERT_EQ(0, w.error);
	}
	EXPECT_TRUE(probe_wait_attached(self->fd, 0));
	ASSERT_EQ(0, probe_read(self->fd, &after));
	EXPECT_LT(0, before.from_elsewhere);
	EXPECT_LE(before.from_elsewhere, after.from_elsewhere);
}

/* The descriptor's end is not the attachment's. */
TEST_F_TIMEOUT(life, closing_does_not_detach, PATIENCE)
{
	int refs = module_refs(), fd = probe_open(), copy = dup(fd);

	ASSERT_LE(0, copy);
	ASSERT_EQ(0, probe_attach(fd));
	close(fd);
	usleep(1000);
	EXPECT_EQ(1, probe_is_attached(copy));
	close(copy);
	usleep(1000);
	/* Nobody can reach it now, but it is there: in no other session. */
	EXPECT_EQ(EBUSY, probe_attach(self->fd));
	EXPECT_LT(refs, module_refs());
}

TEST_F_TIMEOUT(life, exit_ends_what_no_descriptor_reaches, PATIENCE)
{
	int refs = module_refs();

	for (int i = 0; i < 20; i++) {
		pid_t pid = fork();

		if (!pid) {
			int fd = probe_open();
			int err = probe_attach(fd);

			close(fd);
			usleep(1000);
			_exit(err);
		}
		EXPECT_EQ(0, exit_status(pid))
			TH_LOG("child %d", i);
	}
	EXPECT_TRUE(wait_module_refs(refs));
}

TEST_F_TIMEOUT(life, a_crash_ends_it, PATIENCE)
{
	const int signals[] = { SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGSYS };

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		pid_t pid = fork();

		if (!pid) {
			signal(signals[i], SIG_DFL);
			if (!probe_attach(self->fd))
				raise(signals[i]);
			_exit(1);
		}
		EXPECT_EQ(128 + signals[i], exit_status(pid));
	}
	EXPECT_TRUE(probe_wait_attached(self->fd, 0));
}

TEST_F_TIMEOUT(life, fork_does_not_pass_it_on, PATIENCE)
{
	pid_t pid;

	ASSERT_EQ(0, probe_attach(self->fd));
	pid = fork();
	if (!pid) {
		if (probe_is_attached(self->fd))
			_exit(1);
		if (probe_detach(self->fd) != ENOENT)
			_exit(2);
		if (probe_attach(self->fd))
			_exit(3);
		_exit(probe_nr_attached(self->fd) == 2 ? 0 : 4);
	}
	EXPECT_EQ(0, exit_status(pid));
	EXPECT_TRUE(probe_wait_attached(self->fd, 1));
	EXPECT_EQ(1, probe_is_attached(self->fd));
	EXPECT_EQ(0, probe_detach(self->fd));
}

static int attach_as_clone(void *arg)
{
	int fd = *(int *)arg;

	return probe_is_attached(fd) || probe_attach(fd) ||
		probe_nr_attached(fd) != 2;
}

/* The child of vfork's kind shares the memory, not the attachment. */
TEST_F_TIMEOUT(life, a_child_in_the_same_memory, PATIENCE)
{
	char *stack = malloc(STACK_SIZE);
	pid_t pid;

	ASSERT_EQ(0, probe_attach(self->fd));
	pid = clone(attach_as_clone, stack + STACK_SIZE,
		    CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, &self->fd);
	ASSERT_LT(0, pid);
	EXPECT_EQ(0, exit_status(pid));
	EXPECT_TRUE(probe_wait_attached(self->fd, 1));
	EXPECT_EQ(0, probe_detach(self->fd));
}

/* exec closes the descriptor and keeps the attachment; exit ends it. */
static void attach_and_exec(int fd, int in)
{
	die_with_parent();
	dup2(in, 0);
	dup2(open("/dev/null", O_WRONLY), 1);
	if (!probe_attach(fd))
		execl("/bin/cat", "cat", NULL);
	_exit(1);
}

TEST_F_TIMEOUT(life, exec_keeps_it_until_exit, PATIENCE)
{
	struct ctxlab_switch_read before, after;
	int end[2];
	pid_t pid;

	ASSERT_EQ(0, pipe2(end, O_CLOEXEC));
	pid = fork();
	if (!pid)
		attach_and_exec(self->fd, end[0]);
	ASSERT_TRUE(probe_wait_attached(self->fd, 1));
	usleep(300 * 1000);
	ASSERT_EQ(0, probe_read(self->fd, &before));
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(1, write(end[1], "x", 1));
		usleep(5000);
	}
	ASSERT_EQ(0, probe_read(self->fd, &after));
	EXPECT_EQ(1, after.attached);
	EXPECT_LE(before.from_elsewhere + 10, after.from_elsewhere);
	close(end[1]);
	EXPECT_EQ(0, exit_status(pid));
	EXPECT_TRUE(probe_wait_attached(self->fd, 0));
	close(end[0]);
}

static void *exec_thread(void *arg)
{
	probe_attach(*(int *)arg);
	execl("/bin/true", "true", NULL);
	return NULL;
}

/* A thread that execs takes over the leader's number and ends all others. */
TEST_F_TIMEOUT(life, a_thread_execs_away_the_others, PATIENCE)
{
	for (int i = 0; i < 10; i++) {
		pid_t pid = fork();

		if (!pid) {
			pthread_t thread;

			die_with_parent();
			pthread_create(&thread, NULL, spin_thread, &self->fd);
			pthread_create(&thread, NULL, exec_thread, &self->fd);
			spin_attached(self->fd);
		}
		EXPECT_EQ(0, exit_status(pid))
			TH_LOG("child %d", i);
	}
	EXPECT_TRUE(probe_wait_attached(self->fd, 0));
}

/* The one who opened it attaches, passes it on and exits. */
TEST_F_TIMEOUT(life, passed_over_a_socket, PATIENCE)
{
	int sockets[2], fd;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	pid = fork();
	if (!pid) {
		fd = probe_open();
		_exit(probe_attach(fd) || send_fd(sockets[1], fd));
	}
	fd = receive_fd(sockets[0]);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, exit_status(pid));
	EXPECT_TRUE(probe_wait_attached(fd, 0));
	EXPECT_EQ(0, probe_attach(fd));
	EXPECT_EQ(1, probe_nr_attached(fd));
	EXPECT_EQ(0, probe_detach(fd));
	close(fd);
	close(sockets[0]);
	close(sockets[1]);
}

/* In flight, and then thrown away with the socket, while its task is attached. */
TEST_F_TIMEOUT(life, left_in_a_socket, PATIENCE)
{
	int refs = module_refs(), sockets[2], fd = probe_open();

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	ASSERT_EQ(0, probe_attach(fd));
	ASSERT_EQ(0, send_fd(sockets[1], fd));
	ASSERT_EQ(0, probe_detach(fd));
	close(fd);
	EXPECT_EQ(refs + 1, module_refs());
	close(sockets[1]);
	close(sockets[0]);
	EXPECT_TRUE(wait_module_refs(refs));
}

/* A process that shares the file table closes the descriptor under the other. */
static int close_it(void *arg)
{
	return close(*(int *)arg);
}

TEST_F_TIMEOUT(life, closed_by_another_in_a_shared_table, PATIENCE)
{
	char *stack = malloc(STACK_SIZE);
	int fd = probe_open();
	pid_t pid;

	ASSERT_EQ(0, probe_attach(fd));
	pid = clone(close_it, stack + STACK_SIZE, CLONE_FILES | SIGCHLD, &fd);
	EXPECT_EQ(0, exit_status(pid));
	EXPECT_EQ(EBADF, probe_detach(fd));
	EXPECT_EQ(EBUSY, probe_attach(self->fd));
}

/* Who drops the capability after attaching cannot detach; exit still ends it. */
TEST_F_TIMEOUT(life, attached_and_then_unprivileged, PATIENCE)
{
	pid_t pid = fork();

	if (!pid) {
		if (probe_attach(self->fd) || setresuid(65534, 65534, 65534))
			_exit(1);
		usleep(1000);
		_exit(probe_detach(self->fd) == EPERM ? 0 : 2);
	}
	EXPECT_EQ(0, exit_status(pid));
	EXPECT_TRUE(probe_wait_attached(self->fd, 0));
}

/* Many, and all of them leave together. */
TEST_F_TIMEOUT(life, fifty_threads, PATIENCE)
{
	struct waiter w = { .fd = self->fd, .detaches = true };
	pthread_t threads[50];
	size_t n = ARRAY_SIZE(threads);

	pthread_barrier_init(&w.barrier, NULL, n + 1);
	for (size_t i = 0; i < n; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, attach_and_wait,
					    &w));
	pthread_barrier_wait(&w.barrier);
	EXPECT_EQ(n, probe_nr_attached(self->fd));
	pthread_barrier_wait(&w.barrier);
	for (size_t i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, w.error);
	EXPECT_EQ(0, probe_nr_attached(self->fd));
}

TEST_HARNESS_MAIN
