// SPDX-License-Identifier: GPL-2.0-only
/* Waiting for a word and waking who waits: futex(2), counted. */
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "word.h"

#define NSEC_PER_SEC 1000000000ULL

static int operation(const struct lock_user *u, int op)
{
	return u->shared ? op : op | FUTEX_PRIVATE_FLAG;
}

void word_wait(struct lock_user *u, uint32_t *word, uint32_t value,
	       uint32_t bits, uint64_t deadline_ns)
{
	struct timespec until = {
		.tv_sec = deadline_ns / NSEC_PER_SEC,
		.tv_nsec = deadline_ns % NSEC_PER_SEC,
	};

	u->waits++;
	if (syscall(SYS_futex, word, operation(u, FUTEX_WAIT_BITSET), value,
		    deadline_ns ? &until : NULL, NULL, bits) &&
	    errno != ETIMEDOUT)
		u->waits_vain++;
}

void word_wake(struct lock_user *u, uint32_t *word, int n, uint32_t bits)
{
	u->wakes++;
	if (syscall(SYS_futex, word, operation(u, FUTEX_WAKE_BITSET), n, NULL,
		    NULL, bits) <= 0)
		u->wakes_vain++;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

uint64_t word_deadline(uint64_t ns)
{
	return now_ns() + ns;
}

bool word_late(uint64_t deadline_ns)
{
	return now_ns() >= deadline_ns;
}
