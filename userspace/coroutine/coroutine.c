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

/* In the assembly; not a function that C could call. */
extern const char co_start[];

/*
 * What co_switch() takes from the stack, and the control words that
 * co_switch_fp() takes with it: see the assembly of the architecture.
 */
#if defined(__x86_64__)
#define CO_SWITCH 1
#define CO_START ((uintptr_t)co_start + 1)	/* after the first instruction */
struct frame {
	uint64_t r15, r14, r13, r12, rbp, rbx, rip;
};

void *co_frame(void *end, co_entry entry, void *arg)
{
	/* After the pops rsp is 16 below the end: a multiple of 16. */
	struct frame *f = (struct frame *)((char *)end - 16 - sizeof(*f));

	*f = (struct frame){
		.rip = CO_START,
		.rbx = (uintptr_t)entry,
		.r12 = (uintptr_t)arg,
	};
	return f;
}

/* A new coroutine starts with its maker's modes, as a thread does. */
static void *fp_frame(void *end, co_entry entry, void *arg)
{
	struct {
		uint32_t mxcsr;
		uint16_t cw;
		uint16_t pad;
	} *control = (void *)((char *)co_frame(end, entry, arg) - 8);

	control->pad = 0;
	__asm__ volatile("stmxcsr %0" : "=m"(control->mxcsr));
	__asm__ volatile("fnstcw %0" : "=m"(control->cw));
	return control;
}
#elif defined(__aarch64__)
#define CO_SWITCH 1
#define CO_START ((uintptr_t)co_start + 4)	/* after the first instruction */
struct frame {
	uint64_t x19[10], fp, lr, d8[8];
};

struct fp_frame {
	struct frame frame;
	uint64_t fpcr, pad;
};

static void fill_frame(struct frame *f, co_entry entry, void *arg)
{
	*f = (struct frame){
		.x19 = { (uintptr_t)entry, (uintptr_t)arg },
		.lr = CO_START,
	};
}

void *co_frame(void *end, co_entry entry, void *arg)
{
	struct frame *f = (struct frame *)end - 1;

	fill_frame(f, entry, arg);
	return f;
}

/* A new coroutine starts with its maker's modes, as a thread does. */
static void *fp_frame(void *end, co_entry entry, void *arg)
{
	struct fp_frame *f = (struct fp_frame *)end - 1;

	fill_frame(&f->frame, entry, arg);
	__asm__ volatile("mrs %0, fpcr" : "=r"(f->fpcr));
	return f;
}
#endif

#ifdef CO_SWITCH
int co_init(struct co *co, co_entry entry, void *arg)
{
	int err = map_stack(co);

	if (err)
		return err;
	co->sp = co_frame((char *)co->stack + co->mapped, entry, arg);
	return 0;
}

int co_init_fp(struct co *co, co_entry entry, void *arg)
{
	int err = map_stack(co);

	if (err)
		return err;
	co->sp = fp_frame((char *)co->stack + co->mapped, entry, arg);
	return 0;
}
#else
void *co_frame(void *end, co_entry entry, void *arg)
{
	(void)end;
	(void)entry;
	(void)arg;
	return NULL;
}

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

void *co_switch_return(void **save, void *to, void *message)
{
	co_switch(save, to);
	return message;
}

void *co_switch_start(void **save, void *end, struct co_next (*entry)(void *arg),
		      void *arg)
{
	(void)entry;
	co_switch(save, end);
	return arg;
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
