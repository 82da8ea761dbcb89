// SPDX-License-Identifier: GPL-2.0-only
/*
 * ctxlab's coroutine switches beside boost.context's jump_fcontext() and glibc's
 * swapcontext(), in turn in one program: prints a name and the nanoseconds of a
 * switch (the lower quartile of many short rounds) a line, and last those of a
 * clock cycle meanwhile.
 */
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "fcontext.h"
#include "coroutine/coroutine.h"

#define ROUNDS 2000
#define TURNS 5000

static struct co here, there[3];
static char fcontext_stack[CO_STACK_SIZE] __attribute__((aligned(64)));
static void *fcontext;

static void second_bare(void *arg)
{
	for (;;)
		co_switch(arg, here.sp);
}

static void second_fp(void *arg)
{
	for (;;)
		co_switch_fp(arg, here.sp);
}

static void second_ucontext(void *arg)
{
	struct co *co = arg;

	for (;;)
		swapcontext(&co->context, &here.context);
}

static void second_fcontext(struct transfer t)
{
	for (;;)
		t = jump_fcontext(t.fctx, NULL);
}

static void bare(void)
{
	int i;

	for (i = 0; i < TURNS; i++)
		co_switch(&here.sp, there[0].sp);
}

static void fp(void)
{
	int i;

	for (i = 0; i < TURNS; i++)
		co_switch_fp(&here.sp, there[1].sp);
}

static void ucontext(void)
{
	int i;

	/* A hundred times as dear: fewer of them. */
	for (i = 0; i < TURNS / 50; i++)
		swapcontext(&here.context, &there[2].context);
}

static void boost(void)
{
	int i;

	for (i = 0; i < TURNS; i++)
		fcontext = jump_fcontext(fcontext, NULL).fctx;
}

/*
 * Each addition waits for the one before: a cycle each.  Of a register: CPUs add
 * up constants before they execute anything.
 */
static void cycles(void)
{
	long sum = 0, one = 1;
	int i;

	for (i = 0; i < TURNS / 4; i++)
		__asm__ volatile("add %1, %0\n\tadd %1, %0\n\t"
				 "add %1, %0\n\tadd %1, %0\n\t"
				 "add %1, %0\n\tadd %1, %0\n\t"
				 "add %1, %0\n\tadd %1, %0"
				 : "+r" (sum) : "r" (one));
}

static const struct {
	const char *name;
	void (*turns)(void);
	int n;
} kinds[] = {
	{ "coroutine", bare, TURNS },
	{ "coroutine+fp", fp, TURNS },
	{ "swapcontext", ucontext, TURNS / 50 },
	{ "jump_fcontext", boost, TURNS },
	{ "cycle", cycles, TURNS },
};

#define KINDS (sizeof(kinds) / sizeof(*kinds))

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

int main(void)
{
	static double ns[KINDS][ROUNDS];
	double start;
	size_t k;
	int i;

	if (co_init(&there[0], second_bare, &there[0].sp) ||
	    co_init_fp(&there[1], second_fp, &there[1].sp) ||
	    co_init_ucontext(&there[2], second_ucontext, &there[2])) {
		fputs("no coroutines here\n", stderr);
		return 1;
	}
	fcontext = make_fcontext(fcontext_stack + sizeof(fcontext_stack),
				 sizeof(fcontext_stack), second_fcontext);
	for (i = 0; i < ROUNDS; i++) {
		for (k = 0; k < KINDS; k++) {
			start = now_ns();
			kinds[k].turns();
			/* There and back: two switches a turn. */
			ns[k][i] = (now_ns() - start) / (2.0 * kinds[k].n);
		}
	}
	for (k = 0; k < KINDS; k++) {
		gsl_sort(ns[k], 1, ROUNDS);
		printf("%s %.2f\n", kinds[k].name,
		       gsl_stats_quantile_from_sorted_data(ns[k], 1, ROUNDS,
							   0.25));
	}
	return 0;
}
