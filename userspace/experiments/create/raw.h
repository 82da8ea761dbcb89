/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a child may use that shares its maker's memory without thread-local
 * storage of its own: system calls that leave errno alone, and the clock that
 * needs no memory.  Only experiments/create includes this.
 */
#ifndef CREATE_RAW_H
#define CREATE_RAW_H

#include <linux/sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Such a child runs on a stack that the sanitizers know nothing of. */
#define CHILD_CODE __attribute__((noinline, no_sanitize("address", "undefined")))

#if defined(__x86_64__)
static inline long raw_syscall(long nr, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return ret;
}

/* The time-stamp counter, read after all that came before it. */
static inline uint64_t ticks(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}
#elif defined(__aarch64__)
static inline long raw_syscall(long nr, long a, long b, long c, long d)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3)
			 : "memory");
	return x0;
}

/* The virtual counter, read after all that came before it. */
static inline uint64_t ticks(void)
{
	uint64_t t;

	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(t) : : "memory");
	return t;
}
#else
#error "experiments/create needs system calls of this architecture"
#endif

/*
 * clone3(2), the child running @fn(@arg) on the stack that @args names and
 * exiting with status 0 when it returns.  Return: the child's tid or a negative
 * errno.  The caller keeps the stack until the child is gone.
 */
long raw_clone3(struct clone_args *args, void (*fn)(void *arg), void *arg);

/* The program that does nothing, from carried.S. */
extern const char create_nothing[];
extern const char create_nothing_end[];

#endif /* CREATE_RAW_H */
