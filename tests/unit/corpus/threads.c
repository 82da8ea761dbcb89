// SPDX-License-Identifier: GPL-2.0-only
/* Scenes of threads that never can go on. */
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <unistd.h>

#include "threads.h"

pthread_mutex_t mutex[MAX_ACTORS];
static pthread_rwlock_t rwlock[2];
pthread_barrier_t barrier;
pthread_cond_t cond;
struct actor actor[MAX_ACTORS];
size_t members;

void init_mutex(pthread_mutex_t *m, int type, int protocol, int robust)
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

void lock_in_ring(struct actor *a)
{
	pthread_mutex_lock(&mutex[a->number]);
	pthread_barrier_wait(&barrier);
	lock(&mutex[(a->number + 1) % members]);
}

void waits_for_next(size_t n, const char *waits, const char *type)
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

void lock_only(struct actor *a)
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

void wait_and_lock(struct actor *a)
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
	pthread_barrier_init(&barrier, NULL, 3);
	for (i = 0; i < 2; i++)
		start(&actor[i], lock_in_ring, i);
	/* Those two have the locks by then. */
	pthread_barrier_wait(&barrier);
	for (i = 2; i < n; i++)
		start(&actor[i], lock_only, 0);
	for (i = 0; i < n; i++)
		until_blocked(actor[i].tid);
	tids[0] = actor[0].tid;
	tids[1] = actor[1].tid;
	expect("deadlock", tids, 2);
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
	{}
};
