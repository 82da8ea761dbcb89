// SPDX-License-Identifier: GPL-2.0-only
/* What each worker does in a round. */
#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "coroutine/coroutine.h"
#include "queues.h"
#include "rpc.h"
#include "work.h"

static void note_trip(struct side *s, uint64_t ns)
{
	if (s->times < TIMES)
		s->trip_ns[s->times++] = ns < UINT32_MAX ? ns : UINT32_MAX;
}

/* Where all are timed, the end of one is where the next begins. */
static void trips(struct side *s)
{
	const uint32_t n = s->arena->messages, untimed = s->arena->untimed;
	const uint32_t every = s->arena->every, bytes = s->arena->bytes;
	uint64_t start = 0, end;
	uint32_t i;

	for (i = 0; i < n && !s->error; i++) {
		bool timed = i >= untimed && !(i % every);

		if (i == untimed || (timed && every > 1))
			start = worker_now();
		if (i == untimed)
			s->start_ns = start;
		s->way.send(s, bytes);
		s->way.receive(s, bytes);
		if (!timed)
			continue;
		end = worker_now();
		note_trip(s, end - start);
		start = end;
	}
}

/* The answer says that the last one has arrived. */
static void stream(struct side *s)
{
	const struct arena *a = s->arena;
	uint32_t i;

	s->start_ns = worker_now();
	for (i = 0; i < a->messages && !s->error; i++)
		s->way.send(s, a->bytes);
	s->way.receive(s, 1);
}

static void alone(struct side *s)
{
	const struct arena *a = s->arena;
	uint32_t i;

	s->start_ns = worker_now();
	for (i = 0; i < a->messages && !s->error; i++) {
		s->way.send(s, a->bytes);
		s->way.receive(s, a->bytes);
	}
}

void side_first(struct side *s)
{
	switch (s->arena->pattern) {
	case PATTERN_TRIPS:
		trips(s);
		break;
	case PATTERN_STREAM:
		stream(s);
		break;
	case PATTERN_ALONE:
		alone(s);
		break;
	}
}

void side_second(struct side *s)
{
	const uint32_t n = s->arena->messages, bytes = s->arena->bytes;
	const bool answers = s->arena->pattern == PATTERN_TRIPS;
	uint32_t i;

	for (i = 0; i < n && !s->error; i++) {
		s->way.receive(s, bytes);
		if (answers)
			s->way.send(s, bytes);
	}
	if (!answers)
		s->way.send(s, 1);
}

/* The second side, on a stack of its own; the first one is the worker itself. */
static struct {
	void *sp[2];
	char stack[65536] __aligned(64);
} both;

static void second_lives(void *arg)
{
	side_second(arg);
	for (;;)
		co_switch(&both.sp[SIDE_SECOND], both.sp[SIDE_FIRST]);
}

void coroutines_wait(struct side *s, struct ring_word *w, uint32_t seen)
{
	int self = s != &s->arena->side[SIDE_FIRST];

	(void)w;
	(void)seen;
	co_switch(&both.sp[self], both.sp[!self]);
}

static void coroutines_exchange(struct side *s)
{
	both.sp[SIDE_SECOND] = co_frame(both.stack + sizeof(both.stack),
					second_lives,
					&s->arena->side[SIDE_SECOND]);
	if (both.sp[SIDE_SECOND])
		side_first(s);
	else
		s->error = -EOPNOTSUPP;
}

int work_begin(struct worker *w)
{
	signals_block();
	return w->index == SIDE_SECOND ? rpc_begin(w->arg) : 0;
}

static void exchange(struct side *s, struct worker *w)
{
	const struct way *way = s->arena->way;

	if (s->arena->mech == MECH_COROUTINE)
		coroutines_exchange(s);
	else if (w->index == SIDE_FIRST)
		side_first(s);
	else if (way->serve)
		way->serve(s, w->arg);
	else
		side_second(s);
}

void work_round(struct worker *w, const struct order *o)
{
	struct pair *p = w->arg;
	struct side *s = &p->arena->side[w->index];

	(void)o;
	s->pid = getpid();
	s->tid = w->slot->tid;
	s->uid = getuid();
	__atomic_store_n(&s->cpu, sched_getcpu() + 1, __ATOMIC_RELAXED);
	worker_meet(w);
	worker_use(&s->use, true);
	exchange(s, w);
	w->slot->start_ns = s->start_ns;
	w->slot->end_ns = worker_now();
	worker_use(&s->use, false);
	worker_part(w);
	w->slot->error = s->error;
}
