// SPDX-License-Identifier: GPL-2.0-only
/*
 * The replay.  Rings are merged: of the next events of all, the earliest that the
 * model allows is done.  One that it does not allow yet waits for what another
 * ring is to bring, as clocks of CPUs and the moments of writing an event differ
 * a little; if all of them wait, the earliest breaks a rule.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules.h"

#define IDS_MAX (1u << 26)
#define PROCS_MAX 1024

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

static uint32_t local_length(const struct model *m, uint16_t ring)
{
	return ring < m->t->procs ? model_length(&m->p[ring]) : 0;
}

/* With the lengths of now, after it; those of before are the caller's to add. */
static struct gpm_step *record(struct model *m, uint16_t ring,
			       const struct trace_event *e)
{
	struct gpm_step *s = &m->t->step[m->t->n++];
	struct model_g *g = model_find_g(m, e->g);

	*s = (struct gpm_step){
		.ns = m->now, .verb = e->verb, .ring = ring,
		.g = e->g, .a = e->a, .b = e->b,
		.local_before = local_length(m, ring),
		.local = local_length(m, ring),
		.global_before = m->global_n,
		.global = m->global_n,
		.name = g && e->verb != TRACE_NAME ? g->name : "",
	};
	return s;
}

/* Do the next event of a ring: whether it is allowed. */
static bool try_event(struct model *m, int ring)
{
	struct ring *r = &m->ring[ring];
	uint32_t local = local_length(m, ring), global = m->global_n;
	struct gpm_step *s;

	if (rules_step(m, ring, &r->event[r->at]) != DONE)
		return false;
	s = record(m, ring, &r->event[r->at]);
	s->local_before = local;
	s->global_before = global;
	r->at++;
	return true;
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
	rules_step(m, ring, e);
	record(m, ring, e);
	snprintf(m->t->what, sizeof(m->t->what), "%s", m->what);
}

/* One event of some ring: false if there is none, or none is allowed. */
static bool advance(struct model *m)
{
	int ring = earliest(m, INT64_MIN, -1), first = ring;

	while (ring >= 0) {
		int64_t ns = m->ring[ring].ns[m->ring[ring].at];

		if (ns > m->now)
			m->now = ns;
		if (try_event(m, ring)) {
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
