// SPDX-License-Identifier: GPL-2.0-only
/* Gs: how they give way, and which one runs next. */
#include <sched.h>
#include <time.h>

#include "internal.h"

#define CHAIN_MAX 3
#define CLOCK_CYCLES 4096

struct sched sched;

static __thread struct m *this_machine;

/*
 * Not inlined, and with a barrier: a compiler may keep the address of a thread's
 * variable across a call, and this G may come back from it on another thread.
 */
__attribute__((noinline)) struct m *machine(void)
{
	__asm__ volatile("" ::: "memory");
	return this_machine;
}

__attribute__((noinline)) void machine_set(struct m *m)
{
	__asm__ volatile("" ::: "memory");
	this_machine = m;
}

/*
 * The holder may have lost its CPU, and with fewer CPUs than Ms it gets one only
 * if those who wait give theirs up; with real-time priorities they must sleep.
 */
void lock_slow(struct lock *l)
{
	unsigned int tries = 0, free = 0;

	while (atomic_load_explicit(&l->word, memory_order_relaxed) ||
	       !atomic_compare_exchange_weak_explicit(&l->word, &free, 1,
						      memory_order_acquire,
						      memory_order_relaxed)) {
		free = 0;
		tries++;
		if (tries < 100)
			continue;
		if (tries < 200)
			sched_yield();
		else
			nanosleep(&(struct timespec){ .tv_nsec = 50000 }, NULL);
	}
}

/* xorshift64*: quick, and the same on every machine. */
uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1d;
}

/*
 * The global queue, under sched.lock.
 */

static uint32_t length_for_trace(void)
{
	return sched.length > UINT16_MAX ? UINT16_MAX : sched.length;
}

static void append_global(struct g *first, struct g *last, unsigned int n)
{
	sched.changes++;
	last->link = NULL;
	if (sched.last)
		sched.last->link = first;
	else
		sched.first = first;
	sched.last = last;
	atomic_fetch_add(&sched.length, n);
}

void put_global(struct trace_ring *r, struct g *g)
{
	trace(r, TRACE_GLOBAL_PUT, g->id, sched.changes, length_for_trace());
	append_global(g, g, 1);
}

void put_global_batch(struct trace_ring *r, struct g *first, struct g *last,
		      unsigned int n)
{
	trace(r, TRACE_GLOBAL_BATCH, n, sched.changes, length_for_trace());
	append_global(first, last, n);
}

/*
 * A P takes its share, n / P + 1, so that the others find something as well, and
 * at most half a local queue.  The first is returned, the rest becomes local.
 */
struct g *get_global(struct p *p, unsigned int most)
{
	struct g *g = sched.first, *rest;
	unsigned int n = sched.length / sched.procs + 1, i;

	if (!g)
		return NULL;
	if (n > sched.length)
		n = sched.length;
	if (n > most)
		n = most;
	trace(p->ring, TRACE_GLOBAL_GET, g->id, sched.changes, n);
	sched.changes++;
	rest = g->link;
	for (i = 1; i < n; i++) {
		struct g *next = rest->link;

		atomic_fetch_sub(&sched.length, 1);
		sched.first = next;
		put_local(p, rest);
		rest = next;
	}
	atomic_fetch_sub(&sched.length, 1);
	sched.first = rest;
	if (!rest)
		sched.last = NULL;
	return g;
}

/*
 * The local queue.
 */

static struct g *link_batch(struct queue_batch *b)
{
	unsigned int i;

	for (i = 0; i + 1 < b->n; i++)
		b->g[i]->link = b->g[i + 1];
	return b->g[0];
}

/*
 * Beyond 256 half of the queue and the new one go to the global queue, in one
 * batch: one lock for 129, and whoever is idle finds them.
 */
static __attribute__((noinline)) void put_full(struct p *p, struct g *g)
{
	uint32_t tail = atomic_load_explicit(&p->queue.tail,
					     memory_order_relaxed);
	struct queue_batch batch;

	if (queue_put(&p->queue, g, &batch)) {
		trace(p->ring, TRACE_PUT, g->id, tail,
		      queue_length(&p->queue) - 1);
		return;
	}
	link_batch(&batch);
	batch.g[batch.n - 1]->link = g;
	lock(&sched.lock);
	trace(p->ring, TRACE_OVERFLOW, g->id, batch.position, batch.n);
	put_global_batch(p->ring, batch.g[0], g, batch.n + 1);
	unlock(&sched.lock);
}

/* The batch is half a page of stack: not where there is room. */
static inline void append_local(struct p *p, struct g *g)
{
	if (likely(queue_try_put(&p->queue, g)))
		trace(p->ring, TRACE_PUT, g->id,
		      atomic_load_explicit(&p->queue.tail, memory_order_relaxed) - 1,
		      queue_length(&p->queue) - 1);
	else
		put_full(p, g);
}

void put_local(struct p *p, struct g *g)
{
	append_local(p, g);
}

void put_next(struct p *p, struct g *g)
{
	struct g *old = sched.procs > 1 ? queue_put_next(&p->queue, g) :
					  queue_put_next_alone(&p->queue, g);

	trace(p->ring, TRACE_NEXT, g->id, !!old, 0);
	if (old)
		put_local(p, old);
}

void make_ready(struct m *m, struct g *g)
{
	struct p *p = m ? my_p(m) : NULL;

	set_state(g, G_READY);
	if (p) {
		trace(p->ring, TRACE_READY, g->id, 0, 0);
		put_next(p, g);
		if (sched.procs > 1)
			wake_machine();
		return;
	}
	lock(&sched.lock);
	trace(outside_ring(), TRACE_READY, g->id, 0, 0);
	put_global(outside_ring(), g);
	unlock(&sched.lock);
	wake_machine();
}

/*
 * What runs next.
 */

static inline void runs(struct p *p, struct g *g, enum trace_why why,
			uint32_t position)
{
	atomic_store_explicit(&p->runs, p->runs + 1, memory_order_relaxed);
	if (why == WHY_NEXT) {
		p->chain++;
	} else {
		p->chain = 0;
		p->tick++;
	}
	set_state(g, G_RUNNING);
	trace(p->ring, TRACE_RUN, g->id,
	      why << 12 | queue_length(&p->queue), position);
}

void running(struct p *p, struct g *g, enum trace_why why, uint32_t position)
{
	runs(p, g, why, position);
}

static struct g *pick_global(struct p *p, unsigned int most, enum trace_why why)
{
	struct g *g;

	if (!atomic_load_explicit(&sched.length, memory_order_relaxed))
		return NULL;
	lock(&sched.lock);
	g = get_global(p, most);
	unlock(&sched.lock);
	if (g)
		running(p, g, why, 0);
	return g;
}

/* A clock costs more than a switch: read it each few microseconds at most. */
static void run_timers(struct p *p)
{
	uint64_t now;

	if (atomic_load_explicit(&p->timers.next, memory_order_relaxed) == NEVER)
		return;
	now = cycles();
	if (!sched.step && p->tick % 64 && now - p->clock_checked < CLOCK_CYCLES)
		return;
	p->clock_checked = now;
	timers_run(&p->timers, clock_now());
}

static inline struct g *take_next(struct p *p)
{
	return sched.procs > 1 ? queue_get_next(&p->queue) :
				 queue_get_next_alone(&p->queue);
}

static inline struct g *take_first(struct p *p, uint32_t *position)
{
	return sched.procs > 1 ? queue_get(&p->queue, position) :
				 queue_get_alone(&p->queue, position);
}

/*
 * Two Gs that wake each other through the slot would keep the rest of the queue
 * from running for ever: Go ends their time slice by a signal; here the slot
 * goes to the tail after three from it in a row, if there is anybody else.
 */
static struct g *pick_next(struct p *p)
{
	struct g *g = take_next(p);

	if (!g)
		return NULL;
	if (p->chain >= CHAIN_MAX && queue_length(&p->queue)) {
		put_local(p, g);
		return NULL;
	}
	runs(p, g, WHY_NEXT, 0);
	return g;
}

/*
 * What needs no search: each 61st time the global queue, which Gs that keep each
 * other ready locally would starve; then the slot, the queue, and the global one.
 */
struct g *pick(struct p *p)
{
	uint32_t position;
	struct g *g;

	run_timers(p);
	if (p->tick % 61 == 0) {
		g = pick_global(p, 1, WHY_61ST);
		if (g)
			return g;
	}
	if (atomic_load_explicit(&p->queue.next, memory_order_relaxed)) {
		g = pick_next(p);
		if (g)
			return g;
	}
	g = take_first(p, &position);
	if (g) {
		runs(p, g, WHY_LOCAL, position);
		return g;
	}
	return pick_global(p, QUEUE_SIZE / 2, WHY_GLOBAL);
}

/* The same where the first of the queue is next, as it is most often. */
static inline struct g *pick_usual(struct p *p)
{
	uint32_t position;
	struct g *g = NULL;

	if (p->tick % 61 &&
	    atomic_load_explicit(&p->timers.next, memory_order_relaxed) == NEVER &&
	    !atomic_load_explicit(&p->queue.next, memory_order_relaxed))
		g = take_first(p, &position);
	if (!g)
		return pick(p);
	runs(p, g, WHY_LOCAL, position);
	return g;
}

static inline void yielded(struct p *p, struct g *g)
{
	set_state(g, G_READY);
	trace(p->ring, TRACE_YIELD, g->id, 0, 0);
	append_local(p, g);
}

void switched(struct m *m)
{
	struct g *g = m->left;
	struct p *p = my_p(m);
	enum after after = m->after;

	fiber_arrive(&m->current->fiber, &g->fiber);
	m->after = AFTER_NOTHING;
	switch (after) {
	case AFTER_UNLOCK:
		unlock(m->after_lock);
		break;
	case AFTER_WAIT:
		wait_begin(m, g);
		break;
	case AFTER_YIELD:
		yielded(p, g);
		break;
	case AFTER_GLOBAL:
		lock(&sched.lock);
		set_state(g, G_READY);
		if (p)
			trace(p->ring, TRACE_YIELD, g->id, 1, 0);
		put_global(p ? p->ring : outside_ring(), g);
		unlock(&sched.lock);
		if (p && sched.procs > 1)
			wake_machine();
		break;
	case AFTER_EXIT:
		free_g(p, g);
		break;
	default:
		break;
	}
}

/* Back from a call in which the thread blocked and the P was taken. */
static struct m *came_back(struct m *m)
{
	struct g *g = m->current;
	struct p *p;

	lock(&sched.lock);
	trace(outside_ring(), TRACE_BACK, g->id, 0, 0);
	unlock(&sched.lock);
	p = idle_p_get();
	if (p) {
		take_p(m, p);
		running(p, g, WHY_BACK, 0);
		return m;
	}
	m->after = AFTER_GLOBAL;
	return switch_to(m, &m->idle);
}

/* The P is not simply running. */
struct m *enter_slow(struct m *m)
{
	for (;;) {
		struct p *p;

		if (atomic_load(&sched.stop)) {
			m->after = AFTER_DROP;
			switch_to(m, &m->idle);
		}
		/* The monitor holds the lock while it decides. */
		lock(&sched.lock);
		p = my_p(m);
		unlock(&sched.lock);
		if (!p)
			return came_back(m);
		if (atomic_load(&p->status) == P_RUNNING)
			return m;
		if (atomic_load(&p->status) == P_STEPPING) {
			p->turn = m->current;
			return switch_to(m, &m->idle);
		}
	}
}

/*
 * Here every nanosecond counts: from one that yields to the next that does there is no
 * call but the switch.
 */
int gpm_yield(void)
{
	struct m *m = enter();
	struct g *next;

	if (!m)
		return -EPERM;
	next = likely(!sched.step) ? pick_usual(my_p(m)) : &m->idle;
	if (likely(next)) {
		m->after = AFTER_YIELD;
		m = switch_stacks(m, next);
		if (likely(m->after == AFTER_YIELD)) {
			m->after = AFTER_NOTHING;
			fiber_arrive(&m->current->fiber, &m->left->fiber);
			yielded(my_p(m), m->left);
		} else {
			switched(m);
		}
	}
	leave_here(m);
	return 0;
}

int gpm_yield_global(void)
{
	struct m *m = enter();

	if (!m)
		return -EPERM;
	leave_here(switch_away(m, AFTER_GLOBAL, NULL));
	return 0;
}

uint64_t gpm_self(void)
{
	struct m *m = machine();

	return m && m->current != &m->idle ? m->current->id : 0;
}
