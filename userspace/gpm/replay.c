// SPDX-License-Identifier: GPL-2.0-only
/*
 * The replay.  Rings are merged: of the next events of all, the earliest that the
 * model allows is done.  One that it does not allow yet waits for what another
 * ring is to bring, as clocks of CPUs and the moments of writing an event differ
 * a little; if all of them wait, the earliest breaks a rule.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay.h"
#include "trace.h"

#define CHAIN_MAX 3
#define IDS_MAX (1u << 26)
#define PROCS_MAX 1024

enum where {
	NOWHERE,		/* unknown so far */
	TRANSIT,		/* ready, on its way into a queue or to run */
	LOCAL,
	SLOT,
	GLOBAL,
	RUNNING,
	LEAVING,		/* has given way, and is not in a queue yet */
	WAITING,
	BLOCKED,
	DEAD,
};

struct model_g {
	uint8_t where;
	uint16_t p;
	int64_t since;
	char name[17];
};

struct ring {
	struct trace_event *event;
	int64_t *ns;
	size_t n, at;
};

struct model_p {
	uint32_t *slot;
	uint16_t head, tail;	/* positions, as far as events have them */
	uint32_t next, current, leaving;
	uint32_t tick, chain;
	uint32_t batch;		/* Gs of an overflow on their way */
	uint32_t *batched;
	bool has_m;
};

struct model {
	struct gpm_trace *t;
	struct ring *ring;	/* procs + 1 */
	struct model_p *p;
	struct model_g *g;
	uint32_t gs;
	uint32_t *global;	/* a ring buffer of @room */
	size_t global_room, global_first, global_n;
	uint16_t changes;
	uint32_t named, idle_ps, queued;
	int64_t waste_since, global_since, now, bound;
	bool stopped;
	int status;
	char what[160];
};

enum verdict { DONE, LATER };

__attribute__((format(printf, 2, 3)))
static enum verdict later(struct model *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(m->what, sizeof(m->what), fmt, ap);
	va_end(ap);
	return LATER;
}

static uint16_t length(const struct model_p *p)
{
	return p->tail - p->head;
}

static uint32_t *slot(struct model *m, struct model_p *p, uint16_t position)
{
	return &p->slot[position % m->t->queue_size];
}

static bool exact(const struct model *m)
{
	return m->t->seed || m->t->procs == 1;
}

static struct model_g *find_g(struct model *m, uint32_t id)
{
	return id && id < m->gs ? &m->g[id] : NULL;
}

/* A G becomes ready. */
static void set_ready(struct model *m, uint32_t id)
{
	m->g[id].where = TRANSIT;
	m->g[id].since = m->now;
}

static bool is(struct model *m, uint32_t id, enum where where)
{
	struct model_g *g = find_g(m, id);

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
	if (length(p) >= m->t->queue_size)
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
	if (e->a != p->head || length(p) != m->t->queue_size)
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
	len = length(from);
	if (at->a != from->head || n > len - len / 2)
		return later(m, "it steals %u from the %u of P %u, more than half",
			     n, len, e->a);
	if (exact(m) && n != len - len / 2)
		return later(m, "it steals %u from the %u of P %u, not half", n,
			     len, e->a);
	if (length(p) || at->b != p->tail)
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
	if (why == WHY_NEXT && exact(m) && p->chain >= CHAIN_MAX && length(p))
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
		if (!length(p) || e->b != p->head ||
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
	struct model_g *g = find_g(m, e->g);

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
	struct model_g *g = find_g(m, m->named);
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

static enum verdict step(struct model *m, uint16_t ring,
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

/* How long a P was idle while there was something to run. */
static void watch_idle(struct model *m)
{
	bool waste = m->idle_ps && m->queued && !m->t->seed;

	if (!waste) {
		m->waste_since = -1;
		return;
	}
	if (m->waste_since < 0)
		m->waste_since = m->now;
	if (m->now - m->waste_since > m->t->idle_ns)
		m->t->idle_ns = m->now - m->waste_since;
}

static void record(struct model *m, uint16_t ring, const struct trace_event *e)
{
	struct gpm_step *s = &m->t->step[m->t->n++];
	struct model_g *g = find_g(m, e->g);

	*s = (struct gpm_step){
		.ns = m->now, .verb = e->verb, .ring = ring,
		.g = e->g, .a = e->a, .b = e->b,
		.local = ring < m->t->procs ? length(&m->p[ring]) : 0,
		.global = m->global_n,
		.name = g && e->verb != TRACE_NAME ? g->name : "",
	};
}

/* The rings whose next event is earlier than that of any tried before. */
static int earliest(struct model *m, int64_t after, int after_ring)
{
	uint32_t i;
	int best = -1;

	for (i = 0; i <= m->t->procs; i++) {
		struct ring *r = &m->ring[i];
		int64_t ns;

		if (r->at == r->n)
			continue;
		ns = r->ns[r->at];
		if (ns < after || (ns == after && (int)i <= after_ring))
			continue;
		if (best < 0 || ns < m->ring[best].ns[m->ring[best].at])
			best = i;
	}
	return best;
}

static void break_rule(struct model *m, int ring)
{
	struct ring *r = &m->ring[ring];
	const struct trace_event *e = &r->event[r->at];

	m->t->broken = true;
	/* The first to be tried is the earliest: say why it could not be done. */
	m->now = r->ns[r->at];
	step(m, ring, e);
	record(m, ring, e);
	snprintf(m->t->what, sizeof(m->t->what), "%s", m->what);
}

/* One event of some ring: false if there is none, or none is allowed. */
static bool advance(struct model *m)
{
	int ring = earliest(m, INT64_MIN, -1), first = ring;

	while (ring >= 0) {
		struct ring *r = &m->ring[ring];
		int64_t ns = r->ns[r->at];

		if (ns > m->now)
			m->now = ns;
		if (step(m, ring, &r->event[r->at]) == DONE) {
			record(m, ring, &r->event[r->at]);
			r->at++;
			watch_idle(m);
			return true;
		}
		ring = earliest(m, ns, ring);
	}
	if (first >= 0)
		break_rule(m, first);
	return false;
}

/* Nothing may be left over once all have come to their end. */
static void check_end(struct model *m)
{
	struct gpm_trace *t = m->t;
	uint32_t i;

	for (i = 1; i < m->gs && !t->broken && m->stopped; i++) {
		enum where w = m->g[i].where;

		if (w == NOWHERE || w == DEAD)
			continue;
		if (m->status && !(m->status == -EDEADLK && w != WAITING))
			continue;
		t->broken = true;
		snprintf(t->what, sizeof(t->what),
			 "G %u is lost: the run ended without it", i);
	}
	if (!t->broken && m->bound && t->idle_ns > m->bound) {
		t->broken = true;
		snprintf(t->what, sizeof(t->what),
			 "a P was idle for %" PRId64 " us while Gs were queued",
			 t->idle_ns / 1000);
	}
	if (!t->broken && m->bound && t->ready_ns > m->bound) {
		t->broken = true;
		snprintf(t->what, sizeof(t->what),
			 "a ready G waited for %" PRId64 " us",
			 t->ready_ns / 1000);
	}
}

/*
 * Reading.
 */

static const char *const too_little = "not enough memory";
static const char *const no_trace = "not a trace of gpm, or cut off";

struct clock {
	uint64_t ticks, ns, last_ticks, last_ns;
};

static int64_t to_ns(const struct clock *c, uint64_t ticks)
{
	double scale = c->last_ticks > c->ticks ?
		(double)(c->last_ns - c->ns) / (c->last_ticks - c->ticks) : 1;

	return (int64_t)((double)(int64_t)(ticks - c->ticks) * scale);
}

static const char *read_chunk(FILE *f, struct model *m,
			      const struct trace_chunk *c)
{
	struct ring *r;
	void *grown;

	if (c->ring > m->t->procs || c->n > TRACE_EVENTS)
		return no_trace;
	r = &m->ring[c->ring];
	/* One more, so that every event has one after it. */
	grown = realloc(r->event, (r->n + c->n + 1) * sizeof(*r->event));
	if (!grown)
		return too_little;
	r->event = grown;
	if (fread(r->event + r->n, sizeof(*r->event), c->n, f) != c->n)
		return no_trace;
	r->n += c->n;
	r->event[r->n] = (struct trace_event){ .verb = TRACE_NAME };
	return NULL;
}

static const char *read_chunks(FILE *f, struct model *m, struct clock *clock)
{
	const char *error = NULL;
	struct trace_chunk c;

	while (!error && fread(&c, sizeof(c), 1, f) == 1) {
		if (c.ticks > clock->last_ticks) {
			clock->last_ticks = c.ticks;
			clock->last_ns = c.ns;
		}
		error = read_chunk(f, m, &c);
	}
	return error;
}

/* How many Gs there are, and the time of each event. */
static const char *survey(struct model *m, const struct clock *clock)
{
	int64_t first = INT64_MAX;
	size_t i, j, total = 0;

	for (i = 0; i <= m->t->procs; i++) {
		struct ring *r = &m->ring[i];

		r->ns = calloc(r->n + 1, sizeof(*r->ns));
		if (!r->ns)
			return too_little;
		for (j = 0; j < r->n; j++) {
			struct trace_event *e = &r->event[j];

			r->ns[j] = to_ns(clock, e->ticks);
			if (r->ns[j] < first)
				first = r->ns[j];
			if (e->verb == TRACE_GO && e->g >= m->gs)
				m->gs = e->g + 1;
		}
		total += r->n;
	}
	if (m->gs > IDS_MAX)
		return no_trace;
	for (i = 0; i <= m->t->procs; i++)
		for (j = 0; j < m->ring[i].n; j++)
			m->ring[i].ns[j] -= first;
	m->t->step = calloc(total + 1, sizeof(*m->t->step));
	return m->t->step ? NULL : too_little;
}

static const char *make_model(struct model *m)
{
	uint32_t i;

	m->global_room = (size_t)m->gs + 1;
	m->g = calloc(m->global_room, sizeof(*m->g));
	m->global = calloc(m->global_room, sizeof(*m->global));
	m->p = calloc(m->t->procs, sizeof(*m->p));
	if (!m->g || !m->global || !m->p)
		return too_little;
	for (i = 0; i < m->t->procs; i++) {
		m->p[i].tick = 1;
		m->p[i].slot = calloc(2 * m->t->queue_size,
				      sizeof(*m->p[i].slot));
		if (!m->p[i].slot)
			return too_little;
		m->p[i].batched = m->p[i].slot + m->t->queue_size;
	}
	m->idle_ps = m->t->procs;
	m->waste_since = -1;
	return NULL;
}

static const char *read_header(FILE *f, struct gpm_trace *t,
			       struct clock *clock)
{
	struct trace_header h;

	if (fread(&h, sizeof(h), 1, f) != 1 ||
	    memcmp(h.magic, TRACE_MAGIC, sizeof(h.magic)) || !h.procs ||
	    h.procs > PROCS_MAX || h.queue_size < 2 || h.queue_size > 65536 / 4 ||
	    (h.queue_size & (h.queue_size - 1)))
		return no_trace;
	t->procs = h.procs;
	t->queue_size = h.queue_size;
	t->seed = h.seed;
	*clock = (struct clock){ .ticks = h.ticks, .ns = h.ns };
	return NULL;
}

static const char *replay(FILE *f, struct model *m)
{
	struct clock clock;
	const char *error = read_header(f, m->t, &clock);

	if (error)
		return error;
	m->ring = calloc(m->t->procs + 1, sizeof(*m->ring));
	if (!m->ring)
		return too_little;
	error = read_chunks(f, m, &clock);
	if (!error)
		error = survey(m, &clock);
	if (!error)
		error = make_model(m);
	if (error)
		return error;
	while (advance(m))
		;
	check_end(m);
	return NULL;
}

/* Names lie in the Gs: the steps get copies that live as long as they do. */
static const char *keep_names(struct model *m)
{
	struct gpm_trace *t = m->t;
	size_t i;

	for (i = 0; i < t->n; i++) {
		if (!*t->step[i].name) {
			t->step[i].name = NULL;
			continue;
		}
		t->step[i].name = strdup(t->step[i].name);
		if (!t->step[i].name)
			return too_little;
	}
	return NULL;
}

static void free_model(struct model *m)
{
	uint32_t i;

	for (i = 0; m->ring && i <= m->t->procs; i++) {
		free(m->ring[i].event);
		free(m->ring[i].ns);
	}
	for (i = 0; m->p && i < m->t->procs; i++)
		free(m->p[i].slot);
	free(m->ring);
	free(m->p);
	free(m->g);
	free(m->global);
}

int gpm_trace_replay(struct gpm_trace *t, const char *path, int64_t bound,
		     const char **error)
{
	struct model m = { .t = t, .bound = bound };
	FILE *f = fopen(path, "re");

	*t = (struct gpm_trace){};
	if (!f) {
		*error = strerror(errno);
		return -1;
	}
	*error = replay(f, &m);
	fclose(f);
	if (!*error)
		*error = keep_names(&m);
	free_model(&m);
	if (*error)
		gpm_trace_free(t);
	return *error ? -1 : 0;
}

void gpm_trace_free(struct gpm_trace *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		free((char *)t->step[i].name);
	free(t->step);
	*t = (struct gpm_trace){};
}
