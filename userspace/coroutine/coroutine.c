// SPDX-License-Identifier: GPL-2.0-only
/* Stacks for coroutines, and how one begins. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "coroutine.h"

static int map_stack(struct co *co)
{
	size_t guard = sysconf(_SC_PAGESIZE);

	*co = (struct co){ .mapped = CO_STACK_SIZE + guard };
	co->stack = mmap(NULL, co->mapped, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (co->stack == MAP_FAILED) {
		co->stack = NULL;
		return -errno;
	}
	if (mprotect(co->stack, guard, PROT_NONE)) {
		int err = -errno;

		co_destroy(co);
		return err;
	}
	return 0;
}

void co_destroy(struct co *co)
{
	if (co->stack)
		munmap(co->stack, co->mapped);
	*co = (struct co){};
}

#if defined(__x86_64__)
/* In coroutine_x86_64.S; not a function that C could call. */
extern const char co_start[];

/* The part of the stack that co_switch() pops: see coroutine_x86_64.S. */
struct frame {
	uint64_t r15, r14, r13, r12, rbp, rbx, rip;
};

/* Leaves a frame at the stack's end, as if co_start had been left. */
static struct frame *first_frame(struct co *co, co_entry entry, void *arg)
{
	char *end = (char *)co->stack + co->mapped;
	struct frame *f = (struct frame *)(end - 16 - sizeof(*f));

	/* After the pops rsp is 16 below the end: a multiple of 16. */
	*f = (struct frame){
		.rip = (uintptr_t)co_start,
		.rbx = (uintptr_t)entry,
		.r12 = (uintptr_t)arg,
	};
	return f;
}

int co_init(struct co *co, co_entry entry, void *arg)
{
	int err = map_stack(co);

	if (err)
		return err;
	co->sp = first_frame(co, entry, arg);
	return 0;
}

int co_init_fp(struct co *co, co_entry entry, void *arg)
{
	struct {
		uint32_t mxcsr;
		uint16_t cw;
		uint16_t pad;
	} *control;
	int err = map_stack(co);

	if (err)
		return err;
	control = (void *)((char *)first_frame(co, entry, arg) - 8);
	control->pad = 0;
	/* A new coroutine starts with its maker's modes, as a thread does. */
	__asm__ volatile("stmxcsr %0" : "=m"(control->mxcsr));
	__asm__ volatile("fnstcw %0" : "=m"(control->cw));
	co->sp = control;
	return 0;
}
#else
int co_init(struct co *co, co_entry entry, void *arg)
{
	(void)co;
	(void)entry;
	(void)arg;
	return -EOPNOTSUPP;
}

int co_init_fp(struct co *co, co_entry entry, void *arg)
{
	return co_init(co, entry, arg);
}

/* Never reached: co_init() has refused.  The linker wants them all the same. */
void co_switch(void **save, void *to)
{
	(void)save;
	(void)to;
	abort();
}

void co_switch_fp(void **save, void *to)
{
	co_switch(save, to);
}
#endif

/* makecontext() passes ints only: the pointers travel in halves. */
static void ucontext_start(unsigned int entry_hi, unsigned int entry_lo,
			   unsigned int arg_hi, unsigned int arg_lo)
{
	uint64_t entry = (uint64_t)entry_hi << 32 | entry_lo;

	((co_entry)(uintptr_t)entry)((void *)(uintptr_t)((uint64_t)arg_hi << 32 | arg_lo));
}

int co_init_ucontext(struct co *co, co_entry entry, void *arg)
{
	uint64_t e = (uintptr_t)entry, a = (uintptr_t)arg;
	int err = map_stack(co);

	if (err)
		return err;
	if (getcontext(&co->context)) {
		err = -errno;
		co_destroy(co);
		return err;
	}
	co->context.uc_stack.ss_sp = co->stack;
	co->context.uc_stack.ss_size = co->mapped;
	co->context.uc_link = NULL;
	makecontext(&co->context, (void (*)(void))ucontext_start, 4,
		    (unsigned int)(e >> 32), (unsigned int)e,
		    (unsigned int)(a >> 32), (unsigned int)a);
	return 0;
}
