// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attachments that end by force: signals, kills and moves at every moment, and
 * all deeds by many at once, beside tasks that attach and detach all the time.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include "kselftest_harness.h"
#include "attached_tasks.h"
#include "probe.h"

FIXTURE(storm)
{
	int fd;
	struct attached_tasks company;
};

FIXTURE_SETUP(storm)
{
	ASSERT_EQ(0, attached_tasks_start(&self->company));
	self->fd = probe_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(storm)
{
	EXPECT_EQ(0, attached_tasks_end(&self->company));
	close(self->fd);
}

TEST_F_TIMEOUT(storm, killed_at_any_moment, PATIENCE)
{
	for (int i = 0; i < 60; i++) {
		pid_t pid = fork();

		if (!pid)
			spin_attached(self->fd);
		/* From before the attach to long after it. */
		usleep(i * 200);
		kill(pid, SIGKILL);
		EXPECT_EQ(128 + SIGKILL, exit_status(pid))
			TH_LOG("child %d", i);
	}
	EXPECT_TRUE(probe_wait_attached(self->fd, 0));
}

/* One thread takes all others with it. */
static void exit_group(int fd, int after)
{
	pthread_t thread;

	die_with_parent();
	for (int i = 0; i < 8; i++)
		pthread_create(&thread, NULL, spin_thread, &fd);
	usleep(after);
	_exit(0);
}

TEST_F_TIMEOUT(storm, a_group_exits, PATIENCE)
{
	for (int i = 0; i < 10; i++) {
		pid_t pid = fork();

		if (!pid)
			exit_group(self->fd, i * 3000);
		EXPECT_EQ(0, exit_status(pid))
			TH_LOG("group %d", i);
	}
	EXPECT_TRUE(probe_wait_attached(self->fd, 0));
}

static sig_atomic_t signals_seen;

static void count_signal(int signal)
{
	signals_seen += signal == SIGALRM;
}

/* Signals all the time, into attach, detach and the switches between. */
TEST_F_TIMEOUT(storm, signals_at_every_moment, PATIENCE)
{
	struct itimerval often = { { 0, 300 }, { 0, 300 } }, never = {};
	struct sigaction action = { .sa_handler = count_signal };
	int err = 0, tries = slow_kernel_scaled(500);

	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &often, NULL));
	for (int i = 0; i < tries && !err; i++) {
		err = probe_attach(self->fd);
		sched_yield();
		err = err ?: probe_detach(self->fd);
	}
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &never, NULL));
	EXPECT_EQ(0, err);
	EXPECT_LT(10, signals_seen);
	EXPECT_EQ(0, probe_nr_attached(self->fd));
}

static void attach_and_detach_forever(int fd)
{
	die_with_parent();
	for (;;) {
		if (probe_attach(fd))
			_exit(1);
		sched_yield();
		if (probe_detach(fd))
			_exit(2);
	}
}

TEST_F_TIMEOUT(storm, stopped_and_continued, PATIENCE)
{
	struct timespec pause = { 0, 100 * 1000 };
	pid_t pid = fork();

	if (!pid)
		attach_and_detach_forever(self->fd);
	for (int i = 0; i < 300; i++) {
		ASSERT_EQ(0, kill(pid, SIGSTOP));
		nanosleep(&pause, NULL);
		ASSERT_EQ(0, kill(pid, SIGCONT));
		nanosleep(&pause, NULL);
	}
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, exit_status(pid));
	EXPECT_TRUE(probe_wait_attached(self->fd, 0));
}

TEST_F_TIMEOUT(storm, killed_while_attaching_and_detaching, PATIENCE)
{
	for (int i = 0; i < 60; i++) {
		pid_t pid = fork();

		if (!pid)
			attach_and_detach_forever(self->fd);
		usleep(500 + i * 131);
		kill(pid, SIGKILL);
		EXPECT_EQ(128 + SIGKILL, exit_status(pid))
			TH_LOG("child %d", i);
	}
	EXPECT_TRUE(probe_wait_attached(self->fd, 0));
}

/* Moved to and fro by another, by a way that does not ask the task. */
TEST_F_TIMEOUT(storm, moved_between_cpus, PATIENCE)
{
	struct ctxlab_switch_read read;
	cpu_set_t set;
	pid_t pid;

	if (!last_cpu())
		SKIP(return, "there is one CPU");
	pid = fork();
	if (!pid)
		spin_attached(self->fd);
	ASSERT_TRUE(probe_wait_attached(self->fd, 1));
	for (int i = 0; i < 200; i++) {
		CPU_ZERO(&set);
		CPU_SET(i % 2, &set);
		ASSERT_EQ(0, sched_setaffinity(pid, sizeof(set), &set));
		usleep(500);
	}
	ASSERT_EQ(0, probe_read(self->fd, &read));
	EXPECT_LT(10, read.migrations);
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, exit_status(pid));
	EXPECT_TRUE(probe_wait_attached(self->fd, 0));
}

static int deeds_each;

static void *deeds(void *arg)
{
	__u64 buckets[CTXLAB_HIST_BUCKETS];
	struct ctxlab_switch_read read;
	int fd = *(int *)arg;
	long bad = 0;

	for (int i = 0; i < deeds_each; i++) {
		bad += !!probe_flush(fd, i % 2 ? CTXLAB_FLUSH_ALL :
						 CTXLAB_FLUSH_NONE);
		bad += !!probe_read(fd, &read);
		bad += !!probe_hist(fd, i % CTXLAB_HISTS, buckets);
		bad += !!probe_reset(fd);
		bad += !!probe_attach(fd);
		bad += !!probe_detach(fd);
	}
	return (void *)bad;
}

TEST_F_TIMEOUT(storm, everything_at_once, PATIENCE)
{
	pthread_t threads[6];
	void *bad;

	deeds_each = slow_kernel_scaled(500);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, deeds, &self->fd));
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		pthread_join(threads[i], &bad);
		EXPECT_EQ(0, (long)bad)
			TH_LOG("thread %zu", i);
	}
	EXPECT_EQ(0, probe_nr_attached(self->fd));
}

TEST_HARNESS_MAIN
