// SPDX-License-Identifier: GPL-2.0-only
/*
 * The answer at one sight: what each arm costs at the first point, a line each,
 * with its interval and in words.
 */
#include <stdlib.h>

#include "lib/xalloc.h"
#include "measure/experiment.h"
#include "picture.h"
#include "words.h"

#define ROW 20
#define AROUND 80
#define RIGHT 90

/* Null tests would be the same row again. */
static bool has_row(const struct run *run, const struct answers *a, int arm)
{
	const struct estimate *e = &a->cell[arm][0][0];

	return !run->experiment->arms[arm].twin && e->n && e->value > 0;
}

static int rows_of(const struct run *run, const struct answers *a)
{
	int arm, rows = 0;

	for (arm = 0; arm < run_arms(run); arm++)
		rows += has_row(run, a, arm);
	return rows;
}

static int height_of(const struct run *run, const struct answers *a, int which)
{
	int rows = a->reasons ? 0 : rows_of(run, a);

	(void)which;
	return rows ? AROUND + ROW * rows : 0;
}

/* Cost, interval, row; and the names and values beside them. */
static void draw_rows(struct picture *p, const struct scale *s, int rows)
{
	const struct run *run = p->run;
	char ns[REPORT_NS];
	const char *comma = "set ytics (";
	int arm, row;

	fputs("$costs << EOD\n", p->out);
	for (arm = 0, row = rows; arm < run_arms(run); arm++) {
		const struct estimate *e = &p->a->cell[arm][0][0];

		if (has_row(run, p->a, arm))
			fprintf(p->out, "%g %d %g %g\n", e->value, row--,
				e->low > s->low ? e->low : s->low, e->high);
	}
	fputs("EOD\n", p->out);
	for (arm = 0, row = rows; arm < run_arms(run); arm++) {
		if (!has_row(run, p->a, arm))
			continue;
		fprintf(p->out, "%s'%s' %d", comma, run_arm_name(run, arm), row);
		comma = ", ";
		row--;
	}
	fputs(")\n", p->out);
	for (arm = 0, row = rows; arm < run_arms(run); arm++) {
		const struct estimate *e = &p->a->cell[arm][0][0];

		if (has_row(run, p->a, arm))
			fprintf(p->out, "set label '%s' at graph 1.01, first %d\n",
				report_ns(ns, e->value), row--);
	}
}

static void draw(struct picture *p, int which)
{
	const struct experiment *e = p->run->experiment;
	int rows = rows_of(p->run, p->a), left = 0, width, arm;
	struct scale s = { .log = true };
	char *title;

	for (arm = 0; arm < run_arms(p->run); arm++) {
		if (!has_row(p->run, p->a, arm))
			continue;
		scale_take(&s, p->a->cell[arm][0][0].value);
		scale_take(&s, p->a->cell[arm][0][0].high);
		width = picture_text_width(e->arms[arm].name);
		left = width > left ? width : left;
	}
	scale_widen(&s, 0.05);
	title = xasprintf("cost of %s: %s, 95 %% intervals", e->operation,
			  e->axis.first);
	picture_panel(p, title, height_of(p->run, p->a, which), left + 20, RIGHT);
	free(title);
	picture_time_axis(p->out, 'x', &s);
	draw_rows(p, &s, rows);
	fprintf(p->out, "set yrange [0.4:%d.6]\n", rows);
	fputs("plot $costs using 1:2:3:4 with xerrorbars lc rgb '#0072b2' pt 7 ps 0.5\n",
	      p->out);
}

const struct panel panel_costs = { height_of, draw };
