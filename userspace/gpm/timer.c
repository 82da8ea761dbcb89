// SPDX-License-Identifier: GPL-2.0-only
/* Timers: a binary heap for each P. */
#include <stdlib.h>
#include <time.h>

#include "internal.h"

int64_t clock_now(void)
{
	struct timespec t;

	if (sched.step)
		return sched.step * USEC;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void place(struct heap *h, size_t at, struct timer *t)
{
	h->timer[at] = t;
	t->at = at;
}

static void up(struct heap *h, size_t at, struct timer *t)
{
	while (at > 1 && h->timer[at / 2]->when > t->when) {
		place(h, at, h->timer[at / 2]);
		at /= 2;
	}
	place(h, at, t);
}

static void down(struct heap *h, size_t at, struct timer *t)
{
	size_t child;

	while ((child = 2 * at) <= h->n) {
		if (child < h->n &&
		    h->timer[child + 1]->when < h->timer[child]->when)
			child++;
		if (h->timer[child]->when >= t->when)
			break;
		place(h, at, h->timer[child]);
		at = child;
	}
	place(h, at, t);
}

static void set_next(struct heap *h)
{
	atomic_store(&h->next, h->n ? h->timer[1]->when : NEVER);
}

static void take_out(struct heap *h, struct timer *t)
{
	struct timer *last = h->timer[h->n--];
	size_t at = t->at;

	t->at = 0;
	if (last != t) {
		/* It may belong higher up or further down than this place. */
		up(h, at, last);
		down(h, last->at, last);
	}
	set_next(h);
}

int timers_add(struct heap *h, struct timer *t)
{
	int err = 0;

	lock(&h->lock);
	if (h->n + 1 >= h->room) {
		size_t room = h->room ? 2 * h->room : 64;
		void *grown = realloc(h->timer, room * sizeof(h->timer[0]));

		if (grown) {
			h->timer = grown;
			h->room = room;
		} else {
			err = -ENOMEM;
		}
	}
	if (!err) {
		t->heap = h;
		up(h, ++h->n, t);
		set_next(h);
	}
	unlock(&h->lock);
	return err;
}

void timers_remove(struct timer *t)
{
	struct heap *h = t->heap;

	if (!h)
		return;
	lock(&h->lock);
	if (t->at)
		take_out(h, t);
	unlock(&h->lock);
}

/*
 * Its place stays as it is up to the time that it had: a deadline for each request
 * of many clients would take one from the middle of the heap each time.
 */
bool timers_put_off(struct timer *t, int64_t when)
{
	struct heap *h = t->heap;
	bool done;

	lock(&h->lock);
	done = t->at && when >= t->when;
	if (done)
		t->due = when;
	unlock(&h->lock);
	return done;
}

/*
 * Under the heap's lock, so that a timer that was deleted wakes nobody later.
 * The flag first: a G that is about to sleep looks at it, see wait_begin().
 */
static bool fire(struct timer *t)
{
	struct g *g = t->g;
	uint64_t ticket;

	atomic_store(t->once ? &g->slept : &g->expired, true);
	ticket = atomic_load(&g->ticket);
	if (ticket % 2 || !claim(g, ticket))
		return false;
	g->result = -ETIMEDOUT;
	return true;
}

int64_t timers_run(struct heap *h, int64_t now)
{
	struct g *first = NULL, **end = &first;
	int64_t next;

	if (atomic_load(&h->next) > now)
		return atomic_load(&h->next);
	lock(&h->lock);
	while (h->n && h->timer[1]->when <= now) {
		struct timer *t = h->timer[1];

		if (t->due > t->when) {
			t->when = t->due;
			down(h, 1, t);
			set_next(h);
			continue;
		}
		take_out(h, t);
		if (fire(t)) {
			*end = t->g;
			end = &t->g->link;
		}
	}
	next = h->next;
	unlock(&h->lock);
	*end = NULL;
	while (first) {
		struct g *g = first;

		first = g->link;
		make_ready(machine(), g);
	}
	return next;
}

/* When the first timer of all Ps expires. */
int64_t timers_next(void)
{
	int64_t next = NEVER;
	unsigned int i;

	for (i = 0; i < sched.procs; i++) {
		int64_t t = atomic_load(&sched.p[i].timers.next);

		if (t < next)
			next = t;
	}
	return next;
}

void timers_destroy(struct heap *h)
{
	free(h->timer);
	h->timer = NULL;
}

int64_t gpm_now(void)
{
	return clock_now();
}

int gpm_sleep_until(int64_t when)
{
	struct m *m = enter();
	struct timer t = { .when = when, .once = true };
	struct g *g;
	int err;

	if (!m)
		return -EPERM;
	g = m->current;
	t.g = g;
	g->slept = false;
	err = timers_add(&my_p(m)->timers, &t);
	if (!err) {
		wait_claimed(m, WAIT_SLEEP, NULL, NULL, NULL);
		timers_remove(&t);
		/* Who sleeps its time out has not missed a deadline. */
		err = g->slept ? 0 : -ETIMEDOUT;
	}
	g->slept = false;
	leave();
	return err;
}

int gpm_sleep(int64_t ns)
{
	int64_t now = clock_now();

	if (ns <= 0)
		return gpm_yield();
	return gpm_sleep_until(ns > NEVER - 1 - now ? NEVER - 1 : now + ns);
}

int gpm_deadline(int64_t when)
{
	struct m *m = enter();
	struct g *g;
	int err = 0;

	if (!m)
		return -EPERM;
	g = m->current;
	if (g->has_deadline) {
		if (when && timers_put_off(&g->deadline, when)) {
			leave_here(m);
			return 0;
		}
		timers_remove(&g->deadline);
	}
	g->has_deadline = false;
	g->expired = false;
	if (when) {
		g->deadline = (struct timer){ .when = when, .g = g };
		err = timers_add(&my_p(m)->timers, &g->deadline);
		g->has_deadline = !err;
	}
	leave();
	return err;
}
