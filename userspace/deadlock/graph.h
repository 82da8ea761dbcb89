/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An AND/OR wait-for graph and its reduction (Holt 1972): which nodes can never
 * progress, whatever the others do.  Pure: it knows neither threads nor locks.
 *
 * Reduction takes away, again and again, every node that can progress.  What is
 * left is stuck.  A node of which nothing is known is free, so that ignorance
 * never makes a deadlock.
 */
#ifndef CTXLAB_GRAPH_H
#define CTXLAB_GRAPH_H

#include <stdbool.h>
#include <stddef.h>

/* What a node needs in order to progress. */
enum graph_mode {
	GRAPH_FREE,	/* nothing: it can progress */
	GRAPH_ANY,	/* one of its successors can; never, if it has none */
	GRAPH_ALL,	/* each of its successors can; always, if it has none */
};

struct graph;

struct graph *graph_new(void);
void graph_free(struct graph *g);

/* Adds a node; returns its number, counted from 0. */
size_t graph_add(struct graph *g, enum graph_mode mode);
size_t graph_size(const struct graph *g);
void graph_set_mode(struct graph *g, size_t node, enum graph_mode mode);

/* Node @from waits for @to. */
void graph_edge(struct graph *g, size_t from, size_t to);

/* Finds the stuck nodes; to be done again where anything has changed. */
void graph_reduce(struct graph *g);
bool graph_stuck(const struct graph *g, size_t node);

#define GRAPH_NO_KNOT ((size_t)-1)

/**
 * graph_knots() - the cores of what is stuck
 * @g: a graph that was reduced
 * @knot: takes for each node the number of its knot, or GRAPH_NO_KNOT
 *
 * A knot is a set of stuck nodes that reach each other and no other stuck node:
 * a cycle, several that hang together, or one node that nothing can wake.  Stuck
 * nodes in no knot wait for one.
 *
 * Return: the number of knots.
 */
size_t graph_knots(const struct graph *g, size_t *knot);

#endif /* CTXLAB_GRAPH_H */
