// SPDX-License-Identifier: GPL-2.0-only
/* Plots by gnuplot, as SVG or PNG. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "answers.h"
#include "lib/xalloc.h"
#include "plot.h"
#include "report.h"

/*
 * A string for gnuplot.  Single quotes, since in double ones it would carry out
 * what stands between backquotes; and nothing but printable characters.
 */
static void quote(FILE *out, const char *text)
{
	fputc('\'', out);
	for (; *text; text++) {
		if (*text == '\'')
			fputc('\'', out);
		fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
	}
	fputc('\'', out);
}

static const char *terminal(const char *path)
{
	const char *dot = strrchr(path, '.');

	if (dot && !strcmp(dot, ".svg"))
		return "svg size 1150,%d noenhanced font 'sans,13' background 'white'";
	if (dot && !strcmp(dot, ".png"))
		return "pngcairo size 1150,%d noenhanced font 'sans,11'";
	return NULL;
}

static bool has_histograms(const struct run *run)
{
	int arm;

	for (arm = 0; arm < ARMS; arm++)
		if (run->histogram[arm].n)
			return true;
	return false;
}

/* A colour for each arm, the same in every picture. */
static const char *const colours[ARMS] = {
	[ARM_COROUTINE] = "#7f7f7f", [ARM_COROUTINE_FP] = "#9f9f9f",
	[ARM_UCONTEXT] = "#bfbfbf", [ARM_THREAD] = "#1f77b4",
	[ARM_THREAD_AGAIN] = "#aec7e8", [ARM_THREAD_CONTROL] = "#17becf",
	[ARM_THREAD_FLUSH] = "#ff7f0e", [ARM_THREAD_FULL] = "#d62728",
	[ARM_PROCESS] = "#2ca02c", [ARM_PROCESS_CONTROL] = "#98df8a",
	[ARM_PROCESS_FLUSH] = "#bcbd22", [ARM_RING_THREAD] = "#9467bd",
	[ARM_RING_PROCESS] = "#8c564b",
};

/* A picture over pages touched: the cost itself, or what an arm adds. */
struct view {
	enum pattern pattern;
	bool added;
};

/* 0 has no logarithm: it stands apart, left of the fewest pages. */
static double place(const struct run *run, unsigned int pages)
{
	unsigned int p, least = 0;

	for (p = 0; !pages && p < run->settings.points; p++)
		if (run->settings.point[p].pages &&
		    (!least || run->settings.point[p].pages < least))
			least = run->settings.point[p].pages;
	return pages ? pages : least / 2.0;
}

/* Past that the caches decide, and what an arm adds drowns in them. */
static bool in_view(const struct run *run, const struct view *v,
		    unsigned int p)
{
	const struct point *point = &run->settings.point[p];
	int tlb = run->machine.tlb_l2;

	if (point->pages && point->pattern != v->pattern)
		return false;
	return !v->added || tlb < 0 || point->pages <= 0.75 * tlb;
}

/* Pages, value and interval of an arm; returns the number of points. */
static size_t curve_data(FILE *out, const struct run *run,
			 const struct answers *a, int arm,
			 const struct view *v)
{
	struct estimate e;
	unsigned int p;
	size_t n = 0;

	fprintf(out, "$curve_%d_%d_%d << EOD\n", v->added, v->pattern, arm);
	for (p = 0; p < run->settings.points; p++) {
		if (!in_view(run, v, p))
			continue;
		e = v->added ? a->diff[arm][p] : a->cell[arm][p];
		if (!e.n)
			continue;
		fprintf(out, "%g %g %g %g\n",
			place(run, run->settings.point[p].pages), e.value,
			e.low, e.high);
		n++;
	}
	fputs("EOD\n", out);
	return n;
}

static void draw_axes(FILE *out, const struct run *run, const struct view *v)
{
	unsigned int pages;

	fprintf(out, "set title '%s (pages touched: %s)'\n",
		v->added ? "what each adds to the arm it is held against" :
			   "cost of a switch, touching included",
		pattern_name(v->pattern));
	fputs("unset logscale\nset logscale x\n", out);
	fputs(v->added ? "set ylabel 'ns more a switch'\n" :
			 "set logscale y\nset ylabel 'ns a switch'\n", out);
	fputs("set xlabel 'pages touched by each between switches'\n", out);
	fprintf(out, "set xtics ('0' %g", place(run, 0));
	for (pages = 1; pages <= 65536; pages *= 2)
		if (pages > 1.5 * place(run, 0))
			fprintf(out, ", %u", pages);
	fputs(")\nset key outside right\nset rmargin 36\n", out);
}

static void draw_curves(FILE *out, const struct run *run,
			const struct answers *a, const struct view *v)
{
	const char *comma = "plot ";
	bool has[ARMS] = {};
	int arm, base;

	for (arm = 0; arm < ARMS; arm++)
		if (run->settings.arm[arm] && arms[arm].sweep)
			has[arm] = curve_data(out, run, a, arm, v) > 0;
	draw_axes(out, run, v);
	for (arm = 0; arm < ARMS; arm++) {
		if (!has[arm])
			continue;
		base = answers_base(arm);
		fprintf(out, "%s$curve_%d_%d_%d using 1:2:3:4 ", comma,
			v->added, v->pattern, arm);
		fprintf(out, "with yerrorlines lc rgb '%s' pt 7 ps 0.4 title '%s%s%s'",
			colours[arm], arms[arm].name, v->added ? " - " : "",
			v->added ? arms[base].name : "");
		comma = ", \\\n  ";
	}
	fputs("\n", out);
}

static void draw_histograms(FILE *out, const struct run *run)
{
	const char *comma = "plot ";
	const struct histogram *h;
	double sum;
	size_t i;
	int arm;

	for (arm = 0; arm < ARMS; arm++) {
		h = &run->histogram[arm];
		if (!h->n)
			continue;
		for (sum = 0, i = 0; i < h->n; i++)
			sum += h->count[i];
		fprintf(out, "$histogram_%d << EOD\n", arm);
		for (i = 0; i < h->n; i++)
			fprintf(out, "%g %g\n", h->from_ns[i],
				h->count[i] / sum);
		fputs("EOD\n", out);
	}
	fputs("unset logscale\nset logscale x\nset xtics autofreq\n"
	      "set title 'the kernel''s own part of a switch, no pages touched'\n"
	      "set xlabel 'ns'\nset ylabel 'share of the switches'\n", out);
	for (arm = 0; arm < ARMS; arm++) {
		if (!run->histogram[arm].n)
			continue;
		fprintf(out, "%s$histogram_%d using 1:2 with steps lc rgb '%s' title '%s'",
			comma, arm, colours[arm], arms[arm].name);
		comma = ", \\\n  ";
	}
	fputs("\n", out);
}

static bool has_pattern(const struct run *run, enum pattern pattern)
{
	unsigned int p;

	for (p = 1; p < run->settings.points; p++)
		if (run->settings.point[p].pattern == pattern)
			return true;
	return false;
}

const char *plot_script(FILE *out, const struct run *run,
			const struct answers *a, const char *path)
{
	const char *term = terminal(path), *emulated;
	int plots = has_histograms(run), i;
	struct view v;
	char *title;

	if (!term)
		return "the name of a plot ends in .svg or .png";
	for (i = 0; i < PATTERNS; i++)
		plots += 2 * has_pattern(run, i);
	if (!plots)
		return "there is nothing to plot: no pages were touched";
	fputs("set terminal ", out);
	fprintf(out, term, 60 + 340 * plots);
	fputs("\nset output ", out);
	quote(out, path);
	emulated = report_emulated(&run->machine);
	title = xasprintf("What a switch costs: %s, Linux %s%s%s",
			  run->machine.cpu, run->machine.kernel,
			  *emulated ? " -- " : "", emulated);
	fprintf(out, "\nset multiplot layout %d,1 title ", plots);
	quote(out, title);
	free(title);
	fputs("\nset grid\n", out);
	for (i = 0; i < 2 * PATTERNS; i++) {
		v = (struct view){ .pattern = i / 2, .added = i % 2 };
		if (has_pattern(run, v.pattern))
			draw_curves(out, run, a, &v);
	}
	if (has_histograms(run))
		draw_histograms(out, run);
	fputs("unset multiplot\n", out);
	return NULL;
}

char *plot_draw(const struct run *run, const struct answers *a,
		const char *path)
{
	const char *problem;
	int status;
	FILE *f;

	f = popen("gnuplot", "we");
	if (!f)
		return xasprintf("gnuplot: %s", strerror(errno));
	problem = plot_script(f, run, a, path);
	status = pclose(f);
	if (problem)
		return xstrdup(problem);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return xstrdup("gnuplot is not installed");
	return status ? xstrdup("gnuplot failed") : NULL;
}
