// SPDX-License-Identifier: GPL-2.0-only
/*
 * "threads NAME": threads add to one number, each time under the lock NAME, or in
 * one of the ways without any; prints what was added and what was found.  For tools
 * that look for races; Helgrind has to be told of locks that are not the C
 * library's.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "experiments/sync/fair.h"
#include "experiments/sync/mutex.h"
#include "experiments/sync/race.h"
#include "experiments/sync/rwlock.h"
#include "experiments/sync/semaphore.h"
#include "experiments/sync/spin.h"

#ifdef HELGRIND
#include <valgrind/helgrind.h>
#else
#define ANNOTATE_HAPPENS_BEFORE(lock) ((void)(lock))
#define ANNOTATE_HAPPENS_AFTER(lock) ((void)(lock))
#define VALGRIND_HG_DISABLE_CHECKING(at, size) ((void)(at), (void)(size))
#endif

#define THREADS 3
#define TIMES 500

static union {
	struct mutex mutex;	/* ours */
	struct fair fair;
	struct spin spin;
	struct ticket ticket;
	struct mcs mcs;
	struct semaphore semaphore;
	struct rwlock rwlock;
} lock;

static uint64_t number;
static pthread_barrier_t barrier;

static void init_mutex(void)
{
	mutex_init(&lock.mutex);
}

static void lock_mutex(struct lock_user *u)
{
	mutex_lock(&lock.mutex, u);
}

static void unlock_mutex(struct lock_user *u)
{
	mutex_unlock(&lock.mutex, u);
}

static void init_fair(void)
{
	fair_init(&lock.fair);
}

static void lock_fair(struct lock_user *u)
{
	fair_lock(&lock.fair, u);
}

static void unlock_fair(struct lock_user *u)
{
	fair_unlock(&lock.fair, u);
}

static void lock_tas(struct lock_user *u)
{
	tas_lock(&lock.spin, u);
}

static void lock_ttas(struct lock_user *u)
{
	ttas_lock(&lock.spin, u);
}

static void unlock_spin(struct lock_user *u)
{
	(void)u;
	spin_unlock(&lock.spin);
}

static void lock_ticket(struct lock_user *u)
{
	ticket_lock(&lock.ticket, u);
}

static void unlock_ticket(struct lock_user *u)
{
	(void)u;
	ticket_unlock(&lock.ticket);
}

static void lock_mcs(struct lock_user *u)
{
	mcs_lock(&lock.mcs, u);
}

static void unlock_mcs(struct lock_user *u)
{
	mcs_unlock(&lock.mcs, u);
}

static void init_semaphore(void)
{
	semaphore_init(&lock.semaphore, 1);
}

static void down(struct lock_user *u)
{
	semaphore_down(&lock.semaphore, u);
}

static void up(struct lock_user *u)
{
	semaphore_up(&lock.semaphore, u);
}

static void lock_write(struct lock_user *u)
{
	rwlock_write(&lock.rwlock, u);
}

static void unlock_write(struct lock_user *u)
{
	rwlock_write_end(&lock.rwlock, u);
}

static const struct way {
	const char *name;
	void (*init)(void);
	void (*lock)(struct lock_user *u);
	void (*unlock)(struct lock_user *u);
	uint64_t (*add)(uint64_t *n, uint64_t times);
} ways[] = {
	{ "mutex", init_mutex, lock_mutex, unlock_mutex, race_plain },
	{ "fair", init_fair, lock_fair, unlock_fair, race_plain },
	{ "tas", NULL, lock_tas, unlock_spin, race_plain },
	{ "ttas", NULL, lock_ttas, unlock_spin, race_plain },
	{ "ticket", NULL, lock_ticket, unlock_ticket, race_plain },
	{ "mcs", NULL, lock_mcs, unlock_mcs, race_plain },
	{ "semaphore", init_semaphore, down, up, race_plain },
	{ "rwlock", NULL, lock_write, unlock_write, race_plain },
	{ "atomic", NULL, NULL, NULL, race_atomic },
	{ "cas", NULL, NULL, NULL, race_cas },
	{ "race", NULL, NULL, NULL, race_plain },
};

static const struct way *way;
static uint64_t added[THREADS];

static void add_once(struct lock_user *u)
{
	if (way->lock) {
		way->lock(u);
		ANNOTATE_HAPPENS_AFTER(&lock);
	}
	added[u->index] += way->add(&number, 1);
	if (way->unlock) {
		ANNOTATE_HAPPENS_BEFORE(&lock);
		way->unlock(u);
	}
}

static void *add(void *arg)
{
	struct lock_user u = { .index = (uintptr_t)arg };
	int i;

	u.tid = syscall(SYS_gettid);
	pthread_barrier_wait(&barrier);
	for (i = 0; i < TIMES; i++)
		add_once(&u);
	return NULL;
}

static void play(void)
{
	pthread_t thread[THREADS];
	uint64_t sum = 0;
	uintptr_t i;

	VALGRIND_HG_DISABLE_CHECKING(&lock, sizeof(lock));
	if (way->init)
		way->init();
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, add, (void *)i))
			abort();
	for (i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		sum += added[i];
	}
	printf("added %llu found %llu\n", (unsigned long long)sum,
	       (unsigned long long)number);
}

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		if (argc == 2 && !strcmp(argv[1], ways[i].name)) {
			way = &ways[i];
			play();
			return 0;
		}
	}
	return 2;
}
