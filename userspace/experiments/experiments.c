// SPDX-License-Identifier: GPL-2.0-only
/* The table of experiments; a new one is a folder and a line here. */
#include "experiments.h"
#include "create/create.h"
#include "switch/switch.h"

const struct experiment *const experiments[] = {
	&experiment_switch,
	&experiment_create,
	NULL
};
