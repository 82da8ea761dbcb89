// SPDX-License-Identifier: GPL-2.0-only
/* Printing a replayed trace. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "gpm/trace.h"
#include "lib/escape.h"
#include "lib/output.h"
#include "lib/xalloc.h"
#include "trace_show.h"

#define COLUMN 30

static const char *why_of(const struct gpm_step *s)
{
	unsigned int why = s->a >> 12;

	return why < WHY_COUNT ? gpm_trace_whys[why] : "?";
}

static const char *wait_of(const struct gpm_step *s)
{
	return s->a < WAIT_REASONS ? gpm_trace_waits[s->a] : "?";
}

/* The caller frees it. */
static char *g_name(const struct gpm_step *s)
{
	char *shown, *all;

	if (!s->name)
		return xasprintf("G%u", s->g);
	shown = escape_terminal(s->name);
	all = xasprintf("G%u %s", s->g, shown);
	free(shown);
	return all;
}

/* What happened, in few words; NULL: nothing that people want to see. */
static char *event_words(const struct gpm_step *s, const char *g)
{
	switch ((enum trace_verb)s->verb) {
	case TRACE_GO:
		return xasprintf("%s made", g);
	case TRACE_RUN:
		return xasprintf("%s runs: %s", g, why_of(s));
	case TRACE_YIELD:
		return xasprintf("%s yields%s", g, s->a ? ", global" : "");
	case TRACE_PARK:
		return xasprintf("%s waits: %s", g, wait_of(s));
	case TRACE_READY:
		return xasprintf("%s ready", g);
	case TRACE_EXIT:
		return xasprintf("%s ends", g);
	case TRACE_BLOCK:
		return xasprintf("%s blocks, P goes on", g);
	case TRACE_RETAKE:
		return xasprintf("P%u taken: %s is in call %u", s->a, g, s->b);
	case TRACE_BACK:
		return xasprintf("%s back from its call", g);
	case TRACE_NEXT:
		return xasprintf("%s to runnext%s", g, s->a ? ", old out" : "");
	case TRACE_PUT:
		return xasprintf("%s to queue", g);
	case TRACE_OVERFLOW:
		return xasprintf("full: %u and %s leave", s->b, g);
	case TRACE_STEAL:
		return xasprintf("steals %u from P%u", s->b, s->a);
	case TRACE_STEAL_NEXT:
		return xasprintf("steals runnext of P%u", s->a);
	case TRACE_GLOBAL_PUT:
		return xasprintf("%s to global", g);
	case TRACE_GLOBAL_BATCH:
		return xasprintf("%u to global", s->g);
	case TRACE_GLOBAL_GET:
		return xasprintf("takes %u from global", s->b);
	case TRACE_START:
		return xasprintf("M%u takes P", s->g);
	case TRACE_IDLE:
		return xasprintf("M%u idle", s->g);
	case TRACE_SPIN:
		return xasprintf("M%u spins", s->g);
	case TRACE_POLL:
		return xasprintf("netpoll: %u ready", s->g);
	case TRACE_DEADLOCK:
		return xasprintf("all %u Gs are asleep", s->g);
	case TRACE_STOP:
		return xasprintf("the run ends");
	default:
		return NULL;
	}
}

static void heading(FILE *f, const struct gpm_trace *t)
{
	char name[16];
	uint32_t i;

	fprintf(f, "%12s %9s", t->seed ? "STEP" : "US", "GLOBAL");
	for (i = 0; i < t->procs; i++) {
		snprintf(name, sizeof(name), "P%u", i);
		fprintf(f, "  %7s %-*s", "LOCAL", COLUMN, name);
	}
	fputs("  OUTSIDE\n", f);
}

#define LENGTH 24

/* Of a queue: before and after the event, where it has changed that. */
static void length(char *b, uint32_t before, uint32_t after)
{
	if (before == after)
		snprintf(b, LENGTH, "%u", after);
	else
		snprintf(b, LENGTH, "%u>%u", before, after);
}

static void show_step(FILE *f, const struct gpm_trace *t,
		      const struct gpm_step *s)
{
	char *g = g_name(s), *words = event_words(s, g), b[LENGTH];
	uint32_t i;

	free(g);
	if (!words)
		return;
	length(b, s->global_before, s->global);
	fprintf(f, "%12.*f %9s", t->seed ? 0 : 1, s->ns / 1e3, b);
	for (i = 0; i < s->ring; i++)
		fprintf(f, "  %7s %-*s", "", COLUMN, "");
	length(b, s->local_before, s->local);
	if (s->ring < t->procs)
		fprintf(f, "  %7s %s\n", b, words);
	else
		fprintf(f, "  %s\n", words);
	free(words);
}

void trace_show_text(FILE *f, const struct gpm_trace *t)
{
	size_t i;

	heading(f, t);
	for (i = 0; i < t->n; i++)
		show_step(f, t, &t->step[i]);
}

static void add(json_t *events, json_t *event)
{
	if (!event || json_array_append_new(events, event)) {
		fputs("ctxlab sched: not enough memory\n", stderr);
		exit(1);
	}
}

static json_t *label(const char *name, unsigned int p)
{
	return json_pack("{s:s, s:s, s:i, s:i, s:{s:o}}", "name", "thread_name",
			 "ph", "M", "pid", 1, "tid", (int)p, "args",
			 "name", out_json_bytes(name));
}

/* A G's time on a P: from where it runs to the next that ends it. */
static json_t *slice(const struct gpm_step *s, int64_t end)
{
	char *name = s->name ? xasprintf("G%u %s", s->g, s->name) :
			       xasprintf("G%u", s->g);
	json_t *j = json_pack("{s:o, s:s, s:i, s:i, s:f, s:f, s:{s:s, s:i, s:i}}",
			      "name", out_json_bytes(name), "ph", "X", "pid", 1,
			      "tid", s->ring, "ts", s->ns / 1e3, "dur",
			      (end - s->ns) / 1e3, "args", "why", why_of(s),
			      "local", (int)s->local, "global",
			      (int)s->global);

	free(name);
	return j;
}

static json_t *instant(const struct gpm_step *s)
{
	char *g = s->name ? xasprintf("G%u %s", s->g, s->name) :
			    xasprintf("G%u", s->g);
	char *words = event_words(s, g);
	json_t *j = json_pack("{s:o, s:s, s:s, s:i, s:i, s:f}", "name",
			      out_json_bytes(words ? words : ""), "ph", "i", "s",
			      "t", "pid", 1, "tid", s->ring, "ts", s->ns / 1e3);

	free(g);
	free(words);
	return j;
}

static json_t *queues(const struct gpm_step *s)
{
	char name[24];

	snprintf(name, sizeof(name), "queue of P%u", s->ring);
	return json_pack("{s:s, s:s, s:i, s:f, s:{s:i}}", "name", name, "ph", "C",
			 "pid", 1, "ts", s->ns / 1e3, "args", "Gs",
			 (int)s->local);
}

static bool ends_slice(const struct gpm_step *s)
{
	return s->verb == TRACE_RUN || s->verb == TRACE_PARK ||
	       s->verb == TRACE_EXIT || s->verb == TRACE_YIELD ||
	       s->verb == TRACE_BLOCK || s->verb == TRACE_IDLE;
}

/* Single-stepped a G goes on in many turns, which are one time of it. */
static bool goes_on(const struct gpm_step *s)
{
	return s->verb == TRACE_RUN && s->a >> 12 == WHY_TURN;
}

void trace_each_slice(const struct gpm_trace *t,
		      void (*slice)(void *arg, const struct gpm_step *from,
				    int64_t end), void *arg)
{
	const struct gpm_step **on = xcalloc(t->procs + 1, sizeof(*on));
	const struct gpm_step *s;
	uint32_t p;
	size_t i;

	for (i = 0; i < t->n; i++) {
		s = &t->step[i];
		p = s->verb == TRACE_RETAKE ? s->a : s->ring;
		if (p >= t->procs || goes_on(s))
			continue;
		if (on[p] && (ends_slice(s) || s->verb == TRACE_RETAKE)) {
			slice(arg, on[p], s->ns);
			on[p] = NULL;
		}
		if (s->verb == TRACE_RUN)
			on[p] = s;
	}
	for (p = 0; p < t->procs; p++)
		if (on[p])
			slice(arg, on[p], t->step[t->n - 1].ns);
	free(on);
}

static void add_slice(void *events, const struct gpm_step *s, int64_t end)
{
	add(events, slice(s, end));
}

/* What people see as a slice or as the length of a queue is no instant too. */
static bool is_instant(const struct gpm_step *s)
{
	return s->verb == TRACE_STEAL || s->verb == TRACE_OVERFLOW ||
	       s->verb == TRACE_STEAL_NEXT || s->verb == TRACE_GLOBAL_GET ||
	       s->verb == TRACE_POLL || s->verb == TRACE_RETAKE ||
	       s->verb == TRACE_BLOCK || s->verb == TRACE_DEADLOCK;
}

int trace_show_json(const struct gpm_trace *t)
{
	json_t *events = json_array();
	char name[16];
	uint32_t p;
	size_t i;

	for (p = 0; p < t->procs; p++) {
		snprintf(name, sizeof(name), "P%u", p);
		add(events, label(name, p));
	}
	add(events, label("no P", t->procs));
	trace_each_slice(t, add_slice, events);
	for (i = 0; i < t->n; i++) {
		const struct gpm_step *s = &t->step[i];

		if (is_instant(s))
			add(events, instant(s));
		if (s->ring < t->procs &&
		    (s->verb == TRACE_RUN || s->verb == TRACE_PUT))
			add(events, queues(s));
	}
	return out_json_print(json_pack("{s:o, s:s}", "traceEvents", events,
					"displayTimeUnit", "ns"));
}

void trace_show_verdict(FILE *f, const struct gpm_trace *t)
{
	const struct gpm_step *s = t->n ? &t->step[t->n - 1] : NULL;

	if (t->broken) {
		fprintf(f, "A rule is broken at step %zu", t->n);
		if (s && s->ring < t->procs)
			fprintf(f, " (P%u, %s)", s->ring,
				s->verb < TRACE_VERBS ? gpm_trace_verbs[s->verb] :
							"?");
		fprintf(f, ": %s.\n", t->what);
		return;
	}
	fprintf(f, "%zu steps of %u Gs on %u P%s break no rule", t->n, t->gs,
		t->procs, t->procs > 1 ? "s" : "");
	if (!t->seed)
		fprintf(f, "; a ready G waited for at most %.0f us",
			t->ready_ns / 1e3);
	if (!t->seed && t->procs > 1)
		fprintf(f, ", a P was idle beside work for at most %.0f us",
			t->idle_ns / 1e3);
	fputs(".\n", f);
}
