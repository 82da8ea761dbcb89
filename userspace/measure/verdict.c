// SPDX-License-Identifier: GPL-2.0-only
/* The reasons, the same for all experiments, for which a run gets no verdict. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "experiment.h"
#include "lib/xalloc.h"
#include "verdict.h"

/* Counts that should agree may differ by this much. */
#define COUNT_TOLERANCE 0.005
/* An interval may be this wide, half of it, of what its baseline costs ... */
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
/*
 * A null test has to be surer than the least difference that is told of the same
 * baseline is large: its interval no wider, half of it, than half of that
 * difference, or than twice that one's own, or than a part of the cost that nobody
 * asks about, ...
 */
#define NULL_WIDE 0.5
#define NULL_WIDER 2
#define NULL_SURE 0.01
/*
 * ... and what it finds, where its interval leaves out zero, at most this much of
 * that difference.  It does leave zero out by chance in one of twenty, and several
 * null tests are made: so this much of the cost is never worth a refusal, ...
 */
#define NULL_CLAIMED 0.10
#define NULL_LEAST 0.005
/* ... and this much always is. */
#define NULL_MOST 0.02
/* Blocks of a run; where it consists of several, so many of those. */
#define MIN_BLOCKS 5
#define MIN_REPEATS 2

/* "none", "1 each", "0.9 to 1.1 each" */
static char *claimed(const struct claim *c)
{
	if (c->most <= 0)
		return xstrdup("none");
	if (c->least == c->most)
		return xasprintf("%g each", c->least);
	return xasprintf("%g to %g each", c->least, c->most);
}

/* Return: whether what was counted is what the arm claims, or was not counted. */
static bool check_claim(const struct run *run, struct answers *a, int arm,
			const struct claim *claim)
{
	const struct counts *c = &run->counts[arm];
	double of = c->n[COUNT_EXPECTED], n = c->n[claim->what];
	double slack = claim->most > 0 ? COUNT_TOLERANCE * of : 0;
	char *right;

	if (!c->has[claim->what])
		return true;
	/* What the kernel does now and then by itself is no lie of the arm's. */
	if (counts_table[claim->what].group == GROUP_KERNEL)
		slack = COUNT_TOLERANCE * of;
	if (n >= claim->least * of - slack && n <= claim->most * of + slack)
		return true;
	right = claimed(claim);
	answers_refuse(a, "%s: %.0f %s for %.0f %s, not %s",
		       run_arm_name(run, arm), n,
		       counts_table[claim->what].label, of,
		       run->experiment->operations, right);
	free(right);
	return false;
}

/* Return: whether all claims about what the probe counted hold. */
static bool check_claims(const struct run *run, struct answers *a, int arm)
{
	const struct claim *c = run->experiment->arms[arm].claims;
	bool probe = true, good;

	for (; c && c->what != COUNT_NONE; c++) {
		good = check_claim(run, a, arm, c);
		if (counts_table[c->what].group == GROUP_PROBE)
			probe = probe && good;
	}
	return probe;
}

/* Return: whether the probe's counts are as they should be. */
static bool check_counts(const struct run *run, struct answers *a)
{
	bool probe = true;
	int arm;

	for (arm = 0; arm < run_arms(run); arm++) {
		if (!run->settings.arm[arm] ||
		    !run->experiment->arms[arm].claims)
			continue;
		if (run->counts[arm].present) {
			probe = check_claims(run, a, arm) && probe;
			continue;
		}
		probe = false;
		if (!run->interrupted)
			answers_refuse(a, "%s: its %s were not counted",
				       run_arm_name(run, arm),
				       run->experiment->operations);
	}
	return probe;
}

/* Half of the widest interval that a value may have; @scale: of its baseline. */
static double allowed_half(const struct run *run, const struct estimate *e,
			   double scale)
{
	double own = *run->machine.emulator ? WIDE_EMULATED : WIDE_OWN;

	return fmax(WIDE_SHARE * scale, own * fabs(e->value));
}

static bool wide(const struct run *run, const struct estimate *e, double scale)
{
	return estimate_half(e) > allowed_half(run, e, scale);
}

static void check_width(const struct run *run, struct answers *a, int arm)
{
	int base = run_base(run, arm, 0);
	const struct estimate *e = base < 0 ? &a->cell[arm][0][0] :
					      &a->diff[arm][0][0];
	double scale = a->cell[base < 0 ? arm : base][0][0].value;

	/* How fast an emulator is at the moment is no fault of the run's. */
	if (!e->n || (base < 0 && *run->machine.emulator) ||
	    !wide(run, e, scale))
		return;
	answers_refuse(a, "%s%s%s: interval too wide, %.1f to %.1f ns",
		       run_arm_name(run, arm), base < 0 ? "" : " - ",
		       base < 0 ? "" : run_arm_name(run, base), e->low, e->high);
}

/*
 * The least difference from @base that is told of quantity @q: of arms that are
 * judged by it, or of parts of bars.  With n = 0: none is.
 */
static struct estimate least_told(const struct run *run,
				  const struct answers *a, int base, int q)
{
	const struct arm *arms = run->experiment->arms;
	struct estimate least = {};
	const struct estimate *e;
	int arm;

	for (arm = 0; arm < run_arms(run); arm++) {
		if (arms[arm].twin || !(arms[arm].judged || q) ||
		    run_base(run, arm, q) != base)
			continue;
		e = &a->diff[arm][0][q];
		if (!e->n || (e->low <= 0 && e->high >= 0))
			continue;
		if (!least.n || fabs(e->value) < fabs(least.value))
			least = *e;
	}
	return least;
}

/* Equal arms, of which one costs @cost, where @told is told of others. */
static bool equal(const struct estimate *e, double cost,
		  const struct estimate *told)
{
	double allowed = NULL_MOST * cost;

	if (told->n)
		allowed = fmin(allowed, NULL_CLAIMED * fabs(told->value));
	return !e->n || (e->low <= 0 && e->high >= 0) ||
	       fabs(e->value) <= fmax(allowed, NULL_LEAST * cost);
}

/* Whether a null test would let pass what the run takes for a difference. */
static bool blunt(const struct run *run, const struct estimate *e, double cost,
		  const struct estimate *told)
{
	double half = estimate_half(e), enough;

	if (half > allowed_half(run, told, cost))
		return true;
	enough = fmax(NULL_WIDE * fabs(told->value),
		      NULL_WIDER * estimate_half(told));
	return told->n && half > fmax(enough, NULL_SURE * cost);
}

/* A control says nothing where its interval is too wide to leave out an effect. */
static void check_null(const struct run *run, struct answers *a, int arm)
{
	const struct estimate *e = &a->diff[arm][0][0];
	int base = run_base(run, arm, 0);
	double cost = a->cell[base][0][0].value;
	struct estimate told = least_told(run, a, base, 0);
	char *beside = told.n ? xasprintf(", beside a difference of %.1f ns",
					  told.value) : xstrdup("");

	if (e->n && blunt(run, e, cost, &told))
		answers_refuse(a, "null test: %s and %s: interval too wide, %.1f to %.1f ns%s",
			       run_arm_name(run, base), run_arm_name(run, arm),
			       e->low, e->high, beside);
	else if (!equal(e, cost, &told))
		answers_refuse(a, "null test: %s and %s, equals, differ by %.1f ns [%.1f, %.1f]%s",
			       run_arm_name(run, base), run_arm_name(run, arm),
			       e->value, e->low, e->high, beside);
	free(beside);
}

static void check_arms(const struct run *run, struct answers *a)
{
	const struct arm *arms = run->experiment->arms;
	int arm;

	for (arm = 0; arm < run_arms(run); arm++) {
		if (arms[arm].judged && !arms[arm].twin)
			check_width(run, a, arm);
		if (arms[arm].twin)
			check_null(run, a, arm);
	}
}

/* Whether a part of an arm's bar, and its difference, are certain enough. */
static bool part_ok(const struct run *run, const struct answers *a, int arm,
		    int q)
{
	const struct estimate *own = &a->cell[arm][0][q];
	const struct estimate *diff = &a->diff[arm][0][q];
	int base = run_base(run, arm, q);
	double scale = base < 0 ? own->value : a->cell[base][0][q].value;
	struct estimate told;

	if (wide(run, own, scale) || wide(run, diff, scale))
		return false;
	if (!run->experiment->arms[arm].twin)
		return true;
	told = least_told(run, a, base, q);
	return equal(diff, scale, &told);
}

/* What was timed apart can be told without the rest. */
static bool parts_ok(const struct run *run, const struct answers *a)
{
	const struct quantity *q = run->experiment->quantities;
	int arm, i, n = 0;

	for (arm = 0; arm < run_arms(run); arm++) {
		for (i = 0; i < run_quantities(run); i++) {
			if (q[i].bar == BAR_NONE || !a->cell[arm][0][i].n)
				continue;
			if (!part_ok(run, a, arm, i))
				return false;
			n++;
		}
	}
	return n > 0;
}

/* One reason for all arms: where a run was cut short they are many. */
static void check_blocks(const struct run *run, struct answers *a)
{
	bool repeats = run_repeats(run) > 1;
	size_t least = repeats ? MIN_REPEATS : MIN_BLOCKS, fewest = SIZE_MAX;
	int arm, any = 0, few = 0, worst = 0;
	char *others;

	for (arm = 0; arm < run_arms(run); arm++) {
		if (!run->settings.arm[arm])
			continue;
		any++;
		few += a->cell[arm][0][0].n < least;
		if (a->cell[arm][0][0].n < fewest) {
			fewest = a->cell[arm][0][0].n;
			worst = arm;
		}
	}
	if (!any)
		answers_refuse(a, "nothing was measured");
	if (!few)
		return;
	others = few > 1 ? xasprintf(", and of %d other arms", few - 1) : xstrdup("");
	answers_refuse(a, "%s: undisturbed rounds in %zu %s are too few%s",
		       run_arm_name(run, worst), fewest,
		       repeats ? "runs" : "blocks", others);
	free(others);
}

static void check_company(const struct run *run, struct answers *a)
{
	if (a->disturbed > DISTURBED_SHARE)
		answers_refuse(a, "%.0f %% of the rounds were disturbed by other tasks",
			       a->disturbed * 100);
	/* What the hypervisor takes may count as waiting, too. */
	if (a->waited - fmax(run->machine.steal, 0) > WAITED_SHARE)
		answers_refuse(a, "the workers were kept from their CPU for %.0f %% of the time",
			       a->waited * 100);
	/* Under SCHED_FIFO ordinary tasks have what the workers leave. */
	if (!run->settings.fifo && run->machine.others > WAITED_SHARE)
		answers_refuse(a, "other tasks used %.0f %% of CPU %u",
			       run->machine.others * 100, run->settings.cpu);
	if (run->machine.steal > STEAL_SHARE)
		answers_refuse(a, "the hypervisor took %.0f %% of the CPU's time away",
			       run->machine.steal * 100);
}

void verdict_find(const struct run *run, struct answers *a)
{
	bool probe;

	if (run->interrupted)
		answers_refuse(a, "interrupted after %u passes", run->passes);
	check_blocks(run, a);
	probe = check_counts(run, a);
	a->parts_ok = probe && parts_ok(run, a);
	check_arms(run, a);
	check_company(run, a);
	if (run->experiment->doubt)
		run->experiment->doubt(run, a);
}
