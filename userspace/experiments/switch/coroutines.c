// SPDX-License-Identifier: GPL-2.0-only
/* The crew whose members are two coroutines in one thread. */
#include <errno.h>
#include <sched.h>

#include "coroutine/coroutine.h"
#include "measure/cpus.h"
#include "measure/shared.h"

struct pair {
	struct shift *shift;
	struct co first;	/* runs on the thread's own stack */
	struct co second[COROUTINES];
	struct workset work[2];
	uint64_t second_switches;
};

static __always_inline void
leave(struct co *from, struct co *to, enum coroutine how)
{
	if (how == CO_BARE)
		co_switch(&from->sp, to->sp);
	else if (how == CO_FP)
		co_switch_fp(&from->sp, to->sp);
	else
		swapcontext(&from->context, &to->context);
}

static __always_inline void
touch(const struct workset *w, uint32_t pages, enum pattern pattern)
{
	if (!pages)
		return;
	if (pattern == PATTERN_CHAIN)
		workset_chain(w, pages);
	else
		workset_independent(w, pages);
}

/* What the second one does for ever: touch, count, hand back. */
static __always_inline void
second(struct pair *p, enum coroutine how)
{
	for (;;) {
		touch(&p->work[1], p->shift->order.pages,
		      p->shift->order.pattern);
		p->second_switches++;
		leave(&p->second[how], &p->first, how);
	}
}

static void second_bare(void *arg)
{
	second(arg, CO_BARE);
}

static void second_fp(void *arg)
{
	second(arg, CO_FP);
}

static void second_ucontext(void *arg)
{
	second(arg, CO_UCONTEXT);
}

static __always_inline void
first(struct pair *p, uint32_t n, enum coroutine how)
{
	const uint32_t pages = p->shift->order.pages;
	const enum pattern pattern = p->shift->order.pattern;

	while (n--) {
		touch(&p->work[0], pages, pattern);
		leave(&p->first, &p->second[how], how);
	}
}

/* A loop of its own for each, so that nothing is decided between switches. */
static void hand_over(struct pair *p, uint32_t n, enum coroutine how)
{
	if (how == CO_BARE)
		first(p, n, CO_BARE);
	else if (how == CO_FP)
		first(p, n, CO_FP);
	else
		first(p, n, CO_UCONTEXT);
}

static void work_round(struct pair *p)
{
	struct desk *desk = &p->shift->desk[0];
	const struct order *o = &p->shift->order;
	uint64_t cpu_ns, span_ns;
	unsigned int cpu;
	uint32_t before;

	cpu_ns = cpus_time(desk->tid, true);
	span_ns = member_now();
	hand_over(p, warm_up(o), o->co);
	cpu = sched_getcpu();
	before = member_kernel_switches();
	p->second_switches = 0;
	desk->start_ns = member_now();
	hand_over(p, o->hand_overs, o->co);
	desk->end_ns = member_now();
	desk->span_ns = cpu_ns ? desk->end_ns - span_ns : 0;
	desk->cpu_ns = cpu_ns ? cpus_time(desk->tid, true) - cpu_ns : 0;
	desk->rusage = member_kernel_switches() - before;
	desk->switches = o->hand_overs + p->second_switches;
	desk->moved = cpu != p->shift->spec.cpu ||
		      (unsigned int)sched_getcpu() != cpu;
}

static int pair_init(struct pair *p)
{
	int i, err = 0;

	for (i = 0; i < 2 && !err; i++) {
		p->work[i] = p->shift->spec.work[i];
		err = workset_enter(&p->work[i]);
	}
	if (!err)
		err = co_init(&p->second[CO_BARE], second_bare, p);
	if (!err)
		err = co_init_fp(&p->second[CO_FP], second_fp, p);
	if (!err)
		err = co_init_ucontext(&p->second[CO_UCONTEXT],
				       second_ucontext, p);
	return err;
}

void coroutine_work(struct shift *shift)
{
	static struct pair pair;
	uint32_t seq = 0;
	int err;

	pair.shift = shift;
	member_settle(shift, 0);
	err = pair_init(&pair);
	if (err)
		shift->desk[0].error = err;
	member_finish(shift);
	for (;;) {
		seq = member_next_order(shift, seq);
		work_round(&pair);
		member_finish(shift);
	}
}
