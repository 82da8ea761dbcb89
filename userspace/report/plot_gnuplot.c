// SPDX-License-Identifier: GPL-2.0-only
/* Plots by gnuplot, as SVG or PNG: which panels a run has. */
#include <stdlib.h>
#include <string.h>

#include "gnuplot.h"
#include "lib/xalloc.h"
#include "measure/experiment.h"
#include "picture.h"
#include "plot.h"
#include "report.h"

/* What stands above the panels, and the line on an emulated CPU. */
#define HEAD 30

static const char *terminal(const char *path)
{
	const char *dot = strrchr(path, '.');

	if (dot && !strcmp(dot, ".svg"))
		return "svg size %d,%d noenhanced font 'sans,13' background 'white'";
	if (dot && !strcmp(dot, ".png"))
		return "pngcairo size %d,%d noenhanced font 'sans,10'";
	return NULL;
}

const char *plot_name_problem(const char *path)
{
	return terminal(path) ? NULL : "the name of a plot ends in .svg or .png";
}

void plot_terminal(FILE *out, const char *path, int height)
{
	fputs("set terminal ", out);
	fprintf(out, terminal(path), PICTURE_WIDTH, height);
	fputc('\n', out);
}

static void draw_head(struct picture *p)
{
	const struct machine *m = &p->run->machine;
	const char *emulated = report_emulated(m);
	char *title = xasprintf("What %s costs: %s, Linux %s",
				p->run->experiment->operation, m->cpu,
				m->kernel);

	fputs("set encoding utf8\nset style fill solid\nset errorbars 0\nset border 3\n"
	      "set xtics nomirror\nset ytics nomirror\nset multiplot\nset label ",
	      p->out);
	picture_quote(p->out, title);
	free(title);
	fprintf(p->out, " at screen 0.5, screen %g center\n",
		1 - 18.0 / p->height);
	p->top = HEAD;
	if (!*emulated)
		return;
	fputs("set label ", p->out);
	picture_quote(p->out, emulated);
	fprintf(p->out, " at screen 0.5, screen %g center\n",
		1 - (18.0 + PICTURE_LINE) / p->height);
	p->top += PICTURE_LINE;
}

/* A panel, if the run has it; without @p its height alone. */
static int add_panel(const struct panel *panel, const struct run *run,
		     const struct answers *a, struct picture *p, int which)
{
	int height = panel->height(run, a, which);

	if (height && p) {
		panel->draw(p, which);
		picture_end_panel(p);
	}
	return height;
}

/* All panels, one below the other; returns their height. */
static int panels(const struct run *run, const struct answers *a,
		  struct picture *p)
{
	unsigned int point;
	int sum, i;

	sum = add_panel(&panel_costs, run, a, p, 0);
	sum += add_panel(&panel_parts, run, a, p, 0);
	for (i = 0; i < run_variants(run); i++) {
		sum += add_panel(&panel_sweep, run, a, p, i);
		sum += add_panel(&panel_added, run, a, p, i);
	}
	for (point = 0; point < run->settings.points; point++)
		sum += add_panel(&panel_across, run, a, p, point);
	sum += add_panel(&panel_strip, run, a, p, 0);
	return sum + add_panel(&panel_histogram, run, a, p, 0);
}

const char *plot_script(FILE *out, const struct run *run,
			const struct answers *a, const char *path)
{
	struct picture p = { .out = out, .run = run, .a = a };
	const char *problem = plot_name_problem(path);

	if (problem)
		return problem;
	p.height = panels(run, a, NULL);
	if (!p.height)
		return a->reasons ? "there is no verdict" :
				    "there is nothing to draw";
	p.height += HEAD + (*report_emulated(&run->machine) ? PICTURE_LINE : 0);
	plot_terminal(out, path, p.height);
	draw_head(&p);
	panels(run, a, &p);
	fputs("unset multiplot\n", out);
	return NULL;
}

char *plot_draw(const struct run *run, const struct answers *a,
		const char *path)
{
	FILE *script = gnuplot_memory_file("script");
	const char *problem = plot_script(script, run, a, path);
	char *words = problem ? xstrdup(problem) : gnuplot_draw(script, path);

	fclose(script);
	return words;
}
