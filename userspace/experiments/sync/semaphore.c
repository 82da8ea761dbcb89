// SPDX-License-Identifier: GPL-2.0-only
/* The counting semaphore. */
#include "semaphore.h"

void semaphore_init(struct semaphore *s, uint32_t n)
{
	*s = (struct semaphore){ .left = n };
}

/* Whether one was had; what is left is taken by others meanwhile, or not. */
static bool take_one(struct semaphore *s)
{
	uint32_t left = word_load(&s->left);

	while (left) {
		if (word_cas(&s->left, left, left - 1))
			return true;
		left = word_load(&s->left);
	}
	return false;
}

void semaphore_down(struct semaphore *s, struct lock_user *u)
{
	if (take_one(s))
		return;
	u->slow++;
	word_add(&s->waiters, 1);
	do {
		word_wait(u, &s->left, 0, ANY_BITS, 0);
	} while (!take_one(s));
	word_add(&s->waiters, -1);
}

void semaphore_up(struct semaphore *s, struct lock_user *u)
{
	word_add(&s->left, 1);
	if (word_load(&s->waiters))
		word_wake(u, &s->left, 1, ANY_BITS);
}
