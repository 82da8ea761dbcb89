/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of this experiment share: its arms, settings and findings. */
#ifndef SWITCH_SWITCH_H
#define SWITCH_SWITCH_H

#include "measure/experiment.h"
#include "measure/probe.h"

/* How one worker hands the CPU to the next. */
enum mechanism {
	MECH_YIELD,	/* sched_yield() */
	MECH_FUTEX,	/* a futex of the shared kind for each worker */
	MECH_PIPE,	/* four bytes through a pipe for each worker */
	MECH_PERF_PIPE,	/* the same, laid out as perf bench sched pipe is */
};

/* How the pages are touched between two switches: the variants of the sweep. */
enum pattern {
	PATTERN_CHAIN,	/* the address of a load is what the last one read */
	PATTERN_INDEPENDENT,	/* addresses known beforehand: loads overlap */
	PATTERNS
};

/* What switches. */
enum kind {
	KIND_COROUTINES,	/* two of them, in one worker */
	KIND_THREADS,
	KIND_PROCESSES,		/* which share the file table */
};

enum coroutine {
	CO_BARE,	/* callee-saved registers and the stack */
	CO_FP,		/* and the floating-point control words */
	CO_UCONTEXT,	/* glibc's swapcontext(), for reference */
	COROUTINES
};

/* In the order of the table. */
enum arm_id {
	ARM_COROUTINE,
	ARM_COROUTINE_FP,
	ARM_UCONTEXT,
	ARM_THREAD,
	ARM_THREAD_AGAIN,
	ARM_THREAD_CONTROL,
	ARM_CONTROL_AGAIN,
	ARM_THREAD_FLUSH,
	ARM_THREAD_FULL,
	ARM_PROCESS,
	ARM_PROCESS_CONTROL,
	ARM_PROCESS_FLUSH,
	ARM_RING_THREAD,
	ARM_RING_PROCESS,
	ARMS
};

/* Workers: arms of one group run on the very same ones. */
#define SWITCH_GROUPS 5

/**
 * struct switch_arm - how an arm is done
 * @kind: what switches
 * @co: for coroutines, how
 * @probe: for the others, what the module's probe does
 * @ring: as many workers as the setting says, else two
 * @group: the number of its workers' group
 */
struct switch_arm {
	enum kind kind;
	enum coroutine co;
	enum probe_mode probe;
	bool ring;
	int group;
};

extern const struct switch_arm switch_arms[ARMS];

#define RING_MAX 32

enum {
	SET_MECHANISM,
	SET_HUGE,
	SET_RING,
	SET_RING_PAGES,
};

enum {
	Q_NS,			/* a whole switch */
	Q_KERNEL,		/* the kernel's own part, as the probe timed it */
	Q_FLUSH,		/* the probe's flush, or an empty interval */
	Q_KERNEL_FLUSH,		/* both together */
};

enum {
	FOUND_REFILL,
	FOUND_RING_REFILL,
	FOUND_EXCEEDS,
	FOUND_ENDS,
	FOUND_TLB,
	FOUND_BEFORE,
	FOUND_AFTER,
	FOUND_THREAD_REFILL,
	FOUND_PROCESS_REFILL,
};

/* Workers of an arm: they all touch their pages. */
static inline unsigned int switch_members(const struct run *run, int arm)
{
	return switch_arms[arm].ring ? run->settings.value[SET_RING] : 2;
}

/* The doors, each in the file of its name. */
char *switch_plan(const struct request *r, struct run *run);
int switch_open(struct run *run, void **state, const char **what);
int switch_round(void *state, const struct turn *turn, struct sample *s,
		 double *window_ns);
unsigned int switch_tasks(void *state, int arm, pid_t tids[MAX_TASKS]);
int switch_renew(void *state);
void switch_close(void *state);
/*
 * Entries of the TLB to go by: where the cost of a page rises, if that is more
 * than a factor of two from CPUID's number (*@contradicts) or there is none.
 */
double switch_tlb(const struct run *run, const struct answers *a,
		  bool *contradicts);

void switch_conclude(const struct run *run, struct answers *a);
unsigned int switch_marks(const struct run *run, const struct answers *a,
			  int variant, struct mark *mark);
void switch_say(FILE *out, const struct run *run, const struct answers *a);
void switch_say_more(FILE *out, const struct run *run, const struct answers *a);

extern const struct experiment experiment_switch;

#endif /* SWITCH_SWITCH_H */
