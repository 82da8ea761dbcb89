// SPDX-License-Identifier: GPL-2.0-only
/* Chooses arms, points and times for this machine. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure/cpus.h"
#include "lib/xalloc.h"
#include "plan.h"
#include "measure/module.h"
#include "measure/probe.h"

/* Above ordinary tasks, below whatever a user gives real-time priority to. */
#define FIFO_PRIORITY 10

/* The most pages that one member may be asked to touch: 256 MiB. */
#define MOST_PAGES 65536

static char *choose_cpu(const struct plan *plan, struct settings *set)
{
	int cpu = plan->cpu >= 0 ? plan->cpu : cpus_last_allowed();

	if (cpu < 0)
		return xasprintf("the allowed CPUs cannot be read: %s",
				 strerror(-cpu));
	/* Whether the workers may run on it shows when they are bound to it. */
	if (!cpus_possible(cpu))
		return cpus_problem(cpu);
	set->cpu = cpu;
	return NULL;
}

/* The priority with which this program was started, under SCHED_FIFO; else 0. */
static int own_fifo_priority(void)
{
	struct sched_param param;

	if ((sched_getscheduler(0) & ~SCHED_RESET_ON_FORK) != SCHED_FIFO ||
	    sched_getparam(0, &param))
		return 0;
	return param.sched_priority;
}

/*
 * sched_yield() hands over reliably only between equal real-time tasks.  Where
 * those are not permitted, a futex makes the other one run.
 */
static void choose_mechanism(const struct plan *plan, struct run *run)
{
	struct settings *set = &run->settings;
	char *why = NULL;

	/* perf bench runs under whatever policy it was started with. */
	if (plan->mechanism == MECH_PERF_PIPE)
		set->priority = own_fifo_priority();
	else
		set->priority = cpus_fifo(FIFO_PRIORITY, &why);
	set->fifo = set->priority > 0;
	if (plan->mechanism >= 0)
		set->mechanism = plan->mechanism;
	else
		set->mechanism = set->fifo ? MECH_YIELD : MECH_FUTEX;
	if (!why)
		return;
	run_note(run, "SCHED_FIFO is not permitted: %s; using the default policy%s, and no rings",
		 why, plan->mechanism < 0 ? " and futexes" : "");
	free(why);
}

static bool add_point(struct settings *set, unsigned int pages,
		      enum pattern pattern)
{
	return run_add_point(set, &(struct point){ pages, pattern });
}

static char *listed_points(const char *list, struct settings *set)
{
	unsigned long pages;
	const char *p = list;
	char *end;
	int i;

	while (*p) {
		pages = strtoul(p, &end, 10);
		if (end == p || *p < '0' || *p > '9' ||
		    (*end && *end != ',') || pages > MOST_PAGES)
			return xasprintf("'%s' is no list of pages (0 to %d)",
					 list, MOST_PAGES);
		for (i = 0; pages && i < PATTERNS; i++)
			if (!add_point(set, pages, i))
				return xasprintf("'%s' does not rise, or has more than %d numbers",
						 list, (MAX_POINTS - 1) / PATTERNS);
		p = *end ? end + 1 : end;
	}
	return NULL;
}

static void add_points(struct settings *set, const unsigned int *pages,
		       size_t n, enum pattern pattern)
{
	size_t i;

	for (i = 0; i < n; i++)
		add_point(set, pages[i], pattern);
}

/* Emulated, a TLB miss is a look into a table: one pattern tells it all. */
static void quick_points(const struct machine *m, struct settings *set)
{
	static const unsigned int few[] = { 16, 64, 256 };

	add_points(set, few, 3, PATTERN_CHAIN);
	if (!*m->emulator)
		add_points(set, few, 3, PATTERN_INDEPENDENT);
}

/*
 * From a few pages to well past the second-level TLB; the steps are smaller
 * near it, where the curve bends.
 */
static void default_points(const struct machine *m, struct settings *set)
{
	static const unsigned int many[] = { 8, 16, 32, 64, 128, 192, 256 };
	static const double near[] = { 0.25, 0.35, 0.42, 0.5, 0.6, 0.72, 1,
				       1.4, 2 };
	unsigned int tlb = m->tlb_l2 > 0 ? m->tlb_l2 : 1024, i;
	unsigned int pages[16], n = 0;

	for (i = 0; i < sizeof(many) / sizeof(*many); i++)
		if (many[i] < near[0] * tlb)
			pages[n++] = many[i];
	for (i = 0; i < sizeof(near) / sizeof(*near); i++)
		pages[n++] = near[i] * tlb;
	add_points(set, pages, n, PATTERN_CHAIN);
	add_points(set, pages, n, PATTERN_INDEPENDENT);
}

/* How long a round is, and all of them. */
static void choose_times(const struct plan *plan, struct run *run)
{
	struct settings *set = &run->settings;
	bool emulated = *run->machine.emulator;

	/*
	 * A CPU's speed changes with what its other half and its neighbours do:
	 * the shorter the rounds, the more they are the same for a whole turn.
	 * An emulated machine loses its host's CPU for milliseconds at a time
	 * and does not know: most rounds must fit in between.
	 */
	set->round_us = emulated ? 800 : 125;
	/* What is held against perf bench must be as long as a run of it. */
	if (set->mechanism == MECH_PERF_PIPE)
		set->round_us = 20e3;
	set->ring_pages = emulated ? 0 : 256;
	set->seconds = emulated ? 60 : 20;
	if (plan->quick)
		set->seconds = emulated ? 25 : 3;
	if (plan->seconds)
		set->seconds = plan->seconds;
}

static void note_no_module(struct run *run, int err)
{
	struct module_problem p = module_problem(err);

	run_note(run, "the arms that flush the TLB need the module's probe, but %s%s%s",
		 p.what, *p.advice ? "; as root: " : "", p.advice);
	free(p.what);
	free(p.advice);
}

/* Says what is missing, and what to do about it. */
static void choose_probe(const struct plan *plan, struct run *run)
{
	struct settings *set = &run->settings;
	int fd, arm;

	if (plan->no_module || plan->mechanism == MECH_PERF_PIPE)
		return;
	fd = probe_open(FLUSH_CONTROL);
	if (fd == -ENOENT || fd == -ENOTDIR) {
		note_no_module(run, fd);
		return;
	}
	if (fd < 0) {
		run_note(run, "the module's probe cannot be used (%s); it is for root",
			 strerror(-fd));
		return;
	}
	set->probe = true;
	if (probe_ticks_per_ns(fd) <= 0)
		run_note(run, "the speed of the probe's clock is not known here: %s",
			 "the kernel's own part of a switch is not timed");
	for (arm = 0; arm < ARMS; arm++) {
		if (arms[arm].flush == FLUSH_DETACHED)
			continue;
		set->arm[arm] = probe_can(fd, arms[arm].flush);
		if (!set->arm[arm])
			run_note(run, "no %s: the module cannot flush like this here",
				 arms[arm].name);
	}
	close(fd);
}

static void choose_arms(const struct plan *plan, struct run *run)
{
	struct settings *set = &run->settings;
	int arm;

	for (arm = 0; arm < ARMS; arm++) {
		if (arms[arm].flush != FLUSH_DETACHED)
			continue;
		/*
		 * Who is woken preempts who woke it, but for real-time tasks:
		 * in a ring that makes more switches than hand-overs.
		 */
		set->arm[arm] = !arms[arm].ring || (plan->ring && set->fifo);
		/* What is held against perf bench has nothing else beside it. */
		if (plan->mechanism == MECH_PERF_PIPE)
			set->arm[arm] &= !arms[arm].ring &&
					 arms[arm].kind != CREW_COROUTINES;
	}
	set->ring = plan->ring;
	choose_probe(plan, run);
}

char *plan_make(const struct plan *plan, struct run *run)
{
	struct settings *set = &run->settings;
	char *problem;

	*run = (struct run){};
	machine_read(&run->machine);
	problem = choose_cpu(plan, set);
	add_point(set, 0, PATTERN_CHAIN);
	if (!problem && plan->pages)
		problem = listed_points(plan->pages, set);
	if (problem) {
		run_free(run);
		return problem;
	}
	if (!plan->pages && plan->mechanism != MECH_PERF_PIPE) {
		if (plan->quick)
			quick_points(&run->machine, set);
		else
			default_points(&run->machine, set);
	}
	choose_mechanism(plan, run);
	choose_arms(plan, run);
	set->huge = plan->huge;
	choose_times(plan, run);
	return NULL;
}
