/* SPDX-License-Identifier: GPL-2.0-only */
/* Which function a call instruction calls. */
#ifndef CTXLAB_DEADLOCK_CALLED_H
#define CTXLAB_DEADLOCK_CALLED_H

#include <stdbool.h>
#include <stdint.h>

#include "image.h"

struct process;

/*
 * On arm64 a function that calls none keeps the address that it returns to in a
 * register, which nobody outside sees.  glibc waits in such a function for an
 * rwlock, so the stack begins with the frame of pthread_rwlock_wrlock(), which has
 * where that returns to: to behind a call of it.
 */
#ifdef __aarch64__
#define CALLED_FROM_LEAVES true
#else
#define CALLED_FROM_LEAVES false
#endif

/*
 * Whether the instruction before @address calls a function that it names, directly
 * or by way of a procedure linkage table.  @function takes which one of the C
 * library that is: IN_NOTHING where it is of other code.
 */
bool called_before(struct process *p, uint64_t address,
		   enum libc_function *function);

#endif /* CTXLAB_DEADLOCK_CALLED_H */
