// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the switch probe counts.
 *
 * The oracles are getrusage(2), the order in which SCHED_FIFO lets tasks yield
 * to one another, and the sums that must hold among the counters themselves.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "probe.h"

#define ROUNDS 5000

static __u64 sum(const __u64 *values, int n)
{
	__u64 all = 0;

	while (n--)
		all += values[n];
	return all;
}

static __u64 switches(const struct ctxlab_switch_read *read)
{
	return sum(read->switches, CTXLAB_HIST_SWITCHES);
}

/* Near: other tasks may come between now and then, but not often. */
static bool near(double value, double expected)
{
	return value >= expected * 0.95 && value <= expected * 1.05;
}

FIXTURE(counts)
{
	int fd;
	struct ctxlab_switch_read read;
};

FIXTURE_SETUP(counts)
{
	self->fd = probe_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(counts)
{
	close(self->fd);
}

TEST_F_TIMEOUT(counts, threads_have_the_same_mm, PATIENCE)
{
	struct ring ring = { .nr = 2, .fds = { self->fd, self->fd },
			     .rounds = ROUNDS };

	ASSERT_EQ(0, ring_run(&ring));
	ASSERT_EQ(0, probe_read(self->fd, &self->read));
	EXPECT_TRUE(near(self->read.switches[CTXLAB_HIST_SAME_MM], 2 * ROUNDS))
		TH_LOG("%llu switches", self->read.switches[CTXLAB_HIST_SAME_MM]);
	EXPECT_EQ(0, self->read.switches[CTXLAB_HIST_OTHER_MM]);
	EXPECT_EQ(0, self->read.switches[CTXLAB_HIST_BORROWED_MM]);
	EXPECT_EQ(0, self->read.migrations);
	EXPECT_EQ(0, self->read.flushes);
	EXPECT_EQ(0, self->read.attached);
}

TEST_F_TIMEOUT(counts, processes_have_another_mm, PATIENCE)
{
	struct ring ring = { .nr = 2, .fds = { self->fd, self->fd },
			     .rounds = ROUNDS, .processes = true };

	ASSERT_EQ(0, ring_run(&ring));
	ASSERT_EQ(0, probe_read(self->fd, &self->read));
	EXPECT_TRUE(near(self->read.switches[CTXLAB_HIST_OTHER_MM], 2 * ROUNDS))
		TH_LOG("%llu switches", self->read.switches[CTXLAB_HIST_OTHER_MM]);
	EXPECT_EQ(0, self->read.switches[CTXLAB_HIST_SAME_MM]);
	EXPECT_EQ(0, self->read.switches[CTXLAB_HIST_BORROWED_MM]);
}

/* Every time that a task was left is counted somewhere. */
TEST_F_TIMEOUT(counts, agrees_with_rusage, PATIENCE)
{
	struct ring ring = { .nr = 2, .fds = { self->fd, self->fd },
			     .rounds = ROUNDS };
	__u64 left;

	for (int processes = 0; processes < 2; processes++) {
		ring.processes = processes;
		ASSERT_EQ(0, probe_reset(self->fd));
		ASSERT_EQ(0, ring_run(&ring));
		ASSERT_EQ(0, probe_read(self->fd, &self->read));
		left = switches(&self->read) + self->read.to_kernel +
			self->read.to_other;
		/* The barriers' few are the probe's alone. */
		EXPECT_LE(ring.left, left);
		EXPECT_GE(ring.left + 20, left);
	}
}

TEST_F_TIMEOUT(counts, histograms_add_up, PATIENCE)
{
	struct ring ring = { .nr = 2, .fds = { self->fd, self->fd },
			     .rounds = ROUNDS };
	__u64 buckets[CTXLAB_HIST_BUCKETS], low, high, all, timed;
	const int attached = 4;	/* two, and then two others */

	ASSERT_EQ(0, ring_run(&ring));
	ring.processes = true;
	ASSERT_EQ(0, ring_run(&ring));
	ASSERT_EQ(0, probe_read(self->fd, &self->read));

	all = switches(&self->read) + self->read.from_elsewhere;
	timed = probe_hist_sum(self->fd, CTXLAB_HIST_FLUSH) +
		self->read.lost[CTXLAB_HIST_FLUSH];
	EXPECT_LE(all, timed * CTXLAB_HIST_FLUSH_EVERY);
	EXPECT_GT(all, (timed - attached) * CTXLAB_HIST_FLUSH_EVERY);

	for (int h = 0; h < CTXLAB_HISTS; h++) {
		EXPECT_TRUE(h == CTXLAB_HIST_FLUSH || self->read.switches[h] ==
			    probe_hist_sum(self->fd, h) + self->read.lost[h])
			TH_LOG("histogram %d", h);
		ASSERT_EQ(0, probe_hist(self->fd, h, buckets));
		low = 0;
		high = 0;
		for (int i = 0; i < CTXLAB_HIST_BUCKETS; i++) {
			low += buckets[i] * ctxlab_hist_floor(i);
			high += buckets[i] * (ctxlab_hist_floor(i + 1) - 1);
		}
		EXPECT_LE(low, self->read.cycles[h]);
		EXPECT_GE(high, self->read.cycles[h]);
	}
	EXPECT_LT(0, probe_hist_median(self->fd, CTXLAB_HIST_SAME_MM));
	EXPECT_LT(0, probe_hist_median(self->fd, CTXLAB_HIST_FLUSH));
}

/* As the probe's time is part of the round's, it cannot be longer. */
TEST_F_TIMEOUT(counts, time_fits_into_the_rounds, PATIENCE)
{
	struct ring ring = { .nr = 2, .fds = { self->fd, self->fd },
			     .rounds = ROUNDS };
	__u64 ticks = probe_clock();

	ASSERT_EQ(0, ring_run(&ring));
	ticks = probe_clock() - ticks;
	ASSERT_EQ(0, probe_read(self->fd, &self->read));
	EXPECT_GT(ticks, sum(self->read.cycles, CTXLAB_HISTS));
	EXPECT_LT(ticks / 1000, sum(self->read.cycles, CTXLAB_HIST_SWITCHES));
}

TEST_F_TIMEOUT(counts, nobody_attached_counts_nothing, PATIENCE)
{
	struct ctxlab_switch_read zero = { .size = sizeof(zero) };
	struct ring ring = { .nr = 2, .fds = { -1, -1 }, .rounds = ROUNDS };

	ASSERT_EQ(0, ring_run(&ring));
	ASSERT_EQ(0, probe_read(self->fd, &self->read));
	EXPECT_EQ(0, memcmp(&zero, &self->read, sizeof(zero)));
}

TEST_F_TIMEOUT(counts, one_attached_has_no_switch, PATIENCE)
{
	struct ring ring = { .nr = 2, .fds = { self->fd, -1 },
			     .rounds = ROUNDS };

	ASSERT_EQ(0, ring_run(&ring));
	ASSERT_EQ(0, probe_read(self->fd, &self->read));
	EXPECT_EQ(0, switches(&self->read));
	EXPECT_TRUE(near(self->read.to_other, ROUNDS));
	EXPECT_TRUE(near(self->read.from_elsewhere, ROUNDS));
}

/*
 * Three in a ring, one of them not attached: only one switch in three counts, and
 * what that one switches to is never taken for it.
 */
TEST_F_TIMEOUT(counts, an_unattached_task_in_between, PATIENCE)
{
	struct ring ring = { .nr = 3, .fds = { self->fd, self->fd, -1 },
			     .rounds = ROUNDS };

	for (int processes = 0; processes < 2; processes++) {
		ring.processes = processes;
		ASSERT_EQ(0, probe_reset(self->fd));
		ASSERT_EQ(0, ring_run(&ring));
		ASSERT_EQ(0, probe_read(self->fd, &self->read));
		EXPECT_TRUE(near(switches(&self->read), ROUNDS))
			TH_LOG("%llu switches", switches(&self->read));
		EXPECT_TRUE(near(self->read.to_other, ROUNDS));
		EXPECT_TRUE(near(self->read.from_elsewhere, ROUNDS));
	}
}

/*
 * Player 0 is mostly asleep.  Meanwhile player 1 comes in from the unattached one, time
 * and again, and no mark that player 0 left for it may make that a switch.
 */
static void sleep_or_yield(void *data, int player, unsigned int round)
{
	(void)data;
	(void)round;
	if (!player)
		usleep(500);
	for (int i = 0; player && i < 100; i++)
		sched_yield();
}

TEST_F_TIMEOUT(counts, a_mark_counts_once, PATIENCE)
{
	struct ring ring = { .nr = 3, .fds = { self->fd, self->fd, -1 },
			     .rounds = 100, .turn = sleep_or_yield };

	ASSERT_EQ(0, ring_run(&ring));
	ASSERT_EQ(0, probe_read(self->fd, &self->read));
	/* Player 0 was left about 200 times, each time it came in and went. */
	EXPECT_LT(0, switches(&self->read));
	EXPECT_GT(1000, switches(&self->read));
	EXPECT_LT(5000, self->read.from_elsewhere);
}

TEST_F_TIMEOUT(counts, another_session_is_elsewhere, PATIENCE)
{
	struct ring ring = { .nr = 2, .rounds = ROUNDS };
	struct ctxlab_switch_read read;
	int fd = probe_open();

	ASSERT_LE(0, fd);
	ring.fds[0] = self->fd;
	ring.fds[1] = fd;
	ASSERT_EQ(0, ring_run(&ring));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, probe_read(ring.fds[i], &read));
		EXPECT_EQ(0, switches(&read));
		EXPECT_TRUE(near(read.to_other, ROUNDS));
		EXPECT_TRUE(near(read.from_elsewhere, ROUNDS));
	}
	close(fd);
}

/*
 * Two sessions, each with two tasks, all four on one CPU.  In what order they
 * came to the barrier, they go round: A a B b, where no switch counts, or
 * A B a b, where every other one does.
 */
TEST_F_TIMEOUT(counts, two_sessions_do_not_mix, PATIENCE)
{
	struct ring ring = { .nr = 4, .rounds = ROUNDS };
	struct ctxlab_switch_read read;
	int fd = probe_open();

	ASSERT_LE(0, fd);
	ring.fds[0] = self->fd;
	ring.fds[1] = self->fd;
	ring.fds[2] = fd;
	ring.fds[3] = fd;
	ASSERT_EQ(0, ring_run(&ring));
	for (int i = 0; i < 4; i += 2) {
		ASSERT_EQ(0, probe_read(ring.fds[i], &read));
		EXPECT_TRUE(near(switches(&read) + read.to_other, 2 * ROUNDS));
		EXPECT_TRUE(switches(&read) < ROUNDS / 20 ||
			    near(switches(&read), ROUNDS))
			TH_LOG("%llu switches", switches(&read));
	}
	close(fd);
}

TEST_F_TIMEOUT(counts, sleeping_goes_to_the_kernels_idle_thread, PATIENCE)
{
	ASSERT_EQ(0, pin(last_cpu(), true));
	ASSERT_EQ(0, probe_attach(self->fd));
	for (int i = 0; i < 100; i++)
		usleep(1000);
	ASSERT_EQ(0, probe_read(self->fd, &self->read));
	EXPECT_LE(80, self->read.to_kernel);
	EXPECT_LE(self->read.to_kernel + self->read.to_other,
		  self->read.from_elsewhere);
	EXPECT_EQ(0, switches(&self->read));
	EXPECT_EQ(1, self->read.attached);
	EXPECT_EQ(0, probe_detach(self->fd));
}

TEST_F_TIMEOUT(counts, migrations, PATIENCE)
{
	if (!last_cpu())
		SKIP(return, "there is one CPU");
	ASSERT_EQ(0, pin(0, false));
	ASSERT_EQ(0, probe_attach(self->fd));
	for (int i = 1; i <= 100; i++)
		ASSERT_EQ(0, pin(i % 2, false));
	ASSERT_EQ(0, probe_read(self->fd, &self->read));
	EXPECT_EQ(100, self->read.migrations);
	EXPECT_EQ(0, probe_detach(self->fd));
}

/*
 * A task that has left its mm, on its way out, is preempted by one that has.
 * @ready is written to as the last thing before.
 */
static void exit_slowly(int fd, int ready)
{
	struct sched_param param = { .sched_priority = 0 };
	const size_t size = 64 << 20;
	char *memory;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sched_setscheduler(0, SCHED_OTHER, &param))
		_exit(1);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	/* A kernel without huge pages does not know the advice. */
	if (memory == MAP_FAILED ||
	    (madvise(memory, size, MADV_NOHUGEPAGE) && errno != EINVAL))
		_exit(1);
	memset(memory, 1, size);
	_exit(pin(last_cpu(), false) || probe_attach(fd) ||
	      write(ready, "", 1) != 1);
}

TEST_F_TIMEOUT(counts, an_exiting_task_borrows_its_mm, PATIENCE)
{
	useconds_t pause = 100;
	int status, ready[2];
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pin(last_cpu(), true));
	ASSERT_EQ(0, probe_attach(self->fd));
	pid = fork();
	if (!pid)
		exit_slowly(self->fd, ready[1]);
	close(ready[1]);
	EXPECT_EQ(1, read(ready[0], &byte, 1));
	close(ready[0]);
	/*
	 * Where waking up takes as long as the pause, this task, which goes first,
	 * would leave the other no time to end.  So the pauses grow, but by less
	 * than the other's way out takes.
	 */
	while (waitpid(pid, &status, WNOHANG) == 0) {
		usleep(pause);
		pause += pause / 8;
	}
	ASSERT_EQ(0, status);
	ASSERT_EQ(0, probe_detach(self->fd));
	ASSERT_EQ(0, probe_read(self->fd, &self->read));
	EXPECT_LT(0, self->read.switches[CTXLAB_HIST_BORROWED_MM]);
	EXPECT_EQ(0, self->read.switches[CTXLAB_HIST_SAME_MM]);
}

TEST_F_TIMEOUT(counts, reset_keeps_the_attached, PATIENCE)
{
	struct ctxlab_switch_read zero = { .size = sizeof(zero) };
	struct ring ring = { .nr = 2, .fds = { self->fd, self->fd },
			     .rounds = 100 };

	ASSERT_EQ(0, ring_run(&ring));
	ASSERT_EQ(0, probe_reset(self->fd));
	ASSERT_EQ(0, probe_read(self->fd, &self->read));
	EXPECT_EQ(0, memcmp(&zero, &self->read, sizeof(zero)));
	for (int h = 0; h < CTXLAB_HISTS; h++) {
		EXPECT_EQ(0, probe_hist_sum(self->fd, h))
			TH_LOG("histogram %d", h);
	}

	ASSERT_EQ(0, pin(last_cpu(), true));
	ASSERT_EQ(0, probe_attach(self->fd));
	for (int i = 0; i < 10; i++)
		usleep(1000);
	ASSERT_EQ(0, probe_reset(self->fd));
	ASSERT_EQ(0, probe_read(self->fd, &self->read));
	EXPECT_EQ(1, self->read.attached);
	EXPECT_GE(1, self->read.from_elsewhere);
	/* Where the host is busy, a sleep may be over before the kernel gets to it. */
	do {
		usleep(1000);
		ASSERT_EQ(0, probe_read(self->fd, &self->read));
	} while (!self->read.from_elsewhere);
	ASSERT_EQ(0, probe_detach(self->fd));
	ASSERT_EQ(0, probe_read(self->fd, &self->read));
	EXPECT_LE(1, self->read.from_elsewhere);
	EXPECT_GE(3, self->read.from_elsewhere);
}

static void *reset_and_read(void *arg)
{
	struct ctxlab_switch_read read;
	int fd = *(int *)arg;
	long bad = 0;

	for (int i = 0; i < 2000; i++) {
		if (probe_reset(fd) || probe_read(fd, &read))
			bad++;
		/* A counter that was taken away from twice is about 2^64. */
		if (switches(&read) > 1 << 30 || read.cycles[0] >> 62)
			bad++;
	}
	return (void *)bad;
}

TEST_F_TIMEOUT(counts, reset_while_they_run, PATIENCE)
{
	struct ring ring = { .nr = 2, .fds = { self->fd, self->fd },
			     .rounds = ROUNDS };
	pthread_t thread;
	void *bad;

	ASSERT_EQ(0, pin(0, false));
	ASSERT_EQ(0, pthread_create(&thread, NULL, reset_and_read, &self->fd));
	for (int i = 0; i < 5; i++) {
		ASSERT_EQ(0, ring_run(&ring))
			TH_LOG("run %d", i);
	}
	pthread_join(thread, &bad);
	EXPECT_EQ(0, (long)bad);
	ASSERT_EQ(0, probe_reset(self->fd));
	ASSERT_EQ(0, probe_read(self->fd, &self->read));
	EXPECT_EQ(0, switches(&self->read));
}

TEST_HARNESS_MAIN
