/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Call sites of threads that run on, and names for addresses, by libdw.  Without
 * it, or without debug information, there are modules and offsets.
 */
#ifndef CTXLAB_DEADLOCK_SITES_H
#define CTXLAB_DEADLOCK_SITES_H

#include <stddef.h>

#include "process.h"

#define SITES_MAX_FRAMES 64

/*
 * A frame of a stack, the innermost first; what is not known is NULL or 0.  A
 * function that was inlined has a frame of its own.
 */
struct frame {
	uint64_t pc;
	char *function;
	char *place;	/* where the function is not known: "bank+0x13fe" */
	char *file;
	int line;
	bool library;	/* of the language's library, not of the program */
};

struct stack {
	struct frame frame[SITES_MAX_FRAMES];
	size_t n;
};

struct sites;

/* What is known of the code of @p; sites_close() frees it. */
struct sites *sites_open(struct process *p);
void sites_close(struct sites *s);

/*
 * Unwinds the stack of a thread of the process from what its last reading saw.
 * With @stop it is stopped for that moment in which its registers are read.
 */
void sites_stack(struct sites *s, struct thread *t, bool stop,
		 struct stack *stack);
void stack_free(struct stack *stack);

/* The first frame that is the program's, or else the first; NULL for none. */
const struct frame *stack_site(const struct stack *stack);

/* "function (file.c:12)", as much as is known of it.  The caller frees it. */
char *frame_text(const struct frame *f);

/* "accounts+40", "[heap]+2a0", or the number.  The caller frees it. */
char *sites_address(struct sites *s, uint64_t address);

/* Whether this build unwinds stacks. */
bool sites_unwind(void);

#endif /* CTXLAB_DEADLOCK_SITES_H */
