// SPDX-License-Identifier: GPL-2.0-only
/* The counted pass: what goes wrong with one arm is in no other arm's counts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "measure/counter.h"
#include "measure/counting.h"
#include "tap.h"

enum { ARM_FIRST, ARM_WRONG, ARM_LAST };

static const struct arm arms[] = {
	[ARM_FIRST] = { .name = "first" }, [ARM_WRONG] = { .name = "wrong" },
	[ARM_LAST] = { .name = "last" }, {}
};

static const struct quantity quantities[] = {
	{ "ns", "ns", "an operation", BAR_NONE }, {}
};

static const enum count counted[] = {
	COUNT_EXPECTED, COUNT_SWITCHES, COUNT_NONE
};

/* A counter that counts what rounds do while it runs, and adds up until then. */
struct counter {
	bool runs;
	unsigned int started;
	unsigned int switches;
	unsigned int threads;
};

static struct counter played;
static bool there;

static struct counter *play_open(const struct settings *set,
				 const enum count *wanted, char **why)
{
	(void)set;
	(void)wanted;
	if (there)
		return &played;
	*why = xstrdup("nobody");
	return NULL;
}

static int play_start(struct counter *counter, const pid_t *tids,
		      unsigned int n)
{
	if (counter->runs)
		return -EBUSY;
	counter->runs = true;
	counter->started++;
	counter->threads = n ? tids[0] : 0;
	return 0;
}

static int play_stop(struct counter *counter, struct counts *c)
{
	counts_set(c, COUNT_SWITCHES, counter->switches);
	counter->switches = 0;
	counter->runs = false;
	return 0;
}

static void play_close(struct counter *counter)
{
	counter->started = 0;
}

const struct counter_ops counter_bpf = {
	"played", play_open, play_start, play_stop, play_close
};

const struct counter_ops counter_perf = {
	"played", play_open, play_start, play_stop, play_close
};

static int wrong;	/* the errno that the second arm meets */
static unsigned int rounds;

static int a_round(void *state, const struct turn *turn, struct sample *s,
		   double *window_ns)
{
	(void)state;
	(void)s;
	rounds++;
	*window_ns = turn->ops;
	played.switches += turn->ops;
	counts_set(turn->counts, COUNT_EXPECTED, turn->ops);
	return turn->arm == ARM_WRONG ? -wrong : 0;
}

static unsigned int the_task(void *state, int arm, pid_t tids[MAX_TASKS])
{
	(void)state;
	tids[0] = 100 + arm;
	return 1;
}

static const struct experiment experiment = {
	.name = "counting", .operation = "a thing", .operations = "things",
	.arms = arms, .quantities = quantities, .counted = counted,
	.counted_least = 1000, .round = a_round, .tasks = the_task,
};

/* The pass, with what the second arm meets; returns what the pass does. */
static int count(struct run *run, int error)
{
	struct job *job = xcalloc(1, sizeof(*job));
	int arm, err;

	*run = (struct run){ .experiment = &experiment };
	run->settings.round_us = 500;
	for (arm = 0; arms[arm].name; arm++)
		run->settings.arm[arm] = true;
	job->run = run;
	wrong = error;
	rounds = 0;
	err = counting_pass(job);
	free(job);
	return err;
}

static bool has(const struct run *run, int arm, unsigned int switches)
{
	const struct counts *c = &run->counts[arm];

	return c->present && c->has[COUNT_SWITCHES] &&
	       c->n[COUNT_SWITCHES] == switches &&
	       c->n[COUNT_EXPECTED] == switches;
}

static struct run run;

int main(void)
{
	there = true;
	is_number(-count(&run, 0), 0, "three arms are counted");
	ok(has(&run, ARM_FIRST, 1000) && has(&run, ARM_WRONG, 1000) &&
	   has(&run, ARM_LAST, 1000), "each by itself");
	is(run.counter, "played", "by what can count here");
	run_free(&run);

	is_number(-count(&run, EIO), 0, "the second one's round fails");
	ok(!run.counts[ARM_WRONG].present && has(&run, ARM_FIRST, 1000) &&
	   has(&run, ARM_LAST, 1000), "and is in no count of the third");
	ok(!played.runs && run.notes == 1 &&
	   strstr(run.note[0], "wrong could not be counted"),
	   "a note says so");
	run_free(&run);

	is_number(-count(&run, ETIMEDOUT), 0, "or takes too long");
	ok(!run.counts[ARM_WRONG].present && has(&run, ARM_LAST, 1000),
	   "and an arm that is left out for that has no counts");
	run_free(&run);

	is_number(-count(&run, EINTR), EINTR, "a signal ends the pass");
	ok(!played.runs && rounds == 2 && !run.counts[ARM_LAST].present,
	   "at once, and its counter");
	run_free(&run);

	there = false;
	is_number(-count(&run, 0), 0, "where nothing can count");
	is(run.counter, "none", "that is said");
	ok(run.notes == 2 && run.counts[ARM_LAST].present &&
	   !run.counts[ARM_LAST].has[COUNT_SWITCHES] &&
	   run.counts[ARM_LAST].n[COUNT_EXPECTED] == 1000,
	   "and the experiment's own counts are there");
	run_free(&run);
	return tap_done();
}
