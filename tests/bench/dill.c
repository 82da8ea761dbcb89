// SPDX-License-Identifier: GPL-2.0-only
/*
 * What 'ctxlab sched' has coroutines do, by libdill: for scripts/bench-sched.
 *
 *	dill yield|channel|create N
 *
 * prints the CPU time of an operation in nanoseconds, of N of them: the least of
 * ten rounds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libdill.h>

static double used(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void check(int result, const char *what)
{
	if (result >= 0)
		return;
	perror(what);
	exit(1);
}

static coroutine void yields(long n)
{
	while (n--)
		yield();
}

static void yield_round(long n)
{
	int other = go(yields(n / 2));

	check(other, "go");
	yields(n / 2);
	hclose(other);
}

static coroutine void sends(int chan, long n)
{
	int value = 0;

	while (n--)
		chsend(chan, &value, sizeof(value), -1);
}

static void channel_round(long n)
{
	int chan[2], value, other;
	long i;

	check(chmake(chan), "chmake");
	other = go(sends(chan[1], n));
	check(other, "go");
	for (i = 0; i < n; i++)
		check(chrecv(chan[0], &value, sizeof(value), -1), "chrecv");
	hclose(other);
	hclose(chan[0]);
	hclose(chan[1]);
}

static coroutine void nothing(void)
{
}

/* It runs as soon as it is made. */
static void create_round(long n)
{
	while (n--) {
		int other = go(nothing());

		check(other, "go");
		hclose(other);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*round)(long n);
	} loads[] = {
		{ "yield", yield_round },
		{ "channel", channel_round },
		{ "create", create_round },
	};
	long n = argc == 3 ? atol(argv[2]) / 10 : 0;
	double least = 0, start, each;
	size_t i, round;

	for (i = 0; i < sizeof(loads) / sizeof(*loads); i++)
		if (argc == 3 && !strcmp(argv[1], loads[i].name))
			break;
	if (i == sizeof(loads) / sizeof(*loads) || n < 2) {
		fprintf(stderr, "usage: dill yield|channel|create N\n");
		return 2;
	}
	for (round = 0; round < 10; round++) {
		start = used();
		loads[i].round(n);
		each = (used() - start) / n;
		if (!round || each < least)
			least = each;
	}
	printf("%.1f\n", least);
	return 0;
}
