/* SPDX-License-Identifier: GPL-2.0-only */
/* All experiments: each is a command, and a kind of run that can be read. */
#ifndef EXPERIMENTS_EXPERIMENTS_H
#define EXPERIMENTS_EXPERIMENTS_H

#include "measure/experiment.h"

/* Each is defined in its folder, whose own header is for that folder alone. */
extern const struct experiment experiment_switch;
extern const struct experiment experiment_create;
extern const struct experiment experiment_sync;
extern const struct experiment experiment_ipc;
extern const struct experiment experiment_sched;

/* NULL ends it. */
extern const struct experiment *const experiments[];

#endif /* EXPERIMENTS_EXPERIMENTS_H */
