// SPDX-License-Identifier: GPL-2.0-only
/* Turns the samples of a run into estimates. */
#include <stdarg.h>
#include <stdlib.h>

#include "answers.h"
#include "estimate.h"
#include "experiment.h"
#include "lib/xalloc.h"

/* Of how many rounds, and of how much of their time, others had the CPU. */
static void find_disturbance(const struct run *run, struct answers *a)
{
	double span = 0, waited = 0;
	size_t all = 0, bad = 0, i;
	const struct series *s;
	unsigned int p;
	int arm;

	for (arm = 0; arm < run_arms(run); arm++) {
		for (p = 0; p < run->settings.points; p++) {
			s = &run->series[arm][p];
			all += s->n;
			for (i = 0; i < s->n; i++) {
				bad += sample_disturbed(&s->sample[i]);
				span += s->sample[i].span_ns;
				waited += s->sample[i].waited_ns;
			}
		}
	}
	a->disturbed = all ? (double)bad / all : 0;
	a->waited = span > 0 ? waited / span : -1;
}

/* Of all rounds together: rounds do not pair. */
static void find_pooled(const struct run *run, struct answers *a, int arm,
			unsigned int p, int q)
{
	int base = run_base(run, arm, q);

	a->cell[arm][p][q] = estimate_pooled(run, &run->series[arm][p], q);
	if (run_pooled(run, q)->quantile > 0 && base >= 0 &&
	    a->cell[arm][p][q].n && a->cell[base][p][q].n)
		a->diff[arm][p][q] = stats_difference(&a->cell[arm][p][q],
						      &a->cell[base][p][q]);
}

/* One quantity of an arm at a point; its base stands before it in the table. */
static void find_estimate(const struct run *run, struct answers *a, int arm,
			  unsigned int p, int q)
{
	const struct series *s = &run->series[arm][p], *base;
	int other = run_base(run, arm, q);

	if (run_pooled(run, q))
		return find_pooled(run, a, arm, p, q);
	if (!series_has(s, q))
		return;
	a->cell[arm][p][q] = estimate_cost(run, s, q);
	if (other < 0 || !run_has(run, other, p))
		return;
	base = &run->series[other][p];
	if (series_has(base, q))
		a->diff[arm][p][q] = estimate_difference(run, s, base, q);
}

static void find_estimates(const struct run *run, struct answers *a, int arm)
{
	unsigned int p;
	int q;

	for (p = 0; p < run->settings.points; p++)
		for (q = 0; q < run_quantities(run) && run_has(run, arm, p); q++)
			find_estimate(run, a, arm, p, q);
}

void answers_find(const struct run *run, struct answers *a)
{
	int arm;

	*a = (struct answers){
		.cell = xcalloc(MAX_ARMS, sizeof(*a->cell)),
		.diff = xcalloc(MAX_ARMS, sizeof(*a->diff)),
	};
	for (arm = 0; arm < run_arms(run); arm++)
		find_estimates(run, a, arm);
	find_disturbance(run, a);
	if (run->experiment->conclude)
		run->experiment->conclude(run, a);
}

void answers_refuse(struct answers *a, const char *fmt, ...)
{
	va_list ap;

	if (a->reasons == MAX_REASONS)
		return;
	va_start(ap, fmt);
	a->reason[a->reasons++] = xvasprintf(fmt, ap);
	va_end(ap);
}

void answers_free(struct answers *a)
{
	unsigned int i;

	for (i = 0; i < a->reasons; i++)
		free(a->reason[i]);
	free(a->cell);
	free(a->diff);
	*a = (struct answers){};
}
