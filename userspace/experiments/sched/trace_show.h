/* SPDX-License-Identifier: GPL-2.0-only */
/* A replayed trace as text, and as JSON for Perfetto and chrome://tracing. */
#ifndef SCHED_TRACE_SHOW_H
#define SCHED_TRACE_SHOW_H

#include <stdio.h>

#include "gpm/replay.h"

/* A line for each event, a column for each P. */
void trace_show_text(FILE *f, const struct gpm_trace *t);

/* In the Trace Event Format; 0, or -EIO. */
int trace_show_json(const struct gpm_trace *t);

/* What the check found, in words. */
void trace_show_verdict(FILE *f, const struct gpm_trace *t);

#endif /* SCHED_TRACE_SHOW_H */
