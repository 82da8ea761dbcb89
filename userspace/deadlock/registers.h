/* SPDX-License-Identifier: GPL-2.0-only */
/* The registers of a thread, for libdw. */
#ifndef CTXLAB_DEADLOCK_REGISTERS_H
#define CTXLAB_DEADLOCK_REGISTERS_H

#include <elfutils/libdwfl.h>

#include "process.h"

#define REGISTERS_MAX 34

/* By their numbers in DWARF; the program counter apart. */
struct registers {
	Dwarf_Word value[REGISTERS_MAX];
	unsigned int n;
	Dwarf_Word pc;
};

/*
 * Stops the thread by ptrace(2), reads its registers and lets it go; its system
 * call goes on.  False where that may not be, or it is no longer where @t->call
 * has it.
 */
bool registers_read(const struct thread *t, struct registers *r);

/*
 * Hands over what is known: @r, or the stack pointer and program counter of @t->call
 * and what the module told.
 */
bool registers_set(Dwfl_Thread *thread, const struct thread *t,
		   const struct registers *r);

#endif /* CTXLAB_DEADLOCK_REGISTERS_H */
