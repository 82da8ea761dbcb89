// SPDX-License-Identifier: GPL-2.0-only
/* Taking Gs from other Ps. */
#include "internal.h"

#define STEAL_PASSES 4
#define NEXT_GRACE_CYCLES 10000

/*
 * The slot of a running P: what is in it runs there within a moment, with what
 * it needs in the cache.  Only if it stays.
 */
static struct g *steal_next(struct p *p, struct p *from)
{
	struct g *g = atomic_load(&from->queue.next);
	uint64_t since = cycles();

	if (!g)
		return NULL;
	if (from->status != P_IDLE && !sched.step)
		while (cycles() - since < NEXT_GRACE_CYCLES)
			if (atomic_load(&from->queue.next) != g)
				return NULL;
	if (!atomic_compare_exchange_strong(&from->queue.next, &g, NULL))
		return NULL;
	trace(p->ring, TRACE_STEAL_NEXT, g->id, from->id, 0);
	running(p, g, WHY_STOLEN_NEXT, 0);
	return g;
}

static struct g *steal_from(struct p *p, struct p *from, bool last_pass)
{
	uint32_t to = atomic_load_explicit(&p->queue.tail,
					   memory_order_relaxed);
	uint32_t position, n;
	struct g *g = queue_steal(&p->queue, &from->queue, &position, &n);

	if (g) {
		trace(p->ring, TRACE_STEAL, g->id, from->id, n);
		trace(p->ring, TRACE_STEAL_AT, 0, position, to);
		running(p, g, WHY_STOLEN, 0);
		return g;
	}
	if (!last_pass)
		return NULL;
	if (atomic_load(&from->timers.next) <= clock_now()) {
		timers_run(&from->timers, clock_now());
		g = pick(p);
		if (g)
			return g;
	}
	return steal_next(p, from);
}

static unsigned int gcd(unsigned int a, unsigned int b)
{
	return b ? gcd(b, a % b) : a;
}

/*
 * Four times over all Ps, in an order that random numbers choose: from any first
 * one on in steps that have no common divisor with their number, so that each
 * comes once and no P is everybody's first victim.
 */
struct g *steal(struct m *m, struct p *p)
{
	unsigned int pass, i, at, by;

	for (pass = 0; pass < STEAL_PASSES; pass++) {
		at = next_random(&m->random) % sched.procs;
		do
			by = 1 + next_random(&m->random) % sched.procs;
		while (gcd(by, sched.procs) != 1);
		for (i = 0; i < sched.procs; i++) {
			struct p *from = &sched.p[at];
			struct g *g;

			at = (at + by) % sched.procs;
			if (from == p)
				continue;
			g = steal_from(p, from, pass == STEAL_PASSES - 1);
			if (g)
				return g;
		}
	}
	return NULL;
}
