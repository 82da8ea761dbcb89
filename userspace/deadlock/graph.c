// SPDX-License-Identifier: GPL-2.0-only
/* An AND/OR wait-for graph: reduction, and the knots of what is left. */
#include <stdlib.h>

#include "graph.h"
#include "lib/xalloc.h"

struct edge {
	size_t from, to;
};

/* The neighbours of node i are to[start[i]] up to, not including, to[start[i + 1]]. */
struct adjacency {
	size_t *start;
	size_t *to;
};

struct graph {
	enum graph_mode *mode;
	bool *free;		/* found by the reduction */
	size_t nodes, node_room;
	struct edge *edge;
	size_t edges, edge_room;
};

struct graph *graph_new(void)
{
	return xcalloc(1, sizeof(struct graph));
}

void graph_free(struct graph *g)
{
	if (!g)
		return;
	free(g->mode);
	free(g->free);
	free(g->edge);
	free(g);
}

size_t graph_add(struct graph *g, enum graph_mode mode)
{
	if (g->nodes == g->node_room) {
		g->node_room = g->node_room ? 2 * g->node_room : 64;
		g->mode = xrealloc(g->mode, g->node_room, sizeof(*g->mode));
	}
	g->mode[g->nodes] = mode;
	return g->nodes++;
}

void graph_set_mode(struct graph *g, size_t node, enum graph_mode mode)
{
	g->mode[node] = mode;
}

size_t graph_size(const struct graph *g)
{
	return g->nodes;
}

void graph_edge(struct graph *g, size_t from, size_t to)
{
	if (g->edges == g->edge_room) {
		g->edge_room = g->edge_room ? 2 * g->edge_room : 64;
		g->edge = xrealloc(g->edge, g->edge_room, sizeof(*g->edge));
	}
	g->edge[g->edges++] = (struct edge){ from, to };
}

/* Sorts the edges by their first node, or @backward by their second. */
static struct adjacency sort_edges(const struct graph *g, bool backward)
{
	struct adjacency a;
	size_t i, *fill;

	a.start = xcalloc(g->nodes + 2, sizeof(*a.start));
	a.to = xcalloc(g->edges + 1, sizeof(*a.to));
	fill = a.start + 1;
	for (i = 0; i < g->edges; i++)
		fill[(backward ? g->edge[i].to : g->edge[i].from) + 1]++;
	for (i = 0; i < g->nodes; i++)
		fill[i + 1] += fill[i];
	/* Each slot of @fill moves on to the start of the next node. */
	for (i = 0; i < g->edges; i++) {
		const struct edge *e = &g->edge[i];

		a.to[fill[backward ? e->to : e->from]++] =
			backward ? e->from : e->to;
	}
	return a;
}

static void adjacency_free(struct adjacency *a)
{
	free(a->start);
	free(a->to);
}

/* Whether @node can progress now that one more of its successors can. */
static bool freed(const struct graph *g, size_t node, size_t *waits_for)
{
	if (g->free[node] || g->mode[node] == GRAPH_FREE)
		return false;
	waits_for[node]--;
	return g->mode[node] == GRAPH_ANY || !waits_for[node];
}

void graph_reduce(struct graph *g)
{
	struct adjacency before = sort_edges(g, true);
	size_t *waits_for = xcalloc(g->nodes + 1, sizeof(*waits_for));
	size_t *queue = xcalloc(g->nodes + 1, sizeof(*queue));
	size_t i, done = 0, queued = 0, node;

	free(g->free);
	g->free = xcalloc(g->nodes + 1, sizeof(*g->free));
	for (i = 0; i < g->edges; i++)
		waits_for[g->edge[i].from]++;
	for (i = 0; i < g->nodes; i++)
		if (g->mode[i] == GRAPH_FREE ||
		    (g->mode[i] == GRAPH_ALL && !waits_for[i])) {
			g->free[i] = true;
			queue[queued++] = i;
		}
	while (done < queued) {
		node = queue[done++];
		for (i = before.start[node]; i < before.start[node + 1]; i++)
			if (freed(g, before.to[i], waits_for)) {
				g->free[before.to[i]] = true;
				queue[queued++] = before.to[i];
			}
	}
	free(queue);
	free(waits_for);
	adjacency_free(&before);
}

bool graph_stuck(const struct graph *g, size_t node)
{
	return !g->free[node];
}

#define UNSEEN 0

/* Tarjan's search for strongly connected components, without recursion. */
struct search {
	const struct graph *g;
	struct adjacency after;
	size_t *index, *low;	/* numbers from 1 on, in the order of discovery */
	size_t *next;		/* the successor to look at next */
	size_t *path, path_len;	/* from the root of the search to here */
	size_t *open, open_len;	/* in no finished component */
	bool *is_open;
	size_t seen;
	size_t *knot, knots;
};

static void enter(struct search *s, size_t node)
{
	s->index[node] = ++s->seen;
	s->low[node] = s->seen;
	s->next[node] = s->after.start[node];
	s->path[s->path_len++] = node;
	s->open[s->open_len++] = node;
	s->is_open[node] = true;
}

/* Whether a node of the component @open[first..] waits for a stuck one outside. */
static bool leads_out(const struct search *s, size_t first)
{
	size_t i, k;

	for (i = first; i < s->open_len; i++) {
		size_t node = s->open[i];

		for (k = s->after.start[node]; k < s->after.start[node + 1]; k++)
			if (graph_stuck(s->g, s->after.to[k]) &&
			    !s->is_open[s->after.to[k]])
				return true;
	}
	return false;
}

/* The component of @root is complete: it is a knot unless it waits for another. */
static void close_component(struct search *s, size_t root)
{
	size_t first = s->open_len, i;
	bool out;

	while (s->open[first - 1] != root)
		first--;
	first--;
	out = leads_out(s, first);
	for (i = first; i < s->open_len; i++) {
		s->is_open[s->open[i]] = false;
		if (!out)
			s->knot[s->open[i]] = s->knots;
	}
	s->knots += !out;
	s->open_len = first;
}

static void leave(struct search *s, size_t node)
{
	size_t before;

	if (s->low[node] == s->index[node])
		close_component(s, node);
	if (!--s->path_len)
		return;
	before = s->path[s->path_len - 1];
	if (s->low[node] < s->low[before])
		s->low[before] = s->low[node];
}

static void search_from(struct search *s, size_t root)
{
	size_t node, to;

	enter(s, root);
	while (s->path_len) {
		node = s->path[s->path_len - 1];
		if (s->next[node] == s->after.start[node + 1]) {
			leave(s, node);
			continue;
		}
		to = s->after.to[s->next[node]++];
		if (!graph_stuck(s->g, to))
			continue;
		if (s->index[to] == UNSEEN)
			enter(s, to);
		else if (s->is_open[to] && s->index[to] < s->low[node])
			s->low[node] = s->index[to];
	}
}

size_t graph_knots(const struct graph *g, size_t *knot)
{
	struct search s = { .g = g, .after = sort_edges(g, false),
			    .knot = knot };
	size_t *rooms = xcalloc(5 * g->nodes + 1, sizeof(*rooms)), i;

	s.is_open = xcalloc(g->nodes + 1, sizeof(*s.is_open));
	s.index = rooms;
	s.low = rooms + g->nodes;
	s.next = rooms + 2 * g->nodes;
	s.path = rooms + 3 * g->nodes;
	s.open = rooms + 4 * g->nodes;
	for (i = 0; i < g->nodes; i++)
		knot[i] = GRAPH_NO_KNOT;
	for (i = 0; i < g->nodes; i++)
		if (graph_stuck(g, i) && s.index[i] == UNSEEN)
			search_from(&s, i);
	free(s.is_open);
	free(rooms);
	adjacency_free(&s.after);
	return s.knots;
}
