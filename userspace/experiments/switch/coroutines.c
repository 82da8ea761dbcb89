// SPDX-License-Identifier: GPL-2.0-only
/* A worker whose two coroutines switch. */
#include "coroutine/coroutine.h"
#include "handover.h"
#include "lib/compiler.h"

struct pair {
	const struct table *table;
	struct co first;	/* runs on the thread's own stack */
	struct co second[COROUTINES];
	struct workset work[2];
	uint64_t second_switches;
};

static inline __inlined void
leave(struct co *from, struct co *to, enum coroutine how)
{
	if (how == CO_BARE)
		co_switch(&from->sp, to->sp);
	else if (how == CO_FP)
		co_switch_fp(&from->sp, to->sp);
	else
		swapcontext(&from->context, &to->context);
}

static inline __inlined void
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
static inline __inlined void
second(struct pair *p, enum coroutine how)
{
	for (;;) {
		touch(&p->work[1], p->table->pages, p->table->pattern);
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

static inline __inlined void
first(struct pair *p, uint32_t n, enum coroutine how)
{
	const uint32_t pages = p->table->pages;
	const enum pattern pattern = p->table->pattern;

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

static struct pair pair;

int coroutines_begin(struct worker *w)
{
	struct pair *p = &pair;
	int i, err = 0;

	p->table = w->arg;
	for (i = 0; i < 2 && !err; i++) {
		p->work[i] = p->table->work[i];
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

void coroutines_work(struct worker *w, const struct order *o)
{
	struct pair *p = &pair;

	worker_meet(w);
	hand_over(p, warm_up(o->ops), p->table->co);
	p->second_switches = 0;
	w->slot->start_ns = worker_now();
	hand_over(p, o->ops, p->table->co);
	w->slot->end_ns = worker_now();
	worker_part(w);
	w->slot->counted = o->ops + p->second_switches;
}
