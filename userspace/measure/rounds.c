// SPDX-License-Identifier: GPL-2.0-only
/* Runs the arms in interleaved rounds: calibration, passes, order. */
#include <errno.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cpus.h"
#include "lib/xalloc.h"
#include "probe.h"
#include "shared.h"
#include "experiments/switch/setup.h"

/* Passes over the whole sweep: what an interval needs at least, and enough. */
#define MIN_PASSES 10
#define MAX_PASSES 4000
/* The differences without pages matter most: so many rounds a pass there. */
#define EMPTY_ROUNDS 8
/* The share of the time that making crews anew may take. */
#define RENEWING 0.1

static double seconds_now(void)
{
	return member_now() / 1e9;
}

static int session_of(const struct stage *st, int arm, unsigned int point)
{
	bool empty = !st->run->settings.point[point].pages;

	return st->session[arm][empty ? SESSION_EMPTY : SESSION_PAGES];
}

/* A round of fewer switches than twenty says little. */
static double least_hand_overs(const struct stage *st, int arm)
{
	unsigned int members = arms[arm].ring ? st->run->settings.ring : 2;

	return members && members < 10 ? 20 / members : 2;
}

/* What a hand-over takes of each arm at a point, ns; 0 of those not there. */
static int try_arms(struct stage *st, unsigned int p, double each[ARMS])
{
	struct sample s;
	uint32_t n;
	int arm, err;

	for (arm = 0; arm < ARMS; arm++) {
		each[arm] = 0;
		if (!run_has(&st->run->settings, arm, p))
			continue;
		n = arms[arm].kind == CREW_COROUTINES ? 1000 : 20;
		err = stage_round(st, arm, p, n, session_of(st, arm, p), &s,
				  &each[arm]);
		if (err)
			return err;
		each[arm] = fmax(each[arm] / n, 0.1);
	}
	return 0;
}

/*
 * Arms that are held against each other hand over equally often in a round:
 * what it costs to begin and to end one must weigh the same in all of them.
 * Coroutines cost too little, and swapcontext() too much, for that.
 */
static bool alike(int a, int b)
{
	if (arms[a].kind == CREW_COROUTINES || arms[b].kind == CREW_COROUTINES)
		return a == b;
	return arms[a].ring == arms[b].ring;
}

int stage_calibrate(struct stage *st)
{
	const struct settings *set = &st->run->settings;
	double each[ARMS], logs, n;
	unsigned int p, like;
	int arm, other, err;

	for (p = 0; p < set->points; p++) {
		stage_progress(st, "calibrating", (double)p / set->points);
		err = try_arms(st, p, each);
		if (err)
			return err;
		for (arm = 0; arm < ARMS; arm++) {
			logs = 0;
			like = 0;
			for (other = 0; other < ARMS && each[arm]; other++) {
				if (!each[other] || !alike(arm, other))
					continue;
				logs += log(each[other]);
				like++;
			}
			n = like ? set->round_us * 1e3 / exp(logs / like) : 0;
			st->hand_overs[arm][p] =
				fmin(fmax(n, least_hand_overs(st, arm)), 1e6);
		}
	}
	return 0;
}

static void keep(struct series *s, const struct sample *sample)
{
	/* Room is a power of two, from 16 on. */
	if (!s->n || (s->n >= 16 && !(s->n & (s->n - 1))))
		s->sample = xrealloc(s->sample, s->n ? s->n * 2 : 16,
				     sizeof(*s->sample));
	s->sample[s->n++] = *sample;
}

/*
 * The order of the arms: by chance in even turns, so that no arm always comes
 * after the same one and finds the CPU as that has left it; in the odd turn that
 * follows, the other way round.
 */
static void order_arms(unsigned int p, unsigned int turn, int order[ARMS])
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus);
	int i;

	for (i = 0; i < ARMS; i++)
		order[i] = i;
	gsl_rng_set(rng, turn / 2 * MAX_POINTS + p + 1);
	gsl_ran_shuffle(rng, order, ARMS, sizeof(*order));
	gsl_rng_free(rng);
	for (i = 0; turn & 1 && i < ARMS / 2; i++) {
		int other = order[ARMS - 1 - i];

		order[ARMS - 1 - i] = order[i];
		order[i] = other;
	}
}

static bool other_mm(int arm)
{
	return arms[arm].kind == CREW_PROCESSES;
}

/*
 * The kernel moves tasks off a CPU that is taken offline, or out of the cpuset.
 * Return: 0 where they could be brought back, or a negative errno.
 */
static int bind_again(const struct stage *st, int arm)
{
	const struct crew *crew = &st->crew[arms[arm].crew];
	pid_t tids[RING_MAX];
	unsigned int i, n = crew_tids(crew, tids);
	int err = 0;

	for (i = 0; i < n && !err; i++)
		err = cpus_bind(tids[i], crew->spec.cpu);
	return err == -EINVAL ? -ENODEV : err;
}

/* All arms at one point, once. */
static int all_arms(struct stage *st, unsigned int p, unsigned int turn)
{
	struct run *run = st->run;
	int i, arm, err, session, order[ARMS];
	struct sample s;
	double window;

	order_arms(p, turn, order);
	for (i = 0; i < ARMS; i++) {
		arm = order[i];
		if (!run_has(&run->settings, arm, p))
			continue;
		session = session_of(st, arm, p);
		err = stage_round(st, arm, p, st->hand_overs[arm][p], session,
				  &s, &window);
		if (!err && !run->settings.point[p].pages && session >= 0)
			err = probe_medians(session, other_mm(arm),
					    st->past[arm], &s);
		if (err)
			return err;
		if (s.moved)
			err = bind_again(st, arm);
		if (err)
			return err;
		keep(&run->series[arm][p], &s);
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
		for (arm = 0; arm < ARMS; arm++)
			if (run_has(&run->settings, arm, p) &&
			    run->series[arm][p].n < least)
				least = run->series[arm][p].n;
		for (arm = 0; arm < ARMS; arm++)
			if (run->series[arm][p].n > least)
				run->series[arm][p].n = least;
	}
}

static int one_pass(struct stage *st, unsigned int pass)
{
	const struct settings *set = &st->run->settings;
	unsigned int i, p, k, rounds;
	int err = 0;

	for (i = 0; i < set->points; i++) {
		p = pass & 1 ? set->points - 1 - i : i;
		rounds = set->point[p].pages ? 1 : EMPTY_ROUNDS;
		for (k = 0; k < rounds && !err; k++)
			err = all_arms(st, p, pass * rounds + k);
	}
	return err;
}

/*
 * Real-time tasks may take up to 95 % of a second's time; then the kernel stops
 * them for the rest of it.  A rest after every pass keeps away from that.
 */
static void rest(double pass_seconds)
{
	double s = pass_seconds * 0.08;
	struct timespec t = { .tv_sec = s, .tv_nsec = (s - floor(s)) * 1e9 };

	nanosleep(&t, NULL);
}

/*
 * New members lie elsewhere in memory, and so do their page tables: what that
 * does to one arm's cost must not last for a whole run.
 */
static int renew(struct stage *st, double elapsed, double *spent)
{
	double start = seconds_now();
	int err;

	if (*spent > RENEWING * elapsed)
		return 0;
	err = stage_new_crews(st);
	*spent += seconds_now() - start;
	return err;
}

int stage_passes(struct stage *st)
{
	double begin = seconds_now(), start, end = begin, done, renewing = 0;
	struct run *run = st->run;
	int err = 0;

	while (!err && run->passes < MAX_PASSES &&
	       (run->passes < MIN_PASSES ||
		end - begin < run->settings.seconds)) {
		done = fmin((end - begin) / run->settings.seconds,
			    fmax(run->passes, 1) / MIN_PASSES);
		stage_progress(st, "measuring", done);
		err = renew(st, end - begin, &renewing);
		start = seconds_now();
		if (!err)
			err = one_pass(st, run->passes);
		if (!err)
			run->passes++;
		rest(seconds_now() - start);
		end = seconds_now();
	}
	trim(run);
	return err;
}
