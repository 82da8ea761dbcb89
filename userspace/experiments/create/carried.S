/* SPDX-License-Identifier: GPL-2.0-only */
/* The program that does nothing, as bytes: wherever the tool is, it is there. */
	.section .rodata
	.balign 16
	.globl	create_nothing
create_nothing:
	.incbin	"experiments/create/nothing"
	.globl	create_nothing_end
create_nothing_end:
	.byte	0

	.section .note.GNU-stack, "", %progbits
