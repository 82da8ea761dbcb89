// SPDX-License-Identifier: GPL-2.0-only
/* Runs the arms in interleaved rounds: calibration, blocks, passes, order. */
#include <errno.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/xalloc.h"
#include "rounds.h"
#include "speed.h"

/* Passes over the whole sweep: two a block, at least, and enough. */
#define MIN_PASSES (2 * MIN_BLOCKS)
#define MAX_PASSES 4000
/* Blocks of a run: what an interval needs, and what it has where there is time. */
#define MIN_BLOCKS 6
#define BLOCKS 20
/* The share of the time that beginning blocks may take. */
#define RENEWING 0.1
/* A round of so many times the operations is nothing that a first one tells of. */
#define MUCH_LONGER 8

/* What an operation takes of an arm in a round of @ops, ns; 0 where it is dropped. */
static int try_arm(struct job *job, int arm, unsigned int p, uint32_t ops,
		   double *each)
{
	struct turn turn = { arm, p, ops ? ops : 1, NULL, NULL };
	struct sample s;
	int err = job_round(job, &turn, &s, each);

	*each = !err && run_has(job->run, arm, p) ?
			fmax(*each / turn.ops, 0.1) : 0;
	return err;
}

/* Of all arms at a point; 0 of those not there. */
static int try_arms(struct job *job, unsigned int p, double each[MAX_ARMS])
{
	const struct arm *arms = job->run->experiment->arms;
	int arm, err = 0;

	for (arm = 0; arm < run_arms(job->run) && !err; arm++) {
		each[arm] = 0;
		if (run_has(job->run, arm, p))
			err = try_arm(job, arm, p, arms[arm].first, &each[arm]);
	}
	return err;
}

/*
 * Compared arms do the same number of operations a round, so that the fixed cost
 * of a round cancels: arms of the same pace.  The mean of their costs decides.
 */
static double pace_ns(const struct run *run, int pace,
		      const double each[MAX_ARMS])
{
	const struct arm *arms = run->experiment->arms;
	double logs = 0;
	int arm, n = 0;

	for (arm = 0; arm < run_arms(run); arm++) {
		if (!each[arm] || arms[arm].pace != pace)
			continue;
		logs += log(each[arm]);
		n++;
	}
	return n ? exp(logs / n) : 0;
}

/* How long a round is to be. */
static double round_ns(const struct job *job, unsigned int p)
{
	const struct settings *set = &job->run->settings;

	return set->round_us * 1e3 * fmax(set->longer[p], 1);
}

/* How many operations a round has of each arm at a point. */
static void choose_ops(struct job *job, unsigned int p,
		       const double each[MAX_ARMS])
{
	const struct arm *arms = job->run->experiment->arms;
	double ns, n;
	int arm;

	for (arm = 0; arm < run_arms(job->run); arm++) {
		ns = pace_ns(job->run, arms[arm].pace, each);
		n = ns > 0 ? round_ns(job, p) / ns : 0;
		n = fmax(n, fmax(arms[arm].least, 1));
		job->ops[arm][p] = fmin(n, 1e6);
	}
}

/*
 * Once more where rounds are to be much longer than the first one was: of tasks that
 * have to wait for each other one may have been done there before the next began, and
 * a round would take many times as long as it should.  But where one of as few
 * operations as follow from that is far too short again, what makes them dear begins
 * only in longer rounds: those are to have it.
 */
static int try_length(struct job *job, int arm, unsigned int p, double *each)
{
	double aim = round_ns(job, p), longer, shorter;
	uint32_t ops = job->ops[arm][p], fewer;
	int err = try_arm(job, arm, p, ops, &longer);

	if (err || !longer) {
		*each = 0;
		return err;
	}
	fewer = fmax(aim / longer, 1);
	if (fewer < ops / 2) {
		err = try_arm(job, arm, p, fewer, &shorter);
		if (err || shorter * fewer < aim / 2)
			return err;
	}
	*each = longer;
	return 0;
}

static int try_longer(struct job *job, unsigned int p, double each[MAX_ARMS])
{
	const struct arm *arms = job->run->experiment->arms;
	int arm, err = 0;

	for (arm = 0; arm < run_arms(job->run) && !err; arm++)
		if (run_has(job->run, arm, p) &&
		    job->ops[arm][p] >= MUCH_LONGER * fmax(arms[arm].first, 1))
			err = try_length(job, arm, p, &each[arm]);
	return err;
}

int rounds_calibrate(struct job *job)
{
	double each[MAX_ARMS];
	unsigned int p, points = job->run->settings.points;
	int err = 0;

	for (p = 0; p < points && !err; p++) {
		job_progress(job, "calibrating", (double)p / points);
		err = try_arms(job, p, each);
		if (err)
			break;
		choose_ops(job, p, each);
		err = try_longer(job, p, each);
		choose_ops(job, p, each);
	}
	return err;
}

static void keep(struct series *s, const struct sample *sample,
		 const struct pool *pool)
{
	/* Room is a power of two, from 16 on. */
	if (!s->n || (s->n >= 16 && !(s->n & (s->n - 1))))
		s->sample = xrealloc(s->sample, s->n ? s->n * 2 : 16,
				     sizeof(*s->sample));
	s->sample[s->n++] = *sample;
	if (!sample_disturbed(sample) && pool_sum(pool))
		pool_merge(series_pool(s, sample->block), pool);
}

/*
 * Even turns have the arms in a random order, so that none always comes after the
 * same one and finds the CPU as that has left it; odd turns have its reverse:
 * linear drift cancels in the pair.
 */
static void order_arms(unsigned int p, unsigned int turn, int *order, int n)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus);
	int i;

	for (i = 0; i < n; i++)
		order[i] = i;
	gsl_rng_set(rng, turn / 2 * MAX_POINTS + p + 1);
	gsl_ran_shuffle(rng, order, n, sizeof(*order));
	gsl_rng_free(rng);
	for (i = 0; turn & 1 && i < n / 2; i++) {
		int other = order[n - 1 - i];

		order[n - 1 - i] = order[i];
		order[i] = other;
	}
}

/* All arms at one point, once. */
static int one_turn(struct job *job, unsigned int p, unsigned int number)
{
	int order[MAX_ARMS], i, err, n = run_arms(job->run);
	struct run *run = job->run;
	struct sample s;
	double window;

	order_arms(p, number, order, n);
	for (i = 0; i < n; i++) {
		struct pool pool = {};
		struct turn turn = { order[i], p, job->ops[order[i]][p], NULL,
				     &pool };

		if (!run_has(run, turn.arm, p))
			continue;
		err = job_round(job, &turn, &s, &window);
		if (err)
			return err;
		s.block = run->blocks - 1;
		if (run_has(run, turn.arm, p))
			keep(&run->series[turn.arm][p], &s, &pool);
	}
	return 0;
}

/* An arm that was interrupted has a sample more or less than the others. */
static void trim(struct run *run)
{
	size_t least;
	unsigned int p;
	int arm;

	for (p = 0; p < run->settings.points; p++) {
		least = SIZE_MAX;
		for (arm = 0; arm < run_arms(run); arm++)
			if (run_has(run, arm, p) &&
			    run->series[arm][p].n < least)
				least = run->series[arm][p].n;
		for (arm = 0; arm < run_arms(run); arm++)
			if (run->series[arm][p].n > least)
				run->series[arm][p].n = least;
	}
}

static int one_pass(struct job *job, unsigned int pass)
{
	const struct settings *set = &job->run->settings;
	unsigned int i, p, k, rounds;
	int err = 0;

	for (i = 0; i < set->points; i++) {
		p = pass & 1 ? set->points - 1 - i : i;
		rounds = set->point[p].rounds ? set->point[p].rounds : 1;
		for (k = 0; k < rounds && !err; k++)
			err = one_turn(job, p, pass * rounds + k);
	}
	return err;
}

/*
 * Real-time workers sleep 8 % after each pass to stay below their throttle
 * (sched_rt_runtime_us), which would stop them for 5 % of a second.
 */
static void rest(const struct run *run, double pass_seconds)
{
	double s = pass_seconds * 0.08;
	struct timespec t = { .tv_sec = s, .tv_nsec = (s - floor(s)) * 1e9 };

	if (run->settings.priority)
		nanosleep(&t, NULL);
}

/*
 * Whether a block ends here: its share of the time is over, new ones have not
 * taken too much of it, and no pair of passes in opposite order is torn apart.
 */
static bool block_due(const struct job *job, double elapsed, double spent)
{
	const struct run *run = job->run;

	if (!run->blocks)
		return true;
	if (run->passes & 1 || run->blocks == MAX_BLOCKS ||
	    elapsed < run->blocks * run->settings.seconds / BLOCKS)
		return false;
	return run->blocks < MIN_BLOCKS || spent <= RENEWING * elapsed;
}

/*
 * New workers lie elsewhere in memory, and so do their page tables: what that
 * does to one arm's cost must not last for a whole run.  The first block has the
 * workers that open() made.
 */
static int renew(struct job *job, double *spent)
{
	double start = job_now();
	int err = 0;

	if (job->run->blocks && job->run->experiment->renew)
		err = job->run->experiment->renew(job->state);
	*spent += job_now() - start;
	return err;
}

static int begin_block(struct job *job, double *spent)
{
	struct run *run = job->run;
	struct block *b = &run->block[run->blocks];
	int err = renew(job, spent);

	b->start = job_now() - job->begin;
	b->speed_ns = speed_ns(run->settings.cpu, run->settings.priority);
	run->blocks++;
	return err;
}

int rounds_measure(struct job *job)
{
	double start, elapsed = 0, spent = 0, done;
	struct run *run = job->run;
	int err = 0;

	job->begin = job_now();
	while (!err && run->passes < MAX_PASSES &&
	       (run->passes < MIN_PASSES || elapsed < run->settings.seconds)) {
		done = fmin(elapsed / run->settings.seconds,
			    fmax(run->passes, 1) / MIN_PASSES);
		job_progress(job, "measuring", done);
		if (block_due(job, elapsed, spent))
			err = begin_block(job, &spent);
		start = job_now();
		if (!err)
			err = one_pass(job, run->passes);
		if (!err)
			run->passes++;
		rest(run, job_now() - start);
		elapsed = job_now() - job->begin;
	}
	trim(run);
	return err;
}
