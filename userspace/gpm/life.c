// SPDX-License-Identifier: GPL-2.0-only
/* The life of a G: how it is made, begins, and ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define FREE_MAX 64
#define ID_BATCH 16

void each_g(void (*call)(struct g *g, void *arg), void *arg)
{
	struct co_slab *s;
	size_t i;

	for (s = sched.stacks.slabs; s; s = s->next)
		for (i = 0; i < s->used; i++)
			call(g_of_stack(co_slab_end(&sched.stacks, s, i)), arg);
}

static struct m *end_g(void)
{
	struct m *m = enter();
	struct g *g = m->current;

	if (g->has_deadline)
		timers_remove(&g->deadline);
	trace(my_p(m)->ring, TRACE_EXIT, g->id, 0, 0);
	return m;
}

/* Its return is the switch: see co_switch_start(). */
struct co_next g_main(void *arg)
{
	struct m *m = arg;
	struct g *g = m->current;

	switched(m);
	leave_here(m);
	g->entry(g->arg);
	if (!FIBER_MAY_RETURN)
		gpm_exit();
	m = end_g();
	m->after = AFTER_EXIT;
	g = likely(!sched.step) ? pick(my_p(m)) : NULL;
	if (!g)
		g = &m->idle;
	leave_for(m, g);
	return (struct co_next){ g->sp ? g->sp : co_new(stack_end(g)), m };
}

/* With sched.lock held. */
static int make_g(struct g **made)
{
	struct co_stack stack;
	struct g *g;
	int err = co_stacks_take(&sched.stacks, &stack);

	if (err)
		return err;
	g = g_of_stack(stack.end);
	*g = (struct g){
		.low = stack.low,
		.guard = stack.guard,
		.ticket = 1,	/* odd: it does not wait */
	};
	fiber_init(&g->fiber, stack.low, (char *)g);
	*made = g;
	return 0;
}

/* From the P's own list, else half a list from the common one, else new. */
static int take_g(struct p *p, struct g **taken)
{
	int err;

	if (unlikely(!p->free)) {
		lock(&sched.lock);
		while (sched.free && p->nfree < FREE_MAX / 2) {
			struct g *g = sched.free;

			sched.free = g->link;
			g->link = p->free;
			p->free = g;
			p->nfree++;
		}
		if (!p->free) {
			err = make_g(taken);
			unlock(&sched.lock);
			return err;
		}
		unlock(&sched.lock);
	}
	*taken = p->free;
	p->free = p->free->link;
	p->nfree--;
	return 0;
}

void free_g(struct p *p, struct g *g)
{
	set_state(g, G_FREE);
	fiber_end(&g->fiber);
	atomic_store_explicit(&p->alive, p->alive - 1, memory_order_relaxed);
	g->link = p->free;
	p->free = g;
	if (++p->nfree < FREE_MAX)
		return;
	lock(&sched.lock);
	while (p->nfree > FREE_MAX / 2) {
		g = p->free;
		p->free = g->link;
		p->nfree--;
		g->link = sched.free;
		sched.free = g;
	}
	unlock(&sched.lock);
}

/* Exact only while no P runs. */
long alive(void)
{
	unsigned int i;
	long n = 0;

	for (i = 0; i < sched.procs; i++)
		n += sched.p[i].alive;
	return n;
}

static uint32_t new_id(struct p *p)
{
	if (p->next_id == p->last_id) {
		lock(&sched.lock);
		p->next_id = sched.next_id;
		sched.next_id += ID_BATCH;
		unlock(&sched.lock);
		p->last_id = p->next_id + ID_BATCH;
	}
	return p->next_id++;
}

static void trace_name(struct trace_ring *r, const struct g *g)
{
	struct {
		uint32_t g;
		uint16_t a, b;
	} part;
	size_t i;

	if (!r || !g->name[0])
		return;
	for (i = 0; i < NAME_SIZE; i += sizeof(part)) {
		memcpy(&part, g->name + i, sizeof(part));
		trace(r, TRACE_NAME, part.g, part.a, part.b);
	}
}

int spawn(struct p *p, const char *name, void (*fn)(void *arg), void *arg)
{
	struct g *g = NULL;
	int err = take_g(p, &g);

	if (unlikely(err))
		return err;
	g->entry = fn;
	g->arg = arg;
	g->id = new_id(p);
	g->has_deadline = false;
	atomic_store_explicit(&g->expired, false, memory_order_relaxed);
	g->name[0] = '\0';
	if (name)
		snprintf(g->name, NAME_SIZE, "%s", name);
	g->sp = NULL;
	fiber_begin(&g->fiber, false);
	atomic_store_explicit(&p->alive, p->alive + 1, memory_order_relaxed);
	set_state(g, G_READY);
	trace(p->ring, TRACE_GO, g->id, 0, 0);
	trace_name(p->ring, g);
	put_next(p, g);
	return 0;
}

int gpm_go_named(const char *name, void (*fn)(void *arg), void *arg)
{
	struct m *m = enter();
	int err;

	if (!m)
		return -EPERM;
	err = spawn(my_p(m), name, fn, arg);
	if (!err && sched.procs > 1)
		wake_machine();
	leave_here(m);
	return err;
}

int gpm_go(void (*fn)(void *arg), void *arg)
{
	return gpm_go_named(NULL, fn, arg);
}

void gpm_exit(void)
{
	/* Not a G: this thread has nothing that could end. */
	if (!gpm_self())
		abort();
	switch_away(end_g(), AFTER_EXIT, NULL);
	abort();
}
