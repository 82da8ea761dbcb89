// SPDX-License-Identifier: GPL-2.0-only
/* Coroutines: what a switch must keep, and the stack that it gives. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "coroutine/coroutine.h"
#include "coroutine/stack.h"
#include "tap.h"

#if defined(__x86_64__) || defined(__aarch64__)

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

#if defined(__x86_64__)
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

#else
/* Changes all callee-saved registers before it hands back. */
static void spoil(void *arg)
{
	(void)arg;
	for (;;) {
		__asm__ volatile("mov x19, #1; mov x20, #2; mov x21, #3;"
				 "mov x22, #4; mov x23, #5; mov x24, #6;"
				 "mov x25, #7; mov x26, #8; mov x27, #9;"
				 "mov x28, #10; fmov d8, x19; fmov d15, x19"
				 ::: "x19", "x20", "x21", "x22", "x23", "x24",
				 "x25", "x26", "x27", "x28", "v8", "v15");
		back();
	}
}

/* Named by the assembly. */
extern uint64_t got[12];
uint64_t got[12];

static void registers(void)
{
	register void **save __asm__("x0");
	register void *to __asm__("x1");
	uint64_t want = 0, i;

	co_init(&there, spoil, NULL);
	save = &here.sp;
	to = there.sp;
	__asm__ volatile("mov x19, #0x11; mov x20, #0x12; mov x21, #0x13\n"
			 "mov x22, #0x14; mov x23, #0x15; mov x24, #0x16\n"
			 "mov x25, #0x17; mov x26, #0x18; mov x27, #0x19\n"
			 "mov x28, #0x1a; mov x2, #0x1b; mov x3, #0x1c\n"
			 "fmov d8, x2; fmov d15, x3\n"
			 "bl co_switch\n"
			 "adrp x2, got; add x2, x2, :lo12:got\n"
			 "stp x19, x20, [x2]; stp x21, x22, [x2, #16]\n"
			 "stp x23, x24, [x2, #32]; stp x25, x26, [x2, #48]\n"
			 "stp x27, x28, [x2, #64]; stp d8, d15, [x2, #80]\n"
		: "+r"(save), "+r"(to) :
		: "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9",
		  "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x19",
		  "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28",
		  "x30", "memory", "cc");
	for (i = 0; i < 10; i++)
		want += got[i] == 0x11 + i;
	is_number(want, 10, "callee-saved registers are kept");
	ok(got[10] == 0x1b && got[11] == 0x1c, "so are d8 to d15");
	co_destroy(&there);
}

#endif

/* Two rounding modes and what goes with them, and the default. */
#if defined(__x86_64__)
struct control {
	uint32_t mxcsr;
	uint16_t cw;
};

static const struct control up = { 0x5f80, 0x0b7f };
static const struct control zero = { 0x7f80, 0x0f7f };
static const struct control normal = { 0x1f80, 0x037f };

static void set_control(struct control c)
{
	__asm__ volatile("ldmxcsr %0; fldcw %1" :: "m"(c.mxcsr), "m"(c.cw));
}

static struct control get_control(void)
{
	struct control c;

	__asm__ volatile("stmxcsr %0; fnstcw %1" : "=m"(c.mxcsr), "=m"(c.cw));
	/* Without the status bits. */
	c.mxcsr &= 0xffc0;
	return c;
}

static bool same_control(struct control a, struct control b)
{
	return a.mxcsr == b.mxcsr && a.cw == b.cw;
}
#else
struct control {
	uint64_t fpcr;
};

static const struct control up = { 1 << 22 };
static const struct control zero = { 3 << 22 };
static const struct control normal;

static void set_control(struct control c)
{
	__asm__ volatile("msr fpcr, %0" :: "r"(c.fpcr));
}

static struct control get_control(void)
{
	struct control c;

	__asm__ volatile("mrs %0, fpcr" : "=r"(c.fpcr));
	return c;
}

static bool same_control(struct control a, struct control b)
{
	return a.fpcr == b.fpcr;
}
#endif

/* Rounds towards zero from now on; tells what it found at its beginning. */
static void round_down(void *arg)
{
	*(struct control *)arg = get_control();
	for (;;) {
		set_control(zero);
		co_switch_fp(&there.sp, here.sp);
	}
}

static void fp_control(void)
{
	struct control found = {};

	set_control(up);
	co_init_fp(&there, round_down, &found);
	co_switch_fp(&here.sp, there.sp);
	ok(same_control(get_control(), up),
	   "co_switch_fp() keeps the control words");
	ok(same_control(found, up),
	   "a coroutine begins with those of its maker");
	co_switch_fp(&here.sp, there.sp);
	ok(same_control(get_control(), up), "and again");
	set_control(normal);
	co_destroy(&there);
}

static void spoil_control(void *arg)
{
	(void)arg;
	for (;;) {
		set_control(zero);
		back();
	}
}

/* The bare switch is the faster one since it does not: shown, not assumed. */
static void bare_control(void)
{
	struct control left;

	co_init(&there, spoil_control, NULL);
	go();
	left = get_control();
	set_control(normal);
	ok(same_control(left, zero),
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

static bool faults(volatile char *at)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		struct rlimit none = {};

		setrlimit(RLIMIT_CORE, &none);
		signal(SIGSEGV, SIG_DFL);
		*at = 1;
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

static void pool_of(enum co_guard best, const char *what)
{
	struct co_stacks pool;
	struct co_stack s[70];
	size_t i, good = 0;

	co_stacks_init(&pool, 10000);
	pool.best = best;
	for (i = 0; i < ARRAY_SIZE(s); i++) {
		good += !co_stacks_take(&pool, &s[i]) && s[i].guard == best;
		s[i].end[-1] = 1;
	}
	is_number(good, ARRAY_SIZE(s), what);
	ok(s[5].end - s[5].low >= 10000, "stacks are as large as asked for");
	ok(co_slab_end(&pool, pool.slabs, 0) == s[64].end,
	   "stacks are found through their slab");
	if (best == CO_GUARD_CANARY) {
		ok(co_canary_intact(s[5].low), "a canary lives");
		*s[5].low = 1;
		ok(!co_canary_intact(s[5].low), "and dies");
	} else {
		ok(faults(s[5].low - 1) && !faults(s[5].low),
		   "the guard faults, the stack does not");
	}
	co_stacks_destroy(&pool);
}

static void pools(void)
{
	struct co_stacks pool;
	struct co_stack s[8];
	size_t i;

	co_stacks_init(&pool, 4096);
	if (co_stacks_take(&pool, s) || s->guard != CO_GUARD_MARKED)
		ok(true, "guards of the kernel # SKIP before Linux 6.13");
	else
		pool_of(CO_GUARD_MARKED, "guards of the kernel");
	co_stacks_destroy(&pool);
	pool_of(CO_GUARD_MAPPED, "guards that are mappings");
	pool_of(CO_GUARD_CANARY, "canaries");

	co_stacks_init(&pool, 4096);
	pool.best = CO_GUARD_MAPPED;
	pool.mapped_left = 4;
	for (i = 0; i < ARRAY_SIZE(s); i++)
		co_stacks_take(&pool, &s[i]);
	ok(s[3].guard == CO_GUARD_MAPPED && s[4].guard == CO_GUARD_CANARY,
	   "where mappings run out, canaries");
	co_stacks_destroy(&pool);
	co_stacks_init(&pool, (size_t)1 << 50);
	is_number(-co_stacks_take(&pool, s), ENOMEM, "no room is -ENOMEM");
	co_stacks_destroy(&pool);
}

int main(void)
{
	pools();
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
	puts("1..0 # SKIP coroutines are there on x86-64 and arm64 only");
	return 0;
}

#endif
