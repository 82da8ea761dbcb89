/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Coroutines: a stack each, and a switch that never enters the kernel.
 *
 * What they are not: they cannot be preempted, while one of them sleeps they all do,
 * and they must not end (return from their entry).  A stack has a guard page
 * below it, no more.
 */
#ifndef COROUTINE_H
#define COROUTINE_H

#include <stddef.h>
#include <ucontext.h>

#define CO_STACK_SIZE (256 * 1024)

/* What a coroutine runs; it must not return. */
typedef void (*co_entry)(void *arg);

struct co {
	void *sp;		/* the saved stack pointer while it does not run */
	void *stack;		/* the mapping; NULL for the thread's own stack */
	size_t mapped;
	ucontext_t context;	/* only for the reference by swapcontext() */
};

/*
 * Make @co run @entry(@arg) on a stack of its own at the first switch to it.
 * They belong to one way of switching: co_switch() resumes only what co_init()
 * or co_switch() left behind, and so on.  Return 0 or a negative errno.
 */
int co_init(struct co *co, co_entry entry, void *arg);
int co_init_fp(struct co *co, co_entry entry, void *arg);
int co_init_ucontext(struct co *co, co_entry entry, void *arg);
void co_destroy(struct co *co);

/*
 * Lay the frame that co_switch() resumes at @entry(@arg) below @end, a multiple
 * of 16.  Returns the stack pointer to switch to; NULL on a machine that has no
 * co_switch().  For those who bring stacks of their own.
 */
void *co_frame(void *end, co_entry entry, void *arg);

/**
 * co_switch() - leave one coroutine and go on in another
 * @save: where the stack pointer of the one that is left is kept
 * @to: the stack pointer of the other
 *
 * Keeps the registers that the ABI says a function call keeps.
 */
void co_switch(void **save, void *to);

/*
 * The same, and faster where every coroutine is left from one place in the code,
 * the caller of this: the CPU then predicts the return right.  What comes back is
 * the @message of who switches to this one by the same.
 */
void *co_switch_return(void **save, void *to, void *message);

/**
 * struct co_next - who goes on after a coroutine that has ended
 * @to: what co_switch_return() takes; or co_new() of a stack's end, where the same
 *	entry begins anew
 * @message: what it gets, as @message or as @arg
 */
struct co_next {
	void *to;
	void *message;
};

static inline void *co_new(void *end)
{
	return (char *)end + 1;
}

/*
 * Begin a coroutine at @entry(@arg), on the stack below @end, a multiple of 16.  It
 * is left by co_switch_return(), and ends by returning.
 */
void *co_switch_start(void **save, void *end, struct co_next (*entry)(void *arg),
		      void *arg);

/*
 * Keeps the floating-point control words as well: on x86-64 the control bits of
 * MXCSR and the x87 control word, on arm64 FPCR.
 */
void co_switch_fp(void **save, void *to);

#endif /* COROUTINE_H */
