// SPDX-License-Identifier: GPL-2.0-only
/* Scenes with ctxlab's own locks that record their owner. */
#include "corpus.h"
#include "experiments/sync/fair.h"
#include "experiments/sync/mutex.h"
#include "experiments/sync/rwlock.h"

#define MAX 100

static struct actor actor[MAX];
static struct lock_user user[MAX];
static struct mutex mutex[MAX];
static struct fair fair[MAX];
static struct rwlock rwlock[MAX];
static pthread_barrier_t barrier;
static size_t members;

static void lock_in_ring(struct actor *a)
{
	struct lock_user *u = &user[a->number];

	u->tid = a->tid;
	mutex_lock(&mutex[a->number], u);
	pthread_barrier_wait(&barrier);
	mutex_lock(&mutex[(a->number + 1) % members], u);
}

static void lock_in_fair_ring(struct actor *a)
{
	struct lock_user *u = &user[a->number];

	u->tid = a->tid;
	fair_lock(&fair[a->number], u);
	pthread_barrier_wait(&barrier);
	fair_lock(&fair[(a->number + 1) % members], u);
}

/* The first one wants to read, the others to write. */
static void lock_in_rwlock_ring(struct actor *a)
{
	struct lock_user *u = &user[a->number];
	struct rwlock *next = &rwlock[(a->number + 1) % members];

	u->tid = a->tid;
	rwlock_write(&rwlock[a->number], u);
	pthread_barrier_wait(&barrier);
	(a->number ? rwlock_write : rwlock_read)(next, u);
}

/* Each of n threads holds a lock and wants the next one's. */
static void ring_of(size_t n, void (*act)(struct actor *a), const char *type)
{
	size_t i;

	members = n;
	pthread_barrier_init(&barrier, NULL, n);
	for (i = 0; i < n; i++) {
		mutex_init(&mutex[i]);
		fair_init(&fair[i]);
		rwlock_init(&rwlock[i]);
	}
	for (i = 0; i < n; i++) {
		actor[i].waits = "mutex";
		actor[i].type = type;
		actor[i].whom = &actor[(i + 1) % n];
		begin(&actor[i], act, i);
	}
	expect_actors("deadlock", actor, n);
}

static void ring_own(size_t n)
{
	ring_of(n, lock_in_ring, "ctxlab");
}

static void ring_own_fair(size_t n)
{
	ring_of(n, lock_in_fair_ring, "ctxlab-fair");
}

static void ring_own_rwlock(size_t n)
{
	ring_of(n, lock_in_rwlock_ring, NULL);
}

static void lock_only(struct actor *a)
{
	user[a->number].tid = a->tid;
	mutex_lock(&mutex[0], &user[a->number]);
}

/* The first one ends with the mutex. */
static void own_dead_owner(size_t n)
{
	size_t i;

	mutex_init(&mutex[0]);
	start(&actor[0], lock_only, 0);
	pthread_join(actor[0].thread, NULL);
	for (i = 0; i < n; i++)
		start(&actor[1 + i], lock_only, 1 + i);
	expect_actors("owner-ended", actor + 1, n);
}

/* Locked, and the owner not written: nobody knows who has it. */
static void own_unknown(size_t n)
{
	size_t i;

	mutex_init(&mutex[0]);
	mutex[0].lock.word = MUTEX_HELD;
	for (i = 0; i < n; i++)
		start(&actor[i], lock_only, i);
	expect_actors("none", actor, n);
}

const struct scene own_scenes[] = {
	{ "ring-own", ring_own },
	{ "ring-own-fair", ring_own_fair },
	{ "ring-own-rwlock", ring_own_rwlock },
	{ "own-dead-owner", own_dead_owner },
	{ "own-unknown", own_unknown },
	{}
};
