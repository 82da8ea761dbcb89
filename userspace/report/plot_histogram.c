// SPDX-License-Identifier: GPL-2.0-only
/* How often each time was seen: curves in one panel, or many of them a row each. */
#include <stdlib.h>

#include "lib/xalloc.h"
#include "measure/experiment.h"
#include "picture.h"

#define LEFT 74
#define HEIGHT 290

/* More curves than these cannot be told apart where they lie on each other. */
#define CURVES_MOST 6
#define AROUND 70
#define ROW 30
#define ROW_FILL 0.85		/* of a row, that its highest step takes */

/* Steps of a tenth of a power of two are as fine as can be seen. */
#define FINEST 1.07

static int histograms(const struct run *run)
{
	int arm, n = 0;

	for (arm = 0; arm < run_arms(run); arm++)
		n += run->histogram[arm].n > 0;
	return n;
}

static int height_of(const struct run *run, const struct answers *a, int which)
{
	(void)a;
	(void)which;
	int n = histograms(run);

	return n > CURVES_MOST ? AROUND + ROW * n : n ? HEIGHT : 0;
}

/*
 * Buckets together that cannot be told apart.  The last half per cent is left out:
 * what else got in goes on for ever.
 */
static void draw_data(struct picture *p, int arm, struct scale *s,
		      struct picture_name *name)
{
	const struct histogram *h = &p->run->histogram[arm];
	double sum = 0, seen = 0, share, from;
	size_t i, last;

	for (i = 0; i < h->n; i++)
		sum += h->count[i];
	name->y = 0;
	fprintf(p->out, "$histogram_%d << EOD\n", arm);
	for (i = 0; i < h->n && seen <= 0.995 * sum; ) {
		from = h->from_ns[i];
		last = i + 1;
		while (last < h->n && h->to_ns[last] <= from * FINEST)
			last++;
		for (share = 0; i < last; i++)
			share += h->count[i];
		seen += share;
		share *= 100 / sum;
		fprintf(p->out, "%g %.3g\n", from, share);
		scale_take(s, from);
		scale_take(s, h->to_ns[i - 1]);
		if (share > name->y) {
			name->x = from;
			name->y = share;
		}
	}
	fputs("EOD\n", p->out);
	name->text = xstrdup(run_arm_name(p->run, arm));
	name->colour = p->run->experiment->arms[arm].colour;
}

static void draw_curves(struct picture *p)
{
	const char *comma = "plot ";
	int arm;

	for (arm = 0; arm < run_arms(p->run); arm++) {
		if (!p->run->histogram[arm].n)
			continue;
		fprintf(p->out, "%s$histogram_%d using 1:2 with steps lc rgb '%s'",
			comma, arm, p->run->experiment->arms[arm].colour);
		comma = ", \\\n  ";
	}
	fputs("\n", p->out);
}

/* The widest name of an arm that has a histogram. */
static int names_width(const struct run *run)
{
	int arm, width, most = 0;

	for (arm = 0; arm < run_arms(run); arm++) {
		if (!run->histogram[arm].n)
			continue;
		width = picture_text_width(run_arm_name(run, arm));
		most = width > most ? width : most;
	}
	return most;
}

/* Each arm in a row of its own, as high as its own highest step asks for. */
static void draw_row_curves(struct picture *p, const struct picture_name *name,
			    int rows)
{
	const char *comma = "plot ";
	int arm, row = 0;

	for (arm = 0; arm < run_arms(p->run); arm++) {
		if (!p->run->histogram[arm].n)
			continue;
		fprintf(p->out,
			"%s$histogram_%d using 1:(%d+$2*%g) with steps lc rgb '%s'",
			comma, arm, rows - row - 1, ROW_FILL / name[row].y,
			name[row].colour);
		comma = ", \\\n  ";
		row++;
	}
	fputs("\n", p->out);
}

static void draw_rows(struct picture *p, int which)
{
	int arm, row, rows = histograms(p->run);
	struct picture_name name[MAX_ARMS];
	struct scale s = { .log = true };

	picture_panel(p, p->run->experiment->histogram,
		      height_of(p->run, p->a, which), names_width(p->run) + 20, 40);
	for (arm = row = 0; arm < run_arms(p->run); arm++)
		if (p->run->histogram[arm].n)
			draw_data(p, arm, &s, &name[row++]);
	picture_time_axis(p->out, 'x', &s);
	fprintf(p->out, "set yrange [0:%d]\nset ytics scale 0 (", rows);
	for (row = 0; row < rows; row++) {
		fputs(row ? ", " : "", p->out);
		picture_quote(p->out, name[row].text);
		fprintf(p->out, " %d", rows - row - 1);
	}
	fputs(")\n", p->out);
	draw_row_curves(p, name, rows);
	fputs("set ytics scale 1\n", p->out);
	for (row = 0; row < rows; row++)
		free(name[row].text);
}

static void draw_together(struct picture *p, int which)
{
	struct picture_name name[MAX_ARMS];
	struct scale s = { .log = true }, y = {};
	size_t n = 0, i;
	int arm;

	picture_panel(p, p->run->experiment->histogram,
		      height_of(p->run, p->a, which), LEFT,
		      names_width(p->run) + 40);
	for (arm = 0; arm < run_arms(p->run); arm++)
		if (p->run->histogram[arm].n)
			draw_data(p, arm, &s, &name[n++]);
	for (i = 0; i < n; i++)
		scale_take(&y, name[i].y);
	y.low = 0;
	y.high *= 1.1;
	for (i = 0; i < n; i++)
		name[i].at = scale_place(&y, name[i].y);
	picture_time_axis(p->out, 'x', &s);
	fprintf(p->out, "set yrange [0:%g]\nset format y '%%g %%%%'\n", y.high);
	picture_names(p->out, name, n, picture_inside(HEIGHT));
	draw_curves(p);
}

static void draw(struct picture *p, int which)
{
	if (histograms(p->run) > CURVES_MOST)
		draw_rows(p, which);
	else
		draw_together(p, which);
}

const struct panel panel_histogram = { height_of, draw };
