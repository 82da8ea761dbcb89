// SPDX-License-Identifier: GPL-2.0-only
/* A system call that sleeps with known values in the saved registers. */
#include "sleep_with.h"

const char *const sleep_with_names[SAVED] = {
#if defined(__x86_64__)
	"RBX", "RBP", "R12", "R13", "R14", "R15"
#else
	"X19", "X20", "X21", "X22", "X23", "X24", "X25", "X26", "X27", "X28",
	"FP", "LR"
#endif
};

#if defined(__x86_64__)
__asm__(".text\n"
	".globl sleep_with, sleep_with_pc\n"
	"sleep_with:\n"
	"	push %rbx\n	push %rbp\n	push %r12\n"
	"	push %r13\n	push %r14\n	push %r15\n"
	"	mov %rdx, %r8\n"
	"	mov %rdx, %r9\n"
	"	mov %rsi, %rdx\n"
	"	mov 0(%rdi), %rbx\n"
	"	mov 8(%rdi), %rbp\n"
	"	mov 16(%rdi), %r12\n"
	"	mov 24(%rdi), %r13\n"
	"	mov 32(%rdi), %r14\n"
	"	mov 40(%rdi), %r15\n"
	"	mov %rsp, 48(%rdi)\n"
	"	xor %edi, %edi\n"
	"	xor %esi, %esi\n"
	"	xor %r10d, %r10d\n"
	"	mov $271, %eax\n"
	"	syscall\n"
	"sleep_with_pc:\n"
	"	pop %r15\n	pop %r14\n	pop %r13\n"
	"	pop %r12\n	pop %rbp\n	pop %rbx\n"
	"	ret\n");
#else
__asm__(".text\n"
	".globl sleep_with, sleep_with_pc\n"
	"sleep_with:\n"
	"	stp x29, x30, [sp, #-96]!\n"
	"	stp x19, x20, [sp, #16]\n"
	"	stp x21, x22, [sp, #32]\n"
	"	stp x23, x24, [sp, #48]\n"
	"	stp x25, x26, [sp, #64]\n"
	"	stp x27, x28, [sp, #80]\n"
	"	mov x4, x2\n"
	"	mov x5, x2\n"
	"	mov x2, x1\n"
	"	ldp x19, x20, [x0, #0]\n"
	"	ldp x21, x22, [x0, #16]\n"
	"	ldp x23, x24, [x0, #32]\n"
	"	ldp x25, x26, [x0, #48]\n"
	"	ldp x27, x28, [x0, #64]\n"
	"	ldp x29, x30, [x0, #80]\n"
	"	mov x9, sp\n"
	"	str x9, [x0, #96]\n"
	"	mov x0, #0\n"
	"	mov x1, #0\n"
	"	mov x3, #0\n"
	"	mov x8, #73\n"
	"	svc #0\n"
	"sleep_with_pc:\n"
	"	ldp x19, x20, [sp, #16]\n"
	"	ldp x21, x22, [sp, #32]\n"
	"	ldp x23, x24, [sp, #48]\n"
	"	ldp x25, x26, [sp, #64]\n"
	"	ldp x27, x28, [sp, #80]\n"
	"	ldp x29, x30, [sp], #96\n"
	"	ret\n");
#endif
