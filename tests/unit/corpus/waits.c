// SPDX-License-Identifier: GPL-2.0-only
/* Scenes of threads that can go on, though it may not look so. */
#include <errno.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "threads.h"

static void lock_timed_in_ring(struct actor *a)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 1000;
	pthread_mutex_lock(&mutex[a->number]);
	pthread_barrier_wait(&barrier);
	if (!a->number)
		pthread_mutex_timedlock(&mutex[1], &until);
	else
		pthread_mutex_lock(&mutex[(a->number + 1) % members]);
	pause();
}

static void timed(size_t n)
{
	size_t i;

	members = n;
	pthread_barrier_init(&barrier, NULL, n);
	waits_for_next(n, "mutex", "recursive");
	actor[0].ends = 1000;
	for (i = 0; i < n; i++)
		init_mutex(&mutex[i], PTHREAD_MUTEX_RECURSIVE, 0, 0);
	for (i = 0; i < n; i++)
		start(&actor[i], lock_timed_in_ring, i);
	expect_actors("none", actor, n);
}

/* n threads wait for one that sleeps. */
static void chain(size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		start(&actor[i], lock_only, 0);
		until_blocked(actor[i].tid);
	}
	expect_actors("none", actor, n);
}

static void lock_and_wait_on_stack(struct actor *a)
{
	pthread_mutex_t *other = &mutex[!a->number];
	sem_t sem;

	/* sem_init() does not write all of it. */
	memset(&sem, 0xff, sizeof(sem));
	sem_init(&sem, 0, 0);
	pthread_mutex_lock(&mutex[a->number]);
	pthread_barrier_wait(&barrier);
	if (!a->number && pthread_mutex_trylock(other) == EBUSY)
		sem_wait(&sem);
	pthread_mutex_lock(other);
}

/*
 * A semaphore on the stack, beside the address of a PI mutex whose owner waits
 * for this thread: what a thread looks like that glibc has parked.
 */
static void stack_sem(size_t n)
{
	(void)n;
	init_mutex(&mutex[0], PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, 0);
	init_mutex(&mutex[1], PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, 0);
	pthread_barrier_init(&barrier, NULL, 2);
	waits_for_next(2, "mutex-pi", NULL);
	actor[0].waits = "sem";
	actor[0].whom = NULL;
	start(&actor[0], lock_and_wait_on_stack, 0);
	start(&actor[1], lock_and_wait_on_stack, 1);
	expect_actors("none", actor, 2);
}

static void lock_and_await_uring(struct actor *a)
{
	(void)a;
	pthread_mutex_lock(&mutex[0]);
	pthread_barrier_wait(&barrier);
	syscall(SYS_io_uring_enter, open_uring(), 0, 1, IORING_ENTER_GETEVENTS,
		NULL, 0);
}

/* Who waits for an io_uring may go on by what nobody sees. */
static void uring(size_t n)
{
	(void)n;
	init_mutex(&mutex[0], PTHREAD_MUTEX_RECURSIVE, 0, 0);
	pthread_barrier_init(&barrier, NULL, 2);
	actor[0].waits = "io_uring";
	actor[1].waits = "mutex";
	actor[1].whom = &actor[0];
	start(&actor[0], lock_and_await_uring, 0);
	start(&actor[1], wait_and_lock, 1);
	expect_actors("none", actor, 2);
}

static void wait_cond(struct actor *a)
{
	(void)a;
	pthread_mutex_lock(&mutex[0]);
	for (;;)
		pthread_cond_wait(&cond, &mutex[0]);
}

static void idle(size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		actor[i].waits = "cond";
		start(&actor[i], wait_cond, 0);
	}
	expect_actors("none", actor, n);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void take_long(void)
{
	pause();
}

static void do_once(struct actor *a)
{
	(void)a;
	pthread_once(&once, take_long);
}

/* The first one has begun. */
static void wait_for_first(size_t n)
{
	size_t i;

	actor[0].waits = "signal";
	for (i = 0; i < n; i++) {
		if (i)
			actor[i].waits = "once";
		start(&actor[i], do_once, i);
		until_blocked(actor[i].tid);
	}
	expect_actors("none", actor, n);
}

static void wait_at_barrier(struct actor *a)
{
	(void)a;
	pthread_barrier_wait(&barrier);
}

/* One who would come is not there. */
static void wait_for_others(size_t n)
{
	size_t i;

	pthread_barrier_init(&barrier, NULL, n + 1);
	for (i = 0; i < n; i++) {
		actor[i].waits = "barrier";
		start(&actor[i], wait_at_barrier, i);
	}
	expect_actors("none", actor, n);
}

static sem_t sem_of_nobody;

/* Each for a thousand seconds, by another call. */
static void sleep_by(struct actor *a)
{
	struct timespec time = { .tv_sec = 1000 }, until;
	struct timeval value = { .tv_sec = 1000 };
	int epoll = epoll_create1(0);
	struct epoll_event event;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 1000;
	switch (a->number) {
	case 0:
		poll(NULL, 0, 1000000);
		break;
	case 1:
		ppoll(NULL, 0, &time, NULL);
		break;
	case 2:
		select(0, NULL, NULL, NULL, &value);
		break;
	case 3:
		epoll_wait(epoll, &event, 1, 1000000);
		break;
	case 4:
		syscall(SYS_nanosleep, &time, NULL);
		break;
	case 5:
		clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL);
		break;
	case 6:
		sigtimedwait(&(sigset_t){}, NULL, &time);
		break;
	case 7:
		sem_timedwait(&sem_of_nobody, &until);
		break;
	case 8:
		clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
		break;
	case 9:
		ppoll(NULL, 0, NULL, NULL);
		break;
#ifdef SYS_select
	case 10:
		syscall(SYS_select, 0, NULL, NULL, NULL, &value);
		break;
#endif
	}
	exit(1);
}

static void sleepers(size_t n)
{
	static const char *const waits[] = { "poll", "poll", "poll", "poll",
					     "sleep", "sleep", "signal", "sem",
					     "sleep", "signal", "poll" };
#ifdef SYS_select
	const size_t sleepers = 11;
#else
	const size_t sleepers = 10;
#endif
	size_t i;

	(void)n;
	for (i = 0; i < sleepers; i++) {
		actor[i].waits = waits[i];
		actor[i].ends = i == 9 ? 0 : 1000;
		start(&actor[i], sleep_by, i);
	}
	expect_actors("none", actor, sleepers);
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

/* A ring beside a thread that never sleeps, and prints its longest pauses. */
static void ticker(size_t n)
{
	double last, now, longest, second;
	size_t i;

	members = n;
	pthread_barrier_init(&barrier, NULL, n);
	for (i = 0; i < n; i++)
		start(&actor[i], lock_in_ring, i);
	for (;;) {
		longest = 0;
		last = now_us();
		for (second = last; last < second + 1e6; last = now) {
			now = now_us();
			if (now - last > longest)
				longest = now - last;
		}
		printf("pause %.0f\n", longest);
		fflush(stdout);
	}
}

const struct scene wait_scenes[] = {
	{ "timed", timed },
	{ "chain", chain },
	{ "stack-sem", stack_sem },
	{ "idle", idle },
	{ "uring", uring },
	{ "once", wait_for_first },
	{ "barrier", wait_for_others },
	{ "sleepers", sleepers },
	{ "ticker", ticker },
	{}
};
