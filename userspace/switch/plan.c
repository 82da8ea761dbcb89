// SPDX-License-Identifier: GPL-2.0-only
/* Chooses arms, points and times for this machine. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/xalloc.h"
#include "plan.h"
#include "probe.h"
#include "rounds.h"

/* The most pages that one member may be asked to touch: 256 MiB. */
#define MOST_PAGES 65536

static char *choose_cpu(const struct plan *plan, struct settings *set)
{
	cpu_set_t allowed;
	int cpu;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return xasprintf("cannot tell the allowed CPUs: %s",
				 strerror(errno));
	cpu = plan->cpu;
	if (cpu < 0)
		for (cpu = CPU_SETSIZE - 1; !CPU_ISSET(cpu, &allowed); cpu--)
			;
	if (!CPU_ISSET(cpu, &allowed))
		return xasprintf("CPU %d is not there, or not allowed", cpu);
	set->cpu = cpu;
	return NULL;
}

/*
 * sched_yield() hands over reliably only between equal real-time tasks.  Where
 * those are not permitted, a futex makes the other one run.
 */
static void choose_mechanism(const struct plan *plan, struct run *run)
{
	struct settings *set = &run->settings;

	set->fifo = plan->mechanism != MECH_PERF_PIPE && fifo_allowed();
	if (plan->mechanism >= 0)
		set->mechanism = plan->mechanism;
	else
		set->mechanism = set->fifo ? MECH_YIELD : MECH_FUTEX;
	if (set->fifo || plan->mechanism == MECH_PERF_PIPE)
		return;
	run_note(run, "SCHED_FIFO is not permitted: %s; using the default policy%s",
		 "it takes root, CAP_SYS_NICE or RLIMIT_RTPRIO",
		 plan->mechanism < 0 ? " and futexes" : "");
}

static bool add_point(struct settings *set, unsigned int pages,
		      enum pattern pattern)
{
	if (set->points == MAX_POINTS)
		return false;
	set->point[set->points++] = (struct point){ pages, pattern };
	return true;
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
				return xasprintf("more than %d numbers of pages",
						 (MAX_POINTS - 1) / PATTERNS);
		p = *end ? end + 1 : end;
	}
	return NULL;
}

/*
 * From a few pages to well past the second-level TLB; the steps are smaller
 * near it, where the curve bends.
 */
static void default_points(bool quick, const struct machine *m,
			   struct settings *set)
{
	static const unsigned int few[] = { 16, 64, 256 };
	static const unsigned int many[] = { 8, 16, 32, 64, 128, 192, 256 };
	static const double near[] = { 0.25, 0.35, 0.42, 0.5, 0.6, 0.72, 1,
				       1.4, 2 };
	unsigned int tlb = m->tlb_l2 > 0 ? m->tlb_l2 : 1024, last = 0, i;
	enum pattern p;

	for (p = 0; p < PATTERNS; p++) {
		last = 0;
		for (i = 0; quick && i < sizeof(few) / sizeof(*few); i++)
			add_point(set, few[i], p);
		if (quick)
			continue;
		for (i = 0; i < sizeof(many) / sizeof(*many); i++)
			if (many[i] < near[0] * tlb)
				add_point(set, last = many[i], p);
		for (i = 0; i < sizeof(near) / sizeof(*near); i++)
			if (near[i] * tlb > last)
				add_point(set, last = near[i] * tlb, p);
	}
}

/* Says what is missing, and what to do about it. */
static void choose_probe(const struct plan *plan, struct run *run)
{
	struct settings *set = &run->settings;
	int fd, arm;

	if (plan->no_module || plan->mechanism == MECH_PERF_PIPE)
		return;
	fd = probe_open(FLUSH_CONTROL);
	if (fd == -ENOENT) {
		run_note(run, "%s: insmod ctxlab.ko, then run this as root",
			 "the arms that flush the TLB need the module");
		return;
	}
	if (fd < 0) {
		run_note(run, "the module's probe cannot be used (%s); it is for root",
			 strerror(-fd));
		return;
	}
	set->probe = true;
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
		set->arm[arm] = !arms[arm].ring || plan->ring;
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
	if (!problem && !add_point(set, 0, PATTERN_CHAIN))
		problem = xstrdup("no room for points");
	if (!problem && plan->pages)
		problem = listed_points(plan->pages, set);
	if (problem) {
		run_free(run);
		return problem;
	}
	if (!plan->pages && plan->mechanism != MECH_PERF_PIPE)
		default_points(plan->quick, &run->machine, set);
	choose_mechanism(plan, run);
	choose_arms(plan, run);
	set->huge = plan->huge;
	set->round_us = 500;
	set->seconds = plan->seconds ? plan->seconds : plan->quick ? 3 : 20;
	return NULL;
}
