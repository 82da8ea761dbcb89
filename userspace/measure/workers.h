/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A crew: the members that switch among themselves on one CPU.  The controller,
 * which is no member, gives it orders.
 */
#ifndef MEASURE_WORKERS_H
#define MEASURE_WORKERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "run.h"
#include "experiments/switch/workset.h"

/* What a crew is made of. */
struct crew_spec {
	enum crew_kind kind;
	unsigned int members;	/* 2 to RING_MAX */
	unsigned int cpu;
	enum mechanism mechanism;
	int priority;		/* of SCHED_FIFO; 0: the default policy */
	/* One for each member, mapped by the controller; not the crew's. */
	const struct workset *work;
};

/* One round. */
struct order {
	uint32_t hand_overs;	/* timed, by each member */
	uint32_t pages;
	enum pattern pattern;
	enum coroutine co;
	int session;		/* a descriptor of the probe, or -1 */
};

/* So long without any time on their CPU is too long for members to wait. */
#define CREW_STARVED_SECONDS 15

struct shift;			/* the memory that members and controller share */

struct crew {
	struct crew_spec spec;
	struct shift *shift;
	unsigned int pids;
	pid_t pid[RING_MAX];	/* children of the controller */
};

/* Each returns 0 or a negative errno. */
int crew_create(struct crew *c, const struct crew_spec *spec);
void crew_destroy(struct crew *c);

/**
 * crew_round() - have one round done
 * @window_ns: how long the timed part took
 *
 * Return: 0; -EINTR after a signal that asks to end; -ECHILD where a member
 * died; -EBUSY where the members got no time on their CPU; -ETIMEDOUT where no
 * answer came; -ENODEV where they may not run on that CPU (any more); or the
 * error that a member met.
 */
int crew_round(struct crew *c, const struct order *o, struct sample *s,
	       double *window_ns);

/* Thread IDs of the members that the kernel schedules; returns their number. */
unsigned int crew_tids(const struct crew *c, pid_t tids[RING_MAX]);

/* Switches that the kernel made in the last round, as getrusage() has them. */
uint64_t crew_rusage(const struct crew *c);

/* Set by the signals that ask the run to end (crew_catch_signals()). */
int crew_stop_signal(void);
void crew_catch_signals(void);

#endif /* MEASURE_WORKERS_H */
