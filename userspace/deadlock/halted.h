/* SPDX-License-Identifier: GPL-2.0-only */
/* Threads that are kept from running, whatever they wait for. */
#ifndef CTXLAB_DEADLOCK_HALTED_H
#define CTXLAB_DEADLOCK_HALTED_H

#include <stddef.h>

struct thread;

enum halt {
	HALT_NOT,
	HALT_STOPPED,	/* by a signal */
	HALT_TRACED,	/* by a tracer */
	HALT_FROZEN,	/* by the freezer of its cgroup */
};

/* What keeps @t from running now; HALT_NOT where that cannot be read. */
enum halt thread_halt(const struct thread *t);

/* "stopped"; the name in tables and JSON. */
const char *halt_name(enum halt halt);

/* "is stopped by a signal"; for sentences. */
const char *halt_words(enum halt halt);

#endif /* CTXLAB_DEADLOCK_HALTED_H */
