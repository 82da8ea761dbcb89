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
	busy(r->section);
	return true;
}

static void take(struct arena *a, struct record *r, struct lock_user *u,
		 void (*lock)(union any_lock *l, struct lock_user *u),
		 bool timed)
{
	uint64_t start = timed ? worker_now() : 0;

	lock(&a->lock, u);
	if (timed)
		note_wait(r, worker_now() - start);
}

static bool once(struct arena *a, struct record *r, struct lock_user *u,
		 bool timed)
{
	bool more;

	take(a, r, u, a->way->lock, timed);
	more = arena_section(a, r, u->index);
	a->way->unlock(&a->lock, u);
	return more;
}

bool arena_late(const struct arena *a, uint64_t start)
{
	return worker_now() - start >= a->limit_ns;
}

static bool is_timed(const struct arena *a, uint32_t i)
{
	return a->every && !(i % a->every);
}

static void take_turns(struct arena *a, struct record *r, struct lock_user *u)
{
	uint64_t start = worker_now();
	uint32_t i;

	for (i = 0; once(a, r, u, is_timed(a, i)); i++) {
		busy(r->outside);
		if ((i < LOOK || !(i % LOOK)) && arena_late(a, start)) {
			r->late = true;
			return;
		}
	}
}

/* Whether half of what writers write together was seen. */
static bool is_torn(const struct arena *a, uint64_t n)
{
	return n != __atomic_load_n(&a->guarded.copy, __ATOMIC_RELAXED) ||
	       n != __atomic_load_n(&a->guarded.number, __ATOMIC_RELAXED);
}

/* What a reader finds is whole, and stays as it is. */
static void look(struct arena *a, struct record *r)
{
	uint64_t n = __atomic_load_n(&a->guarded.number, __ATOMIC_RELAXED);

	r->torn |= is_torn(a, n);
	busy(r->section);
	r->torn |= is_torn(a, n);
}

static void change(struct arena *a, struct record *r)
{
	r->written += a->way->add(&a->guarded.number, 1);
	busy(r->section);
	if (a->way->lock_read)
		a->way->add(&a->guarded.copy, 1);
}

/* The acquisition number @i of one that others may have beside it. */
static void once_beside(struct arena *a, struct record *r, struct lock_user *u,
			uint32_t i)
{
	const struct way *way = a->way;
	bool reads = way->lock_read && (!way->reads || i % (way->reads + 1));

	take(a, r, u, reads ? way->lock_read : way->lock,
	     is_timed(a, i));
	if (reads)
		look(a, r);
	else
		change(a, r);
	(reads ? way->unlock_read : way->unlock)(&a->lock, u);
	r->added++;
}

static void share(struct arena *a, struct record *r, struct lock_user *u)
{
	uint64_t start = worker_now();
	uint32_t i, own = a->ops / a->users;

	for (i = 0; i < own; i++) {
		once_beside(a, r, u, i);
		busy(r->outside);
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

static void set_lengths(const struct arena *a, struct record *r)
{
	double speed;

	if (!a->section_ns && !a->outside_ns)
		return;
	speed = busy_speed();
	r->section = a->section_ns * speed;
	r->outside = a->outside_ns * speed;
}

static void note_length(struct record *r)
{
	if (r->section)
		r->section_ns = r->section / busy_speed();
}

void arena_work(struct worker *w, const struct order *o)
{
	struct arena *a = w->arg;
	struct record *r = &a->record[w->index];
	struct lock_user *u = &a->user[w->index];

	(void)o;
	u->tid = w->slot->tid;
	set_lengths(a, r);
	worker_meet(w);
	worker_use(&r->use, true);
	w->slot->start_ns = worker_now();
	if (a->way->many)
		a->way->many(a, w);
	else if (a->way->shared)
		share(a, r, u);
	else if (a->way->lock)
		take_turns(a, r, u);
	else
		add_alone(a, r, w);
	w->slot->end_ns = worker_now();
	worker_use(&r->use, false);
	worker_part(w);
	note_length(r);
}
