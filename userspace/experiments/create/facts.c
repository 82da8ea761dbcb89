// SPDX-License-Identifier: GPL-2.0-only
/* What is shown of each way before anything is timed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "create.h"
#include "lib/xalloc.h"
#include "limits.h"
#include "look.h"
#include "measure/cpus.h"
#include "measure/workers.h"

/* How long tasks calculate side by side, and how often that is tried. */
#define LOAD_MS 100
#define LOAD_TRIES 3

static void note_sharing(struct run *run, int arm, const struct sharing *s)
{
	int i;

	for (i = 0; i < SHARES; i++)
		if (s->known >> i & 1)
			run_set_fact(run, arm, FACT_SHARES + i,
				     s->shared >> i & 1);
	if (s->source != FROM_NOWHERE)
		run->settings.value[SET_SOURCE] = s->source;
}

static void note_memory(struct run *run, int arm, const struct child_memory *m)
{
	const struct {
		int fact;
		long kb;
	} known[] = {
		{ FACT_PAGE_TABLES, m->page_tables },
		{ FACT_KERNEL_STACK, m->kernel_stack },
		{ FACT_STACK, m->stack }, { FACT_MEMORY, m->memory },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].kb >= 0)
			run_set_fact(run, arm, known[i].fact, known[i].kb);
}

/* An arm that cannot be had is dropped here, with what the kernel says. */
static bool look(struct run *run, int arm)
{
	struct look l;
	int err = look_at(&ways[arm], run->settings.probe, &l);
	char *why;

	if (err && err != -EACCES) {
		why = limits_say(err);
		run_drop(run, arm, why);
		free(why);
		return false;
	}
	note_sharing(run, arm, &l.sharing);
	note_memory(run, arm, &l.memory);
	return true;
}

static void do_deeds(struct run *run, int arm)
{
	int d, noticed;

	for (d = 0; d < DEEDS; d++) {
		noticed = deed_do(&ways[arm], d);
		if (noticed >= 0)
			run_set_fact(run, arm, FACT_DEEDS + d, noticed);
		else
			run_note(run, "'%s' by %s could not be done: %s",
				 deeds[d].brief, run_arm_name(run, arm),
				 strerror(-noticed));
	}
}

static unsigned int allowed_cpus(void)
{
	int n = cpus_allowed(NULL, 0);

	return n > 0 ? n : 0;
}

/* The try in which they had most of the CPUs: others may have had them, too. */
static void load(struct run *run, enum workload what, int arm, int cpu_fact)
{
	struct busy b, best = { 0, 1 };
	int i, err = 0;

	for (i = 0; i < LOAD_TRIES && !err; i++) {
		err = parallel_measure(what, run->settings.value[SET_CPUS],
				       LOAD_MS, &b);
		if (!err && (double)b.cpu_us / b.wall_us >
			    (double)best.cpu_us / best.wall_us)
			best = b;
	}
	if (err) {
		run_note(run, "%s side by side: %s", run_arm_name(run, arm),
			 strerror(-err));
		return;
	}
	run_set_fact(run, arm, cpu_fact, best.cpu_us);
	run_set_fact(run, arm, cpu_fact + 1, best.wall_us);
}

static void run_loads(struct run *run)
{
	unsigned int cpus = allowed_cpus();

	/* Two at least, also on one CPU: that they share it is to be seen. */
	run->settings.value[SET_CPUS] = cpus < 2 ? 2 : cpus > 16 ? 16 : cpus;
	load(run, ONE_THREAD, WAY_ID_PTHREAD, FACT_ALONE_CPU_US);
	load(run, N_THREADS, WAY_ID_PTHREAD, FACT_CPU_US);
	load(run, N_PROCESSES, WAY_ID_FORK, FACT_CPU_US);
	load(run, N_COROUTINES, WAY_ID_POOL, FACT_CPU_US);
}

void create_find_facts(struct run *run)
{
	int arm;

	for (arm = 0; arm < WAYS && !workers_stop_signal(); arm++)
		if (look(run, arm) && deed_possible(&ways[arm]) &&
		    arm < WAY_ID_NS && arm != WAY_ID_PTHREAD_AGAIN)
			do_deeds(run, arm);
	if (!workers_stop_signal())
		run_loads(run);
}
