/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of tasks: any bytes but NUL, on their way to people and programs. */
#ifndef CTXLAB_ESCAPE_H
#define CTXLAB_ESCAPE_H

#include <stdio.h>

#include "compiler.h"

/* Undoes the module's escapes ("\n", "\\") in place. */
void escape_undo(char *text);

/* Likewise those of paths: three octal digits after a backslash. */
void escape_undo_octal(char *text);

/* Prints to @f, escaped as by escape_terminal(), line breaks too. */
__printf(2, 3)
void escape_print(FILE *f, const char *fmt, ...);

/*
 * For a terminal: backslash, control characters, what changes the direction of
 * writing, and what the locale cannot print are escaped.  The caller frees.
 */
char *escape_terminal(const char *bytes);

/* Valid UTF-8: stray bytes become U+FFFD.  The caller frees the result. */
char *escape_utf8(const char *bytes);

#endif /* CTXLAB_ESCAPE_H */
