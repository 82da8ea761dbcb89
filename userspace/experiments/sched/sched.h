/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of this experiment share: its arms, quantities, and doors. */
#ifndef SCHED_SCHED_H
#define SCHED_SCHED_H

#include "load.h"
#include "measure/experiment.h"

/* The settings. */
enum {
	SET_LOAD,		/* one of them, counted from 1; 0: all */
	SET_OTHER,		/* the second CPU; the first one: there is none */
};

enum {
	Q_NS,
	Q_CPU,
	Q_LATE_50,
	Q_LATE_99,
	Q_BYTES,
	Q_VOLUNTARY,
	Q_INVOLUNTARY,
};

/* What an arm is: the table has no row for what makes no sense. */
enum load sched_arm_load(const struct run *run, int arm);
enum kind sched_arm_kind(const struct run *run, int arm);

/* The arm, or -1 where there is none, or it does not take part. */
int sched_arm(const struct run *run, enum load load, enum kind kind);

/* The point of so many tasks, or -1. */
int sched_point(const struct run *run, unsigned int tasks);

char *sched_plan(const struct request *r, struct run *run);
int sched_open(struct run *run, void **state, const char **what);
int sched_round(void *state, const struct turn *turn, struct sample *s,
		double *window_ns);
unsigned int sched_tasks(void *state, int arm, pid_t tids[MAX_TASKS]);
int sched_renew(void *state);
void sched_close(void *state);
void sched_say(FILE *out, const struct run *run, const struct answers *a);

extern const struct experiment experiment_sched;

#endif /* SCHED_SCHED_H */
