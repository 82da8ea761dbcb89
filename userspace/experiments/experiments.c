// SPDX-License-Identifier: GPL-2.0-only
/* The table of experiments; a new one is a folder and a line here. */
#include "experiments.h"

const struct experiment *const experiments[] = {
	&experiment_switch,
	&experiment_create,
	&experiment_sync,
	&experiment_ipc,
	&experiment_sched,
	NULL
};
