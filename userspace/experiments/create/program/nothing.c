// SPDX-License-Identifier: GPL-2.0-only
/*
 * The program that does nothing: what posix_spawn and exec start.  It has no
 * libc, no loader and no data, so that the time is the kernel's alone.
 *
 *	nothing			exit
 *	nothing FD		write the clock of the first instruction to FD
 *	nothing FD FD2		and then wait for a byte, or the end, of FD2
 *
 * The tool carries it within itself (carried.S).
 */
#include "../raw.h"

static long number(const char *s)
{
	long n = 0;

	while (*s)
		n = n * 10 + (*s++ - '0');
	return n;
}

__attribute__((noreturn, used)) static void start(long *sp)
{
	uint64_t now = ticks();
	char **argv = (char **)(sp + 1);
	char byte;

	if (*sp > 1)
		raw_syscall(SYS_write, number(argv[1]), (long)&now, sizeof(now), 0);
	if (*sp > 2)
		raw_syscall(SYS_read, number(argv[2]), (long)&byte, 1, 0);
	for (;;)
		raw_syscall(SYS_exit_group, 0, 0, 0, 0);
}

#if defined(__x86_64__)
__asm__(".globl _start\n"
	"_start:\n\t"
	"mov %rsp, %rdi\n\t"
	"and $-16, %rsp\n\t"
	"call start");
#elif defined(__aarch64__)
__asm__(".globl _start\n"
	"_start:\n\t"
	"mov x0, sp\n\t"
	"bl start");
#endif
