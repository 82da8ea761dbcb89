/* SPDX-License-Identifier: GPL-2.0-only */
/* What each thread of a process waits for, from its call and its memory. */
#ifndef CTXLAB_DEADLOCK_WAITS_H
#define CTXLAB_DEADLOCK_WAITS_H

#include "process.h"

/**
 * waits_read() - decode what threads wait for
 * @p: their process
 * @thread: the threads; their @call is set, their @wait is filled in
 * @n: number of them
 *
 * Nothing is guessed: what cannot be known for certain is of a kind that records
 * no owner.
 */
void waits_read(struct process *p, struct thread **thread, size_t n);

/* Of futex(2); @t->wait has been cleared. */
void futex_read(struct process *p, struct thread **thread, size_t n);

/* Of any other system call. */
void call_decode(struct thread *t);

/* A time on the clock of a wait, less the time now, in seconds. */
void wait_until(struct thread *t, uint64_t timespec, bool absolute, int clock);

#endif /* CTXLAB_DEADLOCK_WAITS_H */
