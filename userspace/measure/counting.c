// SPDX-License-Identifier: GPL-2.0-only
/* The pass that counts what each arm really does. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "counter.h"
#include "counting.h"
#include "lib/xalloc.h"

/*
 * Long rounds: what happens around the counted operations (the workers wake and
 * wait for one another) must not show beside them.
 */
#define COUNTED_MS 20.0

#define COUNTED_ROUNDS 3

struct tally {
	const struct counter_ops *ops;	/* NULL: nothing counts */
	struct counter *counter;
};

/* Adds a count to a list, once. */
static void want(enum count list[COUNTS], enum count what)
{
	int i;

	for (i = 0; list[i] != COUNT_NONE; i++)
		if (list[i] == what)
			return;
	list[i] = what;
}

/* What the experiment shows, and what its arms claim. */
static void find_wanted(const struct run *run, enum count list[COUNTS])
{
	const struct experiment *e = run->experiment;
	const struct claim *c;
	int i, arm;

	memset(list, 0, COUNTS * sizeof(*list));
	for (i = 0; e->counted[i] != COUNT_NONE; i++)
		want(list, e->counted[i]);
	for (arm = 0; arm < run_arms(run); arm++)
		for (c = e->arms[arm].claims; c && c->what != COUNT_NONE; c++)
			want(list, c->what);
}

/* The best way of counting there is. */
static void open_tally(struct tally *t, struct run *run)
{
	static const struct counter_ops *const ways[] = {
		&counter_bpf, &counter_perf,
	};
	enum count wanted[COUNTS];
	char *why;
	int i;

	find_wanted(run, wanted);
	for (i = 0; i < 2 && run->experiment->tasks; i++) {
		t->counter = ways[i]->open(&run->settings, wanted, &why);
		if (t->counter) {
			t->ops = ways[i];
			break;
		}
		run_note(run, "the kernel's events are not counted by %s", why);
		free(why);
	}
	run->counter = xstrdup(t->ops ? t->ops->name : "none");
}

static int count_round(struct job *job, struct tally *t, const struct turn *turn,
		       bool *moved)
{
	const struct experiment *e = job->run->experiment;
	pid_t tids[MAX_TASKS];
	struct sample s = {};
	int err, stopped;
	double ns;

	if (t->ops) {
		err = t->ops->start(t->counter, tids,
				    e->tasks(job->state, turn->arm, tids));
		if (err)
			return err;
	}
	err = job_round(job, turn, &s, &ns);
	/* Also after an error, or the next arm would be counted on top of it. */
	if (t->ops) {
		stopped = t->ops->stop(t->counter, turn->counts);
		err = err ? err : stopped;
	}
	*moved = s.moved;
	return err;
}

/* Again where a worker did not stay where it is counted. */
static int count_arm(struct job *job, struct tally *t, int arm)
{
	const struct experiment *e = job->run->experiment;
	struct counts *c = &job->run->counts[arm];
	struct turn turn = { .arm = arm, .counts = c };
	int err, round = 0;
	bool moved;

	turn.ops = fmax(job->ops[arm][0] * COUNTED_MS * 1e3 /
			job->run->settings.round_us, e->counted_least);
	do
		err = count_round(job, t, &turn, &moved);
	while (!err && moved && ++round < COUNTED_ROUNDS);
	/* Not where that round took too long: then there is no such arm. */
	c->present = !err && job->run->settings.arm[arm];
	return err;
}

/* Errors that the other arms would meet as well. */
static bool ends_all(int err)
{
	return err == -EINTR || err == -EBUSY || err == -ENODEV;
}

int counting_pass(struct job *job)
{
	struct run *run = job->run;
	struct tally t = {};
	int arm, err = 0;

	open_tally(&t, run);
	for (arm = 0; arm < run_arms(run) && !ends_all(err); arm++) {
		job_progress(job, "counting", (double)arm / run_arms(run));
		if (!run->settings.arm[arm])
			continue;
		err = count_arm(job, &t, arm);
		if (err && !ends_all(err))
			run_note(run, "%s could not be counted: %s",
				 run_arm_name(run, arm), strerror(-err));
	}
	if (t.ops)
		t.ops->close(t.counter);
	return ends_all(err) ? err : 0;
}
