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

static void lock_semaphore(union any_lock *l, struct lock_user *u)
{
	semaphore_down(&l->semaphore, u);
}

static void unlock_semaphore(union any_lock *l, struct lock_user *u)
{
	semaphore_up(&l->semaphore, u);
}

static void lock_rwlock(union any_lock *l, struct lock_user *u)
{
	rwlock_write(&l->rwlock, u);
}

static void unlock_rwlock(union any_lock *l, struct lock_user *u)
{
	rwlock_write_end(&l->rwlock, u);
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

static void unlock_pthread_rwlock(union any_lock *l, struct lock_user *u)
{
	(void)u;
	pthread_rwlock_unlock(&l->pthread_rwlock);
}

static int init_sem(union any_lock *l)
{
	return sem_init(&l->sem, 0, 1) ? -errno : 0;
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

const struct way way_race = {.add = race_plain};
const struct way way_atomic = {.add = race_atomic};
const struct way way_cas = {.add = race_cas};
const struct way way_mutex = {init_mutex, lock_mutex, unlock_mutex, race_plain,
			      NULL};
const struct way way_fair = {init_fair, lock_fair, unlock_fair, race_plain,
			     NULL};
const struct way way_tas = {NULL, lock_tas, unlock_spin, race_plain, NULL};
const struct way way_ttas = {NULL, lock_ttas, unlock_spin, race_plain, NULL};
const struct way way_ticket = {NULL, lock_ticket, unlock_ticket, race_plain,
			       NULL};
const struct way way_mcs = {NULL, lock_mcs, unlock_mcs, race_plain, NULL};
const struct way way_semaphore = {init_semaphore, lock_semaphore,
				  unlock_semaphore, race_plain, NULL};
const struct way way_rwlock = {NULL, lock_rwlock, unlock_rwlock, race_plain,
			       NULL};
const struct way way_pthread = {init_pthread, lock_pthread, unlock_pthread,
				race_plain, NULL};
const struct way way_pthread_adaptive = {init_adaptive, lock_pthread,
					 unlock_pthread, race_plain, NULL};
const struct way way_pthread_pi = {init_pi, lock_pthread, unlock_pthread,
				   race_plain, NULL};
const struct way way_pthread_spin = {init_pthread_spin, lock_pthread_spin,
				     unlock_pthread_spin, race_plain, NULL};
const struct way way_pthread_rwlock = {init_pthread_rwlock, lock_pthread_rwlock,
				       unlock_pthread_rwlock, race_plain, NULL};
const struct way way_sem_t = {init_sem, lock_sem, unlock_sem, race_plain, NULL};
