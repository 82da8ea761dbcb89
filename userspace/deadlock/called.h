/* SPDX-License-Identifier: GPL-2.0-only */
/* Which function a call instruction calls. */
#ifndef CTXLAB_DEADLOCK_CALLED_H
#define CTXLAB_DEADLOCK_CALLED_H

#include <stdint.h>

#include "image.h"

struct process;

/*
 * The function of the C library that was called by the instruction before
 * @address, directly or by way of a procedure linkage table; IN_NOTHING where that
 * cannot be told.  Only arm64 needs it: see called.c.
 */
enum libc_function called_before(struct process *p, uint64_t address);

#endif /* CTXLAB_DEADLOCK_CALLED_H */
