/* SPDX-License-Identifier: GPL-2.0-only */
/* A replayed trace as text, as a picture, as JSON for Perfetto and chrome://tracing. */
#ifndef SCHED_TRACE_SHOW_H
#define SCHED_TRACE_SHOW_H

#include <stdio.h>

#include "gpm/replay.h"

/* A line for each event, a column for each P. */
void trace_show_text(FILE *f, const struct gpm_trace *t);

/* In the Trace Event Format; 0, or -EIO. */
int trace_show_json(const struct gpm_trace *t);

/* As the kind of picture that the name says; NULL, or what went wrong (to be freed). */
char *trace_plot(const struct gpm_trace *t, const char *path);

/* Call @slice for each time that a G had on a P: from where it runs up to @end. */
void trace_each_slice(const struct gpm_trace *t,
		      void (*slice)(void *arg, const struct gpm_step *from,
				    int64_t end), void *arg);

/* What the check found, in words. */
void trace_show_verdict(FILE *f, const struct gpm_trace *t);

#endif /* SCHED_TRACE_SHOW_H */
