// SPDX-License-Identifier: GPL-2.0-only
/* The mutex of three states. */
#include "mutex.h"

void mutex_init(struct mutex *m)
{
	m->lock = (struct owned){ .mark = OWNED_MARK };
}

static __attribute__((noinline)) void
mutex_lock_slow(struct mutex *m, struct lock_user *u)
{
	u->slow++;
	while (word_swap(&m->lock.word, MUTEX_WAITED) != MUTEX_FREE)
		word_wait(u, &m->lock.word, MUTEX_WAITED, ANY_BITS, 0);
}

void mutex_lock(struct mutex *m, struct lock_user *u)
{
	if (!word_cas(&m->lock.word, MUTEX_FREE, MUTEX_HELD))
		mutex_lock_slow(m, u);
	word_note(&m->lock.owner, u->tid);
}

bool mutex_trylock(struct mutex *m, struct lock_user *u)
{
	if (!word_cas(&m->lock.word, MUTEX_FREE, MUTEX_HELD))
		return false;
	word_note(&m->lock.owner, u->tid);
	return true;
}

void mutex_unlock(struct mutex *m, struct lock_user *u)
{
	word_note(&m->lock.owner, 0);
	if (word_swap(&m->lock.word, MUTEX_FREE) == MUTEX_WAITED)
		word_wake(u, &m->lock.word, 1, ANY_BITS);
}
