// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: worker CPU SETS
 *
 * Who is called the same, and who different: a worker that does some work, and one
 * that does 5 % more of it, SETS sets of five runs each, as 'ctxlab --repeat 5'
 * makes them, in turn.  Prints how many pairs of sets of the first were "same", how
 * many of first and second "slower", and of how many.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "measure/answers.h"
#include "measure/cpus.h"
#include "measure/experiment.h"
#include "measure/repeat.h"
#include "measure/runner.h"
#include "measure/workers.h"
#include "report/diff.h"

#define REPEAT 5
#define MOST_SETS 20
/* An operation: so many places of the memory are read, one after the other. */
#define PLACES 2000
#define MORE 5
#define WORDS (1 << 14)

static const struct arm arms[] = {
	{ .name = "work", .brief = "reads here and there", .judged = true,
	  .first = 10, .least = 10 },
	{}
};

static const struct quantity quantities[] = {
	{ "ns", "ns", "an operation", BAR_NONE }, {}
};

static const struct setting settings[] = {
	{ .key = "more", .label = "more work, %", .kind = SETTING_NUMBER,
	  .most = 100 },
	{}
};

static const struct finding findings[] = { {} };
static const enum count counted[] = { COUNT_EXPECTED, COUNT_NONE };

struct state {
	struct run *run;
	struct workers workers;
};

/* In each worker, once: memory of its own, which lies where it comes to lie. */
static uint32_t *words;

static int begin(struct worker *w)
{
	uint32_t i;

	(void)w;
	words = xcalloc(WORDS, sizeof(*words));
	for (i = 0; i < WORDS; i++)
		words[i] = i * 2654435761u;
	return 0;
}

static void work(struct worker *w, const struct order *o)
{
	const long *more = w->arg;
	uint32_t ops, i, at = 0, n = PLACES + PLACES * *more / 100;

	worker_meet(w);
	w->slot->start_ns = worker_now();
	for (ops = 0; ops < o->ops; ops++)
		for (i = 0; i < n; i++)
			at = words[(at + i * 4099) % WORDS];
	words[at % WORDS] ^= at & 1;
	w->slot->end_ns = worker_now();
	worker_part(w);
	w->slot->counted = o->ops;
}

static char *plan(const struct request *r, struct run *run)
{
	char *why;

	/* Where that is not permitted the scheduler is measured along with it. */
	run->settings.priority = cpus_fifo(10, &why);
	free(why);
	run->settings.fifo = run->settings.priority > 0;
	run->settings.arm[0] = true;
	run->settings.round_us = 300;
	run->settings.seconds = 0.3;
	run->settings.value[0] = r->setting[0];
	run_add_point(&run->settings, &(struct point){ 0, NO_VARIANT, 4 });
	return NULL;
}

static int make(struct state *st)
{
	struct workers_spec spec = {
		.kind = WORKERS_FORKED, .n = 1, .begin = begin, .work = work,
		.cpu = { st->run->settings.cpu },
		.priority = st->run->settings.priority,
		.arg = &st->run->settings.value[0],
	};

	return workers_create(&st->workers, &spec);
}

static int open_work(struct run *run, void **state, const char **what)
{
	struct state *st = xcalloc(1, sizeof(*st));

	*state = st;
	*what = "start the worker";
	st->run = run;
	return make(st);
}

static int one_round(void *state, const struct turn *turn, struct sample *s,
		     double *window_ns)
{
	struct state *st = state;
	const struct order o = { .ops = turn->ops, .session = -1 };
	const struct slot *slot;
	int err = workers_round(&st->workers, &o);

	if (err)
		return err;
	slot = workers_slot(&st->workers, 0);
	*window_ns = slot->end_ns - slot->start_ns;
	s->value[0] = *window_ns / turn->ops;
	return 0;
}

static int renew(void *state)
{
	struct state *st = state;

	workers_destroy(&st->workers);
	return make(st);
}

static void close_work(void *state)
{
	struct state *st = state;

	if (st)
		workers_destroy(&st->workers);
	free(st);
}

static const struct experiment experiment_work = {
	.name = "work", .operation = "an operation", .operations = "operations",
	.arms = arms, .axis = { .key = "x" }, .quantities = quantities,
	.settings = settings, .findings = findings, .counted = counted,
	.plan = plan, .open = open_work, .round = one_round, .renew = renew,
	.close = close_work,
};

static int once(void *arg, struct run *run)
{
	char *problem = runner_plan(&experiment_work, arg, run);

	if (!problem)
		return runner_measure(run, NULL, NULL) ? 1 : 0;
	fprintf(stderr, "worker: %s\n", problem);
	free(problem);
	return 1;
}

static struct diff_side *measure(int cpu, long more)
{
	struct request r = { .cpu = cpu, .setting = { more } };
	struct diff_side *side = xcalloc(1, sizeof(*side));

	side->path = more ? "more" : "work";
	side->run.experiment = &experiment_work;
	if (repeat_run(REPEAT, once, &r, &side->run)) {
		fprintf(stderr, "worker: a run failed\n");
		exit(1);
	}
	answers_find(&side->run, &side->answers);
	return side;
}

/* What 'ctxlab diff' would say of the two. */
static bool differ_by(const struct diff_side *a, const struct diff_side *b,
		      const char *word)
{
	json_t *diff = diff_json(a, b);
	json_t *row = json_array_get(json_object_get(diff, "rows"), 0);
	const char *is = json_string_value(json_object_get(row, "is"));
	bool found = is && !strcmp(is, word);

	json_decref(diff);
	return found;
}

int main(int argc, char **argv)
{
	struct diff_side *plain[MOST_SETS], *more[MOST_SETS];
	int cpu, sets, i, same = 0, apart = 0;

	if (argc != 3)
		return 2;
	cpu = atoi(argv[1]);
	sets = atoi(argv[2]);
	if (sets < 3 || sets > MOST_SETS)
		return 2;
	for (i = 0; i < sets; i++) {
		plain[i] = measure(cpu, 0);
		more[i] = measure(cpu, MORE);
	}
	for (i = 0; i < sets; i++) {
		same += differ_by(plain[i], plain[(i + 1) % sets], "same");
		same += differ_by(plain[i], plain[(i + 2) % sets], "same");
		apart += differ_by(plain[i], more[i], "slower");
		apart += differ_by(plain[i], more[(i + 1) % sets], "slower");
	}
	printf("%d %d %d\n", same, apart, 2 * sets);
	return 0;
}
