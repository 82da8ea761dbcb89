/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A pool of coroutine stacks.  Memory comes from the kernel in slabs of many
 * stacks, so that a million of them are not a million mappings, and only the
 * pages that are touched take memory.
 *
 * Below each stack lies a guard, in the best form that is to be had:
 *	CO_GUARD_MARKED	  MADV_GUARD_INSTALL (Linux 6.13), which splits no mapping
 *	CO_GUARD_MAPPED	  a page without access, which makes two mappings of one;
 *			  used up to a quarter of vm.max_map_count
 *	CO_GUARD_CANARY	  a word that an overflow overwrites, checked by the user
 *
 * Nothing here locks: the owner of the pool does.
 */
#ifndef COROUTINE_STACK_H
#define COROUTINE_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum co_guard {
	CO_GUARD_MARKED,
	CO_GUARD_MAPPED,
	CO_GUARD_CANARY,
};

struct co_slab {
	struct co_slab *next;
	char *base;
	size_t stacks;
	size_t used;		/* handed out at least once: the first ones */
};

struct co_stacks {
	size_t size;		/* of a stack and the guard below it */
	size_t guard;		/* one page */
	enum co_guard best;	/* the form that the next stack tries first */
	bool proven;		/* a marked page was tried and has no access */
	size_t mapped_left;	/* guards that may still be mappings */
	struct co_slab *slabs;	/* newest first */
};

/* A stack: usable from @low up to @end. */
struct co_stack {
	char *low;
	char *end;
	enum co_guard guard;
};

/* @size is rounded up to whole pages and does not include the guard. */
void co_stacks_init(struct co_stacks *s, size_t size);

/* Take a stack that was never used.  Return 0 or a negative errno. */
int co_stacks_take(struct co_stacks *s, struct co_stack *stack);

/* Unmap all stacks at once. */
void co_stacks_destroy(struct co_stacks *s);

/* The end of stack @i of a slab, for going through all that are used. */
char *co_slab_end(const struct co_stacks *s, const struct co_slab *slab,
		  size_t i);

/* Whether the canary at @low, set by co_stacks_take(), is intact. */
static inline bool co_canary_intact(const char *low)
{
	return *(const uint64_t *)low == 0x5ac0ffee5ac0ffee;
}

#endif /* COROUTINE_STACK_H */
