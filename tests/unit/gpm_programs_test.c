// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whole programs of many Gs.  With a number as argument each is repeated as often,
 * the shortest of them a thousand times that.
 */
#include "scenarios.h"
#include "tap.h"

static struct gpm_group users;

/* The sieve: a chain of Gs, each of which takes the multiples of a prime out. */
struct filter {
	struct gpm_chan *in, *out;
	long prime;
};

static void generate(void *arg)
{
	long v = 2;

	while (!gpm_send(arg, &v))
		v++;
	gpm_group_done(&users);
}

static void filter(void *arg)
{
	struct filter f = *(struct filter *)arg;
	long v;

	free(arg);
	while (!gpm_recv(f.in, &v))
		if (v % f.prime && gpm_send(f.out, &v))
			break;
	gpm_chan_close(f.in);
	gpm_group_done(&users);
}

static void sieve(void *arg)
{
	struct gpm_chan *c = chan(0), *all[41];
	long i, v = 0;

	(void)arg;
	all[0] = c;
	gpm_group_add(&users, 41);
	go(generate, c);
	for (i = 0; i < 40; i++) {
		struct filter *f = malloc(sizeof(*f));

		v = recv_from(c);
		all[i + 1] = chan(0);
		*f = (struct filter){ c, all[i + 1], v };
		go(filter, f);
		c = all[i + 1];
	}
	expect(v, 173, "the 40th prime");
	gpm_chan_close(c);
	/* Each sees that the next has gone when it means to send. */
	gpm_group_wait(&users);
	for (i = 0; i < 41; i++)
		gpm_chan_free(all[i]);
}

/*
 * Power series, each coefficient made by a chain of Gs when it is asked for.  Who
 * asks no more closes @ask, and so it goes on to the sources.
 */
struct stream {
	struct gpm_chan *ask, *value;
};

#define STREAMS 400

static struct stream streams[STREAMS];
static _Atomic long nstreams;

struct part {
	struct stream *in[2], *out[2];
	long factor;
};

static struct stream *stream(void)
{
	struct stream *s = &streams[nstreams++];

	*s = (struct stream){ chan(0), chan(0) };
	return s;
}

static struct stream *start(void (*fn)(void *arg), struct part part)
{
	struct part *p = malloc(sizeof(*p));

	if (!part.out[0])
		part.out[0] = stream();
	*p = part;
	gpm_group_add(&users, 1);
	go(fn, p);
	return part.out[0];
}

static long next_of(struct stream *s)
{
	send_to(s->ask, 0);
	return recv_from(s->value);
}

static bool asked(struct stream *s)
{
	long v;

	return !gpm_recv(s->ask, &v);
}

static void end(struct part *p)
{
	int i;

	for (i = 0; i < 2; i++)
		if (p->in[i])
			gpm_chan_close(p->in[i]->ask);
	free(p);
	gpm_group_done(&users);
}

/* Ask two at once, and take what comes first. */
static void next_of_two(struct stream *a, struct stream *b, long v[2])
{
	struct stream *s[2] = { a, b };
	long step[2] = {}, one = 1, i;

	while (step[0] < 2 || step[1] < 2) {
		struct gpm_case cases[2] = {};

		for (i = 0; i < 2; i++)
			if (step[i] == 0)
				cases[i] = (struct gpm_case){
					.chan = s[i]->ask, .send = &one };
			else if (step[i] == 1)
				cases[i] = (struct gpm_case){
					.chan = s[i]->value, .recv = &v[i] };
		i = gpm_select(cases, 2);
		expect(cases[i].result, 0, "one of two streams");
		step[i]++;
	}
}

static void make_ones(void *arg)
{
	struct part *p = arg;

	while (asked(p->out[0]))
		send_to(p->out[0]->value, 1);
	end(p);
}

static void make_sum(void *arg)
{
	struct part *p = arg;
	long v[2];

	while (asked(p->out[0])) {
		next_of_two(p->in[0], p->in[1], v);
		send_to(p->out[0]->value, v[0] + v[1]);
	}
	end(p);
}

static void make_multiple(void *arg)
{
	struct part *p = arg;

	while (asked(p->out[0]))
		send_to(p->out[0]->value, p->factor * next_of(p->in[0]));
	end(p);
}

/* Times x. */
static void make_shifted(void *arg)
{
	struct part *p = arg;
	bool first = true;

	for (; asked(p->out[0]); first = false)
		send_to(p->out[0]->value, first ? 0 : next_of(p->in[0]));
	end(p);
}

/* The same stream for two, each of whom asks when it likes. */
static void make_two(void *arg)
{
	struct part *p = arg;
	long kept[64], at[2] = {}, n = 0, v;
	struct gpm_case cases[2] = {
		{ .chan = p->out[0]->ask, .recv = &v },
		{ .chan = p->out[1]->ask, .recv = &v },
	};

	while (cases[0].chan || cases[1].chan) {
		int i = gpm_select(cases, 2);

		if (cases[i].result) {
			cases[i].chan = NULL;
			continue;
		}
		if (at[i] == n)
			kept[n++] = next_of(p->in[0]);
		send_to(p->out[i]->value, kept[at[i]++]);
	}
	end(p);
}

static void split(struct stream *s, struct stream *two[2])
{
	two[0] = stream();
	two[1] = stream();
	start(make_two, (struct part){ .in = { s }, .out = { two[0], two[1] } });
}

/* (f + xF)(g + xG) = fg + x(fG + gF + xFG) */
static void make_product(void *arg)
{
	struct part *p = arg;
	struct stream *f[2], *g[2], *rest;
	long v[2];

	if (asked(p->out[0])) {
		next_of_two(p->in[0], p->in[1], v);
		send_to(p->out[0]->value, v[0] * v[1]);
		split(p->in[0], f);
		split(p->in[1], g);
		rest = start(make_product, (struct part){ .in = { f[1], g[1] } });
		rest = start(make_shifted, (struct part){ .in = { rest } });
		f[0] = start(make_multiple, (struct part){
			.in = { f[0] }, .factor = v[1] });
		g[0] = start(make_multiple, (struct part){
			.in = { g[0] }, .factor = v[0] });
		f[0] = start(make_sum, (struct part){ .in = { f[0], g[0] } });
		rest = start(make_sum, (struct part){ .in = { f[0], rest } });
		while (asked(p->out[0]))
			send_to(p->out[0]->value, next_of(rest));
		p->in[0] = rest;
		p->in[1] = NULL;
	}
	end(p);
}

/* 1/(1-x) times itself is 1 + 2x + 3x^2 ... */
static void power_series(void *arg)
{
	struct stream *ones[2], *square;
	long i;

	(void)arg;
	nstreams = 0;
	ones[0] = start(make_ones, (struct part){});
	ones[1] = start(make_ones, (struct part){});
	square = start(make_product, (struct part){ .in = { ones[0], ones[1] } });
	for (i = 1; i <= 12; i++)
		expect(next_of(square), i, "a coefficient");
	gpm_chan_close(square->ask);
	gpm_group_wait(&users);
	for (i = 0; i < nstreams; i++) {
		gpm_chan_free(streams[i].ask);
		gpm_chan_free(streams[i].value);
	}
}

static const struct scenario scenarios[] = {
	{ "the prime sieve", sieve, NULL },
	{ "power series", power_series, NULL },
};

/* A run is short, and how its threads meet is another each time. */
static void answer(void *arg)
{
	struct gpm_chan **c = arg;
	long v;

	while (!gpm_recv(c[0], &v))
		send_to(c[1], v);
}

static void ping_pong(void *arg)
{
	struct gpm_chan **c = arg;
	long i;

	go(answer, c);
	for (i = 0; i < 20; i++) {
		send_to(c[0], i);
		expect(recv_from(c[1]), i, "an answer");
	}
	gpm_chan_close(c[0]);
}

static void many_runs(long n)
{
	struct gpm_options o = { .procs = 2 };
	struct gpm_chan *c[2];
	int err = 0;
	long i;

	wrong = 0;
	for (i = 0; i < n && !err && !wrong; i++) {
		o.procs = 1 + i % 4;
		c[0] = chan(i % 3);
		c[1] = chan(i % 2);
		err = gpm_run(&o, ping_pong, c);
		gpm_chan_free(c[0]);
		gpm_chan_free(c[1]);
	}
	ok(!err && !wrong, "%ld runs of ping-pong come to their end", i);
}

int main(int argc, char **argv)
{
	int repeats = argc > 1 ? atoi(argv[1]) : 1;

	each_way(scenarios, ARRAY_SIZE(scenarios), repeats, NULL);
	many_runs(1000l * repeats);
	return tap_done();
}
