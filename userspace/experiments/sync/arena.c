// SPDX-License-Identifier: GPL-2.0-only
/* What the workers do in a round: take the lock, use it, give it back, record.
 */
#include "arena.h"

static void note_wait(struct record *r, uint64_t ns)
{
	if (r->times < TIMES)
		r->wait_ns[r->times++] = ns < UINT32_MAX ? ns : UINT32_MAX;
}

bool arena_section(struct arena *a, struct record *r, unsigned int index)
{
	uint32_t n = a->guarded.done;

	if (n >= a->ops)
		return false;
	a->owner[n] = index;
	a->guarded.done = n + 1;
	r->added += a->way->add(&a->guarded.number, 1);
	busy(a->section);
	return true;
}

static bool once(struct arena *a, struct record *r, struct lock_user *u,
		 bool timed)
{
	uint64_t start = timed ? worker_now() : 0;
	bool more;

	a->way->lock(&a->lock, u);
	if (timed)
		note_wait(r, worker_now() - start);
	more = arena_section(a, r, u->index);
	a->way->unlock(&a->lock, u);
	return more;
}

bool arena_late(const struct arena *a, uint64_t start)
{
	return worker_now() - start >= a->limit_ns;
}

static void take_turns(struct arena *a, struct record *r, struct lock_user *u)
{
	uint64_t start = worker_now();
	uint32_t i;

	for (i = 0; once(a, r, u, a->timed && !(i % TIMED)); i++) {
		busy(a->outside);
		if ((i < LOOK || !(i % LOOK)) && arena_late(a, start)) {
			r->late = true;
			return;
		}
	}
}

/* Without a lock each has its share of the operations. */
static void add_alone(struct arena *a, struct record *r, const struct worker *w)
{
	uint64_t start = worker_now();
	uint32_t i, own = a->ops / w->n;

	for (i = 0; i < own; i += LOOK) {
		r->added += a->way->add(&a->guarded.number,
					own - i < LOOK ? own - i : LOOK);
		if (arena_late(a, start)) {
			r->late = true;
			return;
		}
	}
}

void arena_work(struct worker *w, const struct order *o)
{
	struct arena *a = w->arg;
	struct record *r = &a->record[w->index];
	struct lock_user *u = &a->user[w->index];

	(void)o;
	u->tid = w->slot->tid;
	worker_meet(w);
	worker_use(&r->use, true);
	w->slot->start_ns = worker_now();
	if (a->way->many)
		a->way->many(a, w);
	else if (a->way->lock)
		take_turns(a, r, u);
	else
		add_alone(a, r, w);
	w->slot->end_ns = worker_now();
	worker_use(&r->use, false);
	worker_part(w);
}
