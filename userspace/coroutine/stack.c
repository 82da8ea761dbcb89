// SPDX-License-Identifier: GPL-2.0-only
/* The pool of coroutine stacks. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "stack.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

#define SLAB_STACKS 64

/* Half of the mappings that a process may have are left to its other parts. */
static size_t guard_mappings(void)
{
	unsigned long most = 65530;
	FILE *f = fopen("/proc/sys/vm/max_map_count", "re");

	if (f) {
		if (fscanf(f, "%lu", &most) != 1)
			most = 65530;
		fclose(f);
	}
	return most / 4;
}

void co_stacks_init(struct co_stacks *s, size_t size)
{
	size_t page = sysconf(_SC_PAGESIZE);

	*s = (struct co_stacks){
		.size = (size + page - 1) / page * page + page,
		.guard = page,
		.mapped_left = guard_mappings(),
	};
}

static int add_slab(struct co_stacks *s, size_t stacks)
{
	struct co_slab *slab = malloc(sizeof(*slab));
	int err;

	if (!slab)
		return -ENOMEM;
	*slab = (struct co_slab){ .next = s->slabs, .stacks = stacks };
	slab->base = mmap(NULL, stacks * s->size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK,
			  -1, 0);
	if (slab->base == MAP_FAILED) {
		err = -errno;
		free(slab);
		return err;
	}
	/* A touched page must not become a huge one; without THP it is EINVAL. */
	madvise(slab->base, stacks * s->size, MADV_NOHUGEPAGE);
	s->slabs = slab;
	return 0;
}

/*
 * Mark the page at @low as a guard.  Emulators of the system call interface take
 * advice that they do not know and do nothing, so the first page is tried.
 */
static bool mark_guard(struct co_stacks *s, char *low)
{
	struct iovec here = { &(char){ 0 }, 1 }, there = { low, 1 };

	if (madvise(low, s->guard, MADV_GUARD_INSTALL))
		return false;
	if (!s->proven)
		s->proven = process_vm_readv(getpid(), &here, 1, &there, 1,
					     0) < 0 && errno == EFAULT;
	return s->proven;
}

static enum co_guard install_guard(struct co_stacks *s, char *low)
{
	if (s->best == CO_GUARD_MARKED) {
		if (mark_guard(s, low))
			return CO_GUARD_MARKED;
		s->best = CO_GUARD_MAPPED;
	}
	if (s->best == CO_GUARD_MAPPED) {
		if (s->mapped_left && !mprotect(low, s->guard, PROT_NONE)) {
			s->mapped_left--;
			return CO_GUARD_MAPPED;
		}
		s->best = CO_GUARD_CANARY;
	}
	return CO_GUARD_CANARY;
}

int co_stacks_take(struct co_stacks *s, struct co_stack *stack)
{
	struct co_slab *slab = s->slabs;
	char *guard;
	int err;

	if (!slab || slab->used == slab->stacks) {
		err = add_slab(s, SLAB_STACKS);
		/* Perhaps an address space limit still has room for one. */
		if (err)
			err = add_slab(s, 1);
		if (err)
			return err;
		slab = s->slabs;
	}
	guard = slab->base + slab->used++ * s->size;
	stack->guard = install_guard(s, guard);
	stack->low = guard + s->guard;
	stack->end = guard + s->size;
	if (stack->guard == CO_GUARD_CANARY)
		*(uint64_t *)stack->low = 0x5ac0ffee5ac0ffee;
	return 0;
}

void co_stacks_destroy(struct co_stacks *s)
{
	while (s->slabs) {
		struct co_slab *slab = s->slabs;

		s->slabs = slab->next;
		munmap(slab->base, slab->stacks * s->size);
		free(slab);
	}
}

char *co_slab_end(const struct co_stacks *s, const struct co_slab *slab,
		  size_t i)
{
	return slab->base + (i + 1) * s->size;
}
