/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The switch between two coroutines on x86-64 (System V ABI).
 *
 * A switch is a function call, so the caller has already saved what a call may
 * change (rax, rcx, rdx, rsi, rdi, r8 to r11, the vector registers).  What is
 * left to keep is rbx, rbp, r12 to r15, rsp, and the address to go on at; the
 * _fp form adds the two control words that a call keeps too.  The saved part
 * lies on the stack that is left:
 *
 *	sp + 0	r15		sp + 32	rbp
 *	sp + 8	r14		sp + 40	rbx
 *	sp + 16	r13		sp + 48	address to go on at
 *	sp + 24	r12
 *
 * and with the control words 8 bytes more below it: MXCSR, then the x87 CW.
 *
 * What it costs is its eight stores: the call's, six pushes, and *save.  A CPU
 * that stores once a cycle takes nine cycles for all of it, one that stores twice
 * five; the loads find their values in the store buffer, and the jump is
 * predicted.
 */
#if defined(__x86_64__)
	.text

	.macro	push_kept reg
	pushq	\reg
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset \reg, 0
	.endm

	.macro	push_all
	push_kept %rbx
	push_kept %rbp
	push_kept %r12
	push_kept %r13
	push_kept %r14
	push_kept %r15
	.endm

	.macro	pop_kept reg
	popq	\reg
	.cfi_adjust_cfa_offset -8
	.cfi_restore \reg
	.endm

	.globl	co_switch
	.type	co_switch, @function
	.p2align 6
co_switch:
	.cfi_startproc
	push_all
	/* From here on the other's stack: *save = rsp; rsp = to. */
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	pop_kept %r15
	pop_kept %r14
	pop_kept %r13
	pop_kept %r12
	pop_kept %rbp
	pop_kept %rbx
	/*
	 * Not "ret": the CPU predicts a return to where the last call came
	 * from, which is the coroutine just left, and would be wrong each
	 * time.  An indirect jump is predicted by where it went before.
	 */
	popq	%rcx
	.cfi_adjust_cfa_offset -8
	.cfi_register %rip, %rcx
	jmpq	*%rcx
	.cfi_endproc
	.size	co_switch, . - co_switch

	/*
	 * Where all who leave a coroutine stand at the same place, as in a
	 * scheduler, the return is predicted right, and so are those of the
	 * callers as far as they are the same: the jump would leave the CPU's
	 * stack of return addresses one entry too high, and wrong from there on.
	 */
	.globl	co_switch_return
	.type	co_switch_return, @function
	.p2align 6
co_switch_return:
	.cfi_startproc
	push_all
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	/* Who is left for good comes here from co_switch_start. */
.Lresume:
	movq	%rdx, %rax
	pop_kept %r15
	pop_kept %r14
	pop_kept %r13
	pop_kept %r12
	pop_kept %rbp
	pop_kept %rbx
	ret
	.cfi_endproc
	.size	co_switch_return, . - co_switch_return

	/*
	 * To a new coroutine: a call, which is predicted right, where a return to
	 * co_start would not be.  Its entry's return takes from the CPU's stack of
	 * return addresses what this call has put there: a coroutine that began and
	 * ended leaves no trace, and who goes on after it returns as predicted.
	 */
	.globl	co_switch_start
	.type	co_switch_start, @function
	.p2align 6
co_switch_start:
	.cfi_startproc
	push_all
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	/* Nobody has called the new one. */
	.cfi_undefined %rip
	movq	%rdx, %rbx
1:	movq	%rcx, %rdi
	xorl	%ebp, %ebp
	callq	*%rbx
	/* It has ended: rax is who goes on, rdx what that one gets. */
	testb	$1, %al
	jne	2f
	movq	%rax, %rsp
	jmp	.Lresume
	/* Another new one: the end of its stack, and 1. */
2:	leaq	-1(%rax), %rsp
	movq	%rdx, %rcx
	jmp	1b
	.cfi_endproc
	.size	co_switch_start, . - co_switch_start

	.globl	co_switch_fp
	.type	co_switch_fp, @function
	.p2align 6
co_switch_fp:
	.cfi_startproc
	push_all
	/* Room for the control words of the one that is left. */
	leaq	-8(%rsp), %rsp
	.cfi_adjust_cfa_offset 8
	stmxcsr	(%rsp)
	fnstcw	4(%rsp)
	movl	(%rsp), %eax
	movzwl	4(%rsp), %ecx
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	/*
	 * Loading a control word stalls the FPU for a hundred cycles and more
	 * when the value changes, be it only in the status bits of MXCSR (0 to
	 * 5), which a call need not keep: load only what has to change.
	 */
	xorl	(%rsp), %eax
	testl	$0xffc0, %eax
	jne	2f
	cmpw	4(%rsp), %cx
	jne	3f
	.cfi_remember_state
1:	leaq	8(%rsp), %rsp
	.cfi_adjust_cfa_offset -8
	pop_kept %r15
	pop_kept %r14
	pop_kept %r13
	pop_kept %r12
	pop_kept %rbp
	pop_kept %rbx
	popq	%rcx
	.cfi_adjust_cfa_offset -8
	.cfi_register %rip, %rcx
	jmpq	*%rcx
	.cfi_restore_state
2:	ldmxcsr	(%rsp)
	cmpw	4(%rsp), %cx
	je	1b
3:	fldcw	4(%rsp)
	jmp	1b
	.cfi_endproc
	.size	co_switch_fp, . - co_switch_fp

	/*
	 * Where a new coroutine begins.  co_frame() has left its entry in rbx
	 * and its argument in r12, and rsp such that after the call it is 8
	 * past a multiple of 16, as at the start of any function.  Its frame has the
	 * address after the first instruction: who walks a stack looks at what comes
	 * before a return address.
	 */
	.globl	co_start
	.hidden	co_start
	.type	co_start, @function
	.p2align 6
co_start:
	.cfi_startproc
	/* The end of every backtrace, for CFI and for frame pointers. */
	.cfi_undefined %rip
	nop
	movq	%r12, %rdi
	xorl	%ebp, %ebp
	callq	*%rbx
	/* An entry must not return: there is nothing to go on with. */
	ud2
	.cfi_endproc
	.size	co_start, . - co_start

#endif
	.section .note.GNU-stack, "", @progbits
