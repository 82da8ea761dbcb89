/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The switch between two coroutines on arm64 (AAPCS64).
 *
 * A switch is a function call, so the caller has already saved x0 to x18, v0 to
 * v7, v16 to v31 and the upper halves of v8 to v15.  What is left to keep is x19
 * to x28, the frame pointer x29, the address to go on at (x30), sp and d8 to
 * d15; the _fp form adds FPCR.  The saved part lies on the stack that is left:
 *
 *	sp + 0	x19 to x28	sp + 96		d8 to d15
 *	sp + 80	x29, x30	sp + 160	FPCR (only in the _fp form)
 */
#if defined(__aarch64__)
	.text

	.macro	save_registers size
	sub	sp, sp, #\size
	.cfi_adjust_cfa_offset \size
	stp	x19, x20, [sp, #0]
	stp	x21, x22, [sp, #16]
	stp	x23, x24, [sp, #32]
	stp	x25, x26, [sp, #48]
	stp	x27, x28, [sp, #64]
	stp	x29, x30, [sp, #80]
	stp	d8, d9, [sp, #96]
	stp	d10, d11, [sp, #112]
	stp	d12, d13, [sp, #128]
	stp	d14, d15, [sp, #144]
	.cfi_rel_offset x19, 0
	.cfi_rel_offset x20, 8
	.cfi_rel_offset x21, 16
	.cfi_rel_offset x22, 24
	.cfi_rel_offset x23, 32
	.cfi_rel_offset x24, 40
	.cfi_rel_offset x25, 48
	.cfi_rel_offset x26, 56
	.cfi_rel_offset x27, 64
	.cfi_rel_offset x28, 72
	.cfi_rel_offset x29, 80
	.cfi_rel_offset x30, 88
	.endm

	/* *save = sp; sp = to: from here on the other's stack. */
	.macro	change_stack
	mov	x9, sp
	str	x9, [x0]
	mov	sp, x1
	.endm

	.macro	load_registers size
	ldp	x19, x20, [sp, #0]
	ldp	x21, x22, [sp, #16]
	ldp	x23, x24, [sp, #32]
	ldp	x25, x26, [sp, #48]
	ldp	x27, x28, [sp, #64]
	ldp	x29, x30, [sp, #80]
	ldp	d8, d9, [sp, #96]
	ldp	d10, d11, [sp, #112]
	ldp	d12, d13, [sp, #128]
	ldp	d14, d15, [sp, #144]
	add	sp, sp, #\size
	.cfi_adjust_cfa_offset -\size
	.cfi_restore x19
	.cfi_restore x20
	.cfi_restore x21
	.cfi_restore x22
	.cfi_restore x23
	.cfi_restore x24
	.cfi_restore x25
	.cfi_restore x26
	.cfi_restore x27
	.cfi_restore x28
	.cfi_restore x29
	.cfi_restore x30
	.endm

	.globl	co_switch
	.type	co_switch, @function
	.p2align 6
co_switch:
	.cfi_startproc
	save_registers 160
	change_stack
	load_registers 160
	/* Not "ret": its prediction would be the coroutine just left. */
	br	x30
	.cfi_endproc
	.size	co_switch, . - co_switch

	/*
	 * Where all who leave a coroutine stand at the same place, as in a
	 * scheduler, the return is predicted right, and so are those of the
	 * callers as far as they are the same.
	 */
	.globl	co_switch_return
	.type	co_switch_return, @function
	.p2align 6
co_switch_return:
	.cfi_startproc
	save_registers 160
	change_stack
	/* Who is left for good comes here from co_switch_start. */
.Lresume:
	mov	x0, x2
	load_registers 160
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
	save_registers 160
	change_stack
	/* Nobody has called the new one. */
	.cfi_undefined x30
	mov	x19, x2
1:	mov	x29, xzr
	mov	x30, xzr
	mov	x0, x3
	blr	x19
	/* It has ended: x0 is who goes on, x1 what that one gets. */
	mov	x2, x1
	tbnz	x0, #0, 2f
	mov	sp, x0
	b	.Lresume
	/* Another new one: the end of its stack, and 1. */
2:	sub	x0, x0, #1
	mov	sp, x0
	mov	x3, x2
	b	1b
	.cfi_endproc
	.size	co_switch_start, . - co_switch_start

	.globl	co_switch_fp
	.type	co_switch_fp, @function
	.p2align 6
co_switch_fp:
	.cfi_startproc
	save_registers 176
	mrs	x10, fpcr
	str	x10, [sp, #160]
	change_stack
	/* Writing FPCR waits for the pipeline: only where it has to change. */
	ldr	x11, [sp, #160]
	cmp	x10, x11
	b.eq	1f
	msr	fpcr, x11
1:	load_registers 176
	br	x30
	.cfi_endproc
	.size	co_switch_fp, . - co_switch_fp

	/*
	 * Where a new coroutine begins: co_frame() has left its entry in x19 and
	 * its argument in x20.  Its frame has the address after the first instruction:
	 * who walks a stack looks at what comes before a return address.
	 */
	.globl	co_start
	.hidden	co_start
	.type	co_start, @function
	.p2align 6
co_start:
	.cfi_startproc
	/* The end of every backtrace. */
	.cfi_undefined x30
	nop
	mov	x29, xzr
	mov	x30, xzr
	mov	x0, x20
	blr	x19
	/* An entry must not return: there is nothing to go on with. */
	brk	#1
	.cfi_endproc
	.size	co_start, . - co_start

#endif
	.section .note.GNU-stack, "", %progbits
