/* SPDX-License-Identifier: GPL-2.0-only */
/* Pictures of a run: in the terminal, and by gnuplot. */
#ifndef REPORT_PLOT_H
#define REPORT_PLOT_H

#include <stdio.h>

#include "measure/answers.h"
#include "measure/run.h"

/*
 * The cost over the sweep of a variant, what each arm adds to its baseline there,
 * and the histograms, in letters.
 */
void plot_text(FILE *out, const struct run *run, const struct answers *a,
	       int variant);
void plot_text_added(FILE *out, const struct run *run, const struct answers *a,
		     int variant);
void plot_text_histograms(FILE *out, const struct run *run);
void plot_text_strips(FILE *out, const struct run *run);

/* What is wrong with the name of a picture's file, or NULL. */
const char *plot_name_problem(const char *path);

/* Have gnuplot draw what that name says, PICTURE_WIDTH wide. */
void plot_terminal(FILE *out, const char *path, int height);

/*
 * What gnuplot has to do to draw the run into the file @path, as the kind of
 * picture that its name says; returns NULL, or what is wrong with the name.
 */
const char *plot_script(FILE *out, const struct run *run,
			const struct answers *a, const char *path);

/* Has gnuplot do it; returns NULL, or what went wrong (to be freed). */
char *plot_draw(const struct run *run, const struct answers *a,
		const char *path);

#endif /* REPORT_PLOT_H */
