/* SPDX-License-Identifier: GPL-2.0-only */
/* The one way in which the tool says what went wrong. */
#ifndef CTXLAB_ERROR_H
#define CTXLAB_ERROR_H

#include "lib/compiler.h"

/* The command whose name messages bear from here on; static storage. */
void error_command(const char *name);

/*
 * Prints "ctxlab COMMAND: " and the message as a line on standard error.  What a
 * terminal would obey is escaped.
 */
__printf(1, 2)
void error_say(const char *fmt, ...);

#endif /* CTXLAB_ERROR_H */
