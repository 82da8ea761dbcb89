// SPDX-License-Identifier: GPL-2.0-only
/*
 * Locks that record no owner: who may hold them.  A guard object on the stack of
 * the holder has the lock's address, as in C++ and Rust.  That is a hint and no
 * proof: another frame may have left the address there.
 */
#include <stdlib.h>
#include <string.h>

#include "graph.h"
#include "lib/compiler.h"
#include "lib/xalloc.h"
#include "report.h"

#define STACK_BYTES	(64 * 1024)
#define MAX_THREADS	512	/* of a process; of more no suspects are sought */

static bool has_no_owner(const struct thread *t)
{
	/* Locks that know three states are locked and waited for at 2. */
	return t->wait.end == ENDS_NEVER && t->wait.address &&
	       t->by.state == OWNER_UNKNOWN &&
	       (t->wait.kind == WAIT_LIBC_LOCK ||
		(t->wait.kind == WAIT_FUTEX && t->wait.word == 2) ||
		t->wait.kind == WAIT_MUTEX_NO_OWNER ||
		t->wait.kind == WAIT_RWLOCK_READ ||
		t->wait.kind == WAIT_RWLOCK_WRITE);
}

struct live_stack {
	uint64_t word[STACK_BYTES / 8];
	size_t words;
};

/* What lies between the stack pointer and the end of the mapping, or most of it. */
static void read_stack(struct thread *t, struct live_stack *stack)
{
	size_t len = sizeof(stack->word);
	struct piece piece;

	for (; len >= 512; len /= 2) {
		piece = (struct piece){ t->call.sp, stack->word, len, false };
		process_read(t->process, &piece, 1);
		if (piece.ok)
			break;
	}
	stack->words = len >= 512 ? len / 8 : 0;
}

static bool holds_address(const struct live_stack *stack, uint64_t address)
{
	size_t i;

	for (i = 0; i < stack->words; i++)
		if (stack->word[i] == address)
			return true;
	return false;
}

/* Adds an edge from each thread that waits for what is on the stack of @t. */
static void add_edges(struct process *p, struct thread *t, struct graph *g,
		      struct live_stack *stack)
{
	size_t i;

	read_stack(t, stack);
	for (i = 0; i < p->threads; i++)
		/* Who waits for the same lock has its address, too. */
		if (p->thread[i]->wait.address != t->wait.address &&
		    has_no_owner(p->thread[i]) &&
		    holds_address(stack, p->thread[i]->wait.address))
			graph_edge(g, p->thread[i]->node, t->node);
}

static void add_nodes(struct process *p, struct graph *g)
{
	struct thread *t;
	bool waits;
	size_t i;

	for (i = 0; i < p->threads; i++) {
		t = p->thread[i];
		waits = has_no_owner(t) || (t->by.owner && t->by.certain);
		t->node = graph_add(g, waits ? GRAPH_ANY : GRAPH_FREE);
	}
}

static void take_knots(struct report *r, struct process *p, struct graph *g)
{
	size_t *knot = xcalloc(graph_size(g) + 1, sizeof(*knot)), i, k, knots;
	struct finding f;

	knots = graph_knots(g, knot);
	for (k = 0; k < knots; k++) {
		f = (struct finding){ .verdict = VERDICT_DEADLOCK };
		for (i = 0; i < p->threads; i++) {
			if (knot[p->thread[i]->node] != k)
				continue;
			f.member = xrealloc(f.member, f.n + 1,
					    sizeof(*f.member));
			f.member[f.n++] = p->thread[i];
		}
		if (f.n < 2 || f.member[0]->finding) {
			free(f.member);
			continue;
		}
		r->suspect = xrealloc(r->suspect, r->suspects + 1,
				      sizeof(*r->suspect));
		r->suspect[r->suspects++] = f;
	}
	free(knot);
}

static void suspects_of(struct report *r, struct process *p)
{
	struct graph *g = graph_new();
	struct live_stack *stack = xcalloc(1, sizeof(*stack));
	size_t i;

	add_nodes(p, g);
	for (i = 0; i < p->threads; i++) {
		struct thread *t = p->thread[i];

		if (t->call.state == CALL_BLOCKED)
			add_edges(p, t, g, stack);
		if (t->by.owner && t->by.owner->process == p)
			graph_edge(g, t->node, t->by.owner->node);
	}
	graph_reduce(g);
	take_knots(r, p, g);
	free(stack);
	graph_free(g);
}

void suspects_find(struct report *r)
{
	struct process *p;
	size_t i, k;

	for (i = 0; i < r->scan->processes; i++) {
		p = r->scan->process[i];
		for (k = 0; k < p->threads; k++)
			if (has_no_owner(p->thread[k]))
				break;
		if (k < p->threads && p->threads <= MAX_THREADS && !p->golang)
			suspects_of(r, p);
	}
}
