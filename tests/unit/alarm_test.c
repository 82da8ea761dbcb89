// SPDX-License-Identifier: GPL-2.0-only
/*
 * No false alarm: programs that contend for locks and never hang are looked at for
 * ALARM_SECONDS (default 18) in all, and nothing may be found.  Beside it stands
 * a reader that looks once and calls every cycle of owners a deadlock: it must be
 * wrong now and then, else these programs would show nothing.
 */
#include <time.h>

#include "deadlock/confirm.h"
#include "play.h"
#include "tap.h"

/* Seconds until the control must have been wrong once. */
#define PATIENCE 120

static const struct {
	const char *scene;
	size_t n;
} scenes[] = {
	{ "pairs", 100 },
	{ "pairs", 8 },
	{ "philosophers", 5 },
	{ "pairs-pi", 40 },
	{ "pairs-robust", 40 },
	{ "rwlocks", 40 },
	{ "printers", 20 },
	{ "baton", 20 },
	{ "semaphores", 20 },
	{ "joins", 8 },
};

struct tally {
	unsigned long scans, alarms;	/* of the reader that looks twice */
	unsigned long changed;		/* threads that its second look let go */
	unsigned long naive_scans, naive_alarms;
};

static void look(struct scan *s, struct tally *t)
{
	if (scan_read(s))
		return;
	confirm(s);
	t->scans++;
	t->changed += s->dropped;
	t->alarms += !!s->findings;
}

/* Whether the owners, from that of @t on, lead back to @t. */
static bool in_cycle(const struct thread *t)
{
	const struct thread *at = t;
	size_t steps = 0;

	do
		at = at->by.certain ? at->by.owner : NULL;
	while (at && at != t && steps++ < t->process->threads);
	return at == t;
}

static void look_once(struct scan *s, struct tally *t)
{
	const struct process *p;
	bool cycle = false;
	size_t i;

	if (scan_read(s))
		return;
	p = s->process[0];
	for (i = 0; i < p->threads && !cycle; i++)
		cycle = in_cycle(p->thread[i]);
	t->naive_scans++;
	t->naive_alarms += cycle;
}

static void watch(const char *program, const char *scene, size_t n,
		  time_t seconds, struct tally *t)
{
	struct play play = play_begin(program, scene, n);
	time_t until = time(NULL) + seconds;
	struct tally before = *t;
	struct scan *s = scan_new();
	struct truth truth;

	if (!play_truth(&play, &truth) || scan_add(s, play.pid, true))
		ok(false, "%s %zu runs", scene, n);
	do {
		look(s, t);
		look_once(s, t);
	} while (time(NULL) < until);
	ok(t->scans > before.scans && t->alarms == before.alarms,
	   "%s %zu: no alarm in %lu scans", scene, n, t->scans - before.scans);
	printf("# %lu of %lu by one look alone\n",
	       t->naive_alarms - before.naive_alarms,
	       t->naive_scans - before.naive_scans);
	scan_free(s);
	play_end(&play);
}

/* The control goes on until it was wrong. */
static void control(const char *program, struct tally *t)
{
	struct play play = play_begin(program, "pairs", 100);
	time_t until = time(NULL) + PATIENCE;
	struct scan *s = scan_new();
	struct truth truth;

	if (play_truth(&play, &truth) && !scan_add(s, play.pid, true))
		while (!t->naive_alarms && time(NULL) < until)
			look_once(s, t);
	ok(t->naive_alarms, "one look alone is wrong %lu times in %lu",
	   t->naive_alarms, t->naive_scans);
	scan_free(s);
	play_end(&play);
}

int main(int argc, char **argv)
{
	const char *program = argc > 1 ? argv[1] : CORPUS;
	const char *setting = getenv("ALARM_SECONDS");
	long seconds = setting ? atol(setting) : 18;
	struct tally t = {};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(scenes); i++)
		watch(program, scenes[i].scene, scenes[i].n,
		      seconds / (long)ARRAY_SIZE(scenes), &t);
	control(program, &t);
	printf("# %lu scans, %lu alarms; the second look let %lu threads go\n",
	       t.scans, t.alarms, t.changed);
	return tap_done();
}
