// SPDX-License-Identifier: GPL-2.0-only
/*
 * "threads NAME": threads add to one number, each time under the lock NAME, or in
 * one of the ways without any; prints what was added and what was found.  For tools
 * that look for races; Helgrind has to be told of locks that are not the C
 * library's.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "experiments/sync/arena.h"

#ifdef HELGRIND
#include <valgrind/helgrind.h>
#else
#define ANNOTATE_HAPPENS_BEFORE(lock) ((void)(lock))
#define ANNOTATE_HAPPENS_AFTER(lock) ((void)(lock))
#define VALGRIND_HG_DISABLE_CHECKING(at, size) ((void)(at), (void)(size))
#endif

#define THREADS 3
#define EACH 500

static union any_lock lock;
static uint64_t number, copy;
static pthread_barrier_t barrier;

static const struct {
	const char *name;
	const struct way *way;
} ways[] = {
	{ "mutex", &way_mutex },
	{ "fair", &way_fair },
	{ "tas", &way_tas },
	{ "ttas", &way_ttas },
	{ "ticket", &way_ticket },
	{ "mcs", &way_mcs },
	{ "semaphore", &way_semaphore },
	{ "semaphore-2", &way_semaphore_2 },
	{ "rwlock", &way_rwlock },
	{ "rwlock-mixed", &way_rwlock_mixed },
	{ "atomic", &way_atomic },
	{ "cas", &way_cas },
	{ "race", &way_race },
};

static const struct way *way;
static uint64_t added[THREADS], torn;

static void take(void (*take_it)(union any_lock *l, struct lock_user *u),
		 struct lock_user *u)
{
	if (!take_it)
		return;
	take_it(&lock, u);
	ANNOTATE_HAPPENS_AFTER(&lock);
}

static void leave(void (*leave_it)(union any_lock *l, struct lock_user *u),
		  struct lock_user *u)
{
	if (!leave_it)
		return;
	ANNOTATE_HAPPENS_BEFORE(&lock);
	leave_it(&lock, u);
}

/*
 * Now and then the others run while one has the lock: else readers and writers might
 * never meet.  Where all spin in order that would take for ever.
 */
static void let_run(int i)
{
	if (way->lock_read && !(i % 25))
		sched_yield();
}

static void add_once(struct lock_user *u, int i)
{
	take(way->lock, u);
	added[u->index] += way->add(&number, 1);
	let_run(i);
	if (way->lock_read)
		way->add(&copy, 1);
	leave(way->unlock, u);
}

/* Between a writer's two additions nobody looks. */
static void look(struct lock_user *u, int i)
{
	take(way->lock_read, u);
	let_run(i);
	if (number != copy)
		__atomic_fetch_add(&torn, 1, __ATOMIC_RELAXED);
	leave(way->unlock_read, u);
}

static void *add(void *arg)
{
	struct lock_user u = { .index = (uintptr_t)arg };
	int i;

	u.tid = syscall(SYS_gettid);
	pthread_barrier_wait(&barrier);
	for (i = 0; i < EACH; i++) {
		add_once(&u, i);
		if (way->lock_read)
			look(&u, i);
	}
	return NULL;
}

static void play(void)
{
	pthread_t thread[THREADS];
	uint64_t sum = 0;
	uintptr_t i;

	VALGRIND_HG_DISABLE_CHECKING(&lock, sizeof(lock));
	if (way->init && way->init(&lock))
		abort();
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, add, (void *)i))
			abort();
	for (i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		sum += added[i];
	}
	printf("added %llu found %llu torn %llu\n", (unsigned long long)sum,
	       (unsigned long long)number, (unsigned long long)torn);
}

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		if (argc == 2 && !strcmp(argv[1], ways[i].name)) {
			way = ways[i].way;
			play();
			return 0;
		}
	}
	return 2;
}
