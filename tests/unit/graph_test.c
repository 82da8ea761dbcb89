// SPDX-License-Identifier: GPL-2.0-only
/*
 * The wait-for graph beside two slow readings of its definitions, on random
 * graphs: what is stuck is what no schedule can free; a knot is a stuck node and
 * all that it reaches, where each of those reaches it.
 */
#include "deadlock/graph.h"
#include "tap.h"

#define MAX_NODES 9
#define GRAPHS 200000

struct plain {
	size_t nodes;
	enum graph_mode mode[MAX_NODES];
	bool edge[MAX_NODES][MAX_NODES];
};

/* What the nodes of the set @free allow @node to do. */
static bool can_progress(const struct plain *p, size_t node, unsigned int free)
{
	bool any = false, all = true;
	size_t i;

	for (i = 0; i < p->nodes; i++) {
		if (!p->edge[node][i])
			continue;
		any |= free >> i & 1;
		all &= free >> i & 1;
	}
	return p->mode[node] == GRAPH_FREE ||
	       (p->mode[node] == GRAPH_ANY ? any : all);
}

/*
 * The stuck nodes: the largest set of which none can progress even when all
 * others have.  All sets are tried.
 */
static unsigned int stuck_set(const struct plain *p)
{
	unsigned int set, best = 0;
	size_t i;
	bool holds;

	for (set = 0; set < 1u << p->nodes; set++) {
		holds = true;
		for (i = 0; i < p->nodes && holds; i++)
			if (set >> i & 1)
				holds = !can_progress(p, i, ~set);
		if (holds)
			best |= set;	/* the union of two such sets is one */
	}
	return best;
}

/* The stuck nodes that @node reaches. */
static unsigned int reach(const struct plain *p, unsigned int stuck, size_t node)
{
	unsigned int set = 0, before;
	size_t i, k;

	for (i = 0; i < p->nodes; i++)
		set |= (unsigned int)p->edge[node][i] << i;
	set &= stuck;
	do {
		before = set;
		for (i = 0; i < p->nodes; i++)
			for (k = 0; set >> i & 1 && k < p->nodes; k++)
				set |= (unsigned int)p->edge[i][k] << k & stuck;
	} while (set != before);
	return set;
}

/* The knot that @node is in, as a set; 0 where it is in none. */
static unsigned int knot_set(const struct plain *p, unsigned int stuck,
			     size_t node)
{
	unsigned int set = reach(p, stuck, node) | 1u << node;
	size_t i;

	for (i = 0; i < p->nodes; i++)
		if (set >> i & 1 &&
		    (reach(p, stuck, i) | 1u << i) != set)
			return 0;
	return set;
}

static void random_graph(struct plain *p, unsigned short state[3])
{
	size_t i, k;
	long density = nrand48(state) % 5 + 1, free = nrand48(state) % 6;

	memset(p, 0, sizeof(*p));
	p->nodes = nrand48(state) % MAX_NODES + 1;
	for (i = 0; i < p->nodes; i++) {
		p->mode[i] = nrand48(state) % 8 < free ? GRAPH_FREE :
			     nrand48(state) % 3 ? GRAPH_ANY : GRAPH_ALL;
		for (k = 0; k < p->nodes; k++)
			p->edge[i][k] = nrand48(state) % 10 < density;
	}
}

static struct graph *build(const struct plain *p)
{
	struct graph *g = graph_new();
	size_t i, k;

	for (i = 0; i < p->nodes; i++)
		graph_add(g, p->mode[i]);
	for (i = 0; i < p->nodes; i++)
		for (k = 0; k < p->nodes; k++)
			if (p->edge[i][k])
				graph_edge(g, i, k);
	graph_reduce(g);
	return g;
}

/* The set of nodes that have the knot of @node. */
static unsigned int same_knot(const size_t *knot, size_t nodes, size_t node)
{
	unsigned int set = 0;
	size_t i;

	for (i = 0; i < nodes && knot[node] != GRAPH_NO_KNOT; i++)
		set |= (unsigned int)(knot[i] == knot[node]) << i;
	return set;
}

/* 0: as the definitions have it; 1: other nodes are stuck; 2: other knots. */
static int compare(const struct plain *p, unsigned int *stuck)
{
	struct graph *g = build(p);
	size_t knot[MAX_NODES], i;
	int wrong = 0;

	*stuck = stuck_set(p);
	for (i = 0; i < p->nodes; i++)
		if (graph_stuck(g, i) != (*stuck >> i & 1))
			wrong = 1;
	graph_knots(g, knot);
	for (i = 0; i < p->nodes && !wrong; i++)
		if (same_knot(knot, p->nodes, i) !=
		    (*stuck >> i & 1 ? knot_set(p, *stuck, i) : 0))
			wrong = 2;
	graph_free(g);
	return wrong;
}

static void random_graphs(void)
{
	unsigned short state[3] = { 1, 2, 3 };
	unsigned int stuck, with_stuck = 0;
	struct plain p;
	int i, wrong = 0;

	for (i = 0; i < GRAPHS && !wrong; i++) {
		random_graph(&p, state);
		wrong = compare(&p, &stuck);
		with_stuck += !!stuck;
	}
	ok(!wrong, "%d random graphs are reduced as by brute force", i);
	if (wrong)
		printf("# graph %d has other %s\n", i - 1,
		       wrong == 1 ? "stuck nodes" : "knots");
	ok(with_stuck > GRAPHS / 10 && with_stuck < GRAPHS - GRAPHS / 10,
	   "of which %u have stuck nodes", with_stuck);
}

/* A ring of @n nodes, with a chain of @n more that waits for it. */
static void ring(size_t n, bool broken)
{
	struct graph *g = graph_new();
	size_t *knot = calloc(2 * n, sizeof(*knot)), i, stuck = 0, in_knot = 0;

	for (i = 0; i < 2 * n; i++)
		graph_add(g, broken && i == n / 2 ? GRAPH_FREE : GRAPH_ANY);
	for (i = 0; i < n; i++) {
		graph_edge(g, i, (i + 1) % n);
		graph_edge(g, n + i, n + i - 1);
	}
	graph_reduce(g);
	for (i = 0; i < 2 * n; i++)
		stuck += graph_stuck(g, i);
	is_number(stuck, broken ? 0 : 2 * n, broken ?
		  "a ring with a free node comes loose, with all that waits for it" :
		  "a ring is stuck, with all that waits for it");
	is_number(graph_knots(g, knot), !broken, "and has its knots");
	for (i = 0; i < 2 * n; i++)
		in_knot += knot[i] != GRAPH_NO_KNOT;
	is_number(in_knot, broken ? 0 : n, "of the ring's own nodes");
	free(knot);
	graph_free(g);
}

int main(void)
{
	struct graph *empty = graph_new();

	graph_reduce(empty);
	is_number(graph_knots(empty, NULL), 0, "an empty graph has no knots");
	graph_free(empty);
	ring(1, false);
	ring(3, false);
	ring(100000, false);
	ring(100000, true);
	random_graphs();
	return tap_done();
}
