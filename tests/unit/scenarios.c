// SPDX-License-Identifier: GPL-2.0-only
#include <unistd.h>

#include "gpm/replay.h"
#include "scenarios.h"
#include "tap.h"

/* ThreadSanitizer is slow, and one thread has no races. */
#ifdef __SANITIZE_THREAD__
#define SEEDS 0
#define PROCS_LEAST 2
#else
#define SEEDS 3
#define PROCS_LEAST 1
#endif

struct gpm_options how;
_Atomic long wrong;
_Atomic long count;

void expect(long got, long want, const char *what)
{
	if (got == want)
		return;
	printf("# %s: got %ld, not %ld\n", what, got, want);
	wrong++;
}

void go(void (*fn)(void *arg), void *arg)
{
	expect(gpm_go(fn, arg), 0, "gpm_go()");
}

struct gpm_chan *chan(size_t capacity)
{
	return gpm_chan_new(sizeof(long), capacity);
}

void send_to(struct gpm_chan *c, long v)
{
	expect(gpm_send(c, &v), 0, "gpm_send()");
}

long recv_from(struct gpm_chan *c)
{
	long v = -1;

	expect(gpm_recv(c, &v), 0, "gpm_recv()");
	return v;
}

/* Every run is traced, and the trace checked by the rules. */
#ifndef __SANITIZE_THREAD__
static char trace_file[] = "/tmp/scenarios.XXXXXX";

static int run_checked(void (*fn)(void *arg))
{
	struct gpm_trace t;
	const char *error;
	int err;

	how.trace = trace_file;
	err = gpm_run(&how, fn, NULL);
	if (gpm_trace_replay(&t, trace_file, 0, &error)) {
		printf("# replay: %s\n", error);
		wrong++;
		return err;
	}
	if (t.broken)
		printf("# replay: step %zu: %s\n", t.n, t.what);
	wrong += t.broken || !t.gs;
	gpm_trace_free(&t);
	return err;
}

static void make_trace_file(void)
{
	close(mkstemp(trace_file));
}

static void remove_trace_file(void)
{
	unlink(trace_file);
	memcpy(strrchr(trace_file, '.'), ".XXXXXX", sizeof(".XXXXXX"));
}
#else
static int run_checked(void (*fn)(void *arg))
{
	return gpm_run(&how, fn, NULL);
}

static void make_trace_file(void)
{
}

static void remove_trace_file(void)
{
}
#endif

static void run_all(const struct scenario *s, size_t n, int repeats,
		    const char *label)
{
	int i, err;

	for (; n--; s++) {
		wrong = 0;
		err = 0;
		for (i = 0; i < repeats && !wrong && !err; i++) {
			err = run_checked(s->run);
			if (!err && s->check)
				s->check();
		}
		if (!ok(!wrong && !err, "%s: %s", label, s->name) && err)
			printf("# gpm_run(): %s\n", strerror(-err));
	}
}

void each_way(const struct scenario *s, size_t n, int repeats,
	      void (*also)(unsigned int procs, uint64_t seed))
{
	char label[32];

	make_trace_file();
	for (how.procs = PROCS_LEAST; how.procs <= 4; how.procs *= 2) {
		snprintf(label, sizeof(label), "%u P", how.procs);
		run_all(s, n, repeats, label);
		if (also)
			also(how.procs, 0);
	}
	how.procs = 3;
	for (how.seed = 1; how.seed <= SEEDS; how.seed++) {
		snprintf(label, sizeof(label), "seed %u",
			 (unsigned int)how.seed);
		run_all(s, n, repeats, label);
		if (also)
			also(how.procs, how.seed);
	}
	how = (struct gpm_options){};
	remove_trace_file();
}
