// SPDX-License-Identifier: GPL-2.0-only
/*
 * Coroutines for a debugger to look at, see cfi_test.sh.  The argument is the way to
 * switch between two of them, or "gpm".
 */
#include <fenv.h>
#include <string.h>

#include "coroutine/coroutine.h"
#include "gpm/internal.h"

#define NOINLINE __attribute__((noinline))

/* After a call, which else could be a jump and leave no frame. */
static inline void stay(void)
{
	__asm__ volatile("" ::: "memory");
}

static struct co own, one, other;
static void (*leave_by)(void **save, void *to);

/* Each caller by a call of its own: the test tells them from each other by that. */
static inline __attribute__((always_inline)) void switch_from(void **save, void *to)
{
	if (leave_by)
		leave_by(save, to);
	else
		co_switch_return(save, to, NULL);
}

NOINLINE static void one_inner(void)
{
	switch_from(&one.sp, other.sp);
	switch_from(&one.sp, other.sp);
	stay();
}

static void one_entry(void *arg)
{
	(void)arg;
	one_inner();
	stay();
}

NOINLINE static void other_inner(void)
{
	switch_from(&other.sp, one.sp);
	switch_from(&other.sp, own.sp);
	stay();
}

static void other_entry(void *arg)
{
	(void)arg;
	/* Where it is kept, the switch has another mode to load. */
	fesetround(FE_DOWNWARD);
	other_inner();
	stay();
}

static int pair(int (*init)(struct co *co, co_entry entry, void *arg))
{
	if (init(&one, one_entry, NULL) || init(&other, other_entry, NULL))
		return 1;
	switch_from(&own.sp, one.sp);
	co_destroy(&one);
	co_destroy(&other);
	return 0;
}

/* The first one is followed by another, and that by who began it. */
static struct co_next start_entry(void *second)
{
	if (second)
		return (struct co_next){ co_new(second), NULL };
	return (struct co_next){ own.sp, &own };
}

static int start(void)
{
	static _Alignas(16) char stack[2][65536];

	return co_switch_start(&own.sp, stack[1], start_entry, stack + 2) != &own;
}

/* For the debugger: the stack pointer of the G that waits. */
void *parked_sp;

static void find_parked(struct g *g, void *arg)
{
	(void)arg;
	if (!strcmp(g->name, "parked"))
		parked_sp = g->sp;
}

NOINLINE static void parked_inner(void *chan)
{
	gpm_recv(chan, NULL);
	stay();
}

static void parked_entry(void *chan)
{
	parked_inner(chan);
	stay();
}

/* Where the debugger stops. */
NOINLINE void look(void)
{
	unsigned int i;

	/* For a profiler. */
	for (i = 0; i < 100000000; i++)
		stay();
}

NOINLINE static void running_inner(void)
{
	look();
	stay();
}

static void running_entry(void *chan)
{
	gpm_go_named("parked", parked_entry, chan);
	gpm_yield();
	each_g(find_parked, NULL);
	running_inner();
	gpm_chan_close(chan);
}

int main(int argc, char **argv)
{
	struct gpm_options options = { .procs = 1 };
	const char *way = argc > 1 ? argv[1] : "";

	if (!strcmp(way, "gpm"))
		return gpm_run(&options, running_entry, gpm_chan_new(0, 0));
	if (!strcmp(way, "co_switch_start"))
		return start();
	leave_by = co_switch;
	if (!strcmp(way, "co_switch_return"))
		leave_by = NULL;
	if (strcmp(way, "co_switch_fp"))
		return pair(co_init);
	leave_by = co_switch_fp;
	return pair(co_init_fp);
}
