/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A child kept alive while somebody looks at it.  kcmp(2) finds two tasks equal
 * in what neither has any more, so whoever asks what is shared asks about a
 * child that lives.
 */
#ifndef CREATE_HELD_H
#define CREATE_HELD_H

#include "ways.h"

/**
 * struct gate - where a child waits; in memory mapped shared by all who look
 * @ready: futex: 1 once the child waits
 * @open: futex: 1 lets it end
 * @tid: its tid, in its own pid namespace
 * @sp: its stack pointer
 * @first: ticks() of its first instruction
 */
struct gate {
	uint32_t ready;
	uint32_t open;
	int32_t tid;
	uint64_t sp;
	uint64_t first;
};

/* Map one, and unmap it.  NULL and errno on failure. */
struct gate *gate_map(void);
void gate_unmap(struct gate *g);

/*
 * Make a child that waits at @g, and return when it does: 0 or a negative errno.
 * A child of vfork() stops its maker until somebody else opens the gate; for
 * that case only, @g->ready is set before this returns.  Coroutines are refused
 * with -EOPNOTSUPP: they cannot wait while their thread goes on.
 */
int held_make(const struct way *w, struct maker *m, struct gate *g,
	      struct child *c);

/* Let it end, and reap it: 0 or a negative errno. */
int held_end(const struct way *w, struct gate *g, struct child *c);

/* Wait until @g->ready, at most @seconds: 0 or -ETIMEDOUT. */
int gate_ready(struct gate *g, int seconds);
void gate_open(struct gate *g);

#endif /* CREATE_HELD_H */
