/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of this experiment share: its settings, quantities, and doors. */
#ifndef IPC_IPC_H
#define IPC_IPC_H

#include "arena.h"
#include "measure/experiment.h"

/* The variants: one message at a time, there and back; and one after the other. */
enum variant { VARIANT_TRIPS, VARIANT_STREAM };

enum {
	SET_WAY,		/* one of them, or 0: all */
	SET_OTHER,		/* the second CPU; the first one: there is none */
	SET_SIBLING,		/* likewise, of the first one's core */
};

enum {
	Q_NS,
	Q_TRIP_50,
	Q_TRIP_99,
	Q_RATE,
	Q_BYTES,
	Q_CALLS,
	Q_COPIED,
	Q_CPU,
	Q_VOLUNTARY_1,
	Q_INVOLUNTARY_1,
	Q_VOLUNTARY_2,
	Q_INVOLUNTARY_2,
};

/* What an arm is: the table has no row for what makes no sense. */
enum mechanism ipc_mech(const struct run *run, int arm);
enum place ipc_place(const struct run *run, int arm);

/* The arm, or -1 where there is none, or it does not take part. */
int ipc_arm(const struct run *run, enum mechanism mech, enum place place);

/* The point of so many bytes, or -1. */
int ipc_point(const struct run *run, unsigned int bytes, enum variant variant);

char *ipc_plan(const struct request *r, struct run *run);
int ipc_open(struct run *run, void **state, const char **what);
int ipc_round(void *state, const struct turn *turn, struct sample *s,
	      double *window_ns);
unsigned int ipc_tasks(void *state, int arm, pid_t tids[MAX_TASKS]);
int ipc_renew(void *state);
void ipc_close(void *state);
void ipc_doubt(const struct run *run, struct answers *a);
void ipc_say(FILE *out, const struct run *run, const struct answers *a);

extern const struct experiment experiment_ipc;

#endif /* IPC_IPC_H */
