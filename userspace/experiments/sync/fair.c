// SPDX-License-Identifier: GPL-2.0-only
/* The eventually fair mutex. */
#include "fair.h"

void fair_init(struct fair *f)
{
	/* As if one had been served, so that number 0 waits. */
	*f = (struct fair){ .lock.mark = OWNED_MARK, .serving = 0xffff };
}

/* Each number has one of the 32 bits, so that a wake-up is for few. */
static uint32_t bit_of(uint32_t number)
{
	return 1U << number % 32;
}

static void wait_in_queue(struct fair *f, struct lock_user *u, uint32_t number)
{
	uint32_t serving;

	while ((serving = word_load(&f->serving)) != number)
		word_wait(u, &f->serving, serving, bit_of(number), 0);
}

/*
 * Whether the queue was joined, with @number drawn.  Who was woken may have been
 * the only one to know of others that sleep: @as says so for it.
 */
static bool join_queue(struct fair *f, uint32_t word, uint32_t as,
		       uint32_t *number)
{
	*number = FAIR_NUMBER(word);
	return word_cas(&f->lock.word, word,
			(word | as) + FAIR_QUEUED_ONE + FAIR_NUMBER_ONE);
}

static bool is_open(uint32_t word)
{
	return !(word & FAIR_HELD);
}

/* Sleeps until the lock may be free, or patience ends. */
static void sleep_outside(struct fair *f, struct lock_user *u, uint32_t word,
			  uint64_t deadline)
{
	if (word & FAIR_SLEEPERS ||
	    word_cas(&f->lock.word, word, word | FAIR_SLEEPERS))
		word_wait(u, &f->lock.word, word | FAIR_SLEEPERS, ANY_BITS,
			  deadline);
}

/* Who has slept cannot know whether it was the last one. */
static __attribute__((noinline)) void
fair_lock_slow(struct fair *f, struct lock_user *u)
{
	uint64_t deadline = word_deadline(FAIR_PATIENCE_NS);
	uint32_t word, number, as = FAIR_HELD;
	bool slept = false;

	u->slow++;
	for (;;) {
		word = word_load(&f->lock.word);
		if (is_open(word)) {
			if (word_cas(&f->lock.word, word, word | as))
				return;
		} else if (slept && word_late(deadline)) {
			if (join_queue(f, word, as, &number))
				break;
		} else {
			sleep_outside(f, u, word, deadline);
			as = FAIR_HELD | FAIR_SLEEPERS;
			slept = true;
		}
	}
	wait_in_queue(f, u, number);
}

bool fair_trylock(struct fair *f, struct lock_user *u)
{
	uint32_t word = word_load(&f->lock.word);

	if (!is_open(word) || !word_cas(&f->lock.word, word, word | FAIR_HELD))
		return false;
	word_note(&f->lock.owner, u->tid);
	return true;
}

void fair_lock(struct fair *f, struct lock_user *u)
{
	uint32_t word = word_load(&f->lock.word);

	if (!is_open(word) || !word_cas(&f->lock.word, word, word | FAIR_HELD))
		fair_lock_slow(f, u);
	word_note(&f->lock.owner, u->tid);
}

/* The lock stays held: it changes its holder. */
static void hand_over(struct fair *f, struct lock_user *u)
{
	uint32_t number = (word_load(&f->serving) + 1) & 0xffff;

	word_store(&f->serving, number);
	word_wake(u, &f->serving, LOCK_USERS, bit_of(number));
}

void fair_unlock(struct fair *f, struct lock_user *u)
{
	uint32_t word;

	word_note(&f->lock.owner, 0);
	for (;;) {
		word = word_load(&f->lock.word);
		if (word & FAIR_QUEUED) {
			if (word_cas(&f->lock.word, word,
				     word - FAIR_QUEUED_ONE)) {
				hand_over(f, u);
				return;
			}
		} else if (word_cas(&f->lock.word, word,
				    word & ~(FAIR_HELD | FAIR_SLEEPERS))) {
			if (word & FAIR_SLEEPERS)
				word_wake(u, &f->lock.word, 1, ANY_BITS);
			return;
		}
	}
}
