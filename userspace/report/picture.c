// SPDX-License-Identifier: GPL-2.0-only
/* Panels, axes and names of a picture. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "picture.h"

/* Above and below a panel's inside: its title; numbers, and what they are of. */
#define ABOVE 36
#define BELOW 64

/*
 * Single quotes, since in double ones it would carry out what stands between
 * backquotes; and nothing but printable characters.
 */
void picture_quote(FILE *out, const char *text)
{
	fputc('\'', out);
	for (; *text; text++) {
		if (*text == '\'')
			fputc('\'', out);
		fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
	}
	fputc('\'', out);
}

int picture_text_width(const char *text)
{
	return strlen(text) * 15 / 2;
}

int picture_inside(int height)
{
	return height - ABOVE - BELOW;
}

void picture_panel(struct picture *p, const char *title, int height, int left,
		   int right)
{
	fprintf(p->out, "set tmargin at screen %g\nset bmargin at screen %g\n",
		1 - (double)(p->top + ABOVE) / p->height,
		1 - (double)(p->top + height - BELOW) / p->height);
	fprintf(p->out, "set lmargin at screen %g\nset rmargin at screen %g\n",
		(double)left / PICTURE_WIDTH,
		1 - (double)right / PICTURE_WIDTH);
	fputs("set title ", p->out);
	picture_quote(p->out, title);
	fputs("\nset grid y lc rgb '#dddddd'\nunset key\n", p->out);
	p->top += height;
}

void picture_end_panel(struct picture *p)
{
	fputs("unset label\nunset arrow\nunset logscale\nunset xlabel\nunset ylabel\n"
	      "set xtics autofreq\nset ytics autofreq\nset format\n"
	      "set xrange [*:*]\nset yrange [*:*]\n", p->out);
}

void scale_take(struct scale *s, double value)
{
	bool first = !s->low && !s->high;

	if (s->log && value <= 0)
		return;
	s->low = first ? value : fmin(s->low, value);
	s->high = first ? value : fmax(s->high, value);
}

void scale_widen(struct scale *s, double share)
{
	double more = (s->high - s->low) * share;

	if (s->log) {
		more = pow(s->high / s->low, share) * 1.05;
		s->low /= more;
		s->high *= more;
		return;
	}
	if (!more)
		more = fabs(s->high) ?: 1;
	s->low -= more;
	s->high += more;
}

double scale_place(const struct scale *s, double value)
{
	if (s->log)
		return log(value / s->low) / log(s->high / s->low);
	return (value - s->low) / (s->high - s->low);
}

/* The unit that is best for values of about @ns, and how long it is. */
static const char *unit_of(double ns, double *length)
{
	static const char *const unit[] = { "ns", "us", "ms", "s" };
	size_t i = 0;

	for (*length = 1; i < 3 && fabs(ns) >= 999.5 * *length; i++)
		*length *= 1000;
	return unit[i];
}

static void tic(FILE *out, double value, double of, const char **comma)
{
	double length;
	const char *unit = unit_of(of, &length);

	fprintf(out, "%s'%g%s%s' %.10g", *comma, value / length,
		value ? " " : "", value ? unit : "", value);
	*comma = ", ";
}

/* 1, 10, 100; where that is not enough, 2 and 5 as well. */
static void log_tics(FILE *out, const struct scale *s)
{
	bool few = s->high / s->low < 200;
	static const int step[] = { 1, 2, 5 };
	const char *comma = "";
	double ten, value;
	size_t i;

	for (ten = pow(10, floor(log10(s->low))); ten <= s->high; ten *= 10) {
		for (i = 0; i < (few ? 3 : 1); i++) {
			value = ten * step[i];
			if (value >= s->low && value <= s->high)
				tic(out, value, value, &comma);
		}
	}
}

static void linear_tics(FILE *out, const struct scale *s)
{
	double rough = (s->high - s->low) / 5, most, value;
	double step = pow(10, floor(log10(rough)));
	const char *comma = "";

	step *= rough / step < 2 ? 1 : rough / step < 5 ? 2 : 5;
	most = fmax(fabs(s->low), fabs(s->high));
	for (value = ceil(s->low / step); value * step <= s->high; value++)
		tic(out, value ? value * step : 0, most, &comma);
}

void picture_time_axis(FILE *out, char axis, const struct scale *s)
{
	if (s->log)
		fprintf(out, "set logscale %c\n", axis);
	fprintf(out, "set %crange [%.10g:%.10g]\nset %ctics (", axis, s->low,
		s->high, axis);
	if (s->log)
		log_tics(out, s);
	else
		linear_tics(out, s);
	fputs(")\n", out);
}

static int by_place(const void *a, const void *b)
{
	const struct picture_name *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

/* From below, then what was pushed out at the top from above. */
static void move_apart(struct picture_name *name, size_t n, double least)
{
	size_t i;

	for (i = 1; i < n; i++)
		name[i].at = fmax(name[i].at, name[i - 1].at + least);
	for (i = n; i-- > 0;)
		name[i].at = fmin(name[i].at,
				  i + 1 < n ? name[i + 1].at - least : 1);
}

void picture_names(FILE *out, struct picture_name *name, size_t n, int inside)
{
	size_t i;

	qsort(name, n, sizeof(*name), by_place);
	move_apart(name, n, (double)PICTURE_LINE / inside);
	for (i = 0; i < n; i++) {
		fprintf(out, "set arrow from %g,%g to graph 1.03, graph %g",
			name[i].x, name[i].y, name[i].at);
		fprintf(out, " nohead lc rgb '%s' lw 0.5\nset label ",
			name[i].colour);
		picture_quote(out, name[i].text);
		fprintf(out, " at graph 1.035, graph %g tc rgb '%s'\n",
			name[i].at, name[i].colour);
		free(name[i].text);
	}
}
