/* SPDX-License-Identifier: GPL-2.0-only */
/* The opening of a FIFO, which waits until the other end is opened. */
#ifndef CTXLAB_DEADLOCK_FIFO_H
#define CTXLAB_DEADLOCK_FIFO_H

#include <stdbool.h>

struct thread;

/* Whether the file that @t is opening, in open(2) or openat(2), is a FIFO. */
bool fifo_is_opened(struct thread *t);

/* Its path as the program gave it; the caller frees it.  NULL if unreadable. */
char *fifo_path(const struct thread *t);

#endif /* CTXLAB_DEADLOCK_FIFO_H */
