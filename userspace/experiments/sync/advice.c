// SPDX-License-Identifier: GPL-2.0-only
/* What to take on this machine: by the length of the section. */
#include <stdlib.h>

#include "report/words.h"
#include "sync.h"

static double cpus_at_once(const struct estimate *e)
{
	return e[Q_CPU].n && e[Q_NS].n ? e[Q_CPU].value / e[Q_NS].value : 0;
}

static bool is_beside(const struct run *run, int arm, int point)
{
	return point >= 0 && run_has(run, arm, point) &&
	       sync_arms[arm].way->shared;
}

static void beside_row(FILE *out, const struct run *run,
		       const struct estimate *e, int arm)
{
	char b[5][16], cpus[16];

	snprintf(cpus, sizeof(cpus), "%.2f", cpus_at_once(e));
	fprintf(out, "  %-20s %7s %8s %8s %10s %10s %8s\n",
		run_arm_name(run, arm), sync_number(b[0], &e[Q_NS], "%.0f"),
		cpus, sync_number(b[1], &e[Q_FAST], "%.1f"),
		sync_number(b[2], &e[Q_WAIT_999], "%.0f"),
		sync_number(b[3], &e[Q_CPU], "%.0f"),
		sync_number(b[4], &e[Q_FUTEX], "%.0f"));
}

static void beside_table(FILE *out, const struct run *run,
			 const struct answers *a, int point)
{
	int arm;

	fprintf(out, "\n%u threads on %u CPU%s, several may have it at once:\n",
		run->settings.point[point].x, run->settings.cpus,
		run->settings.cpus > 1 ? "s" : "");
	fprintf(out, "  %-20s %7s %8s %8s %10s %10s %8s\n", "", "ns", "CPUs",
		"% at", "p99.9 wait", "CPU ns", "futex");
	fprintf(out, "  %-20s %7s %8s %8s %10s %10s %8s\n", "", "each", "at once",
		"1st try", "ns", "each", "in 1000");
	for (arm = ARM_MUTEX; arm < ARMS; arm++)
		if (is_beside(run, arm, point))
			beside_row(out, run, a->cell[arm][point], arm);
}

/*
 * One arm's cost in terms of another's, for each length of the section: only where
 * threads did have it at once does that say anything.
 */
static void compare(struct paragraph *p, const struct run *run,
		    const struct answers *a, unsigned int x, int arm, int base)
{
	const struct estimate *e, *of;
	bool first = true;
	int s, point;

	for (s = 0; s < SECTIONS; s++) {
		point = sync_point(run, x, s);
		if (!is_beside(run, arm, point) || !run_has(run, base, point))
			continue;
		e = a->cell[arm][point];
		of = a->cell[base][point];
		if (!e[Q_NS].n || !of[Q_NS].n || cpus_at_once(e) < OVERLAP)
			continue;
		if (first)
			paragraph_add(p, "%s%u threads: %s takes so many times as long as %s:",
				      p->text ? " " : "", x,
				      run_arm_name(run, arm),
				      run_arm_name(run, base));
		paragraph_add(p, "%s %.2f with sections of %s%s", first ? "" : ",",
			      e[Q_NS].value / of[Q_NS].value,
			      run_variant_name(run, s),
			      e[Q_NS].low <= of[Q_NS].high &&
					      e[Q_NS].high >= of[Q_NS].low ?
				      " (no difference shown)" : "");
		first = false;
	}
	if (!first)
		paragraph_add(p, ".");
}

void sync_say_beside(FILE *out, const struct run *run, const struct answers *a)
{
	unsigned int x = 2 * run->settings.cpus;
	int point = sync_point(run, x, SECTION_100);
	struct paragraph p = {};

	if (!is_beside(run, ARM_RWLOCK_READ, point) &&
	    !is_beside(run, ARM_SEMAPHORE_2, point))
		return;
	beside_table(out, run, a, point);
	compare(&p, run, a, x, ARM_RWLOCK_READ, ARM_MUTEX);
	compare(&p, run, a, x, ARM_RWLOCK_MIXED, ARM_MUTEX);
	compare(&p, run, a, x, ARM_SEMAPHORE_2, ARM_SEMAPHORE);
	if (p.text)
		fputs("\n", out);
	paragraph_print(out, &p);
}

/* What threads can choose from: those that one has at a time. */
static bool to_choose(const struct run *run, const struct answers *a, int arm,
		      int point)
{
	return arm != ARM_COLOCK && arm != ARM_MUTEX_AGAIN &&
	       arm != ARM_MUTEX_PROCESS && sync_arms[arm].exclusive &&
	       run_has(run, arm, point) && sync_contended(a, arm, point);
}

/* Where few were fought for, least of them is not least of all. */
static bool most_fought(const struct run *run, const struct answers *a, int point)
{
	int arm, n = 0, fought = 0;

	for (arm = ARM_MUTEX; arm < ARMS; arm++) {
		n += sync_arms[arm].exclusive && run_has(run, arm, point);
		fought += sync_arms[arm].exclusive && run_has(run, arm, point) &&
			  sync_contended(a, arm, point);
	}
	return 2 * fought > n;
}

/* The lock with least of a quantity where it was fought for; -1. */
static int least(const struct run *run, const struct answers *a, int point,
		 int quantity)
{
	int arm, best = -1;

	if (!most_fought(run, a, point))
		return best;
	for (arm = ARM_MUTEX; arm < ARMS; arm++) {
		if (!to_choose(run, a, arm, point) ||
		    !a->cell[arm][point][quantity].n)
			continue;
		if (best < 0 || a->cell[arm][point][quantity].value <
					a->cell[best][point][quantity].value)
			best = arm;
	}
	return best;
}

/* How many others are not shown to have more of it. */
static int equals(const struct run *run, const struct answers *a, int point,
		  int quantity, int best)
{
	double high = a->cell[best][point][quantity].high;
	int arm, n = 0;

	for (arm = ARM_MUTEX; arm < ARMS; arm++)
		n += arm != best && to_choose(run, a, arm, point) &&
		     a->cell[arm][point][quantity].n &&
		     a->cell[arm][point][quantity].low <= high;
	return n;
}

static bool is_shared(const struct run *run, const struct answers *a, int point,
		      int quantity)
{
	int best = least(run, a, point, quantity);

	return best >= 0 && equals(run, a, point, quantity, best) > 0;
}

static void choice(FILE *out, const struct run *run, const struct answers *a,
		   int point, int quantity, int width)
{
	int arm = least(run, a, point, quantity), n;
	char ns[REPORT_NS], words[64];

	if (arm < 0) {
		fprintf(out, " %-*s", width, "-");
		return;
	}
	n = equals(run, a, point, quantity, arm);
	snprintf(words, sizeof(words), "%s %s%s", run_arm_name(run, arm),
		 report_ns(ns, a->cell[arm][point][quantity].value),
		 n ? " *" : "");
	fprintf(out, " %-*s", width, words);
}

/* Least time an acquisition, and least to wait for at worst. */
void sync_advise(FILE *out, const struct run *run, const struct answers *a)
{
	const struct point *at = run->settings.point;
	bool head = false, star = false;
	unsigned int i;

	for (i = 0; i < run->settings.points; i++) {
		if (at[i].variant < 0 || least(run, a, i, Q_NS) < 0)
			continue;
		if (!head)
			fprintf(out, "What to take here:\n  %-18s %-32s %s\n",
				"threads, section", "least time each",
				"shortest p99.9 wait");
		head = true;
		fprintf(out, "  %2u, %-14s", at[i].x,
			run_variant_name(run, at[i].variant));
		choice(out, run, a, i, Q_NS, 32);
		choice(out, run, a, i, Q_WAIT_999, 0);
		fputs("\n", out);
		star |= is_shared(run, a, i, Q_NS) ||
			is_shared(run, a, i, Q_WAIT_999);
	}
	if (star)
		fputs("  * not shown to be less than that of some others\n", out);
	if (head)
		fputs("\n", out);
}
