// SPDX-License-Identifier: GPL-2.0-only
/*
 * clone3(2) with a child on a stack of its own.  C cannot say this: where the
 * memory is shared the child must not touch the frame that its maker returns
 * from, so it calls @fn without ever coming back here.
 */
#include "raw.h"

#if defined(__x86_64__)
long raw_clone3(struct clone_args *args, void (*fn)(void *arg), void *arg)
{
	register void (*r8)(void *arg) __asm__("r8") = fn;
	register void *r9 __asm__("r9") = arg;
	long ret;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "and $-16, %%rsp\n\t"
			 "mov %%r9, %%rdi\n\t"
			 "call *%%r8\n\t"
			 "xor %%edi, %%edi\n\t"
			 "mov %[exit], %%eax\n\t"
			 "syscall\n\t"
			 "hlt\n"
			 "1:"
			 : "=a"(ret), "+r"(r8), "+r"(r9)
			 : "a"((long)SYS_clone3), "D"(args), "S"(sizeof(*args)),
			   [exit] "i"(SYS_exit)
			 : "rcx", "rdx", "r10", "r11", "cc", "memory");
	return ret;
}
#elif defined(__aarch64__)
long raw_clone3(struct clone_args *args, void (*fn)(void *arg), void *arg)
{
	register long x8 __asm__("x8") = SYS_clone3;
	register void *x0 __asm__("x0") = args;
	register long x1 __asm__("x1") = sizeof(*args);
	register void (*x9)(void *arg) __asm__("x9") = fn;
	register void *x10 __asm__("x10") = arg;

	__asm__ volatile("svc 0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, xzr\n\t"
			 "mov x0, x10\n\t"
			 "blr x9\n\t"
			 "mov x0, xzr\n\t"
			 "mov x8, %[exit]\n\t"
			 "svc 0\n"
			 "1:"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x9), "r"(x10),
			   [exit] "i"(SYS_exit)
			 : "cc", "memory");
	return (long)x0;
}
#endif
