// SPDX-License-Identifier: GPL-2.0-only
/* The registers of a thread, for libdw. */
#ifdef HAVE_LIBDW
#include <elf.h>
#include <errno.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "lib/compiler.h"
#include "registers.h"

#ifdef __x86_64__
#define SP_NUMBER 7
#define PC_NUMBER 16

/* By the order of struct saved: RBX RBP R12 R13 R14 R15. */
static const int saved_numbers[] = { 3, 6, 12, 13, 14, 15 };

static void take(const struct user_regs_struct *u, struct registers *r)
{
	const Dwarf_Word value[] = {
		u->rax, u->rdx, u->rcx, u->rbx, u->rsi, u->rdi, u->rbp, u->rsp,
		u->r8, u->r9, u->r10, u->r11, u->r12, u->r13, u->r14, u->r15,
		u->rip,
	};
	unsigned int i;

	r->n = ARRAY_SIZE(value);
	for (i = 0; i < r->n; i++)
		r->value[i] = value[i];
	r->pc = u->rip;
}
#else
#define SP_NUMBER 31

/* By the order of struct saved: X19 to X28, FP, LR. */
static const int saved_numbers[] = {
	19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
};

static void take(const struct user_regs_struct *u, struct registers *r)
{
	unsigned int i;

	for (i = 0; i < 31; i++)
		r->value[i] = u->regs[i];
	r->value[SP_NUMBER] = u->sp;
	r->n = 32;
	r->pc = u->pc;
}
#endif

bool registers_read(const struct thread *t, struct registers *r)
{
	struct user_regs_struct user;
	struct iovec into = { &user, sizeof(user) };
	int status = 0, signal;
	bool read = false;

	if (ptrace(PTRACE_SEIZE, t->tid, 0, 0))
		return false;
	if (!ptrace(PTRACE_INTERRUPT, t->tid, 0, 0)) {
		while (waitpid(t->tid, &status, __WALL) < 0 && errno == EINTR)
			;
		read = !ptrace(PTRACE_GETREGSET, t->tid, NT_PRSTATUS, &into);
	}
	/* It may have stopped for a signal, which is its own. */
	signal = WIFSTOPPED(status) && !(status >> 16) ? WSTOPSIG(status) : 0;
	ptrace(PTRACE_DETACH, t->tid, 0, signal);
	if (!read)
		return false;
	take(&user, r);
	return r->value[SP_NUMBER] == t->call.sp && r->pc == t->call.pc;
}

static bool set_saved(Dwfl_Thread *thread, const struct saved *saved)
{
	Dwarf_Word value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(saved_numbers); i++) {
		value = saved->value[i];
		if (!dwfl_thread_state_registers(thread, saved_numbers[i], 1,
						 &value))
			return false;
	}
	return true;
}

bool registers_set(Dwfl_Thread *thread, const struct thread *t,
		   const struct registers *r)
{
	Dwarf_Word sp = t->call.sp, pc = t->call.pc;

	if (r && !dwfl_thread_state_registers(thread, 0, r->n, r->value))
		return false;
	if (!r && t->saved.known && !set_saved(thread, &t->saved))
		return false;
	if (!r && !dwfl_thread_state_registers(thread, SP_NUMBER, 1, &sp))
		return false;
#ifdef PC_NUMBER
	return dwfl_thread_state_registers(thread, PC_NUMBER, 1, &pc);
#else
	dwfl_thread_state_register_pc(thread, pc);
	return true;
#endif
}
#endif
