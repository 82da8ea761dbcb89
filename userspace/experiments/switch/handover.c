// SPDX-License-Identifier: GPL-2.0-only
/* A thread or process hands the CPU to the next one, and on. */
#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "handover.h"
#include "lib/futex.h"

int handover_open(struct table *t)
{
	unsigned int i, before;
	int fd[2];

	if (t->mechanism != MECH_PIPE && t->mechanism != MECH_PERF_PIPE)
		return 0;
	for (i = 0; i < t->n; i++) {
		if (pipe(fd))
			return -errno;
		before = (i + t->n - 1) % t->n;
		t->seat[i].take_fd = fd[0];
		t->seat[before].give_fd = fd[1];
	}
	return 0;
}

void handover_close(struct table *t)
{
	unsigned int i;

	for (i = 0; i < t->n; i++) {
		if (t->seat[i].take_fd > 0)
			close(t->seat[i].take_fd);
		if (t->seat[i].give_fd > 0)
			close(t->seat[i].give_fd);
	}
}

/* A worker, its own seat, and the one that it hands over to. */
struct hand {
	struct worker *w;
	const struct table *table;
	const struct workset *work;
	struct seat *own;
	struct seat *next;
};

static void token_give(struct seat *to)
{
	__atomic_store_n(&to->token, 1, __ATOMIC_RELEASE);
	futex_wake(&to->token, 1);
}

static void token_take(struct seat *own)
{
	while (!__atomic_load_n(&own->token, __ATOMIC_ACQUIRE))
		futex_wait(&own->token, 0, 0);
	__atomic_store_n(&own->token, 0, __ATOMIC_RELAXED);
}

/* A pipe's end that is gone leaves nobody to hand over to. */
static void pipe_give(struct hand *h)
{
	int byte = 0;

	if (write(h->own->give_fd, &byte, sizeof(byte)) != sizeof(byte))
		h->w->slot->error = -errno;
}

static void pipe_take(struct hand *h)
{
	int byte;

	if (read(h->own->take_fd, &byte, sizeof(byte)) != sizeof(byte))
		h->w->slot->error = -errno;
}

static inline void touch(const struct hand *h)
{
	if (h->table->pattern == PATTERN_CHAIN)
		workset_chain(h->work, h->table->pages);
	else
		workset_independent(h->work, h->table->pages);
}

static void give(struct hand *h)
{
	if (h->table->mechanism == MECH_FUTEX)
		token_give(h->next);
	else
		pipe_give(h);
}

static void take(struct hand *h)
{
	if (h->table->mechanism == MECH_FUTEX)
		token_take(h->own);
	else
		pipe_take(h);
}

/*
 * One hand-over: everybody touches its pages once.  The first worker begins; with
 * sched_yield() the run queue has the order.
 */
static inline void hand_over(struct hand *h)
{
	if (h->table->mechanism == MECH_YIELD) {
		touch(h);
		sched_yield();
	} else if (!h->w->index) {
		touch(h);
		give(h);
		take(h);
	} else {
		take(h);
		touch(h);
		give(h);
	}
}

int handover_begin(struct worker *w)
{
	const struct table *t = w->arg;

	return workset_enter(&t->work[w->index]);
}

/*
 * All workers hand over equally often.  With sched_yield() one may begin up to
 * one hand-over before another: the untimed ones at both ends, of which there are
 * more than that, keep the timed ones of the first worker complete.
 */
void handover_work(struct worker *w, const struct order *o)
{
	struct table *t = w->arg;
	struct hand h = {
		.w = w, .table = t, .work = &t->work[w->index],
		.own = &t->seat[w->index],
		.next = &t->seat[(w->index + 1) % w->n],
	};
	const uint32_t warm = warm_up(o->ops), all = warm + o->ops + TAIL;
	uint32_t i;

	touch(&h);
	worker_meet(w);
	for (i = 0; i < warm; i++)
		hand_over(&h);
	w->slot->start_ns = worker_now();
	for (; i < all - TAIL; i++)
		hand_over(&h);
	w->slot->end_ns = worker_now();
	for (; i < all; i++)
		hand_over(&h);
	worker_part(w);
}
