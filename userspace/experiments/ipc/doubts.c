// SPDX-License-Identifier: GPL-2.0-only
/* Compares what two sources count. */
#include <math.h>

#include "ipc.h"

/* Counts may differ by this much ... */
#define COUNT_SHARE 0.005
/* ... and by what each task does before and after its messages. */
#define AROUND 20
#define TASKS 3

static bool differ(double a, double b, double slack)
{
	return fabs(a - b) > slack + COUNT_SHARE * fmax(a, b);
}

/* Made by the arm's own count, and entered by the kernel's. */
static void check_calls(const struct run *run, struct answers *a, int arm)
{
	const struct counts *c = &run->counts[arm];
	double own = c->n[COUNT_CALLS] + c->n[COUNT_MEETING];

	if (c->has[COUNT_ENTRIES] &&
	    differ(own, c->n[COUNT_ENTRIES], AROUND * TASKS))
		answers_refuse(a,
			       "%s: %.0f system calls by its own count, %.0f by the kernel's",
			       run_arm_name(run, arm), own,
			       (double)c->n[COUNT_ENTRIES]);
}

/* Each switch away from a task, to another one of them or to any other. */
static void check_switches(const struct run *run, struct answers *a, int arm)
{
	const struct counts *c = &run->counts[arm];
	double seen = c->n[COUNT_SWITCHES] + c->n[COUNT_FOREIGN] / 2.0;

	if (c->has[COUNT_SWITCHES] &&
	    differ(c->n[COUNT_RUSAGE], seen,
		   AROUND * TASKS + c->n[COUNT_MEETING]))
		answers_refuse(a, "%s: %.0f switches by getrusage, %.0f in the kernel's events",
			       run_arm_name(run, arm),
			       (double)c->n[COUNT_RUSAGE], seen);
}

/* Each wait is ended by a wake-up; who was about to wait may be woken in vain. */
static void check_wakeups(const struct run *run, struct answers *a, int arm)
{
	const struct counts *c = &run->counts[arm];
	double waits = c->n[COUNT_VOLUNTARY];

	if (c->has[COUNT_WAKEUPS] &&
	    c->n[COUNT_WAKEUPS] < waits * (1 - COUNT_SHARE) - AROUND * TASKS)
		answers_refuse(a,
			       "%s: %.0f waits by getrusage, but %.0f wake-ups by the other side",
			       run_arm_name(run, arm), waits,
			       (double)c->n[COUNT_WAKEUPS]);
}

void ipc_doubt(const struct run *run, struct answers *a)
{
	int arm;

	for (arm = 0; arm < run_arms(run); arm++) {
		if (!run->settings.arm[arm] || !run->counts[arm].present)
			continue;
		check_calls(run, a, arm);
		check_switches(run, a, arm);
		check_wakeups(run, a, arm);
	}
}
