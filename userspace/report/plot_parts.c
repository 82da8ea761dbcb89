// SPDX-License-Identifier: GPL-2.0-only
/* What a cost consists of, as stacked bars. */
#include "measure/experiment.h"
#include "picture.h"
#include "words.h"

#define LEFT 74
#define HEIGHT 290

/* The quantity that is the whole of a bar, and the one at its bottom; or -1. */
static int bar_quantity(const struct run *run, enum bar bar)
{
	int q;

	for (q = 0; q < run_quantities(run); q++)
		if (run->experiment->quantities[q].bar == bar)
			return q;
	return -1;
}

/* Null tests would be the same bar again. */
static bool has_bar(const struct run *run, const struct answers *a, int arm)
{
	int whole = bar_quantity(run, BAR_WHOLE);

	return !run->experiment->arms[arm].twin && a->cell[arm][0][whole].n;
}

static int height_of(const struct run *run, const struct answers *a, int which)
{
	int arm;

	(void)which;
	if (!a->parts_ok || bar_quantity(run, BAR_PART) < 0 ||
	    bar_quantity(run, BAR_WHOLE) < 0)
		return 0;
	for (arm = 0; arm < run_arms(run); arm++)
		if (has_bar(run, a, arm))
			return HEIGHT;
	return 0;
}

/* Place, part, all of it with its interval, and its name below. */
static void draw_data(struct picture *p)
{
	int whole = bar_quantity(p->run, BAR_WHOLE), arm, i = 0;
	const struct estimate *e, *part;

	fputs("$bars << EOD\n", p->out);
	for (arm = 0; arm < run_arms(p->run); arm++) {
		if (!has_bar(p->run, p->a, arm))
			continue;
		e = &p->a->cell[arm][0][whole];
		part = &p->a->cell[arm][0][bar_quantity(p->run, BAR_PART)];
		fprintf(p->out, "%d %g %g %g %g %s\n", i++, part->value,
			e->value, e->low, e->high, run_arm_name(p->run, arm));
	}
	fputs("EOD\n", p->out);
}

/* What it is more than its baseline, above it; returns the axis. */
static struct scale draw_labels(struct picture *p)
{
	int whole = bar_quantity(p->run, BAR_WHOLE), arm, i = 0;
	const struct estimate *diff, *e;
	struct scale s = {};
	char ns[REPORT_NS];

	for (arm = 0; arm < run_arms(p->run); arm++) {
		if (!has_bar(p->run, p->a, arm))
			continue;
		diff = &p->a->diff[arm][0][whole];
		e = &p->a->cell[arm][0][whole];
		scale_take(&s, e->high);
		if (diff->n)
			fprintf(p->out, "set label '%s%s' at %d,%g center offset 0,1\n",
				diff->value < 0 ? "" : "+",
				report_ns(ns, diff->value), i, e->high);
		i++;
	}
	s.low = 0;
	s.high *= 1.2;
	return s;
}

static void draw(struct picture *p, int which)
{
	const struct quantity *q = p->run->experiment->quantities;
	struct scale s;

	picture_panel(p, q[bar_quantity(p->run, BAR_PART)].label,
		      height_of(p->run, p->a, which), LEFT, 20);
	draw_data(p);
	s = draw_labels(p);
	picture_time_axis(p->out, 'y', &s);
	fputs("set boxwidth 0.6\nset xrange [-0.5:*]\nset key top left\n"
	      "plot $bars using 1:3:xtic(6) with boxes lc rgb '#e69f00' title ",
	      p->out);
	picture_quote(p->out, q[bar_quantity(p->run, BAR_WHOLE)].label);
	fputs(", \\\n  $bars using 1:2 with boxes lc rgb '#0072b2' title ",
	      p->out);
	picture_quote(p->out, q[bar_quantity(p->run, BAR_PART)].label);
	fputs(", \\\n  $bars using 1:3:4:5 with yerrorbars lc rgb 'black' pt 7 ps 0.4",
	      p->out);
	fputs(" title '95 % interval'\n", p->out);
}

const struct panel panel_parts = { height_of, draw };
