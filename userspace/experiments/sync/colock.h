/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A lock for coroutines of one thread.  They lose the CPU only where they say so,
 * so nothing here is atomic; who waits is in a queue, and unlocking hands the lock
 * to its first one: first come, first served.
 */
#ifndef SYNC_COLOCK_H
#define SYNC_COLOCK_H

#include <stdbool.h>
#include <stddef.h>

/* A coroutine, as its lock sees it. */
struct colock_user {
	struct colock_user *next;	/* after it in the queue */
	bool waits;
};

struct colock {
	bool held;
	struct colock_user *first;
	struct colock_user *last;
};

/*
 * Takes the lock and returns true; or puts @u into the queue and returns false:
 * then the caller runs others until @u->waits is false, and has the lock.
 */
static inline bool colock_take(struct colock *l, struct colock_user *u)
{
	if (!l->held) {
		l->held = true;
		return true;
	}
	u->waits = true;
	u->next = NULL;
	if (l->first)
		l->last->next = u;
	else
		l->first = u;
	l->last = u;
	return false;
}

static inline void colock_release(struct colock *l)
{
	struct colock_user *u = l->first;

	if (!u) {
		l->held = false;
		return;
	}
	l->first = u->next;
	u->waits = false;
}

#endif /* SYNC_COLOCK_H */
