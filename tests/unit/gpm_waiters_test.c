// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who waits for whom at a channel, a select, a semaphore: in which order they are
 * served, and that nobody is forgotten.  With a number as argument each scenario is
 * repeated as often.
 */
#include <errno.h>

#include "scenarios.h"
#include "tap.h"

#define WAITERS 5

static struct gpm_group users;
static struct gpm_chan *shared;
static _Atomic long sum;

/* On one P whoever was made before has begun to wait by now. */
static void start(void (*fn)(void *arg), long i)
{
	gpm_group_add(&users, 1);
	go(fn, (void *)i);
	gpm_yield();
}

static void receive_own(void *arg)
{
	long v = recv_from(shared);

	if (how.procs == 1 && !stepped())
		expect(v, (long)arg, "who came first receives first");
	sum += v;
	gpm_group_done(&users);
}

static void send_own(void *arg)
{
	send_to(shared, (long)arg);
	gpm_group_done(&users);
}

static void in_order(void *arg)
{
	long i, v;

	(void)arg;
	shared = chan(0);
	sum = 0;
	for (i = 0; i < WAITERS; i++)
		start(receive_own, i);
	for (i = 0; i < WAITERS; i++)
		send_to(shared, i);
	gpm_group_wait(&users);
	expect(sum, WAITERS * (WAITERS - 1) / 2, "each value once");
	for (i = 0; i < WAITERS; i++)
		start(send_own, i);
	for (i = 0; i < WAITERS; i++) {
		v = recv_from(shared);
		if (how.procs == 1 && !stepped())
			expect(v, i, "who came first sends first");
		sum -= v;
	}
	gpm_group_wait(&users);
	expect(sum, 0, "each value once more");
	gpm_chan_free(shared);
}

/* Whoever waits is told that a channel closes, and whoever comes later. */
static void receive_in_vain(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < 2; i++)
		expect(gpm_recv(shared, NULL), -EPIPE, "receiving");
	gpm_group_done(&users);
}

static void send_in_vain(void *arg)
{
	int i;

	for (i = 0; i < 2; i++)
		expect(gpm_send(shared, &arg), -EPIPE, "sending");
	gpm_group_done(&users);
}

static void select_in_vain(void *arg)
{
	struct gpm_case cases[2] = { { .chan = shared }, { .chan = arg } };

	expect(gpm_select(cases, 2), 0, "selecting");
	expect(cases[0].result, -EPIPE, "what has closed");
	gpm_group_done(&users);
}

static void close_on(void (*fn)(void *arg))
{
	struct gpm_chan *other = chan(0);
	long i;

	shared = chan(0);
	for (i = 0; i < WAITERS; i++)
		start(fn, (long)other);
	expect(gpm_chan_close(shared), 0, "closing");
	gpm_group_wait(&users);
	gpm_chan_free(shared);
	gpm_chan_free(other);
}

static void closing(void *arg)
{
	(void)arg;
	close_on(receive_in_vain);
	close_on(send_in_vain);
	close_on(select_in_vain);
}

/* Values of any size, through a buffer or without. */
#define LARGE 1000

struct sized {
	struct gpm_chan *c;
	size_t size;
};

static void fill(unsigned char *value, size_t n, unsigned int seed)
{
	while (n--)
		value[n] = seed * 31 + n;
}

static void send_sized(void *arg)
{
	struct sized *s = arg;
	unsigned char value[LARGE];
	unsigned int i;

	for (i = 0; i < 10; i++) {
		fill(value, s->size, i);
		expect(gpm_send(s->c, value), 0, "sending a value");
	}
	gpm_group_done(&users);
}

static void receive_sized(struct sized *s)
{
	unsigned char value[LARGE + 1], want[LARGE];
	unsigned int i;

	for (i = 0; i < 10; i++) {
		value[s->size] = 0x5a;
		expect(gpm_recv(s->c, value), 0, "receiving a value");
		fill(want, s->size, i);
		expect(memcmp(value, want, s->size), 0, "a value");
		expect(value[s->size], 0x5a, "what lies behind it");
	}
}

static void sizes(void *arg)
{
	static const size_t size[] = { 0, 1, 3, 4, 5, 8, 9, LARGE };
	unsigned int i;

	(void)arg;
	for (i = 0; i < 2 * ARRAY_SIZE(size); i++) {
		struct sized s = {
			.c = gpm_chan_new(size[i / 2], i % 2 * 3),
			.size = size[i / 2],
		};

		gpm_group_add(&users, 1);
		go(send_sized, &s);
		receive_sized(&s);
		gpm_group_wait(&users);
		gpm_chan_free(s.c);
	}
}

/*
 * A select that has been served leaves all queues, also where it stood twice: what it
 * had on its stack is overwritten afterwards.
 */
static __attribute__((noinline)) void overwrite_stack(void)
{
	volatile char room[4096];
	size_t i;

	for (i = 0; i < sizeof(room); i++)
		room[i] = -1;
}

static void select_twice(void *arg)
{
	long v = 0;
	struct gpm_case cases[3] = {
		{ .chan = shared, .recv = &v }, { .chan = shared, .recv = &v },
		{ .chan = arg, .recv = &v },
	};

	expect(gpm_select(cases, 3), 2, "the channel that has a value");
	expect(v, 1, "which it is");
	overwrite_stack();
	gpm_group_done(&users);
}

static void duplicates(void *arg)
{
	struct gpm_chan *other = chan(0);

	(void)arg;
	shared = chan(0);
	start(select_twice, (long)other);
	send_to(other, 1);
	gpm_group_wait(&users);
	start(receive_own, 0);
	send_to(shared, 0);
	gpm_group_wait(&users);
	expect(gpm_try_send(shared, &arg), -EAGAIN, "nobody waits any more");
	gpm_chan_free(shared);
	gpm_chan_free(other);
}

/* One of two has a value all the time, or is closed: a select need not wait. */
struct two {
	struct gpm_chan *c[2];
};

static void select_either(void *arg)
{
	struct two *t = arg;
	struct gpm_case cases[2] = { { .chan = t->c[0] }, { .chan = t->c[1] } };

	expect(gpm_try_select(cases, 2) >= 0, 1, "one of two is ready");
	gpm_group_done(&users);
}

static void either(void *arg)
{
	long i;

	(void)arg;
	for (i = 0; i < 1000; i++) {
		struct two t = { { chan(1), chan(1) } };

		send_to(t.c[0], 1);
		gpm_group_add(&users, 1);
		go(select_either, &t);
		if (i % 2)
			gpm_chan_close(t.c[1]);
		else
			send_to(t.c[1], 1);
		gpm_try_recv(t.c[0], NULL);
		gpm_group_wait(&users);
		gpm_chan_free(t.c[0]);
		gpm_chan_free(t.c[1]);
	}
}

/* A value goes through many, each of whom knows its two neighbours only. */
#define LINKS 300

static struct gpm_chan *links[LINKS + 1];

static void pass_on(void *arg)
{
	long i = (long)arg;

	send_to(links[i + 1], recv_from(links[i]) + 1);
	gpm_group_done(&users);
}

static void chain(void *arg)
{
	long i;

	(void)arg;
	for (i = 0; i <= LINKS; i++)
		links[i] = chan(0);
	gpm_group_add(&users, LINKS);
	for (i = 0; i < LINKS; i++)
		go(pass_on, (void *)i);
	send_to(links[0], 0);
	expect(recv_from(links[LINKS]), LINKS, "a value passed on by all");
	gpm_group_wait(&users);
	for (i = 0; i <= LINKS; i++)
		gpm_chan_free(links[i]);
}

/* As many at a time as a semaphore has room for. */
#define ROOM 4

static struct gpm_sem room;
static _Atomic long inside, most;

static void visit(void *arg)
{
	long i, n;

	(void)arg;
	for (i = 0; i < 20; i++) {
		expect(gpm_sem_wait(&room), 0, "gpm_sem_wait()");
		n = ++inside;
		expect(n <= ROOM, 1, "no more than there is room for");
		if (n > most)
			most = n;
		gpm_yield();
		inside--;
		expect(gpm_sem_post(&room), 0, "gpm_sem_post()");
	}
	gpm_group_done(&users);
}

static void visits(void *arg)
{
	long i;

	(void)arg;
	room = (struct gpm_sem){ .count = ROOM };
	most = 0;
	gpm_group_add(&users, 10 * ROOM);
	for (i = 0; i < 10 * ROOM; i++)
		go(visit, NULL);
	gpm_group_wait(&users);
	expect(room.count, ROOM, "the room that is left");
	/* On several Ps each may be through before the next one has begun. */
	if (how.procs == 1 || stepped())
		expect(most, ROOM, "the most at a time");
}

static const struct scenario scenarios[] = {
	{ "first come, first served", in_order, NULL },
	{ "closing wakes all", closing, NULL },
	{ "values of any size", sizes, NULL },
	{ "one channel twice in a select", duplicates, NULL },
	{ "one of two is always ready", either, NULL },
	{ "a chain", chain, NULL },
	{ "room for some", visits, NULL },
};

int main(int argc, char **argv)
{
	each_way(scenarios, ARRAY_SIZE(scenarios), argc > 1 ? atoi(argv[1]) : 1,
		 NULL);
	return tap_done();
}
