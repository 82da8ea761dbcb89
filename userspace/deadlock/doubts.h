/* SPDX-License-Identifier: GPL-2.0-only */
/* What could end a wait, though by the lock or the descriptor nobody can. */
#ifndef CTXLAB_DEADLOCK_DOUBTS_H
#define CTXLAB_DEADLOCK_DOUBTS_H

#include <stdbool.h>

#include "holders.h"
#include "process.h"

/*
 * The thread that may unlock a mutex of @t's process in the place of its owner, who
 * is not there: NULL where there is none.
 */
struct thread *heir_of(const struct thread *t);

/*
 * Whether the owner of a lock in shared memory may be of another pid namespace, so
 * that its ID is another's here; false where @h has no namespaces.
 */
bool owner_may_be_abroad(const struct holders *h, const struct thread *t);

/* Whether a handler of the process may write into the process's own pipe. */
bool handler_may_write(const struct process *p);

/* Whether a thread is still in the wait that its call stands for. */
bool still_waits(const struct thread *t);

#endif /* CTXLAB_DEADLOCK_DOUBTS_H */
