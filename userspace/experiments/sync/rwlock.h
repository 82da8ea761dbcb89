/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A reader-writer lock of one word: RWLOCK_WRITER, RWLOCK_SLEEPERS, and the number
 * of readers.  Once somebody sleeps, new readers do too, so that readers cannot
 * keep a writer out for ever; a reader that takes it again while it holds it may
 * therefore wait for itself.  The last holder wakes all, and who comes first has
 * it.  A writer is recorded as the owner; of readers nobody knows who they are.
 */
#ifndef SYNC_RWLOCK_H
#define SYNC_RWLOCK_H

#include "lib/owned.h"
#include "word.h"

#define RWLOCK_WRITER	0x80000000U
#define RWLOCK_SLEEPERS	0x40000000U

struct rwlock {
	struct owned lock;
};

void rwlock_init(struct rwlock *l);
void rwlock_read(struct rwlock *l, struct lock_user *u);
void rwlock_read_end(struct rwlock *l, struct lock_user *u);
void rwlock_write(struct rwlock *l, struct lock_user *u);
void rwlock_write_end(struct rwlock *l, struct lock_user *u);

#endif /* SYNC_RWLOCK_H */
