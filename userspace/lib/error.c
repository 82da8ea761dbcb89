// SPDX-License-Identifier: GPL-2.0-only
/* Messages on standard error. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "error.h"
#include "escape.h"
#include "xalloc.h"

static const char *command;

void error_command(const char *name)
{
	command = name;
}

void error_say(const char *fmt, ...)
{
	char *what;
	va_list ap;

	va_start(ap, fmt);
	what = xvasprintf(fmt, ap);
	va_end(ap);
	escape_print(stderr, "ctxlab%s%s: %s", command ? " " : "",
		     command ? command : "", what);
	fputc('\n', stderr);
	free(what);
}
