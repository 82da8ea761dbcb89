// SPDX-License-Identifier: GPL-2.0-only
/* Scenes within one process. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
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

#include "corpus.h"

#define MAX 10000

static pthread_mutex_t mutex[MAX];
static pthread_rwlock_t rwlock[2];
static pthread_barrier_t barrier;
static struct actor actor[MAX];
static size_t members;

static void init_mutex(pthread_mutex_t *m, int type, int protocol, int robust)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, type);
	if (protocol)
		pthread_mutexattr_setprotocol(&attr, protocol);
	if (robust)
		pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	if (pthread_mutex_init(m, &attr))
		die("pthread_mutex_init");
}

static void lock_in_ring(struct actor *a)
{
	pthread_mutex_lock(&mutex[a->number]);
	pthread_barrier_wait(&barrier);
	lock(&mutex[(a->number + 1) % members]);
}

/* What each of n actors waits for, where that is the next one's. */
static void waits_for_next(size_t n, const char *waits, const char *type)
{
	size_t i;

	for (i = 0; i < n; i++) {
		actor[i].waits = waits;
		actor[i].type = type;
		actor[i].whom = &actor[(i + 1) % n];
	}
}

/* The kernel may refuse two that close the ring at once: the last one waits. */
static void lock_in_pi_ring(struct actor *a)
{
	size_t i;

	pthread_mutex_lock(&mutex[a->number]);
	pthread_barrier_wait(&barrier);
	for (i = 0; a->number == members - 1 && i < a->number; i++)
		until_quiet(actor[i].tid);
	pthread_mutex_lock(&mutex[(a->number + 1) % members]);
}

/* Each of n threads holds a mutex and wants the next one's. */
static void ring_of(size_t n, int type, int protocol, int robust)
{
	void (*act)(struct actor *a) = protocol ? lock_in_pi_ring : lock_in_ring;
	size_t i;

	members = n;
	pthread_barrier_init(&barrier, NULL, n);
	for (i = 0; i < n; i++)
		init_mutex(&mutex[i], type, protocol, robust);
	for (i = 0; i < n; i++)
		begin(&actor[i], act, i);
	expect_actors("deadlock", actor, n);
}

static void ring(size_t n)
{
	waits_for_next(n, "mutex", "normal");
	ring_of(n, PTHREAD_MUTEX_NORMAL, 0, 0);
}

static void ring_recursive(size_t n)
{
	waits_for_next(n, "mutex", "recursive");
	ring_of(n, PTHREAD_MUTEX_RECURSIVE, 0, 0);
}

static void ring_errorcheck(size_t n)
{
	waits_for_next(n, "mutex", "errorcheck");
	ring_of(n, PTHREAD_MUTEX_ERRORCHECK, 0, 0);
}

static void ring_robust(size_t n)
{
	waits_for_next(n, "mutex-robust", "normal");
	ring_of(n, PTHREAD_MUTEX_NORMAL, 0, 1);
}

/* The last one is refused by the kernel, and parked by the C library. */
static void ring_pi(size_t n)
{
	ring_of(n, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, 0);
}

#ifdef PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP
static void ring_adaptive(size_t n)
{
	waits_for_next(n, "mutex", "adaptive");
	ring_of(n, PTHREAD_MUTEX_ADAPTIVE_NP, 0, 0);
}
#endif

static void lock_twice(struct actor *a)
{
	pthread_mutex_lock(&mutex[a->number]);
	pthread_mutex_lock(&mutex[a->number]);
}

static void self(size_t n)
{
	(void)n;
	waits_for_next(1, "mutex", "normal");
	start(&actor[0], lock_twice, 0);
	expect_actors("waits-for-itself", actor, 1);
}

static void lock_and_end(struct actor *a)
{
	pthread_mutex_lock(&mutex[a->number]);
}

static void lock_only(struct actor *a)
{
	pthread_mutex_lock(&mutex[a->number]);
	pause();
}

static void dead_owner(size_t n)
{
	struct actor gone = {};
	size_t i;

	start(&gone, lock_and_end, 0);
	pthread_join(gone.thread, NULL);
	for (i = 0; i < n; i++) {
		actor[i].waits = "mutex";
		start(&actor[i], lock_only, 0);
	}
	expect_actors("owner-ended", actor, n);
}

static void writer_in_pair(struct actor *a)
{
	pthread_rwlock_wrlock(&rwlock[a->number]);
	pthread_barrier_wait(&barrier);
	pthread_rwlock_wrlock(&rwlock[!a->number]);
}

static void reader_in_pair(struct actor *a)
{
	pthread_rwlock_wrlock(&rwlock[a->number]);
	pthread_barrier_wait(&barrier);
	pthread_rwlock_rdlock(&rwlock[!a->number]);
}

static void pair_of(void (*act)(struct actor *a), const char *waits)
{
	waits_for_next(2, waits, NULL);
	pthread_barrier_init(&barrier, NULL, 2);
	pthread_rwlock_init(&rwlock[0], NULL);
	pthread_rwlock_init(&rwlock[1], NULL);
	start(&actor[0], act, 0);
	start(&actor[1], act, 1);
	expect_actors("deadlock", actor, 2);
}

static void rwlock_writers(size_t n)
{
	(void)n;
	pair_of(writer_in_pair, "rwlock-write");
}

static void rwlock_readers(size_t n)
{
	(void)n;
	pair_of(reader_in_pair, "rwlock-read");
}

static FILE *file;

static void file_then_mutex(struct actor *a)
{
	(void)a;
	flockfile(file);
	pthread_barrier_wait(&barrier);
	pthread_mutex_lock(&mutex[0]);
}

static void mutex_then_file(struct actor *a)
{
	(void)a;
	pthread_mutex_lock(&mutex[0]);
	pthread_barrier_wait(&barrier);
	fputs("text", file);
}

/* The mutex is of a type whose owner is recorded by musl, too; so in join(). */
static void stdio(size_t n)
{
	(void)n;
	waits_for_next(2, "stdio", NULL);
	actor[0].waits = "mutex";
	actor[0].type = "recursive";
	init_mutex(&mutex[0], PTHREAD_MUTEX_RECURSIVE, 0, 0);
	file = fopen("/dev/null", "w");
	pthread_barrier_init(&barrier, NULL, 2);
	start(&actor[0], file_then_mutex, 0);
	start(&actor[1], mutex_then_file, 0);
	expect_actors("deadlock", actor, 2);
}

static void lock_and_join(struct actor *a)
{
	pthread_mutex_lock(&mutex[0]);
	pthread_barrier_wait(&barrier);
	pthread_join(actor[1].thread, NULL);
	(void)a;
}

static void wait_and_lock(struct actor *a)
{
	(void)a;
	pthread_barrier_wait(&barrier);
	pthread_mutex_lock(&mutex[0]);
}

/* A thread holds the lock that the one it joins needs in order to end. */
static void join(size_t n)
{
	(void)n;
	waits_for_next(2, "mutex", "recursive");
	actor[0].waits = "join";
	actor[0].type = NULL;
	init_mutex(&mutex[0], PTHREAD_MUTEX_RECURSIVE, 0, 0);
	pthread_barrier_init(&barrier, NULL, 2);
	start(&actor[1], wait_and_lock, 0);
	start(&actor[0], lock_and_join, 0);
	expect_actors("deadlock", actor, 2);
}

static pthread_cond_t cond;
static volatile bool signalled, waits;

static void wait_and_relock(struct actor *a)
{
	(void)a;
	pthread_mutex_lock(&mutex[1]);
	pthread_mutex_lock(&mutex[0]);
	waits = true;
	while (!signalled)
		pthread_cond_wait(&cond, &mutex[0]);
}

static void signal_and_lock(struct actor *a)
{
	(void)a;
	while (!waits)
		usleep(1000);
	pthread_mutex_lock(&mutex[0]);
	signalled = true;
	pthread_cond_signal(&cond);
	pthread_mutex_lock(&mutex[1]);
}

/* A thread that was signalled cannot have its mutex back. */
static void cond_relock(size_t n)
{
	(void)n;
	waits_for_next(2, "mutex", "normal");
	start(&actor[0], wait_and_relock, 0);
	start(&actor[1], signal_and_lock, 1);
	until_blocked(actor[1].tid);
	expect_actors("deadlock", actor, 2);
}

static void open_library(struct actor *a)
{
	(void)a;
	pthread_barrier_wait(&barrier);
	signalled = true;
	dlopen("libresolv.so.2", RTLD_NOW);
}

static int in_list(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)info;
	(void)size;
	(void)arg;
	pthread_barrier_wait(&barrier);
	/* Or it is still asleep in the barrier. */
	while (!signalled)
		usleep(1000);
	until_blocked(actor[0].tid);
	dlopen("libutil.so.1", RTLD_NOW);
	return 1;
}

static void iterate(struct actor *a)
{
	(void)a;
	dl_iterate_phdr(in_list, NULL);
}

/* dlopen() and dl_iterate_phdr() take the loader's two locks in opposite order. */
static void loader(size_t n)
{
	(void)n;
	waits_for_next(2, "mutex", "recursive");
	pthread_barrier_init(&barrier, NULL, 2);
	start(&actor[0], open_library, 0);
	start(&actor[1], iterate, 0);
	expect_actors("deadlock", actor, 2);
}

/* A ring of two beside a chain of threads that wait for it. */
static void tail(size_t n)
{
	pid_t tids[2];
	size_t i;

	members = 2;
	pthread_barrier_init(&barrier, NULL, 2);
	for (i = 0; i < 2; i++)
		start(&actor[i], lock_in_ring, i);
	for (i = 2; i < n; i++)
		start(&actor[i], lock_only, 0);
	for (i = 0; i < n; i++)
		until_blocked(actor[i].tid);
	tids[0] = actor[0].tid;
	tids[1] = actor[1].tid;
	expect("deadlock", tids, 2);
}

/*
 * No deadlocks, all of them looking like one.
 */

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
#ifdef SYS_select
	case 9:
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
					     "sleep", "poll" };
#ifdef SYS_select
	const size_t sleepers = 10;
#else
	const size_t sleepers = 9;
#endif
	size_t i;

	(void)n;
	for (i = 0; i < sleepers; i++) {
		actor[i].waits = waits[i];
		actor[i].ends = 1000;
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

const struct scene thread_scenes[] = {
	{ "ring", ring },
	{ "ring-recursive", ring_recursive },
	{ "ring-errorcheck", ring_errorcheck },
	{ "ring-robust", ring_robust },
	{ "ring-pi", ring_pi },
#ifdef PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP
	{ "ring-adaptive", ring_adaptive },
#endif
	{ "self", self },
	{ "dead-owner", dead_owner },
	{ "rwlock-writers", rwlock_writers },
	{ "rwlock-readers", rwlock_readers },
	{ "stdio", stdio },
	{ "join", join },
	{ "cond-relock", cond_relock },
	{ "loader", loader },
	{ "tail", tail },
	{ "timed", timed },
	{ "chain", chain },
	{ "stack-sem", stack_sem },
	{ "idle", idle },
	{ "uring", uring },
	{ "barrier", wait_for_others },
	{ "sleepers", sleepers },
	{ "ticker", ticker },
	{}
};
