/* SPDX-License-Identifier: GPL-2.0-only */
/* The switch probe of the module: see module/include/uapi/linux/ctxlab.h. */
#ifndef MEASURE_PROBE_H
#define MEASURE_PROBE_H

#include <stdbool.h>

#include "run.h"

/* What the probe does when a thread that is attached to it comes in. */
enum probe_mode {
	PROBE_DETACHED,	/* nothing: the workers are not attached */
	PROBE_CONTROL,	/* attached, no flush */
	PROBE_FLUSH_MM,	/* the entries of the current address space */
	PROBE_FLUSH_ALL,	/* everything */
	PROBE_MODES
};

/* Opens a session in that mode; a descriptor, or a negative errno. */
int probe_open(enum probe_mode mode);

/* For the calling thread; return 0 or a negative errno. */
int probe_attach(int session);
int probe_detach(int session);

/* Whether the probe has that mode here. */
bool probe_can(int session, enum probe_mode mode);

/* Ticks of the probe's clock in a nanosecond; 0 where it does not know. */
double probe_ticks_per_ns(int session);

int probe_reset(int session);

/* Fills in what the session has counted. */
int probe_counts(int session, struct counts *c);

/* Sums the times of all kinds of switches; the caller owns @h's arrays. */
int probe_histogram(int session, struct histogram *h);

/* What a session had timed at the last call; free() it. */
struct probe_last *probe_last_new(void);

/*
 * Medians of what the session has timed since the last call with that @last, in
 * ns: of switches to the same mm or to another, and of the flush.  They stay as
 * they are where nothing was timed, or the speed of the probe's clock is unknown.
 */
int probe_medians(int session, bool other_mm, struct probe_last *last,
		  double *switch_ns, double *flush_ns);

#endif /* MEASURE_PROBE_H */
