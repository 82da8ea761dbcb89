/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Our locks under the names that programs of other projects call.  CTXLAB_LOCK in the
 * environment says which one: scripts/bench-locks sets it.
 */
#ifndef BENCH_LOCKS_SHIM_H
#define BENCH_LOCKS_SHIM_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "experiments/sync/arena.h"

static const struct {
	const char *name;
	const struct way *way;
	bool (*try)(union any_lock *l, struct lock_user *u);
} shim_ways[] = {
	{ "mutex", &way_mutex, (void *)mutex_trylock },
	{ "fair", &way_fair, (void *)fair_trylock },
	{ "tas", &way_tas, NULL },
	{ "ttas", &way_ttas, NULL },
	{ "ticket", &way_ticket, NULL },
	{ "mcs", &way_mcs, NULL },
	{ "semaphore", &way_semaphore, NULL },
	{ "rwlock", &way_rwlock, NULL },
	{ "pthread", &way_pthread, NULL },
};

static unsigned int shim_way, shim_users;
static union any_lock shim_lock;
static __thread struct lock_user shim_user;
static __thread bool shim_known;

__attribute__((constructor)) static void shim_choose(void)
{
	const char *name = getenv("CTXLAB_LOCK");

	while (shim_way < ARRAY_SIZE(shim_ways) &&
	       strcmp(name ? name : "mutex", shim_ways[shim_way].name))
		shim_way++;
	if (shim_way == ARRAY_SIZE(shim_ways)) {
		fprintf(stderr, "CTXLAB_LOCK names no lock\n");
		exit(2);
	}
	if (shim_ways[shim_way].way->init &&
	    shim_ways[shim_way].way->init(&shim_lock))
		exit(2);
}

/* The thread that calls: its number is taken when it first does. */
static inline struct lock_user *shim_who(void)
{
	if (!shim_known) {
		shim_known = true;
		shim_user.tid = syscall(SYS_gettid);
		shim_user.index = __atomic_fetch_add(&shim_users, 1,
						     __ATOMIC_RELAXED);
		/* Only locks that have a place for each user look at it. */
		shim_user.index %= LOCK_USERS;
	}
	return &shim_user;
}

static inline void shim_take(union any_lock *lock)
{
	shim_ways[shim_way].way->lock(lock, shim_who());
}

static inline void shim_leave(union any_lock *lock)
{
	shim_ways[shim_way].way->unlock(lock, shim_who());
}

static inline bool shim_try(union any_lock *lock)
{
	return shim_ways[shim_way].try(lock, shim_who());
}

#endif /* BENCH_LOCKS_SHIM_H */
