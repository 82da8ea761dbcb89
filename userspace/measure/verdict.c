// SPDX-License-Identifier: GPL-2.0-only
/* The reasons for which a run gets no verdict. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#include "lib/xalloc.h"
#include "verdict.h"

/* Counts that should agree may differ by this much. */
#define COUNT_TOLERANCE 0.005
/* An interval may be this wide, half of it, of a thread's switch ... */
#define WIDE_SHARE 0.05
/* ... and a cost of its own right this much of itself. */
#define WIDE_OWN 0.10
/* An emulated one tells the sign and the size of things, no more. */
#define WIDE_EMULATED 0.25
/* Rounds into which something else got. */
#define DISTURBED_SHARE 0.10
/* Time that other tasks had the CPU: while rounds were under way, or at all. */
#define WAITED_SHARE 0.10
/*
 * Time that the hypervisor gave to others: it comes in long slices, which the
 * medians leave aside until there are too many.
 */
#define STEAL_SHARE 0.30
/* Differences of equal arms that nobody need worry about. */
#define NULL_NS 5.0
/*
 * In an emulated machine, as a part of the switch.  Two null tests are made, and
 * the interval of each leaves out zero by chance in one run of twenty; what is
 * told there is many times as large.
 */
#define NULL_EMULATED 0.02
#define MIN_ROUNDS 5

__printf(2, 3)
static void refuse(struct answers *a, const char *fmt, ...)
{
	va_list ap;

	if (a->reasons == MAX_REASONS)
		return;
	va_start(ap, fmt);
	a->reason[a->reasons++] = xvasprintf(fmt, ap);
	va_end(ap);
}

static bool apart(double a, double b, double of)
{
	return fabs(a - b) > COUNT_TOLERANCE * of;
}

/* Switches of the session's members, as the kernel's events tell. */
static void check_kernel(struct answers *a, int arm, const struct counts *c)
{
	double seen = c->same_mm + c->other_mm;

	if (apart(seen, c->expected, c->expected))
		refuse(a, "%s: the kernel's events show %.0f switches where %llu were made",
		       arms[arm].name, seen, (unsigned long long)c->expected);
	if (arms[arm].kind == CREW_THREADS &&
	    apart(answers_flushing(c), 0, 1))
		refuse(a, "%s: %.1f %% of the switches flushed by themselves",
		       arms[arm].name, answers_flushing(c) * 100);
	if (!c->knows_mm)
		return;
	if (apart(arms[arm].kind == CREW_PROCESSES ? c->same_mm : c->other_mm,
		  0, c->expected))
		refuse(a, "%s: %llu switches kept the mm and %llu changed it",
		       arms[arm].name, (unsigned long long)c->same_mm,
		       (unsigned long long)c->other_mm);
}

/* The probe counts attached members only, and its own flushes. */
static bool check_probe(struct answers *a, int arm, const struct counts *c)
{
	const struct probe_counts *p = &c->probe;
	double seen = p->same_mm + p->other_mm + p->lazy_mm;
	bool flushes = arms[arm].flush > FLUSH_CONTROL;
	unsigned int before = a->reasons;

	if (apart(arms[arm].kind == CREW_PROCESSES ? p->other_mm : p->same_mm,
		  seen, c->expected))
		refuse(a, "%s: the probe saw %llu switches keep the mm and %llu change it",
		       arms[arm].name, (unsigned long long)p->same_mm,
		       (unsigned long long)p->other_mm);
	if (apart(seen, c->expected, c->expected))
		refuse(a, "%s: the probe saw %.0f switches where %llu were made",
		       arms[arm].name, seen, (unsigned long long)c->expected);
	if (flushes && apart(p->flushes, c->expected, c->expected))
		refuse(a, "%s: %llu flushes for %llu switches", arms[arm].name,
		       (unsigned long long)p->flushes,
		       (unsigned long long)c->expected);
	if (!flushes && p->flushes)
		refuse(a, "%s: %llu flushes where none was meant",
		       arms[arm].name, (unsigned long long)p->flushes);
	if (p->migrations)
		refuse(a, "%s: its members moved between CPUs %llu times",
		       arms[arm].name, (unsigned long long)p->migrations);
	return a->reasons == before;
}

/* Return: whether the probe's counts are as they should be. */
static bool check_counts(const struct run *run, struct answers *a)
{
	const struct counts *c;
	bool probe = true;
	int arm;

	for (arm = 0; arm < ARMS; arm++) {
		c = &run->counts[arm];
		if (!run->settings.arm[arm] || arms[arm].kind == CREW_COROUTINES)
			continue;
		if (!c->present) {
			probe = false;
			if (!run->interrupted)
				refuse(a, "%s: its switches were not counted",
				       arms[arm].name);
			continue;
		}
		if (apart(c->rusage, c->expected, c->expected))
			refuse(a, "%s: getrusage counts %llu switches where %llu were made",
			       arms[arm].name, (unsigned long long)c->rusage,
			       (unsigned long long)c->expected);
		if (c->kernel)
			check_kernel(a, arm, c);
		if (arms[arm].flush != FLUSH_DETACHED)
			probe = check_probe(a, arm, c) && probe;
	}
	return probe;
}

/* @scale: what the uncertainty is held against. */
static bool wide(const struct run *run, const struct estimate *e, double scale)
{
	double own = *run->machine.emulator ? WIDE_EMULATED : WIDE_OWN;

	return estimate_half(e) > fmax(WIDE_SHARE * scale, own * fabs(e->value));
}

static void check_width(const struct run *run, struct answers *a,
			const char *what, const struct estimate *e,
			double scale)
{
	if (e->n && wide(run, e, scale))
		refuse(a, "%s: the interval is too wide, %.1f to %.1f ns", what,
		       e->low, e->high);
}

static void check_widths(const struct run *run, struct answers *a)
{
	double thread = a->empty[ARM_THREAD].value;

	/* How fast an emulator is at the moment is no fault of the run's. */
	if (!*run->machine.emulator)
		check_width(run, a, "thread", &a->empty[ARM_THREAD], thread);
	check_width(run, a, "process - thread", &a->process, thread);
	check_width(run, a, "thread+control - thread", &a->probe, thread);
	check_width(run, a, "thread+flush - thread+control", &a->flush, thread);
	check_width(run, a, "ring-process - ring-thread", &a->ring,
		    a->empty[ARM_RING_THREAD].value);
}

/* Arms that differ in nothing, of which the first costs @cost. */
static bool equal(const struct run *run, const struct estimate *e, double cost)
{
	double allowed = NULL_NS;

	if (*run->machine.emulator)
		allowed = NULL_EMULATED * cost;
	return !e->n || (e->low <= 0 && e->high >= 0) ||
	       fabs(e->value) <= allowed;
}

/* What the probe timed can be told without the rest. */
static bool steady(const struct run *run, const struct answers *a)
{
	double scale = a->own[ARM_THREAD_CONTROL].value;
	int arm, n = 0;

	if (!equal(run, &a->part_diff[ARM_CONTROL_AGAIN],
		   a->part[ARM_THREAD_CONTROL].value))
		return false;
	for (arm = 0; arm < ARMS; arm++) {
		if (!a->own[arm].n)
			continue;
		if (wide(run, &a->own[arm], scale) ||
		    wide(run, &a->part_diff[arm], scale))
			return false;
		n++;
	}
	return n > 0;
}

/* A control says nothing where its interval is too wide to leave out an effect. */
static void check_null(const struct run *run, struct answers *a, int arm)
{
	const struct estimate *e = &a->diff[arm][0];
	double cost = a->empty[answers_base(arm)].value;

	if (e->n && wide(run, e, cost))
		refuse(a, "null test: %s and %s: the interval is too wide, %.1f to %.1f ns",
		       arms[answers_base(arm)].name, arms[arm].name, e->low,
		       e->high);
	else if (!equal(run, e, cost))
		refuse(a, "null test: %s and %s, which are equal, differ by %.1f ns [%.1f, %.1f]",
		       arms[answers_base(arm)].name, arms[arm].name, e->value,
		       e->low, e->high);
}

static void check_rounds(const struct run *run, struct answers *a)
{
	int arm, any = 0;

	for (arm = 0; arm < ARMS; arm++) {
		any |= run->settings.arm[arm];
		if (run->settings.arm[arm] && a->empty[arm].n < MIN_ROUNDS)
			refuse(a, "%s: %zu pairs of undisturbed rounds are too few",
			       arms[arm].name, a->empty[arm].n);
	}
	if (!any)
		refuse(a, "nothing was measured");
}

void verdict_find(const struct run *run, struct answers *a)
{
	if (run->interrupted)
		refuse(a, "interrupted after %u passes", run->passes);
	check_rounds(run, a);
	a->steady = check_counts(run, a) && steady(run, a);
	check_widths(run, a);
	check_null(run, a, ARM_THREAD_AGAIN);
	check_null(run, a, ARM_CONTROL_AGAIN);
	if (a->disturbed > DISTURBED_SHARE)
		refuse(a, "%.0f %% of the rounds were disturbed by other tasks",
		       a->disturbed * 100);
	/* What the hypervisor takes may count as waiting, too. */
	if (a->waited - fmax(run->machine.steal, 0) > WAITED_SHARE)
		refuse(a, "the workers were kept from their CPU for %.0f %% of the time",
		       a->waited * 100);
	/* Under SCHED_FIFO ordinary tasks have what the workers leave. */
	if (!run->settings.fifo && run->machine.others > WAITED_SHARE)
		refuse(a, "other tasks used %.0f %% of CPU %u",
		       run->machine.others * 100, run->settings.cpu);
	if (run->machine.steal > STEAL_SHARE)
		refuse(a, "the hypervisor took %.0f %% of the CPU's time away",
		       run->machine.steal * 100);
}
