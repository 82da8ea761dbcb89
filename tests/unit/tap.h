/* SPDX-License-Identifier: GPL-2.0-only */
/* The Test Anything Protocol, as little of it as is needed. */
#ifndef CTXLAB_TAP_H
#define CTXLAB_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/compiler.h"

/* One of each in a program, whichever of its files count. */
int tap_run __attribute__((weak)), tap_failed __attribute__((weak));

__printf(2, 3)
static inline bool ok(bool good, const char *fmt, ...)
{
	va_list ap;

	printf("%s %d - ", good ? "ok" : "not ok", ++tap_run);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	/* A sanitizer may end the program at any moment. */
	fflush(stdout);
	tap_failed += !good;
	return good;
}

/* Two strings are the same, or both are NULL. */
static inline bool is(const char *got, const char *want, const char *what)
{
	bool same = got && want ? !strcmp(got, want) : got == want;

	if (!ok(same, "%s", what))
		printf("# got '%s', not '%s'\n", got ? got : "(null)",
		       want ? want : "(null)");
	return same;
}

static inline bool is_number(unsigned long long got, unsigned long long want,
			     const char *what)
{
	if (ok(got == want, "%s", what))
		return true;
	printf("# got %llu, not %llu\n", got, want);
	return false;
}

/* Ends the program. */
static inline int tap_done(void)
{
	printf("1..%d\n", tap_run);
	return tap_failed ? 1 : 0;
}

#endif /* CTXLAB_TAP_H */
