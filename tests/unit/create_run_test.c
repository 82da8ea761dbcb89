// SPDX-License-Identifier: GPL-2.0-only
/*
 * What follows from a run of ctxlab create, on runs that are made up: the cost
 * model against known terms, reasons to refuse against facts that are wrong, and
 * the way through JSON and back.
 */
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

#include "experiments/create/costs.h"
#include "experiments/create/create.h"
#include "experiments/create/parent.h"
#include "lib/xalloc.h"
#include "measure/run_json.h"
#include "measure/verdict.h"
#include "tap.h"

#define PASSES 60
#define BLOCKS 12

static const double truth[TERMS] = { 40000, 1200, 68, 30 };

static const struct experiment *const known[] = { &experiment_create, NULL };

static double fork_ns(const struct run *run, unsigned int p)
{
	struct parent_state s = create_state(&run->settings.point[p]);
	double files = s.files ? s.files - run->settings.value[SET_FILES] : 0;

	if (s.huge)
		return 150000;
	return truth[TERM_FIXED] +
	       truth[TERM_MAPPING] * (s.mappings + (s.megabytes > 0)) +
	       truth[TERM_PAGE] * (s.mappings + s.megabytes * 256) +
	       truth[TERM_FILE] * files;
}

static double child_ns(const struct run *run, int arm, unsigned int p)
{
	switch (ways[arm].kind) {
	case WAY_POOL:
		return 8;
	case WAY_FRESH:
		return 6000;
	case WAY_FORK:
		return fork_ns(run, p);
	case WAY_EXEC:
		return fork_ns(run, p) + 70000;
	case WAY_SPAWN:
		return 90000;
	default:
		return arm == WAY_ID_PTHREAD || arm == WAY_ID_PTHREAD_AGAIN ?
			       10000 : 12000;
	}
}

static void fill_series(struct run *run, int arm, unsigned int p, gsl_rng *rng)
{
	struct series *s = &run->series[arm][p];
	double ns;
	size_t i;
	int q;

	s->n = PASSES * run->settings.point[p].rounds;
	s->sample = xcalloc(s->n, sizeof(*s->sample));
	for (i = 0; i < s->n; i++) {
		ns = child_ns(run, arm, p) * (1 + gsl_ran_gaussian(rng, 0.02));
		for (q = 0; q < QUANTITIES; q++)
			s->sample[i].value[q] = NAN;
		s->sample[i].value[Q_WHOLE] = ns;
		s->sample[i].value[Q_CALL] = ns / 2;
		s->sample[i].block = i * BLOCKS / s->n;
	}
}

static void fill_facts(struct run *run)
{
	int arm, i;

	for (arm = 0; arm < WAYS; arm++) {
		for (i = 0; i < SHARES && way_is_task(&ways[arm]); i++)
			run_set_fact(run, arm, FACT_SHARES + i,
				     way_claims(&ways[arm]) >> i & 1);
		for (i = 0; i < DEEDS && deed_possible(&ways[arm]); i++)
			run_set_fact(run, arm, FACT_DEEDS + i,
				     way_claims(&ways[arm]) >> deeds[i].share & 1);
	}
}

static void fill_counts(struct run *run)
{
	int arm;

	for (arm = 0; arm < WAYS; arm++) {
		run->counts[arm].present = run->settings.arm[arm];
		counts_set(&run->counts[arm], COUNT_EXPECTED, 1000);
		counts_set(&run->counts[arm], COUNT_FORKS,
			   way_is_task(&ways[arm]) ? 1000 : 0);
	}
}

/* Planned as on this host, but for what this host may forbid. */
static void make_up(struct run *run)
{
	const struct request r = { .cpu = -1, .no_module = true };
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	struct settings *set = &run->settings;
	char *problem;
	unsigned int p;
	int arm;

	*run = (struct run){ .experiment = &experiment_create };
	for (arm = 0; arm < MAX_ARMS; arm++)
		set->most_x[arm] = UINT32_MAX;
	machine_read(&run->machine, 0);
	free(run->machine.emulator);
	run->machine.emulator = xstrdup("");
	problem = experiment_create.plan(&r, run);
	ok(!problem && set->points > 4, "there is a plan");
	set->value[SET_MAPPINGS] = 72;
	set->value[SET_PAGES] = 120;
	set->value[SET_FILES] = 8;
	set->value[SET_CPUS] = 2;
	set->value[SET_SOURCE] = FROM_KCMP;
	run->passes = PASSES;
	run->blocks = BLOCKS;
	run->counter = xstrdup("bpf");
	for (arm = 0; arm < WAYS; arm++)
		for (p = 0; p < set->points; p++)
			if (run_has(run, arm, p))
				fill_series(run, arm, p, rng);
	fill_facts(run);
	fill_counts(run);
	gsl_rng_free(rng);
}

static void print_reasons(const struct answers *a)
{
	unsigned int i;

	for (i = 0; i < a->reasons; i++)
		printf("# %s\n", a->reason[i]);
}

static void judge(const struct run *run, struct answers *a)
{
	answers_find(run, a);
	verdict_find(run, a);
}

static void sound(const struct run *run)
{
	struct answers a;
	const struct estimate *e;
	int term;

	judge(run, &a);
	if (!ok(!a.reasons, "a run in which all is as claimed has a verdict"))
		print_reasons(&a);
	for (term = 0; term < TERMS; term++) {
		e = &a.finding[FIND_FIXED + term][0];
		if (!ok(e->n && e->low <= truth[term] * 1.02 &&
			e->high >= truth[term] * 0.98 &&
			fabs(e->value - truth[term]) < truth[term] * 0.1,
			"term %d of the model is the true one", term))
			printf("# %g [%g, %g]\n", e->value, e->low, e->high);
	}
	e = &a.finding[FIND_ERROR][0];
	ok(e->n >= 3 && e->value < 2, "points held out are foretold");
	e = &a.finding[FIND_COROUTINE][0];
	ok(fabs(e->value - 1250) < 50, "a thread is 1250 coroutines");
	answers_free(&a);
}

/* Costs at a parent held out that no sum foretells: then there is no model. */
static void no_sum(struct run *run)
{
	const struct settings *set = &run->settings;
	const struct estimate *error;
	struct series *s = NULL;
	struct answers a;
	unsigned int p;
	size_t i;

	for (p = 0; p < set->points; p++)
		if (set->point[p].variant == GROWS_ALL)
			s = &run->series[WAY_ID_FORK][p];
	for (i = 0; i < s->n; i++)
		s->sample[i].value[Q_WHOLE] *= 1.3;
	judge(run, &a);
	error = &a.finding[FIND_ERROR][0];
	ok(!a.finding[FIND_FIXED][0].n && !a.finding[FIND_FILE][0].n,
	   "a model that is 23 %% off where it was not fitted is none");
	ok(error->n && fabs(error->value - 23) < 2, "and it is said by how much");
	answers_free(&a);
	for (i = 0; i < s->n; i++)
		s->sample[i].value[Q_WHOLE] /= 1.3;
}

/* Whether a run with that fact changed is refused for it. */
static void refused(struct run *run, int arm, int fact, const char *what)
{
	long before = run_fact(run, arm, fact);
	struct answers a;

	run_set_fact(run, arm, fact, !before);
	judge(run, &a);
	if (!ok(a.reasons && strstr(a.reason[0], run_arm_name(run, arm)),
		"%s refuses the run", what))
		print_reasons(&a);
	answers_free(&a);
	run_set_fact(run, arm, fact, before);
}

static void wrong_count(struct run *run, int arm, uint64_t forks)
{
	uint64_t before = run->counts[arm].n[COUNT_FORKS];
	struct answers a;

	run->counts[arm].n[COUNT_FORKS] = forks;
	judge(run, &a);
	ok(a.reasons, "%s that made %u tasks for 1000 children refuses the run",
	   run_arm_name(run, arm), (unsigned int)forks);
	answers_free(&a);
	run->counts[arm].n[COUNT_FORKS] = before;
}

static void unknown(struct run *run)
{
	struct answers a;
	int arm, i;

	for (arm = 0; arm < WAYS; arm++)
		for (i = 0; i < FACTS; i++)
			run->fact[arm][i].known = false;
	judge(run, &a);
	ok(!a.reasons, "what could not be looked at refutes nothing");
	answers_free(&a);
}

static void round_trip(const struct run *run)
{
	struct answers a, b;
	json_t *one, *other;
	struct run back;
	char *error;

	judge(run, &a);
	one = run_to_json(run, &a);
	if (!ok(!run_from_json(one, known, &back, &error), "JSON is read back")) {
		printf("# %s\n", error);
		return;
	}
	judge(&back, &b);
	other = run_to_json(&back, &b);
	ok(json_equal(one, other), "and is the same again");
	ok(run_fact(&back, WAY_ID_FORK, FACT_SHARES) == 0 &&
	   run_fact(&back, WAY_ID_POOL, FACT_SHARES) == -1,
	   "facts that are not known stay unknown");
	json_decref(one);
	json_decref(other);
	answers_free(&a);
	answers_free(&b);
	run_free(&back);
}

int main(void)
{
	static struct run run;

	make_up(&run);
	sound(&run);
	no_sum(&run);
	round_trip(&run);
	refused(&run, WAY_ID_PTHREAD, FACT_SHARES + SHARE_MM,
		"a thread with an mm of its own");
	refused(&run, WAY_ID_FORK, FACT_SHARES + SHARE_FILES,
		"a process that shares the file table");
	refused(&run, WAY_ID_NEW_NET, FACT_SHARES + SHARE_NET,
		"a new namespace that is the old one");
	refused(&run, WAY_ID_VM_FS, FACT_DEEDS + DEED_CHDIR,
		"a deed that goes unnoticed though both share");
	refused(&run, WAY_ID_FORK, FACT_DEEDS + DEED_CRASH,
		"a crash that kills a process's parent");
	wrong_count(&run, WAY_ID_FORK, 2000);
	wrong_count(&run, WAY_ID_POOL, 1000);
	wrong_count(&run, WAY_ID_PTHREAD, 0);
	unknown(&run);
	run_free(&run);
	return tap_done();
}
