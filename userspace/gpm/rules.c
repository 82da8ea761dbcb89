// SPDX-License-Identifier: GPL-2.0-only
/* The rules, event by event: what each may do to the model, and what is wrong. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rules.h"

#define CHAIN_MAX 3

__attribute__((format(printf, 2, 3)))
static enum verdict later(struct model *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(m->what, sizeof(m->what), fmt, ap);
	va_end(ap);
	return LATER;
}

static uint32_t *slot(struct model *m, struct model_p *p, uint16_t position)
{
	return &p->slot[position % m->t->queue_size];
}

static bool exact(const struct model *m)
{
	return m->t->seed || m->t->procs == 1;
}

/* A G becomes ready. */
static void set_ready(struct model *m, uint32_t id)
{
	m->g[id].where = TRANSIT;
	m->g[id].since = m->now;
}

static bool is(struct model *m, uint32_t id, enum where where)
{
	struct model_g *g = model_find_g(m, id);

	return g && g->where == where;
}

/* On its way into a queue, or out of the slot or from running. */
static bool movable(struct model *m, struct model_p *p, uint32_t id)
{
	if (p && p->leaving == id)
		p->leaving = 0;
	if (p && p->next == id) {
		p->next = 0;
		m->queued--;
		m->g[id].where = TRANSIT;
	}
	return is(m, id, TRANSIT);
}

static void global_push(struct model *m, uint32_t id)
{
	if (!m->global_n)
		m->global_since = m->now;
	m->global[(m->global_first + m->global_n++) % m->global_room] = id;
	m->g[id].where = GLOBAL;
	m->queued++;
}

static uint32_t global_pop(struct model *m)
{
	uint32_t id = m->global[m->global_first];

	m->global_first = (m->global_first + 1) % m->global_room;
	m->global_n--;
	m->queued--;
	m->g[id].where = TRANSIT;
	return id;
}

static enum verdict step_put(struct model *m, struct model_p *p,
			     const struct trace_event *e)
{
	if (e->a != p->tail)
		return later(m, "put at position %u, the tail is %u", e->a,
			     p->tail);
	if (model_length(p) >= m->t->queue_size)
		return later(m, "put into a full queue");
	if (!movable(m, p, e->g))
		return later(m, "G %u is put into a queue and is not ready",
			     e->g);
	*slot(m, p, p->tail++) = e->g;
	m->g[e->g].where = LOCAL;
	m->queued++;
	return DONE;
}

static enum verdict step_next(struct model *m, struct model_p *p,
			      const struct trace_event *e)
{
	if (!p->next != !e->a)
		return later(m, "the slot was %s, not %s",
			     p->next ? "full" : "empty",
			     e->a ? "full" : "empty");
	if (!is(m, e->g, TRANSIT))
		return later(m, "G %u gets the slot and is not ready", e->g);
	if (p->next)
		m->g[p->next].where = TRANSIT;
	else
		m->queued++;
	p->next = e->g;
	m->g[e->g].where = SLOT;
	return DONE;
}

static enum verdict step_overflow(struct model *m, struct model_p *p,
				  const struct trace_event *e)
{
	uint32_t i;

	if (e->b != m->t->queue_size / 2)
		return later(m, "an overflow moves %u Gs, not %u", e->b,
			     m->t->queue_size / 2);
	if (e->a != p->head || model_length(p) != m->t->queue_size)
		return later(m, "overflow of a queue that is not full");
	if (!movable(m, p, e->g))
		return later(m, "G %u overflows and is not ready", e->g);
	for (i = 0; i < e->b; i++) {
		p->batched[i] = *slot(m, p, p->head++);
		m->g[p->batched[i]].where = TRANSIT;
	}
	m->queued -= e->b;
	p->batched[i] = e->g;
	p->batch = e->b + 1;
	return DONE;
}

static enum verdict in_turn(struct model *m, const struct trace_event *e)
{
	if (e->a != m->changes)
		return later(m, "change %u of the global queue before %u",
			     e->a, m->changes);
	return DONE;
}

static enum verdict step_batch(struct model *m, struct model_p *p,
			       const struct trace_event *e)
{
	uint32_t i;

	if (in_turn(m, e))
		return LATER;
	if (!p || e->g != p->batch)
		return later(m, "a batch of %u to the global queue, not %u",
			     e->g, p ? p->batch : 0);
	for (i = 0; i < p->batch; i++)
		global_push(m, p->batched[i]);
	p->batch = 0;
	m->changes++;
	return DONE;
}

static enum verdict step_global_put(struct model *m, struct model_p *p,
				    const struct trace_event *e)
{
	if (in_turn(m, e))
		return LATER;
	if (!movable(m, p, e->g))
		return later(m, "G %u is put into the global queue and is not ready",
			     e->g);
	global_push(m, e->g);
	m->changes++;
	return DONE;
}

/* The share: n / P + 1, at most half a queue; one for the 61st look. */
static enum verdict step_global_get(struct model *m,
				    const struct trace_event *e)
{
	size_t share = m->global_n / m->t->procs + 1;
	uint32_t i;

	if (in_turn(m, e))
		return LATER;
	if (share > m->global_n)
		share = m->global_n;
	if (share > m->t->queue_size / 2)
		share = m->t->queue_size / 2;
	if (!share || (e->b != share && e->b != 1))
		return later(m, "%u of %zu Gs taken from the global queue, the share is %zu",
			     e->b, m->global_n, share);
	if (m->global[m->global_first] != e->g)
		return later(m, "G %u taken from the global queue, G %u is first",
			     e->g, m->global[m->global_first]);
	for (i = 0; i < e->b; i++)
		global_pop(m);
	m->changes++;
	return DONE;
}

static enum verdict step_steal(struct model *m, struct model_p *p,
			       const struct trace_event *e,
			       const struct trace_event *at)
{
	struct model_p *from = &m->p[e->a];
	uint16_t len, i, n = e->b;
	uint32_t id = 0;

	if (e->a >= m->t->procs || at->verb != TRACE_STEAL_AT || from == p)
		return later(m, "it steals from nobody");
	len = model_length(from);
	if (at->a != from->head || n > len - len / 2)
		return later(m, "it steals %u from the %u of P %u, more than half",
			     n, len, e->a);
	if (exact(m) && n != len - len / 2)
		return later(m, "it steals %u from the %u of P %u, not half", n,
			     len, e->a);
	if (model_length(p) || at->b != p->tail)
		return later(m, "it steals and has Gs itself");
	for (i = 0; i < n; i++) {
		id = *slot(m, from, from->head++);
		if (i + 1 < n)
			*slot(m, p, p->tail++) = id;
	}
	m->queued--;
	m->g[id].where = TRANSIT;
	if (id != e->g)
		return later(m, "it stole G %u last and runs G %u", id, e->g);
	return DONE;
}

static enum verdict step_steal_next(struct model *m,
				    const struct trace_event *e)
{
	struct model_p *from = &m->p[e->a];

	if (e->a >= m->t->procs || from->next != e->g || !e->g)
		return later(m, "G %u is stolen from a slot where it is not",
			     e->g);
	from->next = 0;
	m->queued--;
	m->g[e->g].where = TRANSIT;
	return DONE;
}

/* The global queue comes first each 61st time, the slot three times at most. */
static enum verdict check_turn(struct model *m, struct model_p *p,
			       enum trace_why why, uint32_t id)
{
	int64_t slack = exact(m) ? 0 : 100000;

	if (why != WHY_NEXT && why != WHY_LOCAL)
		return DONE;
	if (p->tick % 61 == 0 && m->global_n && m->now - m->global_since > slack)
		return later(m, "G %u runs, and the 61st look did not go to the global queue",
			     id);
	if (why == WHY_NEXT && exact(m) && p->chain >= CHAIN_MAX && model_length(p))
		return later(m, "G %u runs from the slot, the %uth in a row", id,
			     p->chain + 1);
	return DONE;
}

static enum verdict take_runner(struct model *m, struct model_p *p,
				enum trace_why why, const struct trace_event *e)
{
	switch (why) {
	case WHY_NEXT:
		if (p->next != e->g)
			return later(m, "G %u runs from the slot, where G %u is",
				     e->g, p->next);
		p->next = 0;
		m->queued--;
		return DONE;
	case WHY_LOCAL:
		if (!model_length(p) || e->b != p->head ||
		    *slot(m, p, p->head) != e->g)
			return later(m, "G %u runs and is not first in the queue",
				     e->g);
		p->head++;
		m->queued--;
		return DONE;
	default:
		if (!is(m, e->g, TRANSIT))
			return later(m, "G %u runs (%s) and is not ready", e->g,
				     why < WHY_COUNT ? gpm_trace_whys[why] : "?");
		return DONE;
	}
}

static enum verdict step_run(struct model *m, struct model_p *p, uint16_t ring,
			     const struct trace_event *e)
{
	enum trace_why why = e->a >> 12;
	struct model_g *g = model_find_g(m, e->g);

	if (why == WHY_TURN)
		return p->current == e->g ? DONE :
		       later(m, "G %u goes on where G %u runs", e->g, p->current);
	if (!g || g->where == RUNNING || g->where == LEAVING)
		return later(m, "G %u runs on P %u and on P %u", e->g,
			     g ? g->p : 0, ring);
	if (check_turn(m, p, why, e->g) || take_runner(m, p, why, e))
		return LATER;
	p->tick += why != WHY_NEXT;
	p->chain = why == WHY_NEXT ? p->chain + 1 : 0;
	if (p->current) {
		p->leaving = p->current;
		m->g[p->current].where = LEAVING;
	}
	p->current = e->g;
	if (m->now - g->since > m->t->ready_ns)
		m->t->ready_ns = m->now - g->since;
	g->where = RUNNING;
	g->p = ring;
	return DONE;
}

/* The G that runs on @p gives it up. */
static enum verdict step_off(struct model *m, struct model_p *p,
			     const struct trace_event *e, enum where where)
{
	if (!p || p->current != e->g || !is(m, e->g, RUNNING))
		return later(m, "G %u does not run there", e->g);
	p->current = 0;
	m->g[e->g].where = where;
	if (where == BLOCKED)
		p->has_m = false;
	return DONE;
}

static enum verdict step_yield(struct model *m, struct model_p *p,
			       const struct trace_event *e)
{
	if (p->leaving != e->g && p->current != e->g)
		return later(m, "G %u yields and did not run", e->g);
	if (p->current == e->g)
		p->current = 0;
	p->leaving = 0;
	set_ready(m, e->g);
	return DONE;
}

static enum verdict step_ready(struct model *m, const struct trace_event *e,
			       enum where from)
{
	if (!is(m, e->g, from))
		return later(m, "G %u is made ready and does not wait", e->g);
	set_ready(m, e->g);
	return DONE;
}

static enum verdict step_go(struct model *m, const struct trace_event *e)
{
	if (!is(m, e->g, NOWHERE))
		return later(m, "G %u is made twice", e->g);
	set_ready(m, e->g);
	m->named = e->g;
	m->t->gs++;
	return DONE;
}

static void step_name(struct model *m, const struct trace_event *e)
{
	struct model_g *g = model_find_g(m, m->named);
	size_t n;

	if (!g)
		return;
	n = strlen(g->name);
	if (n > 8)
		return;
	memcpy(g->name + n, &e->g, 4);
	memcpy(g->name + n + 4, &e->a, 2);
	memcpy(g->name + n + 6, &e->b, 2);
}

static enum verdict step_start(struct model *m, struct model_p *p)
{
	if (p->has_m)
		return later(m, "two threads have one P");
	p->has_m = true;
	m->idle_ps--;
	return DONE;
}

static enum verdict step_idle(struct model *m, struct model_p *p)
{
	if (!p->has_m || p->current)
		return later(m, "a P becomes idle and runs G %u", p->current);
	p->has_m = false;
	m->idle_ps++;
	return DONE;
}

enum verdict rules_step(struct model *m, uint16_t ring,
			const struct trace_event *e)
{
	struct model_p *p = ring < m->t->procs ? &m->p[ring] : NULL;

	/* Only few are made outside of any P. */
	if (!p && e->verb != TRACE_READY && e->verb != TRACE_GLOBAL_PUT &&
	    e->verb != TRACE_RETAKE && e->verb != TRACE_BACK &&
	    e->verb != TRACE_DEADLOCK && e->verb != TRACE_STOP)
		return later(m, "it needs a P");
	switch ((enum trace_verb)e->verb) {
	case TRACE_NAME:
		step_name(m, e);
		return DONE;
	case TRACE_GO:
		return step_go(m, e);
	case TRACE_RUN:
		return step_run(m, p, ring, e);
	case TRACE_YIELD:
		return step_yield(m, p, e);
	case TRACE_PARK:
		return step_off(m, p, e, WAITING);
	case TRACE_READY:
		return step_ready(m, e, WAITING);
	case TRACE_EXIT:
		return step_off(m, p, e, DEAD);
	case TRACE_BLOCK:
		m->idle_ps++;
		return step_off(m, p, e, BLOCKED);
	case TRACE_RETAKE:
		if (e->a >= m->t->procs || step_off(m, &m->p[e->a], e, BLOCKED))
			return LATER;
		m->idle_ps++;
		return DONE;
	case TRACE_BACK:
		return step_ready(m, e, BLOCKED);
	case TRACE_NEXT:
		return step_next(m, p, e);
	case TRACE_PUT:
		return step_put(m, p, e);
	case TRACE_OVERFLOW:
		return step_overflow(m, p, e);
	case TRACE_STEAL:
		return step_steal(m, p, e, e + 1);
	case TRACE_STEAL_NEXT:
		return step_steal_next(m, e);
	case TRACE_GLOBAL_PUT:
		return step_global_put(m, p, e);
	case TRACE_GLOBAL_BATCH:
		return step_batch(m, p, e);
	case TRACE_GLOBAL_GET:
		return step_global_get(m, e);
	case TRACE_START:
		return step_start(m, p);
	case TRACE_IDLE:
		return step_idle(m, p);
	case TRACE_STOP:
		m->stopped = true;
		m->status = (int16_t)e->a;
		return DONE;
	default:
		return DONE;
	}
}
