/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Has what is included after it do the compiler's atomics on words, and futexes, in
 * the model.  Only a sequentially consistent store has a fence.
 */
#ifndef LOCKS_ATOMICS_H
#define LOCKS_ATOMICS_H

#include "lib/futex.h"
#include "model.h"

static inline void atomic_store(uint32_t *word, uint32_t value, int order)
{
	if (order == __ATOMIC_SEQ_CST)
		word_store_fenced(word, value);
	else
		word_store(word, value);
}

#define __atomic_load_n(word, order) ((void)(order), word_load(word))
#define __atomic_store_n(word, value, order) atomic_store(word, value, order)
#define __atomic_exchange_n(word, value, order) \
	((void)(order), word_swap(word, value))
#define __atomic_thread_fence(order) ((void)(order), word_fence())

int futex_wait(uint32_t *word, uint32_t value, int seconds)
{
	(void)seconds;
	word_wait(NULL, word, value, ANY_BITS, 0);
	return 0;
}

void futex_wake(uint32_t *word, int n)
{
	word_wake(NULL, word, n, ANY_BITS);
}

#endif /* LOCKS_ATOMICS_H */
