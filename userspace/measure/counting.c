// SPDX-License-Identifier: GPL-2.0-only
/* The pass that counts what the switches of each arm really were. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "counter.h"
#include "lib/xalloc.h"
#include "probe.h"
#include "shared.h"
#include "experiments/switch/setup.h"

/*
 * Long rounds: what happens around the counted hand-overs (the members wake and
 * wait for one another) must not show beside them.
 */
#define COUNTED_MS 20.0
#define COUNTED_LEAST 2500

struct tally {
	const struct counter_ops *ops;	/* NULL: nothing counts */
	struct counter *counter;
};

/* The best way of counting there is. */
static void open_tally(struct tally *t, struct run *run)
{
	static const struct counter_ops *const ways[] = {
		&counter_bpf, &counter_perf,
	};
	char *why;
	int i;

	for (i = 0; i < 2; i++) {
		t->counter = ways[i]->open(run->settings.cpu, &why);
		if (t->counter) {
			t->ops = ways[i];
			break;
		}
		run_note(run, "the kernel's events are not counted by %s", why);
		free(why);
	}
	run->counter = xstrdup(t->ops ? t->ops->name : "none");
}

static int count_round(struct stage *st, struct tally *t, int arm,
		       struct counts *c)
{
	int session = st->session[arm][SESSION_COUNT], stopped, err;
	const struct crew *crew = &st->crew[arms[arm].crew];
	double ns, n = st->hand_overs[arm][0] * COUNTED_MS * 1e3;
	struct sample s;
	pid_t tids[RING_MAX];

	if (t->ops) {
		err = t->ops->start(t->counter, tids, crew_tids(crew, tids));
		if (err)
			return err;
	}
	n = fmax(n / st->run->settings.round_us, COUNTED_LEAST);
	err = stage_round(st, arm, 0, n, session, &s, &ns);
	if (t->ops) {
		stopped = t->ops->stop(t->counter, c);
		err = err ? err : stopped;
	}
	if (!err && session >= 0)
		err = probe_counts(session, &c->probe);
	c->present = !err;
	c->expected = s.expected;
	c->rusage = crew_rusage(crew);
	return err;
}

/* Errors that the other arms would meet as well. */
static bool ends_all(int err)
{
	return err == -EINTR || err == -EBUSY || err == -ENODEV;
}

int stage_count(struct stage *st)
{
	struct run *run = st->run;
	struct tally t = {};
	int arm, err = 0;

	open_tally(&t, run);
	for (arm = 0; arm < ARMS && !ends_all(err); arm++) {
		stage_progress(st, "counting", (double)arm / ARMS);
		if (!run->settings.arm[arm])
			continue;
		err = count_round(st, &t, arm, &run->counts[arm]);
		if (err && !ends_all(err))
			run_note(run, "%s could not be counted: %s",
				 arms[arm].name, strerror(-err));
	}
	if (t.ops)
		t.ops->close(t.counter);
	return ends_all(err) ? err : 0;
}
