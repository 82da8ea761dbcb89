/* SPDX-License-Identifier: GPL-2.0-only */
/* The switch probe of the module: see module/include/uapi/linux/ctxlab.h. */
#ifndef MEASURE_PROBE_H
#define MEASURE_PROBE_H

#include "run.h"

/* Opens a session with that flush; a descriptor, or a negative errno. */
int probe_open(enum flush flush);

/* For the calling thread; return 0 or a negative errno. */
int probe_attach(int session);
int probe_detach(int session);

/* Whether the probe can flush in that way here. */
bool probe_can(int session, enum flush flush);

/* Ticks of the probe's clock in a nanosecond; 0 where it does not know. */
double probe_ticks_per_ns(int session);

int probe_reset(int session);
int probe_counts(int session, struct probe_counts *c);

/* Adds up the times of all kinds of switches; the caller owns @h's arrays. */
int probe_histogram(int session, struct histogram *h);

/*
 * Fills in @s what the session has timed since the last call with that @past
 * (probe_past_new(), which a free() ends): medians, of switches to the same mm
 * or to another, and of the flush.  They stay NaN where nothing was timed, or
 * the speed of the probe's clock is not known.
 */
struct probe_past *probe_past_new(void);
int probe_medians(int session, bool other_mm, struct probe_past *past,
		  struct sample *s);

#endif /* MEASURE_PROBE_H */
