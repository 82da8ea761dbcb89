// SPDX-License-Identifier: GPL-2.0-only
/* The reader-writer lock. */
#include <limits.h>

#include "rwlock.h"

void rwlock_init(struct rwlock *l)
{
	l->lock = (struct owned){ .mark = OWNED_MARK };
}

/* What the word becomes for one that takes the lock; 0: it has to wait. */
static uint32_t for_reader(uint32_t word)
{
	return word & (RWLOCK_WRITER | RWLOCK_SLEEPERS) ? 0 : word + 1;
}

static uint32_t for_writer(uint32_t word)
{
	return word & ~RWLOCK_SLEEPERS ? 0 : word | RWLOCK_WRITER;
}

static void take(struct rwlock *l, struct lock_user *u,
		 uint32_t (*taken)(uint32_t word))
{
	uint32_t word, then;

	for (;;) {
		word = word_load(&l->lock.word);
		then = taken(word);
		if (then) {
			if (word_cas(&l->lock.word, word, then))
				return;
		} else if (word & RWLOCK_SLEEPERS ||
			   word_cas(&l->lock.word, word, word | RWLOCK_SLEEPERS)) {
			word_wait(u, &l->lock.word, word | RWLOCK_SLEEPERS, ANY_BITS,
				  0);
		}
	}
}

void rwlock_read(struct rwlock *l, struct lock_user *u)
{
	uint32_t word = word_load(&l->lock.word), then = for_reader(word);

	if (then && word_cas(&l->lock.word, word, then))
		return;
	u->slow++;
	take(l, u, for_reader);
}

/* Nobody holds it: all that sleep try again. */
static void wake_all(struct rwlock *l, struct lock_user *u)
{
	word_wake(u, &l->lock.word, INT_MAX, ANY_BITS);
}

void rwlock_read_end(struct rwlock *l, struct lock_user *u)
{
	if (word_add(&l->lock.word, -1) - 1 == RWLOCK_SLEEPERS &&
	    word_cas(&l->lock.word, RWLOCK_SLEEPERS, 0))
		wake_all(l, u);
}

void rwlock_write(struct rwlock *l, struct lock_user *u)
{
	if (!word_cas(&l->lock.word, 0, RWLOCK_WRITER)) {
		u->slow++;
		take(l, u, for_writer);
	}
	word_note(&l->lock.owner, u->tid);
}

void rwlock_write_end(struct rwlock *l, struct lock_user *u)
{
	word_note(&l->lock.owner, 0);
	if (word_swap(&l->lock.word, 0) & RWLOCK_SLEEPERS)
		wake_all(l, u);
}
