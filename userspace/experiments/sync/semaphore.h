/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A counting semaphore: as many can be down as it was given.  Not fair.
 *
 * Who finds nothing left counts itself a waiter before it sleeps, and who comes up
 * adds before it looks for waiters: one of the two always sees the other.
 */
#ifndef SYNC_SEMAPHORE_H
#define SYNC_SEMAPHORE_H

#include "word.h"

struct semaphore {
	uint32_t left;
	uint32_t waiters;
};

void semaphore_init(struct semaphore *s, uint32_t n);
void semaphore_down(struct semaphore *s, struct lock_user *u);
void semaphore_up(struct semaphore *s, struct lock_user *u);

#endif /* SYNC_SEMAPHORE_H */
