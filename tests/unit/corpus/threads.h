/* SPDX-License-Identifier: GPL-2.0-only */
/* What the threads of a scene share. */
#ifndef THREADS_H
#define THREADS_H

#include "corpus.h"

#define MAX_ACTORS 10000

extern pthread_mutex_t mutex[MAX_ACTORS];
extern pthread_barrier_t barrier;
extern pthread_cond_t cond;
extern struct actor actor[MAX_ACTORS];
extern size_t members;		/* of a ring */

void init_mutex(pthread_mutex_t *m, int type, int protocol, int robust);

/* What each of n actors waits for, where that is the next one's. */
void waits_for_next(size_t n, const char *waits, const char *type);

/* Takes the mutex of its number and wants that of the next member. */
void lock_in_ring(struct actor *a);

/* Takes the mutex of its number and keeps it. */
void lock_only(struct actor *a);

/* Once all are there, wants the first mutex. */
void wait_and_lock(struct actor *a);

#endif /* THREADS_H */
