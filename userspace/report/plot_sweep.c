// SPDX-License-Identifier: GPL-2.0-only
/*
 * Over the sweep of a variant: costs, and what each arm adds to its baseline.  Where
 * variants are steps of something, over these: costs at one x.
 */
#include <math.h>
#include <stdlib.h>

#include "lib/xalloc.h"
#include "measure/experiment.h"
#include "picture.h"
#include "report.h"

#define LEFT 74
#define LEAST_HEIGHT 290

/* The most numbers along the axis: powers of 2, of 4, of 8. */
#define TICS 13

/* @across: over the variants, at that x; 0: over the sweep. */
struct view {
	int variant;
	bool added;
	unsigned int across;
};

static bool in_view(const struct run *run, unsigned int p, const struct view *v)
{
	const struct point *point = &run->settings.point[p];

	if (v->across)
		return point->x == v->across && point->variant >= 0;
	return run_in_variant(run, p, v->variant);
}

static struct estimate value_of(const struct run *run, const struct answers *a,
				int arm, unsigned int p, const struct view *v)
{
	struct estimate e = {};

	if (in_view(run, p, v))
		e = v->added ? a->diff[arm][p][0] : a->cell[arm][p][0];
	/* It is drawn over the logarithm. */
	if (!v->added && e.value <= 0)
		e.n = 0;
	return e;
}

/* In how many points the arm is; a curve has two. */
static bool has_curve(const struct run *run, const struct answers *a, int arm,
		      const struct view *v)
{
	unsigned int p;
	int n = 0;

	if (!run->settings.arm[arm] || !run->experiment->arms[arm].sweep)
		return false;
	for (p = 0; p < run->settings.points; p++)
		n += value_of(run, a, arm, p, v).n > 0;
	return n > 1;
}

static char *name_of(const struct run *run, int arm, const struct view *v)
{
	int base = run_base(run, arm, 0);

	if (!v->added)
		return xstrdup(run_arm_name(run, arm));
	return xasprintf("%s - %s", run_arm_name(run, arm),
			 run_arm_name(run, base));
}

static int curves(const struct run *run, const struct answers *a,
		  const struct view *v)
{
	int arm, n = 0;

	if (a->reasons || (!v->across && !run_has_variant(run, v->variant)))
		return 0;
	for (arm = 0; arm < run_arms(run); arm++)
		n += has_curve(run, a, arm, v);
	return n;
}

static int height_of(const struct run *run, const struct answers *a,
		     const struct view *v)
{
	int n = curves(run, a, v);
	int names = n * PICTURE_LINE + LEAST_HEIGHT -
		    picture_inside(LEAST_HEIGHT);

	if (!n)
		return 0;
	return names > LEAST_HEIGHT ? names : LEAST_HEIGHT;
}

/* 0 has no logarithm: it stands apart, left of the least x. */
static double place(const struct run *run, unsigned int x)
{
	const struct settings *set = &run->settings;
	unsigned int p, least = 0;

	for (p = 0; !x && p < set->points; p++)
		if (set->point[p].x && (!least || set->point[p].x < least))
			least = set->point[p].x;
	return x ? x : least / 2.0;
}

/* The ends of the sweep; 0 has a place, too. */
static void find_ends(const struct run *run, int variant, double *least,
		      double *most)
{
	const struct settings *set = &run->settings;
	unsigned int p;

	*least = INFINITY;
	*most = 1;
	for (p = 0; p < set->points; p++) {
		if (!run_in_variant(run, p, variant))
			continue;
		*least = fmin(*least, place(run, set->point[p].x));
		*most = fmax(*most, set->point[p].x);
	}
}

/* From one number along the axis to the next, where the longest one is @most. */
static double tic_factor(double range, double most, int width)
{
	char number[32];
	int tics;

	snprintf(number, sizeof(number), "%.0f ", most);
	tics = width / picture_text_width(number);
	tics = tics < 1 ? 1 : tics < TICS ? tics : TICS;
	return exp2(fmax(1, ceil(log2(range) / tics)));
}

/* The axis is @width wide. */
static void draw_x_axis(struct picture *picture, const struct view *v, int width)
{
	const struct run *run = picture->run;
	const struct settings *set = &run->settings;
	const char *comma = "";
	const struct axis *axis = &run->experiment->axis;
	FILE *out = picture->out;
	double x, factor, least, most;

	find_ends(run, v->variant, &least, &most);
	fputs("set xlabel ", out);
	picture_quote(out, axis->labels[v->variant] ? axis->labels[v->variant] :
						      axis->label);
	fputs("\nset logscale x\nset xtics (", out);
	if (!set->point[0].x) {
		fprintf(out, "'0' %g", place(run, 0));
		comma = ", ";
	}
	factor = tic_factor(most / least, most, width);
	for (x = 1; x <= most * 1.05; x *= factor) {
		if (x < least || (x <= 1.5 * place(run, 0) && !set->point[0].x))
			continue;
		fprintf(out, "%s'%.0f' %.0f", comma, x, x);
		comma = ", ";
	}
	fprintf(out, ")\nset xrange [%g:%g]\n",
		least / 1.2, most * 1.1);
}

/* The variants, one step from each to the next. */
static void draw_steps(struct picture *picture)
{
	const struct run *run = picture->run;
	FILE *out = picture->out;
	int i;

	fputs("set xlabel ", out);
	picture_quote(out, run->experiment->axis.across);
	fputs("\nset xtics (", out);
	for (i = 0; i < run_variants(run); i++)
		fprintf(out, "%s'%s' %d", i ? ", " : "",
			run_variant_name(run, i), i);
	fprintf(out, ")\nset xrange [-0.15:%d.15]\n", run_variants(run) - 1);
}

static struct scale draw_y_axis(struct picture *picture, const struct view *v)
{
	const struct run *run = picture->run;
	struct scale s = { .log = !v->added };
	struct estimate e;
	unsigned int p;
	int arm;

	for (arm = 0; arm < run_arms(run); arm++) {
		if (!has_curve(run, picture->a, arm, v))
			continue;
		for (p = 0; p < run->settings.points; p++) {
			e = value_of(run, picture->a, arm, p, v);
			if (!e.n)
				continue;
			scale_take(&s, e.value);
			scale_take(&s, e.high);
			if (v->added)
				scale_take(&s, e.low);
		}
	}
	scale_widen(&s, 0.04);
	picture_time_axis(picture->out, 'y', &s);
	return s;
}

/* x, value and interval of an arm; the last of them is where its name stands. */
static void curve_data(struct picture *picture, int arm, const struct view *v,
		       const struct scale *s, struct picture_name *name)
{
	const struct run *run = picture->run;
	struct estimate e;
	unsigned int p;

	fprintf(picture->out, "$curve_%d << EOD\n", arm);
	for (p = 0; p < run->settings.points; p++) {
		e = value_of(run, picture->a, arm, p, v);
		if (!e.n)
			continue;
		name->x = v->across ? run->settings.point[p].variant :
				      place(run, run->settings.point[p].x);
		name->y = e.value;
		fprintf(picture->out, "%g %g %g %g\n", name->x, e.value,
			fmax(e.low, s->low), fmin(e.high, s->high));
	}
	fputs("EOD\n", picture->out);
	name->text = name_of(run, arm, v);
	name->colour = run->experiment->arms[arm].colour;
	name->at = scale_place(s, name->y);
}

/* What the experiment found on this axis: lines across it, with words. */
static void draw_marks(struct picture *picture, const struct view *v)
{
	const struct experiment *e = picture->run->experiment;
	struct mark mark[MAX_MARKS];
	unsigned int i, n;

	if (!e->marks || v->across)
		return;
	n = e->marks(picture->run, picture->a, v->variant, mark);
	for (i = 0; i < n; i++) {
		fprintf(picture->out, "set arrow from %g, graph 0 to %g, graph 1",
			mark[i].x, mark[i].x);
		fputs(" nohead dt 2 lc rgb '#555555'\nset label ",
		      picture->out);
		picture_quote(picture->out, mark[i].words);
		fprintf(picture->out, " at %g, graph %g right offset -0.5,0 tc rgb '#555555'\n",
			mark[i].x, 0.05 + 0.08 * i);
	}
}

static void draw_curves(struct picture *picture, const struct view *v,
			const struct scale *s, int inside)
{
	const struct run *run = picture->run;
	struct picture_name name[MAX_ARMS];
	const char *comma = "plot ";
	size_t n = 0;
	int arm;

	for (arm = 0; arm < run_arms(run); arm++)
		if (has_curve(run, picture->a, arm, v))
			curve_data(picture, arm, v, s, &name[n++]);
	picture_names(picture->out, name, n, inside);
	for (arm = 0; arm < run_arms(run); arm++) {
		if (!has_curve(run, picture->a, arm, v))
			continue;
		fprintf(picture->out, "%s$curve_%d using 1:2:3:4 with yerrorlines",
			comma, arm);
		fprintf(picture->out, " lc rgb '%s' pt %d ps 0.4",
			run->experiment->arms[arm].colour, 4 + arm % 10);
		comma = ", \\\n  ";
	}
	fputs("\n", picture->out);
}

static void draw(struct picture *picture, const struct view *v)
{
	const struct run *run = picture->run;
	int height = height_of(run, picture->a, v), right = 40, width, arm;
	char variant[REPORT_VARIANT], *title, *name;
	struct scale s;

	for (arm = 0; arm < run_arms(run); arm++) {
		if (!has_curve(run, picture->a, arm, v))
			continue;
		name = name_of(run, arm, v);
		width = picture_text_width(name) + 40;
		right = width > right ? width : right;
		free(name);
	}
	report_variant(variant, run, v->variant);
	if (v->across)
		snprintf(variant, sizeof(variant), ", %u %s", v->across,
			 run->experiment->axis.key);
	title = v->added ? xasprintf("what the first costs more than the second%s",
				     variant) :
			   xasprintf("cost of %s%s",
				     run->experiment->operation, variant);
	picture_panel(picture, title, height, LEFT, right);
	free(title);
	if (v->across)
		draw_steps(picture);
	else
		draw_x_axis(picture, v, PICTURE_WIDTH - LEFT - right);
	s = draw_y_axis(picture, v);
	draw_marks(picture, v);
	draw_curves(picture, v, &s, picture_inside(height));
}

static int costs_height(const struct run *run, const struct answers *a,
			int variant)
{
	const struct view v = { .variant = variant };

	return height_of(run, a, &v);
}

static void draw_costs(struct picture *picture, int variant)
{
	const struct view v = { .variant = variant };

	draw(picture, &v);
}

static int added_height(const struct run *run, const struct answers *a,
			int variant)
{
	const struct view v = { .variant = variant, .added = true };

	return height_of(run, a, &v);
}

static void draw_added(struct picture *picture, int variant)
{
	const struct view v = { .variant = variant, .added = true };

	draw(picture, &v);
}

/* The first point with an x stands for it. */
static unsigned int first_with(const struct run *run, unsigned int point)
{
	const struct settings *set = &run->settings;
	unsigned int p;

	for (p = 0; p < point; p++)
		if (set->point[p].x == set->point[point].x)
			return 0;
	return set->point[point].x;
}

static int across_height(const struct run *run, const struct answers *a,
			 int point)
{
	const struct view v = { .across = first_with(run, point) };

	return v.across && run->experiment->axis.across ?
		       height_of(run, a, &v) : 0;
}

static void draw_across(struct picture *picture, int point)
{
	const struct view v = { .across = picture->run->settings.point[point].x };

	draw(picture, &v);
}

const struct panel panel_across = { across_height, draw_across };
const struct panel panel_sweep = { costs_height, draw_costs };
const struct panel panel_added = { added_height, draw_added };
