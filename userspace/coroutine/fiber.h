/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What AddressSanitizer, ThreadSanitizer and Valgrind want to know of a switch
 * of stacks.  Without them all of this compiles to nothing, or, for Valgrind, to
 * instructions without effect where a stack is made.
 */
#ifndef COROUTINE_FIBER_H
#define COROUTINE_FIBER_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#if __has_feature(thread_sanitizer) && !defined(__SANITIZE_THREAD__)
#define __SANITIZE_THREAD__ 1
#endif
#endif

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif
#if __has_include("valgrind/valgrind.h")
#include <valgrind/valgrind.h>
#define FIBER_VALGRIND 1
#endif

struct fiber {
#ifdef __SANITIZE_ADDRESS__
	const void *low;
	size_t size;
	void *fake;
#endif
#ifdef __SANITIZE_THREAD__
	void *tsan;
#endif
	/* Not empty without sanitizers, where C would have no such struct. */
	unsigned int valgrind;
};

/*
 * May a coroutine's first function end in a switch?  ThreadSanitizer would take its
 * frame off the record of the other one.
 */
#ifdef __SANITIZE_THREAD__
#define FIBER_MAY_RETURN false
#else
#define FIBER_MAY_RETURN true
#endif

/* The stack [@low, @end) is a coroutine's from now on. */
static inline void fiber_init(struct fiber *f, const char *low, const char *end)
{
	*f = (struct fiber){};
#ifdef __SANITIZE_ADDRESS__
	f->low = low;
	f->size = end - low;
#endif
#ifdef FIBER_VALGRIND
	f->valgrind = VALGRIND_STACK_REGISTER(low, end);
#endif
	(void)low;
	(void)end;
}

/* The stack goes back to the kernel. */
static inline void fiber_destroy(struct fiber *f)
{
#ifdef FIBER_VALGRIND
	VALGRIND_STACK_DEREGISTER(f->valgrind);
#endif
	(void)f;
}

/* A coroutine begins on the stack; a thread's own is the current one. */
static inline void fiber_begin(struct fiber *f, bool thread)
{
#ifdef __SANITIZE_THREAD__
	f->tsan = thread ? __tsan_get_current_fiber() : __tsan_create_fiber(0);
#endif
	(void)f;
	(void)thread;
}

/* It has ended: frames that nobody returned from leave no trace. */
static inline void fiber_end(struct fiber *f)
{
#ifdef __SANITIZE_ADDRESS__
	__asan_unpoison_memory_region(f->low, f->size);
	f->fake = NULL;
#endif
#ifdef __SANITIZE_THREAD__
	__tsan_destroy_fiber(f->tsan);
#endif
	(void)f;
}

/* Before a switch; @last: @from will not go on. */
static inline void fiber_leave(struct fiber *from, struct fiber *to, bool last)
{
#ifdef __SANITIZE_ADDRESS__
	__sanitizer_start_switch_fiber(last ? NULL : &from->fake, to->low,
				       to->size);
#endif
#ifdef __SANITIZE_THREAD__
	__tsan_switch_to_fiber(to->tsan, 0);
#endif
	(void)from;
	(void)to;
	(void)last;
}

/*
 * After it, on the stack of @self.  @from is what was left: where that was a
 * thread's own stack its bounds are learnt here.
 */
static inline void fiber_arrive(struct fiber *self, struct fiber *from)
{
#ifdef __SANITIZE_ADDRESS__
	__sanitizer_finish_switch_fiber(self->fake, &from->low, &from->size);
#endif
	(void)self;
	(void)from;
}

#endif /* COROUTINE_FIBER_H */
