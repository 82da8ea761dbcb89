/* SPDX-License-Identifier: GPL-2.0-only */
/* Running gnuplot. */
#ifndef REPORT_GNUPLOT_H
#define REPORT_GNUPLOT_H

#include <stdio.h>

/* A file without a name, in memory. */
FILE *gnuplot_memory_file(const char *name);

/*
 * Has gnuplot carry out @script and writes what it draws to @path, whole or not
 * at all; returns NULL, or what went wrong (to be freed).
 */
char *gnuplot_draw(FILE *script, const char *path);

#endif /* REPORT_GNUPLOT_H */
