// SPDX-License-Identifier: GPL-2.0-only
/* Plots made of letters. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "measure/experiment.h"
#include "plot.h"
#include "report.h"
#include "words.h"

#define WIDE 64
#define HIGH 18
#define ROUNDING 0.000000001
#define ZERO_COLUMNS 4	/* x = 0: apart, as log 0 is not */

/* Less than that is drawn as that: the axis is logarithmic. */
#define LEAST_ADDED 10.0

struct view {
	int variant;
	bool added;
};

/* Logarithms of x, of nanoseconds, and of the ends of their interval. */
struct place {
	double x, y, low, high;
};

/* An arm's line; one that is not drawn has no letter. */
struct line {
	char letter;
	size_t n;
	struct place at[MAX_POINTS];
	struct place zero;	/* at x = 0; y is NAN where there is none */
};

struct canvas {
	char cell[HIGH][WIDE + 1];
	double x0, x1, y0, y1;
};

/* The cost of an arm; or what it adds to its base, where that shows. */
static struct estimate value(const struct answers *a, int arm, unsigned int p,
			     bool added)
{
	struct estimate e;

	if (!added)
		return a->cell[arm][p][0];
	e = a->diff[arm][p][0];
	e.value = fmax(e.value, LEAST_ADDED);
	e.low = fmax(e.low, LEAST_ADDED);
	e.high = fmax(e.high, LEAST_ADDED);
	return e;
}

static void get_line(const struct run *run, const struct answers *a, int arm,
		     const struct view *v, struct line *l)
{
	const struct point *point = run->settings.point;
	struct place place;
	struct estimate e;
	unsigned int p;

	*l = (struct line){
		.letter = run->experiment->arms[arm].letter, .zero.y = NAN,
	};
	for (p = 0; p < run->settings.points; p++) {
		if (!run_in_variant(run, p, v->variant))
			continue;
		e = value(a, arm, p, v->added);
		if (!e.n || e.low <= 0)
			continue;
		place = (struct place){
			.x = log(point[p].x), .y = log(e.value),
			.low = log(e.low), .high = log(e.high),
		};
		if (point[p].x)
			l->at[l->n++] = place;
		else
			l->zero = place;
	}
}

static void widen(double *low, double *high, double value)
{
	if (isnan(value))
		return;
	*low = fmin(*low, value);
	*high = fmax(*high, value);
}

static void measure_line(struct canvas *c, const struct line *l)
{
	size_t i;

	widen(&c->y0, &c->y1, l->zero.y);
	for (i = 0; i < l->n; i++) {
		widen(&c->x0, &c->x1, l->at[i].x);
		widen(&c->y0, &c->y1, l->at[i].y);
	}
}

static int row_of(const struct canvas *c, double y)
{
	return lround((c->y1 - y) / (c->y1 - c->y0) * (HIGH - 1));
}

/* An interval, where it is longer than a row; lines are drawn over it. */
static void draw_interval(struct canvas *c, int column, const struct place *p)
{
	int first = row_of(c, p->high), last = row_of(c, p->low), row;

	if (first == last)
		return;
	for (row = first < 0 ? 0 : first; row <= last && row < HIGH; row++)
		c->cell[row][column] = ':';
}

static void draw_intervals(struct canvas *c, const struct line *l)
{
	const int room = WIDE - 1 - ZERO_COLUMNS;
	size_t i;

	if (l->letter && !isnan(l->zero.y))
		draw_interval(c, 0, &l->zero);
	for (i = 0; i < l->n; i++)
		draw_interval(c, ZERO_COLUMNS + lround((l->at[i].x - c->x0) /
						       (c->x1 - c->x0) * room),
			      &l->at[i]);
}

static void dot(struct canvas *c, int column, double y, char letter)
{
	int row = row_of(c, y);

	if (row >= 0 && row < HIGH && column >= 0 && column < WIDE)
		c->cell[row][column] = letter;
}

static void draw_line(struct canvas *c, const struct line *l)
{
	const int room = WIDE - 1 - ZERO_COLUMNS;
	int column, i = 0;
	double x, part;

	if (l->letter && !isnan(l->zero.y))
		dot(c, 0, l->zero.y, l->letter);
	for (column = 0; column <= room && l->n > 1; column++) {
		x = c->x0 + (c->x1 - c->x0) * column / room;
		if (x + ROUNDING < l->at[0].x ||
		    x - ROUNDING > l->at[l->n - 1].x)
			continue;
		while (i + 2 < (int)l->n && x > l->at[i + 1].x)
			i++;
		part = (x - l->at[i].x) / (l->at[i + 1].x - l->at[i].x);
		dot(c, ZERO_COLUMNS + column,
		    l->at[i].y + part * (l->at[i + 1].y - l->at[i].y),
		    l->letter);
	}
}

static void print_canvas(FILE *out, const struct run *run,
			 const struct canvas *c)
{
	char label[REPORT_NS];
	int row;

	for (row = 0; row < HIGH; row++) {
		double y = c->y1 - (c->y1 - c->y0) * row / (HIGH - 1);
		int end = WIDE;

		while (end && c->cell[row][end - 1] == ' ')
			end--;

		if (row % 4 == 0 || row == HIGH - 1)
			fprintf(out, "%9s |%.*s\n", report_ns(label, exp(y)),
				end, c->cell[row]);
		else
			fprintf(out, "%9s |%.*s\n", "", end, c->cell[row]);
	}
	fprintf(out, "%9s +", "");
	for (row = 0; row < WIDE; row++)
		fputc('-', out);
	fprintf(out, "\n%11s%-*s%-*.0f%*.0f %s\n", "", ZERO_COLUMNS,
		run->settings.point[0].x ? "" : "0",
		(WIDE - ZERO_COLUMNS) / 2, exp(c->x0),
		(WIDE - ZERO_COLUMNS) / 2, exp(c->x1),
		run->experiment->axis.key);
}

static const char *line_name(char buf[64], const struct run *run, int arm,
			     bool added)
{
	snprintf(buf, 64, "%s%s%s", run_arm_name(run, arm), added ? " - " : "",
		 added ? run_arm_name(run, run_base(run, arm, 0)) : "");
	return buf;
}

static void print_legend(FILE *out, const struct run *run,
			 const struct line *lines, bool added)
{
	int arm, n = 0, gap = 0, len, longest = added ? 34 : 20;
	char name[64];

	for (arm = 0; arm < MAX_ARMS; arm++) {
		if (!lines[arm].n)
			continue;
		len = strlen(line_name(name, run, arm, added));
		longest = len >= longest ? len + 1 : longest;
	}
	for (arm = 0; arm < MAX_ARMS; arm++) {
		if (!lines[arm].n)
			continue;
		line_name(name, run, arm, added);
		fprintf(out, "%s%*s%c %s", n % 3 ? "" : n ? "\n  " : "  ",
			n % 3 ? gap : 0, "", lines[arm].letter, name);
		gap = longest - (int)strlen(name);
		n++;
	}
	fputs("\n  : 95 % interval, where it is longer than a line\n", out);
}

static void print_plot(FILE *out, const struct run *run,
		       const struct answers *a, const struct view *v)
{
	struct canvas c = { .x0 = INFINITY, .x1 = -INFINITY, .y0 = INFINITY,
			    .y1 = -INFINITY };
	struct line *lines = xcalloc(MAX_ARMS, sizeof(*lines));
	int arm;

	for (arm = 0; arm < run_arms(run); arm++) {
		if (!run->experiment->arms[arm].letter ||
		    !run->settings.arm[arm])
			continue;
		get_line(run, a, arm, v, &lines[arm]);
		measure_line(&c, &lines[arm]);
	}
	if (c.x1 > c.x0 && c.y1 > c.y0) {
		memset(c.cell, ' ', sizeof(c.cell));
		for (arm = 0; arm < HIGH; arm++)
			c.cell[arm][WIDE] = '\0';
		for (arm = 0; arm < MAX_ARMS; arm++)
			draw_intervals(&c, &lines[arm]);
		for (arm = 0; arm < MAX_ARMS; arm++)
			draw_line(&c, &lines[arm]);
		print_canvas(out, run, &c);
		print_legend(out, run, lines, v->added);
	}
	free(lines);
}

void plot_text(FILE *out, const struct run *run, const struct answers *a,
	       int variant)
{
	struct view v = { .variant = variant };
	char name[REPORT_VARIANT];

	report_variant(name, run, variant);
	fprintf(out, "\nCost of %s by %s%s:\n", run->experiment->operation,
		run->experiment->axis.key, name);
	print_plot(out, run, a, &v);
}

void plot_text_added(FILE *out, const struct run *run, const struct answers *a,
		     int variant)
{
	struct view v = { .variant = variant, .added = true };
	char name[REPORT_VARIANT];

	report_variant(name, run, variant);
	fprintf(out, "\nWhat each adds to its baseline%s, at least %.0f ns:\n",
		name, LEAST_ADDED);
	print_plot(out, run, a, &v);
}

#define BINS 16
#define BAR 40

/*
 * The bins leave out half a per cent at both ends; evenly in logarithm.
 * Return: how many of them: no more than there are buckets.
 */
static int bounds(const struct histogram *h, double *from, double *to)
{
	uint64_t sum = 0, seen = 0;
	size_t i, first = 0;

	for (i = 0; i < h->n; i++)
		sum += h->count[i];
	*from = 0;
	*to = 0;
	for (i = 0; i < h->n; i++) {
		if (seen <= sum / 200) {
			*from = fmax(h->from_ns[i], 1);
			first = i;
		}
		seen += h->count[i];
		*to = h->to_ns[i];
		if (seen >= sum - sum / 200)
			break;
	}
	return i - first < BINS ? i - first + 1 : BINS;
}

static void print_histogram(FILE *out, const struct histogram *h)
{
	uint64_t bin[BINS] = {}, most = 1;
	double from, to, step;
	char label[REPORT_NS];
	double at;
	size_t i;
	int b, k, bins;

	bins = bounds(h, &from, &to);
	if (!(to > from))
		return;
	step = log(to / from) / bins;
	for (i = 0; i < h->n; i++) {
		at = h->from_ns[i] > from ? log(h->from_ns[i] / from) / step : 0;
		if (at < bins)
			bin[(int)at] += h->count[i];
	}
	for (b = 0; b < bins; b++)
		most = bin[b] > most ? bin[b] : most;
	for (b = 0; b < bins; b++) {
		fprintf(out, "%9s |", report_ns(label, from * exp(b * step)));
		for (k = 0; k < (int)(bin[b] * BAR / most); k++)
			fputc('#', out);
		fprintf(out, " %llu\n", (unsigned long long)bin[b]);
	}
}

void plot_text_histograms(FILE *out, const struct run *run)
{
	int arm;

	for (arm = 0; arm < run_arms(run); arm++) {
		if (!run->histogram[arm].n)
			continue;
		fprintf(out, "\nHistogram of %s, %s:\n",
			run->experiment->histogram, run_arm_name(run, arm));
		print_histogram(out, &run->histogram[arm]);
	}
}
