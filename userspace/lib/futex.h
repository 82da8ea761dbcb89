/* SPDX-License-Identifier: GPL-2.0-only */
/* Futexes of the shared kind, which work across address spaces. */
#ifndef CTXLAB_FUTEX_H
#define CTXLAB_FUTEX_H

#include <stdint.h>

/*
 * Waits while *@word is @value, for @seconds at most (0: for ever).  Returns 0,
 * or -1 with errno ETIMEDOUT, EAGAIN or EINTR.
 */
int futex_wait(uint32_t *word, uint32_t value, int seconds);

/* Wakes at most @n that wait. */
void futex_wake(uint32_t *word, int n);

#endif /* CTXLAB_FUTEX_H */
