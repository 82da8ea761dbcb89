// SPDX-License-Identifier: GPL-2.0-only
/* Scenes of several processes, and of memory that they share. */
#include <fcntl.h>
#include <malloc.h>
#include <semaphore.h>
#include <stdlib.h>
#include <unistd.h>

#include "stage.h"

struct stage *stage;

void make_stage(unsigned int members)
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

void play_two(const char *waits, const char *other, void (*act)(int part))
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

void nap_for_ever(struct actor *a)
{
	(void)a;
	for (;;)
		pause();
}

pid_t tid_on_stage(int part)
{
	while (!stage->tid[part])
		usleep(1000);
	return stage->tid[part];
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

#ifdef __GLIBC__
static void print_stats(struct actor *a)
{
	(void)a;
	malloc_stats();
}

static void take_memory(struct actor *a)
{
	(void)a;
	until_quiet(tid_on_stage(0));
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
	for (i = 0; i < 2; i++)
		m[i].tid = tid_on_stage(i);
	until_quiet(m[0].tid);
	until_quiet(m[1].tid);
	expect_members("none", m, 2);
}
#endif

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

static void wait_for_semaphore(struct actor *a)
{
	sem_t sem;

	sem_init(&sem, 0, 0);
	stage->tid[a->number] = a->tid;
	sem_wait(&sem);
}

/* A process whose only threads wait for semaphores. */
static void all_wait(size_t n)
{
	static struct actor waiter, leader;
	struct member m[2] = { { .waits = "sem" }, { .waits = "sem" } };

	(void)n;
	make_stage(2);
	m[0].tid = fork_child();
	if (!m[0].tid) {
		start(&waiter, wait_for_semaphore, 1);
		wait_for_semaphore(&leader);
		_exit(1);
	}
	m[1].tid = tid_on_stage(1);
	until_quiet(m[0].tid);
	until_quiet(m[1].tid);
	expect_members("none", m, 2);
}

const struct scene process_scenes[] = {
	{ "shared", shared },
#ifdef __GLIBC__
	{ "malloc", malloc_lock },
#endif
	{ "fork-held", fork_held },
	{ "all-wait", all_wait },
	{}
};
