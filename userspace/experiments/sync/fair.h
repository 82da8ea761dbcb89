/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mutex made eventually fair.  As long as nobody waits for long it is taken by
 * who comes first, as the other one is.  Who has waited for FAIR_PATIENCE_NS
 * joins a queue; while that has anybody, unlocking hands the lock to its first
 * one, which nobody can overtake: who is in the queue waits for those before it
 * in the queue, once each, and for the holder.
 *
 * @lock.word has FAIR_HELD, FAIR_SLEEPERS (somebody not in the queue may sleep at
 * @lock.word), the number that are in the queue, and the number that the next one
 * draws on joining; that wraps.  The one whose number is @serving has the lock.
 */
#ifndef SYNC_FAIR_H
#define SYNC_FAIR_H

#include "lib/owned.h"
#include "word.h"

/*
 * A hand-over costs a wake-up, during which nobody has the lock.  With less patience
 * waits become little shorter, where CPUs have to be waited for as well, and the lock
 * much dearer.
 */
#define FAIR_PATIENCE_NS 200000

#define FAIR_HELD	1U
#define FAIR_SLEEPERS	2U
#define FAIR_QUEUED_ONE	4U
#define FAIR_QUEUED	0xfffcU
#define FAIR_NUMBER_ONE	0x10000U
#define FAIR_NUMBER(w)	((w) >> 16)

struct fair {
	struct owned lock;
	uint32_t serving;	/* written by the holder alone */
};

void fair_init(struct fair *f);
void fair_lock(struct fair *f, struct lock_user *u);
bool fair_trylock(struct fair *f, struct lock_user *u);
void fair_unlock(struct fair *f, struct lock_user *u);

#endif /* SYNC_FAIR_H */
