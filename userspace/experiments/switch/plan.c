// SPDX-License-Identifier: GPL-2.0-only
/* Chooses arms, points and times for this machine. */
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/xalloc.h"
#include "measure/cpus.h"
#include "measure/module.h"
#include "switch.h"

/* Above ordinary tasks, below whatever a user gives real-time priority to. */
#define FIFO_PRIORITY 10

/* The differences without pages matter most: so many rounds a pass there. */
#define EMPTY_ROUNDS 8

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
static void choose_mechanism(const struct request *r, struct run *run)
{
	struct settings *set = &run->settings;
	long wanted = r->setting[SET_MECHANISM];
	char *why = NULL;

	/* perf bench runs under whatever policy it was started with. */
	if (wanted == MECH_PERF_PIPE)
		set->priority = own_fifo_priority();
	else
		set->priority = cpus_fifo(FIFO_PRIORITY, &why);
	set->fifo = set->priority > 0;
	if (wanted < 0)
		wanted = set->fifo ? MECH_YIELD : MECH_FUTEX;
	set->value[SET_MECHANISM] = wanted;
	if (!why)
		return;
	run_note(run, "SCHED_FIFO is not permitted: %s; using the default policy%s, and no rings",
		 why, r->setting[SET_MECHANISM] < 0 ? " and futexes" : "");
	free(why);
}

static void add_points(struct settings *set, const unsigned int *pages,
		       size_t n, enum pattern pattern)
{
	size_t i;

	for (i = 0; i < n; i++)
		run_add_point(set, &(struct point){ pages[i], pattern, 1 });
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
 * near it, where the curve bends.  CPUID is a hint only, which hypervisors change
 * at will: the sweep goes on to where both members together have more pages than
 * the largest TLBs have entries.
 */
#define FAR_PAGES 5000

static void default_points(const struct machine *m, struct settings *set)
{
	static const unsigned int many[] = { 8, 16, 32, 64, 128, 192, 256 };
	static const double near[] = { 0.25, 0.35, 0.42, 0.5, 0.6, 0.72, 1,
				       1.4, 2 };
	unsigned int tlb = m->tlb_l2 > 0 ? m->tlb_l2 : 1024, i;
	unsigned int pages[32], n = 0;

	for (i = 0; i < sizeof(many) / sizeof(*many); i++)
		if (many[i] < near[0] * tlb)
			pages[n++] = many[i];
	for (i = 0; i < sizeof(near) / sizeof(*near); i++)
		pages[n++] = near[i] * tlb;
	for (; !*m->emulator && pages[n - 1] < FAR_PAGES / 1.3; n++)
		pages[n] = fmin(pages[n - 1] * 1.4, FAR_PAGES);
	add_points(set, pages, n, PATTERN_CHAIN);
	add_points(set, pages, n, PATTERN_INDEPENDENT);
}

/* How long a round is, and all of them. */
static void choose_times(const struct request *r, struct run *run)
{
	struct settings *set = &run->settings;
	bool emulated = *run->machine.emulator;

	/*
	 * Short rounds: the SMT sibling and the neighbours change the speed
	 * within milliseconds, and all arms of a turn should see the same.
	 * An emulated machine loses its host's CPU for milliseconds at a time
	 * and does not know: most rounds must fit in between.
	 */
	set->round_us = emulated ? 800 : 125;
	/* What is compared with perf bench must be as long as a run of it. */
	if (set->value[SET_MECHANISM] == MECH_PERF_PIPE)
		set->round_us = 20e3;
	set->value[SET_RING_PAGES] = emulated ? 0 : 256;
	set->most_x[ARM_RING_THREAD] = set->value[SET_RING_PAGES];
	set->most_x[ARM_RING_PROCESS] = set->value[SET_RING_PAGES];
	set->seconds = emulated ? 60 : 20;
	if (r->quick)
		set->seconds = emulated ? 25 : 3;
	if (r->seconds)
		set->seconds = r->seconds;
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
static void choose_probe(const struct request *r, struct run *run)
{
	struct settings *set = &run->settings;
	int fd, arm;

	if (r->no_module || set->value[SET_MECHANISM] == MECH_PERF_PIPE)
		return;
	fd = probe_open(PROBE_CONTROL);
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
		if (switch_arms[arm].probe == PROBE_DETACHED)
			continue;
		set->arm[arm] = probe_can(fd, switch_arms[arm].probe);
		if (!set->arm[arm])
			run_note(run, "no %s: the module cannot flush like this here",
				 run_arm_name(run, arm));
	}
	close(fd);
}

static void choose_arms(const struct request *r, struct run *run)
{
	struct settings *set = &run->settings;
	int arm;

	for (arm = 0; arm < ARMS; arm++) {
		if (switch_arms[arm].probe != PROBE_DETACHED)
			continue;
		/*
		 * Under the default policy the wakee may preempt the waker:
		 * extra switches.  Rings need SCHED_FIFO.
		 */
		set->arm[arm] = !switch_arms[arm].ring ||
				(set->value[SET_RING] && set->fifo);
		/* What is compared with perf bench has nothing else beside it. */
		if (set->value[SET_MECHANISM] == MECH_PERF_PIPE)
			set->arm[arm] &= !switch_arms[arm].ring &&
					 switch_arms[arm].kind != KIND_COROUTINES;
	}
	choose_probe(r, run);
}

static char *choose_points(const struct request *r, struct run *run)
{
	struct settings *set = &run->settings;

	run_add_point(set, &(struct point){ 0, NO_VARIANT, EMPTY_ROUNDS });
	if (r->xs)
		return run_add_list(run, r->xs);
	if (set->value[SET_MECHANISM] == MECH_PERF_PIPE)
		return NULL;
	if (r->quick)
		quick_points(&run->machine, set);
	else
		default_points(&run->machine, set);
	return NULL;
}

char *switch_plan(const struct request *r, struct run *run)
{
	long ring = r->setting[SET_RING];
	char *problem;

	if (ring == 1)
		return xstrdup("a ring has 2 members and more, or 0 for none");
	run->settings.value[SET_RING] = ring < 0 ? 12 : ring;
	run->settings.value[SET_HUGE] = r->setting[SET_HUGE] > 0;
	choose_mechanism(r, run);
	problem = choose_points(r, run);
	if (problem)
		return problem;
	choose_arms(r, run);
	choose_times(r, run);
	return NULL;
}
