/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all panels of a picture need, in gnuplot's language: their places, axes in
 * units that a person reads, names at the ends of curves.  For the plot_*.c here.
 */
#ifndef REPORT_PICTURE_H
#define REPORT_PICTURE_H

#include <stdbool.h>
#include <stdio.h>

#include "measure/answers.h"
#include "measure/run.h"

/* All lengths of a picture are in pixels. */
#define PICTURE_WIDTH 900
#define PICTURE_LINE 16		/* from one line of text to the next */

/**
 * struct picture - where a picture stands
 * @out: gnuplot's commands
 * @run: what is drawn
 * @a: what follows from it
 * @height: of all of it
 * @top: where the next panel begins
 */
struct picture {
	FILE *out;
	const struct run *run;
	const struct answers *a;
	int height;
	int top;
};

/* Values from @low to @high along an axis. */
struct scale {
	double low;
	double high;
	bool log;
};

/* Some text in one quotation, of which gnuplot carries out nothing. */
void picture_quote(FILE *out, const char *text);

/* About how wide it is. */
int picture_text_width(const char *text);

/*
 * Begins a panel of that height below those before, with margins for what stands
 * left and right of its axes.
 */
void picture_panel(struct picture *p, const char *title, int height, int left,
		   int right);

/* The height of that panel's inside. */
int picture_inside(int height);

/* Ends a panel: what it has set is not the next one's. */
void picture_end_panel(struct picture *p);

/* Takes a value, or the ends of its interval, into a scale; begins with {}. */
void scale_take(struct scale *s, double value);

/* Leaves some room at both ends. */
void scale_widen(struct scale *s, double share);

/* Where a value is, from 0 to 1. */
double scale_place(const struct scale *s, double value);

/* Axis 'x' or 'y' for times in nanoseconds: "100 ns", "1 us". */
void picture_time_axis(FILE *out, char axis, const struct scale *s);

/**
 * struct picture_name - a name at the right end of a curve
 * @text: the name
 * @colour: "#rrggbb"
 * @x: the curve's last point
 * @y: likewise
 * @at: the name's height, 0 to 1 of the panel's inside
 */
struct picture_name {
	char *text;
	const char *colour;
	double x;
	double y;
	double at;
};

/* Draws them, moved apart where they would lie on each other; frees the texts. */
void picture_names(FILE *out, struct picture_name *name, size_t n, int inside);

/*
 * A kind of panel: its height, 0 for none; @which is a variant, or a point, where it
 * has one of each.
 */
struct panel {
	int (*height)(const struct run *run, const struct answers *a, int which);
	void (*draw)(struct picture *p, int which);
};

extern const struct panel panel_costs;		/* each arm at the first point */
extern const struct panel panel_parts;		/* what a cost consists of */
extern const struct panel panel_sweep;		/* costs over the sweep */
extern const struct panel panel_added;		/* differences over the sweep */
extern const struct panel panel_across;		/* costs over the variants */
extern const struct panel panel_strip;		/* who it was, in order */
extern const struct panel panel_histogram;

#endif /* REPORT_PICTURE_H */
