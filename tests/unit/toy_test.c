// SPDX-License-Identifier: GPL-2.0-only
/*
 * The core on a toy experiment: two arms and a twin whose truth is known, as they
 * only tell what they cost.  That the core can run it shows that it knows no
 * other experiment.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "lib/xalloc.h"
#include "measure/job.h"
#include "measure/run_json.h"
#include "measure/runner.h"
#include "measure/verdict.h"
#include "report/diff.h"
#include "report/plot.h"
#include "report/report.h"
#include "tap.h"

/* What an operation costs at x = 0, and for each unit of x more. */
#define CHEAP 100.0
#define EACH_X 2.0
#define MORE 40.0

/* Operations of a round from where on they are dearer in one of the moods. */
#define SLOW_FROM 50
#define SLOW_LATE 500

enum { ARM_CHEAP, ARM_TWIN, ARM_DEAR };
enum {
	MOOD_GOOD, MOOD_LIES, MOOD_HANGS, MOOD_FAILS, MOOD_BREAKS, MOOD_SLOWS,
	MOOD_SLOWS_LATE
};

static const struct claim claims[] = { { COUNT_RUSAGE, 2, 2 }, {} };

static const struct arm arms[] = {
	[ARM_CHEAP] = { .name = "cheap", .brief = "the baseline",
			.judged = true, .sweep = true, .first = 10,
			.letter = 'c', .colour = "#1f77b4", .claims = claims },
	[ARM_TWIN] = { .name = "twin", .brief = "the same again",
		       .against = "cheap", .twin = true, .first = 10,
		       .colour = "#7f7f7f", .claims = claims },
	[ARM_DEAR] = { .name = "dear", .brief = "costs 40 ns more",
		       .against = "cheap", .judged = true, .sweep = true,
		       .first = 10, .letter = 'd', .colour = "#d62728",
		       .claims = claims },
	{}
};

static const struct quantity quantities[] = {
	{ "ns", "ns", "an operation", BAR_NONE },
	{ "half_ns", "ns", "half of it", BAR_NONE },
	{}
};

static const char *const moods[] = {
	"good", "lies", "hangs", "fails", "breaks", "slows",
	"slows late", NULL
};

static const struct setting settings[] = {
	{ .key = "mood", .label = "mood", .kind = SETTING_ONE_OF,
	  .names = moods },
	{}
};

static const struct finding findings[] = {
	{ "more", "ns", "what dear costs more", false },
	{}
};

static const enum count counted[] = {
	COUNT_EXPECTED, COUNT_RUSAGE, COUNT_NONE
};

struct state {
	struct run *run;
	unsigned int blocks;	/* begun by renew() */
	unsigned int rounds;
	uint32_t ops;		/* of a round of the first arm, at the first point */
	bool closed;
};

static struct state toy;

static char *toy_plan(const struct request *r, struct run *run)
{
	struct settings *set = &run->settings;
	int arm;

	for (arm = 0; arms[arm].name; arm++)
		set->arm[arm] = true;
	set->most_x[ARM_DEAR] = 32;
	set->round_us = 1;
	set->seconds = 0.2;
	set->value[0] = r->setting[0] < 0 ? MOOD_GOOD : r->setting[0];
	if (set->value[0] >= MOOD_SLOWS)
		set->round_us = 100;
	run_add_point(set, &(struct point){ 0, NO_VARIANT, 4 });
	return run_add_list(run, r->xs ? r->xs : "16,32,64");
}

static int toy_open(struct run *run, void **state, const char **what)
{
	toy = (struct state){ .run = run };
	*state = &toy;
	*what = "open the toy";
	return run->settings.value[0] == MOOD_FAILS ? -ENOSPC : 0;
}

/* Time passes, or there would be all passes that there may be in too few blocks. */
static void pass_time(void)
{
	double end = job_now() + 10 / 1e6;

	while (job_now() < end)
		;
}

/* Even rounds are a little dearer than odd ones, so that there is an interval. */
static int toy_round(void *state, const struct turn *turn, struct sample *s,
		     double *window_ns)
{
	struct state *st = state;
	long mood = st->run->settings.value[0];
	double ns = CHEAP + EACH_X * st->run->settings.point[turn->point].x;

	pass_time();
	st->rounds++;
	if (turn->arm == ARM_DEAR)
		ns += MORE;
	ns *= 1 + 0.001 * (st->rounds % 7);
	if (mood == MOOD_HANGS && turn->arm == ARM_DEAR && st->rounds > 100)
		return -ETIMEDOUT;
	if (mood == MOOD_BREAKS && st->rounds > 100)
		return -EINTR;
	if ((mood == MOOD_SLOWS && turn->ops > SLOW_FROM) ||
	    (mood == MOOD_SLOWS_LATE && turn->ops > SLOW_LATE))
		ns *= 4;
	if (turn->pool && turn->arm == ARM_CHEAP && !turn->point)
		st->ops = turn->ops;
	s->value[0] = ns;
	s->value[1] = ns / 2;
	s->counted = turn->ops;
	s->expected = turn->ops;
	*window_ns = ns * turn->ops;
	if (!turn->counts)
		return 0;
	counts_set(turn->counts, COUNT_EXPECTED, turn->ops);
	counts_set(turn->counts, COUNT_RUSAGE,
		   turn->ops * (mood == MOOD_LIES && turn->arm ? 3 : 2));
	return 0;
}

static int toy_renew(void *state)
{
	((struct state *)state)->blocks++;
	return 0;
}

static void toy_close(void *state)
{
	((struct state *)state)->closed = true;
}

static void toy_conclude(const struct run *run, struct answers *a)
{
	(void)run;
	a->finding[0][0] = a->diff[ARM_DEAR][0][0];
}

static void toy_say(FILE *out, const struct run *run, const struct answers *a)
{
	(void)run;
	fprintf(out, "It costs %.0f ns more.\n", a->finding[0][0].value);
}

static const struct experiment experiment_toy = {
	.name = "toy", .operation = "a toy", .operations = "toys",
	.arms = arms, .quantities = quantities, .settings = settings,
	.findings = findings, .counted = counted, .counted_least = 1000,
	.axis = { .key = "weight", .label = "weight", .first = "no weight",
		  .most = 1000 },
	.plan = toy_plan, .open = toy_open, .round = toy_round,
	.renew = toy_renew, .close = toy_close, .conclude = toy_conclude,
	.say = toy_say,
};

static const struct experiment experiment_other = {
	.name = "other", .arms = arms, .quantities = quantities,
	.settings = settings, .findings = findings, .counted = counted,
	.axis = { .key = "weight" }, .say = toy_say,
};

static const struct experiment *const all[] = {
	&experiment_toy, &experiment_other, NULL
};

/* Nothing is said of a CPU that is not used: neither who else did nor how fast it was. */
static void forget_company(struct run *run)
{
	unsigned int b;

	run->machine.others = 0;
	run->machine.steal = 0;
	for (b = 1; b < run->blocks; b++)
		run->block[b].speed_ns = run->block[0].speed_ns;
}

/* A run in that mood, and what follows from it. */
static int run_toy(struct run *run, struct answers *a, long mood)
{
	struct request r = { .cpu = -1 };
	int err;

	memset(r.setting, -1, sizeof(r.setting));
	r.setting[0] = mood;
	if (runner_plan(&experiment_toy, &r, run)) {
		printf("Bail out! the toy has no plan\n");
		exit(1);
	}
	err = runner_measure(run, NULL, NULL);
	forget_company(run);
	answers_find(run, a);
	verdict_find(run, a);
	return err;
}

static bool near(const struct estimate *e, double truth)
{
	return e->n && fabs(e->value - truth) < 1 && e->low <= e->value &&
	       e->value <= e->high;
}

static void forget(struct run *run, struct answers *a)
{
	answers_free(a);
	run_free(run);
}

static struct run run;

static void truth(void)
{
	struct answers a;
	const struct series *s;
	size_t i, pairs = 0;

	ok(!run_toy(&run, &a, MOOD_GOOD) && toy.closed, "the toy is measured");
	if (!ok(!a.reasons, "it has a verdict"))
		printf("# %s\n", a.reason[0]);
	ok(near(&a.cell[ARM_CHEAP][0][0], CHEAP * 1.003), "what an arm costs");
	ok(near(&a.cell[ARM_CHEAP][3][0], (CHEAP + EACH_X * 64) * 1.003),
	   "and at another point");
	ok(near(&a.diff[ARM_DEAR][0][0], MORE), "what another one costs more");
	ok(near(&a.cell[ARM_DEAR][0][1], (CHEAP + MORE) / 2 * 1.003),
	   "the second quantity");
	ok(near(&a.finding[0][0], MORE), "the finding");
	ok(!run.series[ARM_TWIN][1].n && run.series[ARM_CHEAP][1].n,
	   "an arm that is not swept is at the first point alone");
	ok(!run.series[ARM_DEAR][3].n && run.series[ARM_DEAR][2].n,
	   "an arm with a limit ends there");
	is_number(run.series[ARM_CHEAP][0].n, 4 * run.series[ARM_CHEAP][1].n,
		  "the first point has four rounds a pass");
	ok(run.blocks == toy.blocks + 1 && run.blocks > 1,
	   "each block but the first was begun by renew()");
	s = &run.series[ARM_CHEAP][1];
	for (i = 0; i + 1 < s->n; i += 2)
		pairs += s->sample[i].block == s->sample[i + 1].block;
	is_number(pairs, s->n / 2, "no block tears a pair of passes apart");
	ok(run.block[0].speed_ns > 0, "the CPU's speed is there");
	ok(counts_each(&run.counts[ARM_DEAR], COUNT_RUSAGE) == 2, "the counts");
	forget(&run, &a);
}

static bool refused_for(const struct answers *a, const char *word)
{
	unsigned int i;

	for (i = 0; i < a->reasons; i++)
		if (strstr(a->reason[i], word))
			return true;
	return false;
}

/* Is @arm refused for its claim?  On a busy machine it may be for other things. */
static bool claim_refused(const struct answers *a, const char *arm)
{
	unsigned int i;

	for (i = 0; i < a->reasons; i++)
		if (!strncmp(a->reason[i], arm, strlen(arm)) &&
		    strstr(a->reason[i], "toys, not 2 each"))
			return true;
	return false;
}

static void troubles(void)
{
	struct answers a;

	run_toy(&run, &a, MOOD_LIES);
	ok(claim_refused(&a, "dear: "), "a wrong claim is refused");
	ok(!claim_refused(&a, "cheap: "), "and no other arm");
	forget(&run, &a);
	ok(!run_toy(&run, &a, MOOD_HANGS), "an arm takes too long");
	ok(!run.settings.arm[ARM_DEAR] && !run.series[ARM_DEAR][0].n &&
	   run.notes && strstr(run.note[0], "no dear: a round of it took too long"),
	   "it is dropped, with a note");
	ok(near(&a.cell[ARM_CHEAP][0][0], CHEAP * 1.003) && !a.reasons,
	   "the others are measured all the same");
	forget(&run, &a);
	ok(run_toy(&run, &a, MOOD_FAILS) == -ENOSPC && toy.closed &&
	   !strcmp(run.trouble, "cannot open the toy: No space left on device"),
	   "what cannot be opened is said");
	forget(&run, &a);
	run_toy(&run, &a, MOOD_SLOWS);
	ok(toy.ops > 210 && toy.ops < 240,
	   "what only longer rounds show counts for how long they are: %u", toy.ops);
	forget(&run, &a);
	run_toy(&run, &a, MOOD_SLOWS_LATE);
	ok(toy.ops > SLOW_LATE,
	   "and what begins late in them does not make them too short for it: %u",
	   toy.ops);
	forget(&run, &a);
	ok(!run_toy(&run, &a, MOOD_BREAKS) && run.interrupted &&
	   refused_for(&a, "interrupted"), "a signal leaves what was measured");
	ok(run.series[ARM_CHEAP][0].n == run.series[ARM_DEAR][0].n,
	   "equally much of all arms");
	forget(&run, &a);
}

/* What is printed follows from the tables. */
static char *printed(const struct answers *a)
{
	const struct out_opts opts = {};
	char *text = NULL;
	size_t size = 0;
	FILE *saved = stdout, *f = open_memstream(&text, &size);

	fflush(stdout);
	stdout = f;
	report_people(&run, a, &opts, true);
	stdout = saved;
	fclose(f);
	return text;
}

static void shown(void)
{
	struct answers a;
	char *text, *script = NULL;
	size_t size = 0;
	FILE *f;

	run_toy(&run, &a, MOOD_GOOD);
	text = printed(&a);
	ok(strstr(text, "It costs 40 ns more."), "the experiment's words");
	ok(strstr(text, "Nanoseconds a toy by weight:\nWEIGHT cheap dear"),
	   "a table of the sweep");
	ok(strstr(text, "Cost of a toy by weight:") &&
	   strstr(text, "c cheap") && strstr(text, "d dear"), "a plot");
	ok(strstr(text, "MADE RUSAGE"), "the counts");
	free(text);
	f = open_memstream(&script, &size);
	ok(!plot_script(f, &run, &a, "toy.svg"), "a picture");
	fclose(f);
	ok(strstr(script, "set label 'dear - cheap' at") &&
	   strstr(script, "set xlabel 'weight'"), "with the toy's names");
	ok(strstr(script, "set title 'cost of a toy: ") <
	   strstr(script, "set title 'cost of a toy'") &&
	   strstr(script, "'cheap' 2, 'dear' 1)"), "the answer comes first");
	free(script);
	forget(&run, &a);
}

static void stored(void)
{
	struct diff_side *sides = xcalloc(2, sizeof(*sides));
	json_t *root, *diff;
	char *error, *problem;
	struct answers a;

	run_toy(&run, &a, MOOD_GOOD);
	root = run_to_json(&run, &a);
	forget(&run, &a);
	ok(!run_from_json(root, all, &sides[0].run, &error), "read back");
	answers_find(&sides[0].run, &sides[0].answers);
	ok(near(&sides[0].answers.diff[ARM_DEAR][0][0], MORE), "as it was");
	json_object_set_new(root, "ctxlab", json_string("other"));
	ok(!run_from_json(root, all, &sides[1].run, &error) &&
	   sides[1].run.experiment == &experiment_other, "as another one's");
	answers_find(&sides[1].run, &sides[1].answers);
	problem = diff_problem(&sides[0], &sides[1]);
	is(problem, "they are of two experiments, toy and other",
	   "two experiments are not compared");
	free(problem);
	sides[0].path = "a";
	sides[1].path = "b";
	ok(!diff_problem(&sides[0], &sides[0]), "one with itself is");
	diff = diff_json(&sides[0], &sides[0]);
	ok(json_array_size(json_object_get(diff, "rows")) > 10,
	   "at all points");
	json_decref(diff);
	json_decref(root);
	forget(&sides[0].run, &sides[0].answers);
	forget(&sides[1].run, &sides[1].answers);
	free(sides);
}

int main(void)
{
	truth();
	troubles();
	shown();
	stored();
	return tap_done();
}
