// SPDX-License-Identifier: GPL-2.0-only
/* Coroutines of one worker that take a lock without atomics. */
#include <errno.h>

#include "arena.h"
#include "colock.h"
#include "coroutine/coroutine.h"

#define STACK 16384

/* They run in turn; the worker itself is none of them. */
static struct {
	struct arena *arena;
	struct record *record;
	struct colock lock;
	unsigned int n;
	unsigned int runs;
	uint64_t start;
	void *worker;
	void *sp[LOCK_USERS];
	struct colock_user user[LOCK_USERS];
	char stack[LOCK_USERS][STACK] __aligned(64);
} ring;

/* The next one that does not wait; the one that holds the lock never does. */
static void run_next(void)
{
	unsigned int from = ring.runs, to = from;

	do {
		to = (to + 1) % ring.n;
	} while (ring.user[to].waits);
	if (to == from)
		return;
	ring.runs = to;
	co_switch(&ring.sp[from], ring.sp[to]);
}

/* Whoever holds the lock lets the others run, so that they want it too. */
static bool use_once(unsigned int index)
{
	bool more;

	if (!colock_take(&ring.lock, &ring.user[index]))
		while (ring.user[index].waits)
			run_next();
	more = arena_section(ring.arena, ring.record, index);
	run_next();
	colock_release(&ring.lock);
	return more;
}

static void live(void *arg)
{
	unsigned int index = (uintptr_t)arg;
	uint32_t i;

	for (i = 0;; i++) {
		if (!use_once(index))
			co_switch(&ring.sp[index], ring.worker);
		busy(ring.record->outside);
		if (!(i % LOOK) && arena_late(ring.arena, ring.start)) {
			ring.record->late = true;
			co_switch(&ring.sp[index], ring.worker);
		}
	}
}

void coroutines_take_turns(struct arena *a, struct worker *w)
{
	unsigned int i;

	ring.arena = a;
	ring.record = &a->record[w->index];
	ring.lock = (struct colock){};
	ring.n = a->users;
	ring.runs = 0;
	ring.start = worker_now();
	for (i = 0; i < ring.n; i++) {
		ring.user[i] = (struct colock_user){};
		ring.sp[i] = co_frame(ring.stack[i] + STACK, live,
				      (void *)(uintptr_t)i);
		if (!ring.sp[i]) {
			w->slot->error = -EOPNOTSUPP;
			return;
		}
	}
	co_switch(&ring.worker, ring.sp[0]);
}

const struct way way_colock = {.add = race_plain,
			       .many = coroutines_take_turns};
