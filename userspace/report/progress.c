// SPDX-License-Identifier: GPL-2.0-only
/* Draws the line of progress.h. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "progress.h"

#define WIDTH 30

void progress_begin(struct progress *p)
{
	*p = (struct progress){ .on = isatty(STDERR_FILENO), .percent = -1 };
}

void progress_show(void *arg, const char *doing, double done)
{
	struct progress *p = arg;
	int percent = done * 100, full = done * WIDTH, i;

	if (!p->on || percent == p->percent)
		return;
	p->percent = percent;
	fprintf(stderr, "\r%-12s [", doing);
	for (i = 0; i < WIDTH; i++)
		fputc(i < full ? '#' : '.', stderr);
	fprintf(stderr, "] %3d %%", percent);
	fflush(stderr);
}

void progress_end(struct progress *p)
{
	if (p->on)
		fputs("\r\033[K", stderr);
}
