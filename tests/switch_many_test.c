// SPDX-License-Identifier: GPL-2.0-only
/*
 * A session with very many threads attached: the commands that go through them
 * all give way to others on their CPU, and count what they would count of few.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "probe.h"
#include "procfs.h"

#define ATTACHED 1000
#define TRIES 10
/* The least that arm64 allows. */
#define STACK_SIZE (128 << 10)
/* More often than at the few places at which any system call lets others in. */
#define OFTEN 8

/* What the threads of the test have in common. */
static struct {
	int fd;
	int cpu;
	int error;
	sem_t attached;
	pid_t tids[ATTACHED];
	unsigned long ran;
} many;

static void *attach_and_wait(void *tid)
{
	*(pid_t *)tid = gettid();
	if (probe_attach(many.fd))
		many.error = 1;
	sem_post(&many.attached);
	for (;;)
		pause();
	return tid;
}

/* A thread has a stack pointer in "syscall" only once it has left its CPU. */
static void wait_asleep(pid_t tid)
{
	while (!procfs_syscall_sp(getpid(), tid))
		usleep(1000 * slow_kernel_factor());
}

/* Wants the CPU again and again, and goes before the others. */
static void *want_cpu(void *unused)
{
	struct timespec rest = { .tv_nsec = 100000 * slow_kernel_factor() };

	if (pin(many.cpu, true))
		many.error = 1;
	for (;;) {
		nanosleep(&rest, NULL);
		__atomic_add_fetch(&many.ran, 1, __ATOMIC_RELAXED);
	}
	return unused;
}

FIXTURE(many)
{
	int attached;
};

FIXTURE_SETUP(many)
{
	pthread_attr_t attr;
	pthread_t thread;
	int i;

	self->attached = ATTACHED;
	many.fd = probe_open();
	ASSERT_LE(0, many.fd);
	ASSERT_EQ(0, sem_init(&many.attached, 0, 0));
	ASSERT_EQ(0, pthread_attr_init(&attr));
	ASSERT_EQ(0, pthread_attr_setstacksize(&attr, STACK_SIZE));
	for (i = 0; i < self->attached; i++)
		ASSERT_EQ(0, pthread_create(&thread, &attr, attach_and_wait,
					    &many.tids[i]));
	for (i = 0; i < self->attached; i++)
		ASSERT_EQ(0, sem_wait(&many.attached));
	for (i = 0; i < self->attached; i++)
		wait_asleep(many.tids[i]);
	many.cpu = last_cpu();
	ASSERT_EQ(0, pin(many.cpu, false));
	ASSERT_EQ(0, pthread_create(&thread, &attr, want_cpu, NULL));
	ASSERT_EQ(0, many.error);
}

FIXTURE_TEARDOWN(many)
{
	close(many.fd);
}

static int read_counters(void)
{
	struct ctxlab_switch_read read;

	return probe_read(many.fd, &read);
}

static int read_histogram(void)
{
	static __u64 buckets[CTXLAB_HIST_BUCKETS];

	return probe_hist(many.fd, CTXLAB_HIST_FLUSH, buckets);
}

static int reset(void)
{
	return probe_reset(many.fd);
}

/* How often the other one ran during one @command, at best; -1: an error. */
static long let_in(int (*command)(void))
{
	unsigned long before, n;
	long most = 0;
	int try;

	for (try = 0; try < TRIES; try++) {
		before = __atomic_load_n(&many.ran, __ATOMIC_RELAXED);
		if (command())
			return -1;
		n = __atomic_load_n(&many.ran, __ATOMIC_RELAXED) - before;
		most = (long)n > most ? (long)n : most;
	}
	return most;
}

TEST_F(many, commands_give_way)
{
	long counters = let_in(read_counters), histogram, zero;

	histogram = let_in(read_histogram);
	zero = let_in(reset);
	printf("# let in: READ %ld, HIST %ld, RESET %ld times\n", counters,
	       histogram, zero);
	EXPECT_LT(OFTEN, counters);
	EXPECT_LT(OFTEN, histogram);
	EXPECT_LT(OFTEN, zero);
}

/* All wait, so there is nothing to count but that they are there. */
TEST_F(many, are_counted)
{
	struct ctxlab_switch_read read;

	ASSERT_EQ(0, reset());
	ASSERT_EQ(0, probe_read(many.fd, &read));
	EXPECT_EQ(self->attached, (int)read.attached);
	EXPECT_EQ(0, read.from_elsewhere);
	EXPECT_EQ(0, read.to_other);
	EXPECT_EQ(0, read.to_kernel);
	EXPECT_EQ(0, probe_hist_sum(many.fd, CTXLAB_HIST_FLUSH));
}

TEST_HARNESS_MAIN
