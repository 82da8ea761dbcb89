// SPDX-License-Identifier: GPL-2.0-only
/* For whom threads wait in the end. */
#include <stdlib.h>

#include "lib/xalloc.h"
#include "report.h"

struct thread *thread_blocker(const struct thread *t)
{
	if (t->by.owner)
		return t->by.owner;
	/* Of a process: its main thread, or the one that still runs. */
	if (t->by.n == 1 && t->by.process[0]->threads)
		return t->by.process[0]->thread[0];
	return NULL;
}

/* Threads in the order of their nodes, and where each one's chain ends. */
struct walk {
	struct thread **thread;
	size_t *end;		/* a place in @thread */
	size_t *path;
	size_t n;
};

#define NOT_KNOWN	((size_t)-1)
#define ON_THE_WAY	((size_t)-2)
#define NOWHERE		((size_t)-3)	/* round in a circle */

/* The place of @t; its node is used for it, as the graph is done with. */
static size_t place(const struct thread *t)
{
	return t->node;
}

/* Follows the blockers from @from, and notes them and the end for all on the way. */
static void follow(struct walk *w, size_t from)
{
	size_t at = from, steps = 0, end, i;
	struct thread *next;

	for (;;) {
		if (w->end[at] != NOT_KNOWN) {
			end = w->end[at] == ON_THE_WAY ? NOWHERE : w->end[at];
			break;
		}
		w->end[at] = ON_THE_WAY;
		w->path[steps++] = at;
		next = thread_blocker(w->thread[at]);
		if (!next) {
			end = at;
			break;
		}
		next->awaited = true;
		at = place(next);
	}
	for (i = 0; i < steps; i++)
		w->end[w->path[i]] = end;
}

static size_t list_threads(struct scan *s, struct walk *w)
{
	size_t i, k, n = 0;

	for (i = 0; i < s->processes; i++)
		n += s->process[i]->threads;
	w->thread = xcalloc(n + 1, sizeof(*w->thread));
	w->end = xcalloc(n + 1, sizeof(*w->end));
	w->path = xcalloc(n + 1, sizeof(*w->path));
	for (i = 0; i < s->processes; i++)
		for (k = 0; k < s->process[i]->threads; k++) {
			w->thread[w->n] = s->process[i]->thread[k];
			w->thread[w->n]->node = w->n;
			w->thread[w->n]->halt = HALT_NOT;
			w->thread[w->n]->awaited = false;
			w->end[w->n++] = NOT_KNOWN;
		}
	return n;
}

static int by_waiters(const void *a, const void *b)
{
	const struct chain *x = a, *y = b;

	if (x->waiters != y->waiters)
		return x->waiters < y->waiters ? 1 : -1;
	return (x->end->tid > y->end->tid) - (x->end->tid < y->end->tid);
}

/*
 * Deadlocks are told on their own; a chain has two waiters or more, or ends in a
 * thread that does not run until somebody lets it.
 */
static void add_chain(struct report *r, struct thread *end, size_t waiters)
{
	if (!waiters || end->finding || end->behind)
		return;
	end->halt = thread_halt(end);
	if (waiters < 2 && !end->halt)
		return;
	r->chain = xrealloc(r->chain, r->chains + 1, sizeof(*r->chain));
	r->chain[r->chains++] = (struct chain){ end, waiters };
}

void chains_find(struct report *r)
{
	struct walk w = {};
	size_t n = list_threads(r->scan, &w), i, *waiters;

	waiters = xcalloc(n + 1, sizeof(*waiters));
	for (i = 0; i < n; i++) {
		follow(&w, i);
		if (w.end[i] != NOWHERE && w.end[i] != i)
			waiters[w.end[i]]++;
	}
	for (i = 0; i < n; i++)
		add_chain(r, w.thread[i], waiters[i]);
	if (r->chains)
		qsort(r->chain, r->chains, sizeof(*r->chain), by_waiters);
	free(waiters);
	free(w.thread);
	free(w.end);
	free(w.path);
}
