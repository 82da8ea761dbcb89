/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Spinlocks: who waits burns its CPU, and never enters the kernel.
 *
 *   tas      test-and-set: an exchange until it succeeds; each takes the cache
 *            line away from the holder
 *   ttas     test, and test-and-set: waits by loads, which leave the line alone
 *   ticket   first come, first served: draw a number, wait until it is called
 *   mcs      first come, first served, and each waits at a word of its own
 *
 * The last two are lost where waiters have no CPU: the lock is handed to one that
 * cannot run.
 */
#ifndef SYNC_SPIN_H
#define SYNC_SPIN_H

#include "word.h"

struct spin {
	uint32_t held;
};

struct ticket {
	uint32_t next;		/* number that the next one draws */
	uint32_t serving;	/* written by the holder alone */
};

/* One for each user: where it waits, and who comes after it. */
struct mcs_node {
	uint32_t waits;
	uint32_t next;		/* its user's index + 1; 0: nobody yet */
} __aligned(64);

struct mcs {
	uint32_t last;		/* index + 1 of who came last; 0: free */
	struct mcs_node node[LOCK_USERS];
};

void tas_lock(struct spin *s, struct lock_user *u);
void ttas_lock(struct spin *s, struct lock_user *u);
void spin_unlock(struct spin *s);

void ticket_lock(struct ticket *t, struct lock_user *u);
void ticket_unlock(struct ticket *t);

void mcs_lock(struct mcs *m, struct lock_user *u);
void mcs_unlock(struct mcs *m, struct lock_user *u);

#endif /* SYNC_SPIN_H */
