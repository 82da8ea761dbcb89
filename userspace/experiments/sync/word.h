/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that the locks do to memory that threads share, and to the kernel: a lock
 * is a sequence of these operations, each indivisible.  Read-modify-write
 * operations and loads are sequentially consistent, a store releases.
 */
#ifndef SYNC_WORD_H
#define SYNC_WORD_H

#include <stdbool.h>
#include <stdint.h>

#include "user.h"

static inline uint32_t word_load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static inline void word_store(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* Orders nothing: for what others only look at. */
static inline void word_note(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

/* Returns whether @word was @old, and is @value now. */
static inline bool word_cas(uint32_t *word, uint32_t old, uint32_t value)
{
	return __atomic_compare_exchange_n(word, &old, value, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

/* Both return what @word was before. */
static inline uint32_t word_swap(uint32_t *word, uint32_t value)
{
	return __atomic_exchange_n(word, value, __ATOMIC_SEQ_CST);
}

static inline uint32_t word_add(uint32_t *word, uint32_t value)
{
	return __atomic_fetch_add(word, value, __ATOMIC_SEQ_CST);
}

/* In a loop that waits for another CPU. */
static inline void word_pause(void)
{
#if defined(__x86_64__)
	__asm__ volatile("pause");
#elif defined(__aarch64__)
	__asm__ volatile("isb" : : : "memory");
#endif
}

/**
 * word_wait() - sleep while @word is @value
 * @u: who; counts the call, and whether it was in vain
 * @bits: word_wake() with any of them ends it
 * @deadline_ns: on CLOCK_MONOTONIC; 0: none
 *
 * Returns when woken, when @word is something else already, after the deadline,
 * after a signal, or for no reason: the caller looks at the lock again.
 */
void word_wait(struct lock_user *u, uint32_t *word, uint32_t value,
	       uint32_t bits, uint64_t deadline_ns);

/* Wakes at most @n that wait at @word with any of @bits. */
void word_wake(struct lock_user *u, uint32_t *word, int n, uint32_t bits);

#define ANY_BITS (~0U)

/* A moment on CLOCK_MONOTONIC in so many nanoseconds, and whether it is past. */
uint64_t word_deadline(uint64_t ns);
bool word_late(uint64_t deadline_ns);

#endif /* SYNC_WORD_H */
