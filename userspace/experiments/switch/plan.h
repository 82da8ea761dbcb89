/* SPDX-License-Identifier: GPL-2.0-only */
/* From what the user asks for to what can be measured here. */
#ifndef SWITCH_PLAN_H
#define SWITCH_PLAN_H

#include "measure/run.h"

struct plan {
	int cpu;		/* -1: choose */
	int mechanism;		/* -1: choose */
	const char *pages;	/* a list; NULL: choose */
	unsigned int ring;
	unsigned int seconds;	/* 0: choose */
	bool huge;
	bool no_module;
	bool quick;
};

#define PLAN_DEFAULT { .cpu = -1, .mechanism = -1, .ring = 12 }

/*
 * Reads the machine's facts and fills run->settings; what cannot be had is left
 * out, with a note.  Returns NULL, or what is wrong with the plan (to be freed).
 */
char *plan_make(const struct plan *plan, struct run *run);

#endif /* SWITCH_PLAN_H */
