/* SPDX-License-Identifier: GPL-2.0-only */
/* Who takes locks, and what that took of the kernel. */
#ifndef SYNC_USER_H
#define SYNC_USER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/compiler.h"

/**
 * struct lock_user - a thread that takes locks; nobody else writes it
 * @tid: its thread ID
 * @index: its number among the users of a lock, less than LOCK_USERS
 * @shared: its locks are shared with other processes
 * @slow: acquisitions that were not had at the first try
 * @waits: calls of futex(2) to wait
 * @waits_vain: those of them that were not woken: the word had changed already,
 *	or there was a signal; a deadline that passed is none of these
 * @wakes: calls of futex(2) to wake
 * @wakes_vain: those of them that woke nobody
 */
struct lock_user {
	uint32_t tid;
	uint32_t index;
	bool shared;
	uint64_t slow;
	uint64_t waits;
	uint64_t waits_vain;
	uint64_t wakes;
	uint64_t wakes_vain;
} __aligned(128);

/* Users of one lock at most. */
#define LOCK_USERS 64

#endif /* SYNC_USER_H */
