// SPDX-License-Identifier: GPL-2.0-only
/* Sets the stage, and has the rounds of all arms done in turn. */
#include <errno.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/xalloc.h"
#include "probe.h"
#include "shift.h"
#include "stage.h"

/* Passes over the whole sweep: what an interval needs at least, and enough. */
#define MIN_PASSES 10
#define MAX_PASSES 4000
/* The differences without pages matter most: so many rounds a pass there. */
#define EMPTY_ROUNDS 4

static double seconds_now(void)
{
	return member_now() / 1e9;
}

void stage_progress(const struct stage *st, const char *doing, double done)
{
	if (st->progress)
		st->progress(st->arg, doing, fmin(done, 1));
}

bool fifo_allowed(void)
{
	const struct sched_param fifo = { .sched_priority = 1 };
	const struct sched_param other = {};

	if (sched_getscheduler(0) == SCHED_FIFO)
		return true;
	if (sched_setscheduler(0, SCHED_FIFO, &fifo))
		return false;
	sched_setscheduler(0, SCHED_OTHER, &other);
	return true;
}

int stage_round(struct stage *st, int arm, unsigned int point,
		uint32_t hand_overs, int session, struct sample *s,
		double *window_ns)
{
	const struct order o = {
		.hand_overs = hand_overs,
		.pages = st->run->settings.point[point].pages,
		.pattern = st->run->settings.point[point].pattern,
		.co = arms[arm].co,
		.session = session,
	};

	return crew_round(&st->crew[arms[arm].crew], &o, s, window_ns);
}

static int session_of(const struct stage *st, int arm, unsigned int point)
{
	bool empty = !st->run->settings.point[point].pages;

	return st->session[arm][empty ? SESSION_EMPTY : SESSION_PAGES];
}

/* Takes an arm out of the run. */
static void drop_arm(struct run *run, int arm, const char *why)
{
	run->settings.arm[arm] = false;
	run_note(run, "no %s: %s", arms[arm].name, why);
}

/*
 * A session for each arm, so that its counters and histograms are that arm's.
 * The first thread that attaches anywhere makes the kernel patch its code, the
 * last one that detaches does it back: the controller stays attached, to a
 * session of its own, so that this does not happen in every round.
 */
static void open_sessions(struct stage *st)
{
	struct settings *set = &st->run->settings;
	int arm, i, fd = -1;

	for (arm = 0; arm < ARMS; arm++) {
		if (!set->arm[arm] || arms[arm].flush == FLUSH_DETACHED)
			continue;
		for (i = 0; i < 3; i++) {
			fd = probe_open(arms[arm].flush);
			st->session[arm][i] = fd;
			if (fd < 0)
				break;
		}
		if (fd < 0) {
			drop_arm(st->run, arm, strerror(-fd));
		} else if (st->keeper < 0) {
			st->keeper = probe_open(FLUSH_CONTROL);
			if (st->keeper >= 0)
				probe_attach(st->keeper);
		}
	}
}

static int raise_crew(struct stage *st, int crew, int arm)
{
	const struct settings *set = &st->run->settings;
	struct crew_spec spec = {
		.kind = arms[arm].kind,
		.members = arms[arm].ring ? set->ring : 2,
		.cpu = set->cpu,
		.mechanism = set->mechanism,
		.fifo = set->fifo,
		.huge = set->huge,
	};
	unsigned int p;

	for (p = 0; p < set->points; p++)
		if (run_has(set, arm, p) && set->point[p].pages > spec.pages)
			spec.pages = set->point[p].pages;
	return crew_create(&st->crew[crew], &spec);
}

static int raise_crews(struct stage *st, const char **what)
{
	struct settings *set = &st->run->settings;
	int arm, crew, err;

	for (arm = 0; arm < ARMS; arm++) {
		crew = arms[arm].crew;
		if (!set->arm[arm] || st->up[crew])
			continue;
		err = raise_crew(st, crew, arm);
		if (err == -EINTR)
			return err;
		if (err && arms[arm].kind != CREW_COROUTINES) {
			*what = set->huge && err == -EOPNOTSUPP ?
					"put the pages into huge pages" :
					"make the threads and processes";
			return err;
		}
		if (err)
			drop_arm(st->run, arm, strerror(-err));
		else
			st->up[crew] = true;
	}
	return 0;
}

/* A round of fewer switches than twenty says little. */
static double least_hand_overs(const struct stage *st, int arm)
{
	unsigned int members = arms[arm].ring ? st->run->settings.ring : 2;

	return members < 10 ? 20 / members : 2;
}

/* Finds how many hand-overs make a round of about the length asked for. */
static int calibrate(struct stage *st)
{
	const struct settings *set = &st->run->settings;
	struct sample s;
	double ns;
	uint32_t n;
	unsigned int p;
	int arm, err;

	for (p = 0; p < set->points; p++) {
		stage_progress(st, "calibrating", (double)p / set->points);
		for (arm = 0; arm < ARMS; arm++) {
			if (!run_has(set, arm, p))
				continue;
			n = arms[arm].kind == CREW_COROUTINES ? 1000 : 20;
			err = stage_round(st, arm, p, n, session_of(st, arm, p),
					  &s, &ns);
			if (err)
				return err;
			ns = set->round_us * 1e3 / fmax(ns / n, 0.1);
			st->hand_overs[arm][p] =
				fmin(fmax(ns, least_hand_overs(st, arm)), 1e6);
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

/* All arms at one point, once. */
static int all_arms(struct stage *st, unsigned int p, unsigned int turn)
{
	struct run *run = st->run;
	int i, arm, err, order[ARMS];
	struct sample s;
	double window;

	order_arms(p, turn, order);
	for (i = 0; i < ARMS; i++) {
		arm = order[i];
		if (!run_has(&run->settings, arm, p))
			continue;
		err = stage_round(st, arm, p, st->hand_overs[arm][p],
				  session_of(st, arm, p), &s, &window);
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

static int all_passes(struct stage *st)
{
	double begin = seconds_now(), start, end = begin, done;
	struct run *run = st->run;
	int err = 0;

	while (!err && run->passes < MAX_PASSES &&
	       (run->passes < MIN_PASSES ||
		end - begin < run->settings.seconds)) {
		done = fmin((end - begin) / run->settings.seconds,
			    fmax(run->passes, 1) / MIN_PASSES);
		stage_progress(st, "measuring", done);
		start = end;
		err = one_pass(st, run->passes);
		if (!err)
			run->passes++;
		rest(seconds_now() - start);
		end = seconds_now();
	}
	trim(run);
	return err;
}

static void read_histograms(struct stage *st)
{
	struct run *run = st->run;
	int arm, err;

	for (arm = 0; arm < ARMS; arm++) {
		if (!run->settings.arm[arm] ||
		    st->session[arm][SESSION_EMPTY] < 0)
			continue;
		err = probe_histogram(st->session[arm][SESSION_EMPTY],
				      &run->histogram[arm]);
		if (err)
			run_note(run, "no histogram of %s: %s", arms[arm].name,
				 strerror(-err));
	}
}

static void strike(struct stage *st)
{
	int i, arm;

	for (i = 0; i < CREWS; i++)
		if (st->up[i])
			crew_destroy(&st->crew[i]);
	for (arm = 0; arm < ARMS; arm++)
		for (i = 0; i < 3; i++)
			if (st->session[arm][i] >= 0)
				close(st->session[arm][i]);
	if (st->keeper >= 0) {
		probe_detach(st->keeper);
		close(st->keeper);
	}
}

static int measure(struct stage *st, const char **what)
{
	int err;

	*what = "make the threads and processes";
	err = raise_crews(st, what);
	if (err)
		return err;
	*what = "let them switch";
	err = calibrate(st);
	if (!err)
		err = all_passes(st);
	if (!err)
		err = stage_count(st);
	read_histograms(st);
	return err;
}

int experiment(struct run *run, progress_fn progress, void *arg,
	       const char **what)
{
	struct stage st = {
		.run = run, .keeper = -1, .progress = progress, .arg = arg,
	};
	unsigned long long stolen, all, stolen2, all2;
	unsigned int cpu = run->settings.cpu;
	bool ticks;
	int err;

	memset(st.session, -1, sizeof(st.session));
	ticks = !machine_ticks(cpu, &stolen, &all);
	crew_catch_signals();
	open_sessions(&st);
	err = measure(&st, what);
	strike(&st);
	if (ticks && !machine_ticks(cpu, &stolen2, &all2) && all2 > all)
		run->machine.steal = (double)(stolen2 - stolen) / (all2 - all);
	run->interrupted = err == -EINTR;
	return run->interrupted && run->passes ? 0 : err;
}
