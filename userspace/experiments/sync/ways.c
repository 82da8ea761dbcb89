// SPDX-License-Identifier: GPL-2.0-only
/* The locks behind one interface, ours and the C library's. */
#include <errno.h>

#include "arena.h"

static int init_mutex(union any_lock *l)
{
	mutex_init(&l->mutex);
	return 0;
}

static void lock_mutex(union any_lock *l, struct lock_user *u)
{
	mutex_lock(&l->mutex, u);
}

static void unlock_mutex(union any_lock *l, struct lock_user *u)
{
	mutex_unlock(&l->mutex, u);
}

static int init_fair(union any_lock *l)
{
	fair_init(&l->fair);
	return 0;
}

static void lock_fair(union any_lock *l, struct lock_user *u)
{
	fair_lock(&l->fair, u);
}

static void unlock_fair(union any_lock *l, struct lock_user *u)
{
	fair_unlock(&l->fair, u);
}

static void lock_tas(union any_lock *l, struct lock_user *u)
{
	tas_lock(&l->spin, u);
}

static void lock_ttas(union any_lock *l, struct lock_user *u)
{
	ttas_lock(&l->spin, u);
}

static void unlock_spin(union any_lock *l, struct lock_user *u)
{
	(void)u;
	spin_unlock(&l->spin);
}

static void lock_ticket(union any_lock *l, struct lock_user *u)
{
	ticket_lock(&l->ticket, u);
}

static void unlock_ticket(union any_lock *l, struct lock_user *u)
{
	(void)u;
	ticket_unlock(&l->ticket);
}

static void lock_mcs(union any_lock *l, struct lock_user *u)
{
	mcs_lock(&l->mcs, u);
}

static void unlock_mcs(union any_lock *l, struct lock_user *u)
{
	mcs_unlock(&l->mcs, u);
}

static int init_semaphore(union any_lock *l)
{
	semaphore_init(&l->semaphore, 1);
	return 0;
}

static int init_semaphore_2(union any_lock *l)
{
	semaphore_init(&l->semaphore, 2);
	return 0;
}

static void lock_semaphore(union any_lock *l, struct lock_user *u)
{
	semaphore_down(&l->semaphore, u);
}

static void unlock_semaphore(union any_lock *l, struct lock_user *u)
{
	semaphore_up(&l->semaphore, u);
}

static int init_rwlock(union any_lock *l)
{
	rwlock_init(&l->rwlock);
	return 0;
}

static void lock_rwlock(union any_lock *l, struct lock_user *u)
{
	rwlock_write(&l->rwlock, u);
}

static void unlock_rwlock(union any_lock *l, struct lock_user *u)
{
	rwlock_write_end(&l->rwlock, u);
}

static void lock_rwlock_read(union any_lock *l, struct lock_user *u)
{
	rwlock_read(&l->rwlock, u);
}

static void unlock_rwlock_read(union any_lock *l, struct lock_user *u)
{
	rwlock_read_end(&l->rwlock, u);
}

static int init_pthread_as(union any_lock *l, int type, int protocol)
{
	pthread_mutexattr_t attr;
	int err;

	err = pthread_mutexattr_init(&attr);
	if (err)
		return -err;
	err = pthread_mutexattr_settype(&attr, type);
	if (!err)
		err = pthread_mutexattr_setprotocol(&attr, protocol);
	if (!err)
		err = pthread_mutex_init(&l->pthread, &attr);
	pthread_mutexattr_destroy(&attr);
	return -err;
}

static int init_pthread(union any_lock *l)
{
	return init_pthread_as(l, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE);
}

static int init_adaptive(union any_lock *l)
{
#ifdef PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP
	return init_pthread_as(l, PTHREAD_MUTEX_ADAPTIVE_NP, PTHREAD_PRIO_NONE);
#else
	(void)l;
	return -EOPNOTSUPP;
#endif
}

static int init_pi(union any_lock *l)
{
	return init_pthread_as(l, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT);
}

static void lock_pthread(union any_lock *l, struct lock_user *u)
{
	(void)u;
	pthread_mutex_lock(&l->pthread);
}

static void unlock_pthread(union any_lock *l, struct lock_user *u)
{
	(void)u;
	pthread_mutex_unlock(&l->pthread);
}

static int init_pthread_spin(union any_lock *l)
{
	return -pthread_spin_init(&l->pthread_spin, PTHREAD_PROCESS_PRIVATE);
}

static void lock_pthread_spin(union any_lock *l, struct lock_user *u)
{
	(void)u;
	pthread_spin_lock(&l->pthread_spin);
}

static void unlock_pthread_spin(union any_lock *l, struct lock_user *u)
{
	(void)u;
	pthread_spin_unlock(&l->pthread_spin);
}

static int init_pthread_rwlock(union any_lock *l)
{
	return -pthread_rwlock_init(&l->pthread_rwlock, NULL);
}

static void lock_pthread_rwlock(union any_lock *l, struct lock_user *u)
{
	(void)u;
	pthread_rwlock_wrlock(&l->pthread_rwlock);
}

static void lock_pthread_read(union any_lock *l, struct lock_user *u)
{
	(void)u;
	pthread_rwlock_rdlock(&l->pthread_rwlock);
}

static void unlock_pthread_rwlock(union any_lock *l, struct lock_user *u)
{
	(void)u;
	pthread_rwlock_unlock(&l->pthread_rwlock);
}

static int init_sem(union any_lock *l)
{
	return sem_init(&l->sem, 0, 1) ? -errno : 0;
}

static int init_sem_2(union any_lock *l)
{
	return sem_init(&l->sem, 0, 2) ? -errno : 0;
}

/* A signal may end the wait. */
static void lock_sem(union any_lock *l, struct lock_user *u)
{
	(void)u;
	while (sem_wait(&l->sem))
		;
}

static void unlock_sem(union any_lock *l, struct lock_user *u)
{
	(void)u;
	sem_post(&l->sem);
}

/* A lock that one has at a time, and what it is to make it. */
#define LOCK(make, name)                                                    \
	{                                                                   \
		.init = make, .lock = lock_##name, .unlock = unlock_##name, \
		.add = race_plain,                                          \
	}
/* A semaphore: those that have it together add at once. */
#define SEMAPHORE_2(make, name)                                             \
	{                                                                   \
		.init = make, .lock = lock_##name, .unlock = unlock_##name, \
		.add = race_atomic, .shared = true,                         \
	}
#define RWLOCK(make, name, look, looked, n)                                 \
	{                                                                   \
		.init = make, .lock = lock_##name, .unlock = unlock_##name, \
		.add = race_plain, .shared = true, .lock_read = look,       \
		.unlock_read = looked, .reads = n,                          \
	}

const struct way way_race = {.add = race_plain};
const struct way way_atomic = {.add = race_atomic};
const struct way way_cas = {.add = race_cas};
const struct way way_mutex = LOCK(init_mutex, mutex);
const struct way way_fair = LOCK(init_fair, fair);
const struct way way_tas = {
	.lock = lock_tas, .unlock = unlock_spin, .add = race_plain};
const struct way way_ttas = {
	.lock = lock_ttas, .unlock = unlock_spin, .add = race_plain};
const struct way way_ticket = LOCK(NULL, ticket);
const struct way way_mcs = LOCK(NULL, mcs);
const struct way way_semaphore = LOCK(init_semaphore, semaphore);
const struct way way_semaphore_2 = SEMAPHORE_2(init_semaphore_2, semaphore);
const struct way way_rwlock = LOCK(init_rwlock, rwlock);
const struct way way_rwlock_read =
	RWLOCK(init_rwlock, rwlock, lock_rwlock_read, unlock_rwlock_read, 0);
const struct way way_rwlock_mixed =
	RWLOCK(init_rwlock, rwlock, lock_rwlock_read, unlock_rwlock_read, READS);
const struct way way_pthread = LOCK(init_pthread, pthread);
const struct way way_pthread_adaptive = LOCK(init_adaptive, pthread);
const struct way way_pthread_pi = LOCK(init_pi, pthread);
const struct way way_pthread_spin = LOCK(init_pthread_spin, pthread_spin);
const struct way way_pthread_rwlock = LOCK(init_pthread_rwlock, pthread_rwlock);
const struct way way_pthread_rwlock_read =
	RWLOCK(init_pthread_rwlock, pthread_rwlock, lock_pthread_read,
	       unlock_pthread_rwlock, 0);
const struct way way_pthread_rwlock_mixed =
	RWLOCK(init_pthread_rwlock, pthread_rwlock, lock_pthread_read,
	       unlock_pthread_rwlock, READS);
const struct way way_sem_t = LOCK(init_sem, sem);
const struct way way_sem_t_2 = SEMAPHORE_2(init_sem_2, sem);
