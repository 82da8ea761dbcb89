/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A mutex of one word with three states: a compare-and-swap takes it and an
 * exchange gives it back; the kernel is entered only where somebody has to wait.
 * Not fair: who runs takes it before who has to be woken first.
 *
 * @lock.word is MUTEX_FREE, MUTEX_HELD, or MUTEX_WAITED: held, and somebody may
 * sleep.  Who comes from sleep takes it as MUTEX_WAITED, since it cannot know
 * whether it was the last one: at worst that costs a wake-up of nobody.
 */
#ifndef SYNC_MUTEX_H
#define SYNC_MUTEX_H

#include "lib/owned.h"
#include "word.h"

enum { MUTEX_FREE, MUTEX_HELD, MUTEX_WAITED };

struct mutex {
	struct owned lock;
};

void mutex_init(struct mutex *m);
void mutex_lock(struct mutex *m, struct lock_user *u);
bool mutex_trylock(struct mutex *m, struct lock_user *u);
void mutex_unlock(struct mutex *m, struct lock_user *u);

#endif /* SYNC_MUTEX_H */
