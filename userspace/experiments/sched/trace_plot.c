// SPDX-License-Identifier: GPL-2.0-only
/*
 * The picture of a replayed trace: a lane for each P, in which each G's time has the
 * colour of why it ran, above the length of the queue; and one for the global queue.
 */
#include <stdlib.h>
#include <string.h>

#include "gpm/trace.h"
#include "lib/xalloc.h"
#include "report/gnuplot.h"
#include "report/picture.h"
#include "report/plot.h"
#include "trace_show.h"

#define LANE 80			/* pixels */
#define AROUND 110
#define LEFT 60
#define RIGHT 20
#define RUNS 0.5		/* of a lane, the rest is the queue's */
#define GAP 0.08

static const char *const colours[WHY_COUNT] = {
	[WHY_NEXT] = "#0072b2",
	[WHY_LOCAL] = "#56b4e9",
	[WHY_61ST] = "#d55e00",
	[WHY_GLOBAL] = "#e69f00",
	[WHY_STOLEN] = "#cc79a7",
	[WHY_STOLEN_NEXT] = "#882255",
	[WHY_POLL] = "#009e73",
	[WHY_BACK] = "#f0e442",
	[WHY_TURN] = "#999999",
};

struct drawing {
	FILE *out;
	const struct gpm_trace *t;
	enum trace_why why;	/* of the slices that are drawn now */
	size_t slices;
	double end;		/* in the unit of the axis */
};

/* Microseconds, which are steps where there is a seed. */
static double place_of(int64_t ns)
{
	return ns / 1e3;
}

static void draw_slice(void *arg, const struct gpm_step *s, int64_t end)
{
	struct drawing *d = arg;

	if (s->a >> 12 != d->why)
		return;
	d->slices++;
	if (d->out)
		fprintf(d->out, "%g %g %g %g\n", place_of(s->ns), place_of(end),
			s->ring + GAP, s->ring + RUNS);
}

/* Where it has room. */
static void name_slice(void *arg, const struct gpm_step *s, int64_t end)
{
	struct drawing *d = arg;
	double from = place_of(s->ns), to = place_of(end);
	char *name = xasprintf("G%u", s->g);

	if ((to - from) / d->end * (PICTURE_WIDTH - LEFT - RIGHT) >
	    picture_text_width(name)) {
		fputs("set label ", d->out);
		picture_quote(d->out, name);
		fprintf(d->out, " at %g,%g center front\n", (from + to) / 2,
			s->ring + (GAP + RUNS) / 2);
	}
	free(name);
}

static size_t slices_of(const struct gpm_trace *t, enum trace_why why)
{
	struct drawing d = { .t = t, .why = why };

	trace_each_slice(t, draw_slice, &d);
	return d.slices;
}

static uint32_t longest(const struct gpm_trace *t)
{
	uint32_t most = 1;
	size_t i;

	for (i = 0; i < t->n; i++) {
		most = t->step[i].local > most ? t->step[i].local : most;
		most = t->step[i].global > most ? t->step[i].global : most;
	}
	return most;
}

/* The queue of P @lane, or the global one, as steps from the lane's lower end up. */
static void draw_queue(FILE *out, const struct gpm_trace *t, uint32_t lane,
		       uint32_t most)
{
	uint32_t n, before = 0;
	size_t i;

	fprintf(out, "$queue_%u << EOD\n0 %u\n", lane, lane + 1);
	for (i = 0; i < t->n; i++) {
		if (lane < t->procs && t->step[i].ring != lane)
			continue;
		n = lane < t->procs ? t->step[i].local : t->step[i].global;
		if (n != before)
			fprintf(out, "%g %g\n", place_of(t->step[i].ns),
				lane + 1 - n * (1 - RUNS - GAP) / most);
		before = n;
	}
	fprintf(out, "%g %u\nEOD\n", place_of(t->step[t->n - 1].ns), lane + 1);
}

static void draw_data(struct drawing *d)
{
	uint32_t lane, most = longest(d->t);

	for (d->why = 0; d->why < WHY_COUNT; d->why++) {
		if (!slices_of(d->t, d->why))
			continue;
		fprintf(d->out, "$why_%d << EOD\n", d->why);
		trace_each_slice(d->t, draw_slice, d);
		fputs("EOD\n", d->out);
	}
	for (lane = 0; lane <= d->t->procs; lane++)
		draw_queue(d->out, d->t, lane, most);
	trace_each_slice(d->t, name_slice, d);
	fprintf(d->out, "set title 'Why each G runs; below, the queues: up to %u'\n",
		most);
}

static void draw_axes(const struct drawing *d)
{
	uint32_t p;

	fputs("set encoding utf8\nset style fill solid noborder\nset border 1\n"
	      "set xtics nomirror\nset key below\nset ytics scale 0 (", d->out);
	for (p = 0; p < d->t->procs; p++)
		fprintf(d->out, "'P%u' %g, ", p, p + 0.5);
	fprintf(d->out, "'global' %g)\nset yrange [%u:0]\nset xrange [0:%g]\n",
		p + 0.5, p + 1, d->end);
	fprintf(d->out, "set lmargin at screen %g\nset rmargin at screen %g\n",
		(double)LEFT / PICTURE_WIDTH, 1 - (double)RIGHT / PICTURE_WIDTH);
	fprintf(d->out, "set xlabel '%s'\n",
		d->t->seed ? "steps" : "microseconds");
}

static void draw_all(struct drawing *d)
{
	uint32_t lane;
	int why;

	fputs("plot ", d->out);
	for (lane = 0; lane <= d->t->procs; lane++)
		fprintf(d->out, "$queue_%u using 1:2 with steps lc rgb '#000000' notitle, \\\n",
			lane);
	for (why = 0; why < WHY_COUNT; why++) {
		if (!slices_of(d->t, why))
			continue;
		fprintf(d->out, "$why_%d using 1:3:1:2:3:4 with boxxyerror ", why);
		fprintf(d->out, "lc rgb '%s' title '%s', \\\n", colours[why],
			gpm_trace_whys[why]);
	}
	fputs("\n", d->out);
}

char *trace_plot(const struct gpm_trace *t, const char *path)
{
	FILE *script = gnuplot_memory_file("script");
	struct drawing d = { .out = script, .t = t };
	char *words;

	if (t->n)
		d.end = place_of(t->step[t->n - 1].ns);
	if (d.end <= 0) {
		fclose(script);
		return xstrdup("there is nothing to draw");
	}
	plot_terminal(script, path, AROUND + (t->procs + 1) * LANE);
	draw_axes(&d);
	draw_data(&d);
	draw_all(&d);
	words = gnuplot_draw(script, path);
	fclose(script);
	return words;
}
