/* SPDX-License-Identifier: GPL-2.0-only */
/* What the workers of a round share: a lock, what it guards, and their records. */
#ifndef SYNC_ARENA_H
#define SYNC_ARENA_H

#include <pthread.h>
#include <semaphore.h>

#include "fair.h"
#include "measure/busy.h"
#include "measure/workers.h"
#include "mutex.h"
#include "race.h"
#include "rwlock.h"
#include "semaphore.h"
#include "spin.h"

/* Acquisitions that are recorded: a round has no more. */
#define RECORDED (1U << 20)

/*
 * One acquisition in so many is timed, where threads can wait for each other; where
 * reading the clock is short beside the section, all are.
 */
#define TIMED 16
#define ALL_TIMED_NS 1000
#define TIMES 16384

/* Reads between two writes, where threads do both: TIMED ones are of both kinds. */
#define READS 10

/* Acquisitions in which shares are compared. */
#define JAIN_WINDOW 1000

union any_lock {
	struct mutex mutex;	/* ours */
	struct fair fair;
	struct spin spin;
	struct ticket ticket;
	struct mcs mcs;
	struct semaphore semaphore;
	struct rwlock rwlock;
	pthread_mutex_t pthread;
	pthread_spinlock_t pthread_spin;
	pthread_rwlock_t pthread_rwlock;
	sem_t sem;
} __aligned(128);

struct arena;

/**
 * struct way - one way to add to the number
 * @init: makes the lock; a negative errno where it cannot be had; NULL: zeroes do
 * @lock: NULL: there is none, and @add is all
 * @add: to the number, so many times
 * @many: does a whole round by itself, instead of all the others
 * @shared: several may have it at once; each worker has its share of the round
 * @lock_read: to look at the number; NULL: all that have it add to it
 * @reads: between two that write; 0: all read
 */
struct way {
	int (*init)(union any_lock *l);
	void (*lock)(union any_lock *l, struct lock_user *u);
	void (*unlock)(union any_lock *l, struct lock_user *u);
	uint64_t (*add)(uint64_t *n, uint64_t times);
	void (*many)(struct arena *a, struct worker *w);
	bool shared;
	void (*lock_read)(union any_lock *l, struct lock_user *u);
	void (*unlock_read)(union any_lock *l, struct lock_user *u);
	unsigned int reads;
};

extern const struct way way_race, way_atomic, way_cas, way_mutex, way_fair,
	way_tas, way_ttas, way_ticket, way_mcs, way_semaphore, way_semaphore_2,
	way_rwlock, way_rwlock_read, way_rwlock_mixed, way_colock, way_pthread,
	way_pthread_adaptive, way_pthread_pi, way_pthread_spin,
	way_pthread_rwlock, way_pthread_rwlock_read, way_pthread_rwlock_mixed,
	way_sem_t, way_sem_t_2;

/*
 * What one worker found of its round.  How long a turn of busy() takes changes with
 * the CPU's speed: each worker looks before and after the round.
 */
struct record {
	uint32_t section;	/* turns of busy() */
	uint32_t outside;
	double section_ns;	/* what the section has taken */
	uint64_t added;		/* acquisitions */
	uint64_t written;	/* those of them that wrote, where others read */
	bool torn;		/* a reader has seen half of what is written */
	struct worker_use use;
	bool late;		/* the time limit ended it */
	uint32_t times;
	uint32_t wait_ns[TIMES];	/* UINT32_MAX: that or more */
} __aligned(128);

struct arena {
	union any_lock lock;
	/* Guarded by the lock. */
	struct {
		uint64_t number;
		uint64_t copy;		/* of the number, for readers */
		uint32_t done;
	} guarded __aligned(128);
	/* Of the round: written by the controller before it. */
	const struct way *way __aligned(128);
	uint32_t ops;		/* acquisitions of all together */
	uint32_t users;
	uint32_t section_ns;
	uint32_t outside_ns;
	uint64_t limit_ns;
	uint32_t every;		/* one acquisition of so many is timed; 0: none */
	struct lock_user user[LOCK_USERS];
	struct record record[LOCK_USERS];
	uint8_t owner[RECORDED];	/* of each acquisition, in their order */
};

/*
 * The section, by who holds the lock: records it, adds, uses CPU time.  False: the
 * round has all its acquisitions already.
 */
bool arena_section(struct arena *a, struct record *r, unsigned int index);

/*
 * Whether a round that began then has had its time: looked at after the first LOOK
 * operations, each of which may take long, and once in LOOK from then on.
 */
bool arena_late(const struct arena *a, uint64_t start);
#define LOOK 32

/* A round in a single worker, by so many coroutines as there are users. */
void coroutines_take_turns(struct arena *a, struct worker *w);

/* One round, in each worker. */
void arena_work(struct worker *w, const struct order *o);

#endif /* SYNC_ARENA_H */
