// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels and select.  With a number as argument each scenario is repeated as
 * often.
 */
#include <errno.h>
#include <stdatomic.h>

#include "scenarios.h"
#include "tap.h"

static struct gpm_group users;

static void produce(void *arg)
{
	long i;

	for (i = 0; i < 1000; i++)
		send_to(arg, i);
	expect(gpm_chan_close(arg), 0, "closing");
}

static void fifo(void *arg)
{
	size_t capacity;

	(void)arg;
	for (capacity = 0; capacity < 12; capacity += 5) {
		struct gpm_chan *c = chan(capacity);
		long v, i = 0;

		go(produce, c);
		while (!gpm_recv(c, &v))
			expect(v, i++, "a channel keeps the order");
		expect(i, 1000, "values of a channel");
		expect(gpm_send(c, &v), -EPIPE, "sending on a closed one");
		expect(gpm_try_recv(c, &v), -EPIPE, "trying a closed one");
		expect(gpm_chan_close(c), -EPIPE, "closing twice");
		gpm_chan_free(c);
	}
}

/* Select takes all ways with about equal chance: closed ones are always ready. */
static void select_fair(void *arg)
{
	struct gpm_case cases[11] = {};
	long got[10] = {}, i, n;

	(void)arg;
	for (i = 0; i < 10; i++) {
		cases[i].chan = chan(1);
		gpm_chan_close(cases[i].chan);
	}
	for (n = 0; n < 3000; n++) {
		int at = gpm_select(cases, 11);

		if (at < 0 || at > 9 || cases[at].result != -EPIPE)
			expect(at, 0, "a select's choice");
		else
			got[at]++;
	}
	/* 300 with a standard deviation of 16. */
	for (i = 0; i < 10; i++) {
		if (got[i] < 200 || got[i] > 400)
			expect(got[i], 300, "fairness of select");
		gpm_chan_free(cases[i].chan);
	}
}

/* Both sides select on the same channels: no value is lost or doubled. */
struct four {
	struct gpm_chan *c[4];
	long rounds;
	struct gpm_group done;
};

static void select_sends(void *arg)
{
	struct four *f = arg;
	long i, j, v = 1;

	for (i = 0; i < f->rounds; i++) {
		struct gpm_case cases[4] = {};

		for (j = 0; j < 4; j++)
			cases[j] = (struct gpm_case){ .chan = f->c[j],
						      .send = &v };
		expect(gpm_select(cases, 4) >= 0, 1, "a sending select");
		count++;
	}
	gpm_group_done(&f->done);
}

static void select_receives(void *arg)
{
	struct four *f = arg;
	long i, j;

	for (i = 0; i < f->rounds; i++) {
		struct gpm_case cases[4] = {};
		long v = 0;

		for (j = 0; j < 4; j++)
			cases[j] = (struct gpm_case){ .chan = f->c[3 - j],
						      .recv = &v };
		expect(gpm_select(cases, 4) >= 0, 1, "a receiving select");
		expect(v, 1, "what it received");
		count--;
	}
	gpm_group_done(&f->done);
}

static void double_select(void *arg)
{
	struct four f = { .rounds = 2000 };
	long i;

	(void)arg;
	count = 0;
	for (i = 0; i < 4; i++)
		f.c[i] = chan(i / 2);
	gpm_group_add(&f.done, 4);
	go(select_sends, &f);
	go(select_receives, &f);
	go(select_sends, &f);
	go(select_receives, &f);
	expect(gpm_group_wait(&f.done), 0, "gpm_group_wait()");
	expect(count, 0, "selects that met");
	for (i = 0; i < 4; i++)
		gpm_chan_free(f.c[i]);
}

/* A select that could talk to itself never does. */
static void self_select(void *arg)
{
	struct gpm_chan *c = chan(0);
	long v = 7;
	struct gpm_case both[2] = {
		{ .chan = c, .send = &v }, { .chan = c, .recv = &v },
	};

	(void)arg;
	expect(gpm_try_select(both, 2), -EAGAIN, "select with itself");
	gpm_deadline(gpm_now() + MSEC);
	expect(gpm_select(both, 2), -ETIMEDOUT, "select until a deadline");
	gpm_deadline(0);
	expect(gpm_try_send(c, &v), -EAGAIN, "it has left the channel");
	expect(gpm_try_recv(c, &v), -EAGAIN, "on both sides");
	gpm_chan_free(c);
}

/* Many producers and consumers. */
static struct gpm_chan *shared;

static void producer(void *arg)
{
	long i;

	for (i = 0; i < 500; i++)
		send_to(shared, (long)arg + i);
	gpm_group_done(&users);
}

static void consumer(void *arg)
{
	long v;

	(void)arg;
	while (!gpm_recv(shared, &v))
		count += v;
	gpm_group_done(&users);
}

static void many_to_many(void *arg)
{
	long i;

	(void)arg;
	count = 0;
	shared = chan(3);
	gpm_group_add(&users, 8);
	for (i = 0; i < 8; i++)
		go(producer, (void *)(i * 500));
	for (i = 0; i < 4; i++)
		go(consumer, NULL);
	gpm_group_wait(&users);
	gpm_group_add(&users, 4);
	gpm_chan_close(shared);
	gpm_group_wait(&users);
	expect(count, 3999 * 4000 / 2, "sum of what 8 sent to 4");
	gpm_chan_free(shared);
}

/* Four channels, and for each a sender and a receiver of its own beside those. */
#define EACH 500

struct one {
	struct four *four;
	long i;
};

static void stress_send(void *arg)
{
	struct one *o = arg;
	long i;

	for (i = 0; i < EACH; i++)
		send_to(o->four->c[o->i], 1);
	gpm_group_done(&o->four->done);
}

static void stress_receive(void *arg)
{
	struct one *o = arg;
	long i;

	for (i = 0; i < EACH; i++)
		count += recv_from(o->four->c[o->i]);
	gpm_group_done(&o->four->done);
}

/* A channel that has had its share is left out by NULL. */
static void stress_select(struct four *f, bool send)
{
	long left[4] = { EACH, EACH, EACH, EACH }, i, n, v = 1;

	for (n = 0; n < 4 * EACH; n++) {
		struct gpm_case cases[4] = {};
		int at;

		for (i = 0; i < 4; i++)
			cases[i] = (struct gpm_case){
				.chan = left[i] ? f->c[i] : NULL,
				.send = send ? &v : NULL, .recv = &v,
			};
		at = gpm_select(cases, 4);
		if (at < 0 || !left[at] || cases[at].result)
			expect(at, 0, "a select under stress");
		else
			left[at]--;
		if (!send)
			count += v;
	}
	gpm_group_done(&f->done);
}

static void stress_select_send(void *arg)
{
	stress_select(arg, true);
}

static void stress_select_receive(void *arg)
{
	stress_select(arg, false);
}

static void select_stress(void *arg)
{
	struct four f = {};
	struct one one[4];
	long i;

	(void)arg;
	count = 0;
	gpm_group_add(&f.done, 10);
	for (i = 0; i < 4; i++) {
		f.c[i] = chan(i / 2 * 2);
		one[i] = (struct one){ &f, i };
		go(stress_send, &one[i]);
		go(stress_receive, &one[i]);
	}
	go(stress_select_send, &f);
	go(stress_select_receive, &f);
	expect(gpm_group_wait(&f.done), 0, "gpm_group_wait()");
	expect(count, 8 * EACH, "values under stress");
	for (i = 0; i < 4; i++)
		gpm_chan_free(f.c[i]);
}

/* Two that both send and receive on one channel talk to each other. */
struct talk {
	struct gpm_chan *c;
	bool buffered;
	atomic_long sent, received;
	struct gpm_group done;
};

static void talker(struct talk *t, long me)
{
	long i, v = 0;

	for (i = 0; i < 500; i++) {
		struct gpm_case both[2] = {
			{ .chan = t->c, .send = &me }, { .chan = t->c, .recv = &v },
		};
		int at = gpm_select(both, 2);

		/* The other may be through. */
		if (both[at].result) {
			expect(both[at].result, -EPIPE, "talking");
			break;
		}
		if (at == 0)
			t->sent++;
		else
			t->received++;
		if (at == 1 && !t->buffered)
			expect(v, 3 - me, "what the other said");
	}
	gpm_chan_close(t->c);
	gpm_group_done(&t->done);
}

static void talk_1(void *arg)
{
	talker(arg, 1);
}

static void talk_2(void *arg)
{
	talker(arg, 2);
}

static void two_talk(void *arg)
{
	long capacity;

	(void)arg;
	for (capacity = 0; capacity <= 10; capacity += 10) {
		struct talk t = { .c = chan(capacity), .buffered = capacity };
		long v;

		gpm_group_add(&t.done, 2);
		go(talk_1, &t);
		go(talk_2, &t);
		gpm_group_wait(&t.done);
		while (!gpm_recv(t.c, &v))
			t.received++;
		expect(t.received, t.sent, "what two told each other");
		gpm_chan_free(t.c);
	}
}

/* A select of two sends on one channel chooses either. */
static void random_sender(void *arg)
{
	long i, zero = 0, one = 1;

	for (i = 0; i < 200; i++) {
		struct gpm_case both[2] = {
			{ .chan = arg, .send = &zero }, { .chan = arg, .send = &one },
		};

		expect(gpm_select(both, 2) >= 0, 1, "either send");
	}
	gpm_chan_close(arg);
}

static void random_send(void *arg)
{
	long capacity, v;

	(void)arg;
	for (capacity = 0; capacity < 2; capacity++) {
		struct gpm_chan *c = chan(capacity);
		long ones = 0, n = 0;

		go(random_sender, c);
		for (; !gpm_recv(c, &v); n++)
			ones += v;
		expect(n, 200, "values sent");
		/* 100 with a standard deviation of 7. */
		expect(ones > 50 && ones < 150, 1, "about half are ones");
		gpm_chan_free(c);
	}
}

/* Who tries a channel that has a value, or is closed, is never told to wait. */
static void never_waits(void *arg)
{
	long v;
	int err = gpm_try_recv(arg, &v);

	if (err && err != -EPIPE)
		expect(err, 0, "trying while another closes");
	gpm_group_done(&users);
}

static void try_race(void *arg)
{
	long i, v;

	(void)arg;
	for (i = 0; i < 1000; i++) {
		struct gpm_chan *c = chan(1);

		send_to(c, 1);
		gpm_group_add(&users, 1);
		go(never_waits, c);
		gpm_chan_close(c);
		gpm_recv(c, &v);
		gpm_group_wait(&users);
		gpm_chan_free(c);
	}
}

static const struct scenario scenarios[] = {
	{ "channels are FIFO", fifo, NULL },
	{ "select is fair", select_fair, NULL },
	{ "select against select", double_select, NULL },
	{ "select under stress", select_stress, NULL },
	{ "select with itself", self_select, NULL },
	{ "two talk on one channel", two_talk, NULL },
	{ "random sends", random_send, NULL },
	{ "trying while another closes", try_race, NULL },
	{ "many to many", many_to_many, NULL },
};

int main(int argc, char **argv)
{
	each_way(scenarios, ARRAY_SIZE(scenarios), argc > 1 ? atoi(argv[1]) : 1,
		 NULL);
	return tap_done();
}
