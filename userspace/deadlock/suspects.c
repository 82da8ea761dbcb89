// SPDX-License-Identifier: GPL-2.0-only
/*
 * Locks that record no owner: who may hold them.  A guard object on the stack of
 * the holder has the lock's address, as in C++ and Rust.  That is a hint and no
 * proof: another frame may have left the address there.
 *
 * And programs all of whose threads wait for each other, whoever holds what: that
 * is no proof either, as a signal handler may wake one.
 */
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

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

static void add_suspect(struct report *r, const struct finding *f)
{
	r->suspect = xrealloc(r->suspect, r->suspects + 1, sizeof(*r->suspect));
	r->suspect[r->suspects++] = *f;
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
		add_suspect(r, &f);
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

/* Whether only a thread of the same process can end the wait. */
static bool waits_within(const struct thread *t)
{
	const struct wait *w = &t->wait;

	if (t->call.state != CALL_BLOCKED || t->call.nr != SYS_futex ||
	    w->end != ENDS_NEVER || w->shared || !w->kind || w->kind > WAIT_FUTEX)
		return false;
	return w->kind == WAIT_JOIN || w->kind == WAIT_MUTEX_ROBUST ||
	       t->call.args[1] & FUTEX_PRIVATE_FLAG;
}

static bool all_wait_within(const struct process *p)
{
	size_t i;

	for (i = 0; i < p->threads; i++)
		if (p->thread[i]->finding || p->thread[i]->behind ||
		    (!p->thread[i]->ended && !waits_within(p->thread[i])))
			return false;
	return !process_ended(p);
}

/* Whether the thread is in the call that it was read in; @runs: how often it ran. */
static bool is_there(struct thread *t, uint64_t *runs)
{
	struct call call = t->call;

	if (t->ended)
		return true;
	thread_read_call(t);
	if (!thread_read_runs(t) || !call_equal(&call, &t->call))
		return false;
	*runs = t->runs;
	return true;
}

/* Whether there is a moment at which all of them are in the calls they were read in. */
static bool none_has_run(struct process *p)
{
	uint64_t *runs = xcalloc(p->threads + 1, sizeof(*runs)), again = 0;
	bool none = true;
	size_t i;

	for (i = 0; none && i < p->threads; i++)
		none = is_there(p->thread[i], &runs[i]);
	for (i = 0; none && i < p->threads; i++)
		none = is_there(p->thread[i], &again) &&
		       (p->thread[i]->ended || again == runs[i]);
	free(runs);
	return none && !process_has_new_thread(p);
}

static void suspect_all(struct report *r, struct process *p)
{
	struct finding f = {
		.verdict = VERDICT_ALL_WAIT,
		.member = xcalloc(p->threads + 1, sizeof(*f.member)),
	};
	size_t i;

	for (i = 0; i < p->threads; i++)
		if (!p->thread[i]->ended)
			f.member[f.n++] = p->thread[i];
	add_suspect(r, &f);
}

static bool has_any_without_owner(const struct process *p)
{
	size_t i;

	for (i = 0; i < p->threads; i++)
		if (has_no_owner(p->thread[i]))
			return true;
	return false;
}

void suspects_find(struct report *r)
{
	struct process *p;
	size_t i, before;

	for (i = 0; i < r->scan->processes; i++) {
		p = r->scan->process[i];
		before = r->suspects;
		if (p->golang || p->gs)
			continue;
		if (p->threads <= MAX_THREADS && has_any_without_owner(p))
			suspects_of(r, p);
		if (r->suspects == before && all_wait_within(p) && none_has_run(p))
			suspect_all(r, p);
	}
}
