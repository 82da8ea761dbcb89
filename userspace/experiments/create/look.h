/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One child of a way, looked at while it lives: what it shares with its maker
 * and what memory it takes.
 */
#ifndef CREATE_LOOK_H
#define CREATE_LOOK_H

#include "sharing.h"

/**
 * struct child_memory - what exists for one child alone, kB; -1: not known
 * @page_tables: its own
 * @kernel_stack: of its task
 * @stack: what of its user stack was touched
 * @memory: private memory of an address space of its own
 */
struct child_memory {
	long page_tables;
	long kernel_stack;
	long stack;
	long memory;
};

struct look {
	struct sharing sharing;
	struct child_memory memory;
};

/*
 * A process is made that makes one child by @w, and both end before this
 * returns.  A coroutine is no task: only its stack is looked at, and what it
 * shares is not known.  Without @module the module is not asked.  Return 0 or the
 * negative errno of what failed; -EACCES: nothing could be read.
 */
int look_at(const struct way *w, bool module, struct look *l);

#endif /* CREATE_LOOK_H */
