/* SPDX-License-Identifier: GPL-2.0-only */
/* A thread in futex(2), and the memory that says for which lock it waits. */
#ifndef CTXLAB_DEADLOCK_VIEW_H
#define CTXLAB_DEADLOCK_VIEW_H

#include <linux/futex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image.h"
#include "process.h"

/**
 * struct view - a thread in futex(2)
 * @p: its process
 * @t: the thread; its @wait.word is set
 * @address: of the futex word
 * @op: of the call
 * @value: that the call compares the word with
 * @start: of what was read around the word
 * @word: that memory, in @bytes
 * @stack: the stack from its pointer on, in @frame
 * @function: of the C library that is in the call
 * @caller: the first one on the stack that is known to wait
 * @libc: whose code the call is in
 */
struct view {
	struct process *p;
	struct thread *t;
	uint64_t address;
	uint32_t op, value;
	uint64_t start;
	struct piece word, stack;
	unsigned char bytes[WORD_WINDOW];
	uint64_t frame[STACK_WINDOW / 8];
	enum libc_function function, caller;
	enum libc_kind libc;
};

/* Asks for the memory around the word, on its page, and for the stack. */
void view_ask(struct view *v, struct process *p, struct thread *t,
	      struct piece piece[2]);

/* Takes what was asked for, and looks who waits; false where there is no word. */
bool view_take(struct view *v, const struct piece piece[2]);

/* Copies memory of the process: from what was read, or by another reading. */
bool view_copy(struct view *v, uint64_t address, void *to, size_t len);

/* Sets what the thread waits for. */
void view_found(struct view *v, enum wait_kind kind, uint64_t lock,
		uint32_t owner, const char *type);

static inline uint32_t view_command(const struct view *v)
{
	return v->op & FUTEX_CMD_MASK;
}

static inline bool view_is_private(const struct view *v)
{
	return v->op & FUTEX_PRIVATE_FLAG;
}

static inline bool view_is_self(const struct view *v, uint32_t ns_tid)
{
	return ns_tid == (uint32_t)v->t->ns_tid;
}

/* A live thread, other than the waiting one, that locks may name so. */
bool view_other_thread(const struct view *v, uint32_t ns_tid);

/* Whether it waits for a word of 0 in the C library's frame, without a timeout. */
bool view_waits_in_own_frame(const struct view *v);

/*
 * Which function the code called that the C library returns to: for those that jump
 * to what waits, and leave no frame.
 */
enum libc_function view_called(const struct view *v);

/* What the two lowest bits of a mutex's kind say; static storage. */
const char *view_mutex_type(uint32_t kind);

/* Locks of a C library, unless they record no owner and have no other mark. */
bool glibc_wait(struct view *v);
bool musl_wait(struct view *v);

#endif /* CTXLAB_DEADLOCK_VIEW_H */
