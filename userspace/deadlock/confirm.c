// SPDX-License-Identifier: GPL-2.0-only
/* What is certain of a scan: reduction of its graph, and a second reading. */
#include <stdlib.h>
#include <string.h>

#include "confirm.h"
#include "doubts.h"
#include "graph.h"
#include "lib/xalloc.h"
#include "module_waits.h"
#include "waits.h"

/* A stuck thread, and what the first reading saw of it. */
struct suspect {
	struct thread *t;
	struct call call;
	struct wait wait;
	struct blockers by;
	uint64_t runs;
	bool changed;
};

struct suspects {
	struct suspect *row;
	size_t n;
};

/* All threads of a scan, in the order of its processes. */
static struct thread **list_threads(const struct scan *s, size_t *n)
{
	struct thread **list;
	size_t i;

	*n = 0;
	for (i = 0; i < s->processes; i++)
		*n += s->process[i]->threads;
	list = xcalloc(*n + 1, sizeof(*list));
	*n = 0;
	for (i = 0; i < s->processes; i++) {
		if (s->process[i]->threads)
			memcpy(list + *n, s->process[i]->thread,
			       s->process[i]->threads * sizeof(*list));
		*n += s->process[i]->threads;
	}
	return list;
}

/* Whoever could have ended the wait went while it was looked for. */
static bool lost_blockers(const struct thread *t)
{
	return t->by.state == OWNER_UNKNOWN && !t->by.n &&
	       t->wait.kind != WAIT_MUTEX_PARKED;
}

static void add_node(struct graph *g, struct thread *t)
{
	t->node = graph_add(g, t->by.certain && !lost_blockers(t) ?
			    GRAPH_ANY : GRAPH_FREE);
}

static void add_edges(struct graph *g, const struct thread *t)
{
	size_t i;

	if (t->by.owner)
		graph_edge(g, t->node, t->by.owner->node);
	for (i = 0; i < t->by.n; i++)
		graph_edge(g, t->node, t->by.process[i]->node);
	if (t->by.own)
		graph_edge(g, t->node, t->process->node);
	if (!t->ended)
		graph_edge(g, t->process->node, t->node);
}

/*
 * Whom a parked thread would have waited for: the kernel refuses it where the
 * owner waits, through PI mutexes, for that thread itself.
 */
static void add_refusal(struct graph *g, const struct thread *t)
{
	const struct thread *end = t;
	size_t steps = 0;

	while (end->wait.kind == WAIT_MUTEX_PI && end->by.owner &&
	       steps++ < graph_size(g))
		end = end->by.owner;
	if (end != t && end->wait.kind == WAIT_MUTEX_PARKED)
		graph_edge(g, end->node, t->node);
}

static struct graph *build(const struct scan *s, struct thread **thread, size_t n)
{
	struct graph *g = graph_new();
	size_t i;

	for (i = 0; i < s->processes; i++)
		s->process[i]->node = graph_add(g, process_ended(s->process[i]) ?
						GRAPH_FREE : GRAPH_ANY);
	for (i = 0; i < n; i++)
		add_node(g, thread[i]);
	for (i = 0; i < n; i++) {
		add_edges(g, thread[i]);
		add_refusal(g, thread[i]);
	}
	graph_reduce(g);
	return g;
}

/* The threads that are stuck by the first reading, and what that saw of them. */
static struct suspects list_stuck(const struct graph *g, struct thread **thread,
				  size_t n)
{
	struct suspects list = { .row = xcalloc(n + 1, sizeof(*list.row)) };
	size_t i;

	for (i = 0; i < n; i++)
		if (graph_stuck(g, thread[i]->node))
			list.row[list.n++] = (struct suspect){
				.t = thread[i],
				.call = thread[i]->call,
				.wait = thread[i]->wait,
			};
	return list;
}

/* Moves the blockers of the first reading out of the second one's way. */
static void keep_blockers(struct suspects *list)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		list->row[i].by = list->row[i].t->by;
		list->row[i].t->by = (struct blockers){};
	}
}

/* Reads the waits anew, process by process: suspects stand in that order. */
static void read_waits(struct suspects *list)
{
	struct thread **batch = xcalloc(list->n + 1, sizeof(*batch));
	size_t i, n = 0;

	for (i = 0; i < list->n; i++) {
		batch[n++] = list->row[i].t;
		if (i + 1 < list->n &&
		    list->row[i + 1].t->process == list->row[i].t->process)
			continue;
		waits_read(batch[0]->process, batch, n);
		n = 0;
	}
	free(batch);
}

static bool same_wait(const struct wait *a, const struct wait *b)
{
	return a->kind == b->kind && a->address == b->address &&
	       a->word == b->word && a->owner == b->owner &&
	       a->inode == b->inode && a->end == b->end;
}

static bool same_blockers(const struct blockers *a, const struct blockers *b)
{
	return a->state == b->state && a->owner == b->owner &&
	       a->heir == b->heir && a->certain == b->certain && a->n == b->n &&
	       (!a->n || !memcmp(a->process, b->process,
				 a->n * sizeof(*a->process)));
}

static void compare(struct suspect *row)
{
	row->changed |= !call_equal(&row->call, &row->t->call) ||
			!same_wait(&row->wait, &row->t->wait) ||
			!same_blockers(&row->by, &row->t->by);
}

/*
 * A thread that was not listed can progress, and its process with it.  While all
 * those that were listed sleep they start no other one.
 */
static void free_started(struct graph *g, const struct scan *s,
			 const struct suspects *list)
{
	bool wanted = false;
	size_t i;

	for (i = 0; i < list->n; i++)
		wanted |= list->row[i].wait.kind > WAIT_FUTEX;
	for (i = 0; wanted && i < s->processes; i++)
		if (process_has_new_thread(s->process[i]))
			graph_set_mode(g, s->process[i]->node, GRAPH_FREE);
}

/* The counts before the second reading; the module gave them with the first calls. */
static void begin_again(struct suspects *list)
{
	struct suspect *row;

	for (row = list->row; row < list->row + list->n; row++) {
		row->changed = row->t->process->by_module ?
			       !row->t->runs : !thread_read_runs(row->t);
		row->runs = row->t->runs;
	}
	for (row = list->row; row < list->row + list->n; row++)
		if (!row->t->process->by_module)
			thread_read_call(row->t);
}

/* The counts after it; the module gives them with the second calls. */
static void end_again(struct suspects *list)
{
	const struct process *last = NULL;
	struct suspect *row;

	for (row = list->row; row < list->row + list->n; row++) {
		struct process *p = row->t->process;

		if (p->by_module && p != last)
			module_waits_read(p);
		else if (!p->by_module && !thread_read_runs(row->t))
			row->changed = true;
		last = p;
	}
}

/* The second reading; see confirm(). */
static void read_again(struct graph *g, struct scan *s, struct suspects *list)
{
	size_t i;

	keep_blockers(list);
	begin_again(list);
	read_waits(list);
	free_started(g, s, list);
	scan_find_holders(s, true);
	for (i = 0; i < list->n; i++) {
		scan_resolve(s, list->row[i].t);
		list->row[i].changed |= !still_waits(list->row[i].t);
	}
	end_again(list);
	for (i = 0; i < list->n; i++) {
		compare(&list->row[i]);
		if (list->row[i].t->runs != list->row[i].runs)
			list->row[i].changed = true;
	}
}

/* Frees what has changed; returns how many that were. */
static size_t free_changed(struct graph *g, struct suspects *list)
{
	size_t i, changed = 0;

	for (i = 0; i < list->n; i++) {
		free(list->row[i].by.process);
		if (!list->row[i].changed)
			continue;
		graph_set_mode(g, list->row[i].t->node, GRAPH_FREE);
		changed++;
	}
	return changed;
}

/* Reduces, and frees those for whom the heir of a lock's owner can unlock it. */
static void reduce_again(struct graph *g, const struct suspects *list)
{
	const struct thread *t;
	bool freed;
	size_t i;

	do {
		graph_reduce(g);
		freed = false;
		for (i = 0; i < list->n; i++) {
			t = list->row[i].t;
			if (!t->by.heir || !graph_stuck(g, t->node) ||
			    graph_stuck(g, t->by.heir->node))
				continue;
			graph_set_mode(g, t->node, GRAPH_FREE);
			freed = true;
		}
	} while (freed);
}

/* What a thread of a knot with so many threads is in. */
static enum verdict verdict_of(const struct thread *t, size_t threads)
{
	if (t->by.state == OWNER_GONE)
		return VERDICT_DEAD_OWNER;
	if (t->by.state == OWNER_FORKED)
		return VERDICT_FORK;
	if (threads > 1)
		return VERDICT_DEADLOCK;
	return t->by.owner || t->by.n ? VERDICT_SELF : VERDICT_PARKED;
}

/* A finding of which @t is to be a member, where it is of one lock alone. */
static struct finding *same_lock(const struct scan *s, const struct thread *t,
				 enum verdict verdict)
{
	struct finding *f;

	if (verdict != VERDICT_DEAD_OWNER && verdict != VERDICT_FORK)
		return NULL;
	for (f = s->finding; f < s->finding + s->findings; f++)
		if (f->verdict == verdict &&
		    f->member[0]->process == t->process &&
		    f->member[0]->wait.address == t->wait.address)
			return f;
	return NULL;
}

static struct finding *new_finding(struct scan *s, enum verdict verdict)
{
	struct finding *f;

	s->finding = xrealloc(s->finding, s->findings + 1, sizeof(*s->finding));
	f = &s->finding[s->findings++];
	*f = (struct finding){ .verdict = verdict };
	return f;
}

static void add_member(struct scan *s, struct finding *f, struct thread *t)
{
	f->member = xrealloc(f->member, f->n + 1, sizeof(*f->member));
	f->member[f->n++] = t;
	t->finding = f - s->finding + 1;
}

/* Along a cycle each member waits for the next; other knots keep their order. */
static void order_members(struct finding *f)
{
	struct thread **order = xcalloc(f->n, sizeof(*order));
	struct thread *t = f->member[0];
	size_t n = 0;

	do {
		order[n++] = t;
		t = t->by.owner;
	} while (t && t->finding == f->member[0]->finding && n < f->n &&
		 t != f->member[0]);
	if (n == f->n)
		memcpy(f->member, order, n * sizeof(*order));
	free(order);
}

/* The finding that a member of a knot of @size threads belongs to. */
static struct finding *finding_of(struct scan *s, const struct thread *t,
				  size_t size)
{
	enum verdict verdict = verdict_of(t, size);
	struct finding *f = same_lock(s, t, verdict);

	return f ? f : new_finding(s, verdict);
}

struct knot {
	size_t size;		/* in threads */
	size_t finding;		/* from 1 on */
};

static void find(struct scan *s, const struct graph *g,
		 const struct suspects *list)
{
	size_t *number = xcalloc(graph_size(g), sizeof(*number)), i;
	struct knot *knot = xcalloc(graph_knots(g, number) + 1, sizeof(*knot));
	struct finding *f;
	struct thread *t;

	for (i = 0; i < list->n; i++) {
		t = list->row[i].t;
		t->behind = graph_stuck(g, t->node) &&
			    number[t->node] == GRAPH_NO_KNOT;
		if (number[t->node] != GRAPH_NO_KNOT)
			knot[number[t->node]].size++;
	}
	for (i = 0; i < list->n; i++) {
		struct knot *k;

		t = list->row[i].t;
		if (number[t->node] == GRAPH_NO_KNOT)
			continue;
		k = &knot[number[t->node]];
		f = k->finding ? &s->finding[k->finding - 1] :
				 finding_of(s, t, k->size);
		k->finding = f - s->finding + 1;
		add_member(s, f, t);
	}
	for (f = s->finding; f < s->finding + s->findings; f++)
		if (f->verdict == VERDICT_DEADLOCK)
			order_members(f);
	free(knot);
	free(number);
}

void confirm(struct scan *s)
{
	size_t n;
	struct thread **thread = list_threads(s, &n);
	struct graph *g = build(s, thread, n);
	struct suspects list = list_stuck(g, thread, n);

	if (list.n) {
		read_again(g, s, &list);
		s->dropped = free_changed(g, &list);
		reduce_again(g, &list);
		find(s, g, &list);
	}
	free(list.row);
	free(thread);
	graph_free(g);
}
