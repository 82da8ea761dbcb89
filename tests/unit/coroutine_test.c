// SPDX-License-Identifier: GPL-2.0-only
/* Coroutines: what a switch must keep, and the stack that it gives. */
#include <fenv.h>
#include <stdint.h>
#include <ucontext.h>

#include "coroutine/coroutine.h"
#include "tap.h"

#if defined(__x86_64__)

static struct co here, there;
static int visits;
static uintptr_t entry_sp;
static void *given;

static void go(void)
{
	co_switch(&here.sp, there.sp);
}

static void back(void)
{
	co_switch(&there.sp, here.sp);
}

static void count_visits(void *arg)
{
	given = arg;
	entry_sp = (uintptr_t)__builtin_frame_address(0);
	for (;;) {
		visits++;
		back();
	}
}

static void turns(void)
{
	int i;

	co_init(&there, count_visits, &visits);
	for (i = 0; i < 1000; i++)
		go();
	is_number(visits, 1000, "a thousand turns there and back");
	ok(given == &visits, "the argument arrives");
	/* After "push rbp" the frame pointer is a multiple of 16. */
	is_number(entry_sp % 16, 0, "the stack is aligned as the ABI wants");
	co_destroy(&there);
}

/* Vector instructions on the stack fault where it is not aligned. */
static void use_vectors(void *arg)
{
	volatile __attribute__((aligned(16))) double v[2] = { 1.5, 2.5 };

	for (;;) {
		*(double *)arg = v[0] + v[1];
		back();
	}
}

static int deep(int n)
{
	volatile char room[64];

	room[0] = n;
	return n ? deep(n - 1) + 1 : room[0];
}

static void recurse(void *arg)
{
	for (;;) {
		*(int *)arg = deep(400);
		back();
	}
}

static void stacks(void)
{
	double sum = 0;
	int depth = 0;

	co_init(&there, use_vectors, &sum);
	go();
	ok(sum == 4, "aligned vectors on the stack");
	co_destroy(&there);
	co_init(&there, recurse, &depth);
	go();
	is_number(depth, 400, "a deep recursion");
	co_destroy(&there);
}

/* Changes all callee-saved registers before it hands back. */
static void spoil(void *arg)
{
	(void)arg;
	for (;;) {
		__asm__ volatile("mov $1, %%rbx; mov $2, %%r12;"
				 "mov $3, %%r13; mov $4, %%r14;"
				 "mov $5, %%r15"
				 ::: "rbx", "r12", "r13", "r14", "r15");
		back();
	}
}

static void registers(void)
{
	uint64_t rbx, r12, r13, r14, r15, rbp, rbp2;

	co_init(&there, spoil, NULL);
	/*
	 * The registers get values, the switch is made by hand, and they are
	 * read again.  This function calls others, so it has no red zone.
	 */
	__asm__ volatile("mov %%rbp, %5\n"
			 "mov $0x11, %%rbx\n"
			 "mov $0x12, %%r12\n"
			 "mov $0x13, %%r13\n"
			 "mov $0x14, %%r14\n"
			 "mov $0x15, %%r15\n"
			 "call co_switch\n"
			 "mov %%rbx, %0\n"
			 "mov %%r12, %1\n"
			 "mov %%r13, %2\n"
			 "mov %%r14, %3\n"
			 "mov %%r15, %4\n"
			 "mov %%rbp, %6\n"
		: "=m"(rbx), "=m"(r12), "=m"(r13), "=m"(r14), "=m"(r15),
		  "=m"(rbp), "=m"(rbp2)
		: "D"(&here.sp), "S"(there.sp)
		: "rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "rbx", "r12",
		  "r13", "r14", "r15", "memory", "cc");
	ok(rbx == 0x11 && r12 == 0x12 && r13 == 0x13 && r14 == 0x14 &&
	   r15 == 0x15, "callee-saved registers are kept");
	ok(rbp == rbp2, "so is the frame pointer");
	co_destroy(&there);
}

static void set_control(uint32_t mxcsr, uint16_t cw)
{
	__asm__ volatile("ldmxcsr %0; fldcw %1" :: "m"(mxcsr), "m"(cw));
}

static void get_control(uint32_t *mxcsr, uint16_t *cw)
{
	__asm__ volatile("stmxcsr %0; fnstcw %1" : "=m"(*mxcsr), "=m"(*cw));
}

struct control {
	uint32_t mxcsr;
	uint16_t cw;
};

/* Rounds towards zero from now on; tells what it found at its beginning. */
static void round_down(void *arg)
{
	struct control *found = arg;

	get_control(&found->mxcsr, &found->cw);
	for (;;) {
		set_control(0x7f80, 0x0f7f);
		co_switch_fp(&there.sp, here.sp);
	}
}

static void fp_control(void)
{
	struct control found = {};
	uint32_t mxcsr;
	uint16_t cw;

	/* Upwards; the default precision and masks. */
	set_control(0x5f80, 0x0b7f);
	co_init_fp(&there, round_down, &found);
	co_switch_fp(&here.sp, there.sp);
	get_control(&mxcsr, &cw);
	ok((mxcsr & 0xffc0) == 0x5f80 && cw == 0x0b7f,
	   "co_switch_fp() keeps the control words");
	ok((found.mxcsr & 0xffc0) == 0x5f80 && found.cw == 0x0b7f,
	   "a coroutine begins with those of its maker");
	co_switch_fp(&here.sp, there.sp);
	get_control(&mxcsr, &cw);
	ok((mxcsr & 0xffc0) == 0x5f80 && cw == 0x0b7f, "and again");
	set_control(0x1f80, 0x037f);
	co_destroy(&there);
}

static void spoil_control(void *arg)
{
	(void)arg;
	for (;;) {
		set_control(0x7f80, 0x0f7f);
		back();
	}
}

/* The bare switch is the faster one since it does not: shown, not assumed. */
static void bare_control(void)
{
	uint32_t mxcsr;
	uint16_t cw;

	co_init(&there, spoil_control, NULL);
	go();
	get_control(&mxcsr, &cw);
	set_control(0x1f80, 0x037f);
	ok((mxcsr & 0xffc0) == 0x7f80 && cw == 0x0f7f,
	   "co_switch() leaves the control words alone");
	co_destroy(&there);
}

static void hand_back(void *arg)
{
	for (;;) {
		++*(int *)arg;
		swapcontext(&there.context, &here.context);
	}
}

static void reference(void)
{
	int n = 0, i;

	co_init_ucontext(&there, hand_back, &n);
	for (i = 0; i < 10; i++)
		swapcontext(&here.context, &there.context);
	is_number(n, 10, "the reference by swapcontext()");
	co_destroy(&there);
}

int main(void)
{
	turns();
	stacks();
	registers();
	fp_control();
	bare_control();
	reference();
	return tap_done();
}

#else

int main(void)
{
	puts("1..0 # SKIP coroutines are there on x86-64 only");
	return 0;
}

#endif
