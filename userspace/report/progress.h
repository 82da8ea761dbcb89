/* SPDX-License-Identifier: GPL-2.0-only */
/* A line on the terminal that tells how far a run is. */
#ifndef REPORT_PROGRESS_H
#define REPORT_PROGRESS_H

#include <stdbool.h>

struct progress {
	bool on;		/* standard error is a terminal */
	int percent;		/* what stands there */
};

void progress_begin(struct progress *p);
/* A progress_fn (runner.h); @arg is the struct progress. */
void progress_show(void *arg, const char *doing, double done);
void progress_end(struct progress *p);

#endif /* REPORT_PROGRESS_H */
