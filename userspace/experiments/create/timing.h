/* SPDX-License-Identifier: GPL-2.0-only */
/* How long one way of making children takes, and what its maker pays later. */
#ifndef CREATE_TIMING_H
#define CREATE_TIMING_H

#include "held.h"
#include "parent.h"
#include "ways.h"

/**
 * struct times - of one child, the mean of a round; NaN: not measured
 * @whole: made, gone and reaped: a plain loop around the call, ns
 * @call: until the maker goes on, ns
 * @first: until the child's first instruction, ns
 * @later: what the maker pays for each page that it writes while the child
 *	lives, ns
 * @faults: page faults counted for each of those pages
 * @made: all children that the round made
 */
struct times {
	double whole;
	double call;
	double first;
	double later;
	double faults;
	unsigned int made;
};

/**
 * time_way() - one round
 * @n: children timed as a whole; about half as many more are made before that
 *	and for the other times
 * @memory: the maker's, of which pages are written; may be empty
 * @g: a gate for the children
 *
 * Return: 0 or a negative errno; no child is left either way.
 */
int time_way(const struct way *w, struct maker *m, unsigned int n,
	     const struct parent_memory *memory, struct gate *g,
	     struct times *t);

#endif /* CREATE_TIMING_H */
