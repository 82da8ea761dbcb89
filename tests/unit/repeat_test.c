// SPDX-License-Identifier: GPL-2.0-only
/* Several runs as one: what is merged, its intervals, and who calls two different. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure/answers.h"
#include "measure/estimate.h"
#include "measure/merge.h"
#include "measure/repeat.h"
#include "run_sample.h"
#include "tap.h"

static const struct trouble calm = { .noise = 0.02 };

/* One of the runs, all of whose rounds cost that much more. */
static void dearer(struct run *run, double by)
{
	struct series *s;
	unsigned int p;
	size_t i;
	int arm;

	sample_run(run, &calm);
	for (arm = 0; arm < ARMS; arm++)
		for (p = 0; p < run->settings.points; p++) {
			s = &run->series[arm][p];
			for (i = 0; i < s->n; i++)
				s->sample[i].value[Q_NS] *= 1 + by;
		}
}

static void merged(void)
{
	struct estimate e;
	struct run a, b;

	dearer(&a, 0);
	dearer(&b, 0.1);
	run_note(&a, "both say so");
	run_note(&b, "both say so");
	run_note(&b, "one says so");
	run_merge(&a, &b);
	is_number(run_repeats(&a), 2, "two runs");
	is_number(a.blocks, 2 * SAMPLE_BLOCKS, "have the blocks of both");
	is_number(a.series[ARM_THREAD][0].n, 2 * SAMPLES, "and their rounds");
	ok(a.series[ARM_THREAD][0].sample[SAMPLES].block == SAMPLE_BLOCKS,
	   "each in its block");
	is_number(a.counts[ARM_THREAD].n[COUNT_EXPECTED], 80000,
		  "counts are added");
	is_number(a.notes, 2, "a note that both have is there once");
	e = estimate_cost(&a, &a.series[ARM_THREAD][0], Q_NS);
	ok(e.n == 2 && fabs(e.value - 1050) < 10, "an estimate is over runs");
	/* Two numbers that differ by 100: t is 12.7, and so is the doubt. */
	ok(fabs(e.high - e.low - 2 * 12.706 * 50) < 150,
	   "and knows how much they differ");
	run_free(&a);
}

static void dropped(void)
{
	struct run a, b;

	dearer(&a, 0);
	dearer(&b, 0);
	run_drop(&b, ARM_RING_THREAD, "no time");
	b.interrupted = true;
	run_merge(&a, &b);
	ok(!a.settings.arm[ARM_RING_THREAD] && a.settings.arm[ARM_THREAD],
	   "an arm that one has not is in none");
	ok(a.interrupted, "interrupted, as one of them is");
	run_free(&a);
}

/* A run's cost: what differs between runs, and between blocks of one. */
static struct estimate runs(gsl_rng *rng, unsigned int n, double cost,
			    double spread)
{
	double of[16], block[20], own;
	unsigned int i, b;

	for (i = 0; i < n; i++) {
		own = cost * (1 + gsl_ran_gaussian(rng, spread));
		for (b = 0; b < 20; b++)
			block[b] = own * (1 + gsl_ran_gaussian(rng, 0.01));
		of[i] = stats_blocks(block, 20).value;
	}
	return stats_blocks(of, n);
}

/* Runs of one host that differ by 1 %: 5 % more are seen, and nothing else. */
static void told_apart(void)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	struct estimate a, b, diff;
	int same = 0, seen = 0, i, trials = 200;

	for (i = 0; i < trials; i++) {
		a = runs(rng, 5, 1000, 0.01);
		b = runs(rng, 5, 1000, 0.01);
		diff = stats_difference(&b, &a);
		same += diff.low <= 0 && diff.high >= 0;
		b = runs(rng, 5, 1050, 0.01);
		diff = stats_difference(&b, &a);
		seen += diff.low > 0;
	}
	gsl_rng_free(rng);
	if (!ok(same >= trials * 0.9, "sets of runs of one host are the same"))
		printf("# %d of %d\n", same, trials);
	if (!ok(seen >= trials * 0.9, "5 %% more are told apart"))
		printf("# %d of %d\n", seen, trials);
}

static int make_sample(void *arg, struct run *run)
{
	int *calls = arg;

	dearer(run, 0);
	/* Each is a process of its own: this one's count is always the first. */
	run_note(run, "call %d", ++*calls);
	return 0;
}

static int fail(void *arg, struct run *run)
{
	(void)arg;
	(void)run;
	return 7;
}

static int die(void *arg, struct run *run)
{
	(void)arg;
	(void)run;
	raise(SIGKILL);
	return 0;
}

static void in_processes(void)
{
	struct run run = { .experiment = &experiment_switch };
	int calls = 0;

	is_number(repeat_run(2, make_sample, &calls, &run), 0, "two runs");
	is_number(run_repeats(&run), 2, "come back as one");
	ok(run.notes == 1 && !strcmp(run.note[0], "call 1") && !calls,
	   "each from a process of its own");
	run_free(&run);
	run = (struct run){ .experiment = &experiment_switch };
	is_number(repeat_run(2, fail, NULL, &run), 7,
		  "the first that fails says how");
	is_number(repeat_run(2, die, NULL, &run), -1, "the first is killed");
	is_number(errno, 0, "which is no errno");
	run_free(&run);
}

int main(void)
{
	merged();
	dropped();
	told_apart();
	in_processes();
	return tap_done();
}
