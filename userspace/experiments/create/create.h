/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the experiment on creation have in common. */
#ifndef CREATE_CREATE_H
#define CREATE_CREATE_H

#include "deeds.h"
#include "measure/experiment.h"
#include "parallel.h"
#include "sharing.h"
#include "ways.h"

/* What a round shows; the order is that of the table in create.c. */
enum {
	Q_WHOLE,
	Q_CALL,
	Q_FIRST,
	Q_LATER,
	Q_FAULTS,
	QUANTITIES
};

/* What the parent has more of; a point's variant. */
enum {
	GROWS_MEMORY,
	GROWS_HUGE,
	GROWS_MAPPINGS,
	GROWS_FILES,
	GROWS_ALL,
	VARIANTS
};

/* What the smallest parent has, read when the run begins. */
enum {
	SET_MAPPINGS,
	SET_PAGES,
	SET_FILES,
	SET_CPUS,		/* that the parallel loads may use */
	SET_SOURCE,		/* enum share_source */
	SETTINGS
};

enum {
	FIND_FIXED,		/* the model's terms, in the order of enum term */
	FIND_MAPPING,
	FIND_PAGE,
	FIND_FILE,
	FIND_ERROR,		/* at the worst point held out, % */
	FIND_COROUTINE,		/* coroutines for one thread */
	FIND_FORK,		/* threads for one fork() */
	FINDINGS
};

/* Facts of one arm: sharing, deeds, memory, CPUs kept busy. */
enum {
	FACT_SHARES,
	FACT_DEEDS = FACT_SHARES + SHARES,
	FACT_PAGE_TABLES = FACT_DEEDS + DEEDS,
	FACT_KERNEL_STACK,
	FACT_STACK,
	FACT_MEMORY,
	FACT_CPU_US,		/* as many as there are CPUs, side by side */
	FACT_WALL_US,
	FACT_ALONE_CPU_US,	/* one by itself */
	FACT_ALONE_WALL_US,
	FACTS
};

/* The model of fork() is fitted to parents of at most so many more mappings. */
#define MODEL_MAPPINGS 1000

extern const struct experiment experiment_create;

/* The state of the parent at a point. */
struct parent_state;
struct parent_state create_state(const struct point *p);

/* makers.c */
int create_open(struct run *run, void **state, const char **what);
int create_round(void *state, const struct turn *turn, struct sample *s,
		 double *window_ns);
unsigned int create_tasks(void *state, int arm, pid_t tids[MAX_TASKS]);
int create_renew(void *state);
void create_close(void *state);

/* facts.c: looks, deeds and loads, before anything is timed. */
void create_find_facts(struct run *run);

/* model.c */
void create_conclude(const struct run *run, struct answers *a);
void create_doubt(const struct run *run, struct answers *a);

/* words.c */
void create_say(FILE *out, const struct run *run, const struct answers *a);

#endif /* CREATE_CREATE_H */
