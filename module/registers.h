/* SPDX-License-Identifier: GPL-2.0-only */
/* The user registers of a thread in the kernel, per architecture. */
#ifndef CTXLAB_REGISTERS_H
#define CTXLAB_REGISTERS_H

#include <asm/ptrace.h>
#include <asm/syscall.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>
#include <linux/types.h>

/* The registers that a function saves for its caller: unwinding begins with them. */
#if defined(CONFIG_X86_64)
#define CTXLAB_MACHINE		"x86-64"
#define CTXLAB_SAVED_NAMES	"RBX RBP R12 R13 R14 R15"
#define CTXLAB_SAVED		6
#define CTXLAB_NATIVE_ARCH	AUDIT_ARCH_X86_64
#elif defined(CONFIG_ARM64)
#define CTXLAB_MACHINE		"arm64"
#define CTXLAB_SAVED_NAMES	"X19 X20 X21 X22 X23 X24 X25 X26 X27 X28 FP LR"
#define CTXLAB_SAVED		12
#define CTXLAB_NATIVE_ARCH	AUDIT_ARCH_AARCH64
#else
#error "ctxlab knows x86-64 and arm64"
#endif

/**
 * struct ctxlab_registers - what a thread called the kernel with
 * @nr: number of the system call, -1 in none
 * @args: its arguments; not set where @nr is -1
 * @sp: stack pointer
 * @pc: program counter
 * @saved: by CTXLAB_SAVED_NAMES
 */
struct ctxlab_registers {
	long nr;
	unsigned long args[6];
	unsigned long sp;
	unsigned long pc;
	unsigned long saved[CTXLAB_SAVED];
};

static inline void ctxlab_take_saved(const struct pt_regs *regs,
				     unsigned long saved[CTXLAB_SAVED])
{
#ifdef CONFIG_X86_64
	saved[0] = regs->bx;
	saved[1] = regs->bp;
	saved[2] = regs->r12;
	saved[3] = regs->r13;
	saved[4] = regs->r14;
	saved[5] = regs->r15;
#else
	memcpy(saved, &regs->regs[19], CTXLAB_SAVED * sizeof(*saved));
#endif
}

/*
 * Context: the caller keeps @task's kernel stack.  Where @task runs meanwhile, what
 * is read is of no use.
 *
 * Return: false in a 32-bit system call, whose numbers and registers are others.
 */
static inline bool ctxlab_take_registers(struct task_struct *task,
					 struct ctxlab_registers *r)
{
	struct pt_regs *regs = task_pt_regs(task);

	if (syscall_get_arch(task) != CTXLAB_NATIVE_ARCH)
		return false;
	r->nr = syscall_get_nr(task, regs);
	if (r->nr != -1)
		syscall_get_arguments(task, regs, r->args);
	r->sp = user_stack_pointer(regs);
	r->pc = instruction_pointer(regs);
	ctxlab_take_saved(regs, r->saved);
	return true;
}

#endif /* CTXLAB_REGISTERS_H */
