// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: repeats [--sets] FILE...
 *
 * The single runs of saved runs of 'ctxlab switch', a line each, or with --sets
 * what --repeat saved as one: the time of the fixed loop in ns, and value, low and
 * high of thread, of process - thread, and of coroutine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "experiments/experiments.h"
#include "experiments/switch/switch.h"
#include "lib/xalloc.h"
#include "measure/answers.h"
#include "measure/run_json.h"

/* The samples of @from in blocks @first to before @end, numbered from 0 on. */
static void cut(const struct series *from, unsigned int first,
		unsigned int end, struct series *to)
{
	struct sample *s;
	size_t i;

	*to = (struct series){
		.sample = xcalloc(from->n + 1, sizeof(*to->sample)),
	};
	for (i = 0; i < from->n; i++) {
		s = &from->sample[i];
		if (s->block < first || s->block >= end)
			continue;
		to->sample[to->n] = *s;
		to->sample[to->n++].block -= first;
	}
}

static void print(const struct estimate *e)
{
	printf(" %.3f %.3f %.3f", e->value, e->low, e->high);
}

/* The runs that have these blocks alone: the first point is enough. */
static void show(const struct run *run, unsigned int first, unsigned int end)
{
	struct run *one = xcalloc(1, sizeof(*one));
	double loop[MAX_BLOCKS];
	struct answers a;
	unsigned int b;
	int arm;

	one->experiment = run->experiment;
	one->machine = run->machine;
	one->settings = run->settings;
	one->settings.points = 1;
	one->blocks = end - first;
	for (b = first; b < end; b++) {
		one->block[b - first] = run->block[b];
		one->block[b - first].repeat -= run->block[first].repeat;
		loop[b - first] = run->block[b].speed_ns;
	}
	for (arm = 0; arm < ARMS; arm++)
		cut(&run->series[arm][0], first, end, &one->series[arm][0]);
	answers_find(one, &a);
	printf("%.0f", stats_quantile(loop, end - first, 0.5));
	print(&a.cell[ARM_THREAD][0][Q_NS]);
	print(&a.diff[ARM_PROCESS][0][Q_NS]);
	print(&a.cell[ARM_COROUTINE][0][Q_NS]);
	putchar('\n');
	answers_free(&a);
	for (arm = 0; arm < ARMS; arm++)
		free(one->series[arm][0].sample);
	free(one);
}

/* Where what begins with block @first ends. */
static unsigned int end_of(const struct run *run, unsigned int first, bool sets)
{
	unsigned int end = first;

	while (end < run->blocks &&
	       (sets || run->block[end].repeat == run->block[first].repeat))
		end++;
	return end;
}

int main(int argc, char **argv)
{
	bool sets = argc > 1 && !strcmp(argv[1], "--sets");
	struct run *run = xcalloc(1, sizeof(*run));
	unsigned int first, end;
	char *error;
	int i;

	for (i = 1 + sets; i < argc; i++) {
		if (run_load(argv[i], experiments, run, &error) ||
		    run->experiment != &experiment_switch) {
			fprintf(stderr, "repeats: %s: no run of switch\n",
				argv[i]);
			return 1;
		}
		for (first = 0; first < run->blocks; first = end) {
			end = end_of(run, first, sets);
			show(run, first, end);
		}
		run_free(run);
	}
	free(run);
	return 0;
}
