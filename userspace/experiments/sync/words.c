// SPDX-License-Identifier: GPL-2.0-only
/* The answer in words, and when there is none. */
#include <math.h>
#include <stdlib.h>

#include "report/words.h"
#include "sync.h"

/* Waiting for longer than so often the CPU time of one is burning it. */
#define MUCH_WORSE 5.0

/* Futex calls around a counted round that are the core's, of each worker. */
#define AROUND 8
/* Two counts of the same calls may differ by this much. */
#define COUNT_SHARE 0.005
/* And sections from the length they are said to have. */
#define SECTION_SHARE 0.1

bool sync_contended(const struct answers *a, int arm, int point)
{
	const struct estimate *e;

	if (point < 0)
		return false;
	e = &a->cell[arm][point][Q_HANDOFFS];
	return e->n && e->value >= CONTENDED;
}

/* Compares our own count of futex calls with the kernel's. */
static void check_futex(const struct run *run, struct answers *a, int arm)
{
	const struct counts *c = &run->counts[arm];
	double own = c->n[COUNT_FUTEX_OWN], kernel = c->n[COUNT_FUTEX];

	if (!c->present || !c->has[COUNT_FUTEX_OWN] || !c->has[COUNT_FUTEX])
		return;
	if (fabs(own - kernel) > AROUND * 2 + COUNT_SHARE * fmax(own, kernel))
		answers_refuse(a,
			       "%s: %.0f futex calls by its own count, %.0f by the kernel's",
			       run_arm_name(run, arm), own, kernel);
}

/* Whether an arm, of a lock of threads, was fought for there. */
static bool fought_at(const struct run *run, const struct answers *a, int arm,
		      int point)
{
	return sync_arms[arm].exclusive && arm != ARM_COLOCK && point >= 0 &&
	       run_has(run, arm, point) && sync_contended(a, arm, point);
}

/* Whether any lock of threads was fought for, at any point. */
static bool any_contended(const struct run *run, const struct answers *a)
{
	unsigned int p;
	int arm;

	for (arm = 0; arm < ARMS; arm++)
		for (p = 0; p < run->settings.points; p++)
			if (fought_at(run, a, arm, p))
				return true;
	return false;
}

static bool wants_contention(const struct run *run)
{
	unsigned int p;

	for (p = 0; p < run->settings.points; p++)
		if (run->settings.point[p].x > 1)
			return run->settings.cpus > 1;
	return false;
}

/* How much of itself the length of a cell's section is shown to be off. */
static double off_length(const struct run *run, const struct answers *a, int arm,
			 unsigned int p)
{
	const struct estimate *e = &a->cell[arm][p][Q_SECTION];
	int variant = run->settings.point[p].variant;
	double ns = variant < 0 ? 0 : sync_section_ns[variant];

	if (!ns || !run_has(run, arm, p) || !e->n)
		return 0;
	return fmax(fmax(e->low - ns, ns - e->high), 0) / ns;
}

/* Sections of another length than they are said to have: one cell is told of. */
static void check_lengths(const struct run *run, struct answers *a)
{
	unsigned int p, point = 0;
	double off, most = SECTION_SHARE;
	int arm, worst = -1;

	for (arm = 0; arm < ARMS; arm++) {
		for (p = 0; p < run->settings.points; p++) {
			off = off_length(run, a, arm, p);
			if (off <= most)
				continue;
			most = off;
			worst = arm;
			point = p;
		}
	}
	if (worst >= 0)
		answers_refuse(a, "%s, %u threads: sections of %s took %.0f ns",
			       run_arm_name(run, worst), run->settings.point[point].x,
			       run_variant_name(run, run->settings.point[point].variant),
			       a->cell[worst][point][Q_SECTION].value);
}

void sync_doubt(const struct run *run, struct answers *a)
{
	int arm;

	for (arm = 0; arm < ARMS; arm++)
		if (run->settings.arm[arm])
			check_futex(run, a, arm);
	check_lengths(run, a);
	if (wants_contention(run) && !any_contended(run, a))
		answers_refuse(a,
			       "no lock was fought for: fewer than %.0f hand-off in 1000 acquisitions",
			       CONTENDED);
}

static void free_costs(FILE *out, const struct run *run,
		       const struct answers *a)
{
	int arm;

	fputs("One thread alone takes the lock, adds to a number and gives it back; on this\n",
	      out);
	fprintf(out, "%s that costs, ",
		*run->machine.emulator ? "emulated machine" : "machine");
	words_intervals(out, run);
	fputs(":\n\n", out);
	for (arm = ARM_ATOMIC; arm < ARMS; arm++)
		if (run_has(run, arm, 0) && arm != ARM_MUTEX_AGAIN)
			words_line(out, run->experiment->arms[arm].name,
				   &a->cell[arm][0][Q_NS], false,
				   run->experiment->arms[arm].brief);
	fputs("\n", out);
}

/* Whether any round but those of the race lost an addition. */
static bool any_lost(const struct run *run)
{
	unsigned int p;
	size_t i;
	int arm;

	for (arm = ARM_ATOMIC; arm < ARMS; arm++)
		for (p = 0; p < run->settings.points; p++)
			for (i = 0; i < run->series[arm][p].n; i++)
				if (run->series[arm][p]
					    .sample[i]
					    .value[Q_LOST] > 0)
					return true;
	return false;
}

/* What was lost without a lock, where the CPUs differ. */
static void race(FILE *out, const struct run *run, const struct answers *a)
{
	int point = sync_point(run, 2, SECTION_100);
	const struct estimate *two, *one;
	struct paragraph p = {};

	if (point < 0)
		return;
	two = &a->cell[ARM_RACE][point][Q_LOST];
	one = &a->cell[ARM_RACE_ONE_CPU][point][Q_LOST];
	if (!two->n || !one->n)
		return;
	paragraph_add(&p,
		      "Two threads that add to one number without a lock lose");
	paragraph_add(&p, " %.2g %% [%.2g, %.2g] of the additions", two->value, fmax(two->low, 0),
		      two->high);
	if (run->settings.cpus > 1)
		paragraph_add(&p,
			      " on two CPUs, and %.2g %% [%.2g, %.2g] on one",
			      one->value, fmax(one->low, 0), one->high);
	paragraph_add(&p, run->settings.cpus > 1 ? "." : " on one CPU.");
	if (!any_lost(run))
		paragraph_add(&p, " Nothing was lost by the atomic ways or under any lock.");
	paragraph_print(out, &p);
}

const char *sync_number(char buf[16], const struct estimate *e,
			const char *format)
{
	snprintf(buf, 16, "-");
	if (e->n)
		snprintf(buf, 16, format, e->value);
	return buf;
}

static void contended_row(FILE *out, const struct run *run,
			  const struct answers *a, int arm, int point)
{
	const struct estimate *e = a->cell[arm][point];
	char b[6][16];

	if (!sync_contended(a, arm, point)) {
		fprintf(out,
			"  %-17s %8s  not fought for: %s hand-offs in 1000\n",
			run_arm_name(run, arm), sync_number(b[0], &e[Q_NS], "%.0f"),
			sync_number(b[1], &e[Q_HANDOFFS], "%.2f"));
		return;
	}
	fprintf(out, "  %-17s %8s %8s %8s %10s %10s %8s\n",
		run_arm_name(run, arm), sync_number(b[0], &e[Q_NS], "%.0f"),
		sync_number(b[1], &e[Q_HANDOFFS], "%.0f"),
		sync_number(b[2], &e[Q_STREAK], "%.0f"),
		sync_number(b[3], &e[Q_WAIT_999], "%.0f"),
		sync_number(b[4], &e[Q_CPU], "%.0f"),
		sync_number(b[5], &e[Q_FUTEX], "%.0f"));
}

/* How many waits p99.9 is of, of the lock with fewest and of that with most. */
static void say_timed(FILE *out, const struct run *run, const struct answers *a,
		      int point)
{
	double fewest = INFINITY, most = 0;
	const struct estimate *e;
	struct paragraph p = {};
	int arm;

	for (arm = 0; point >= 0 && arm < ARMS; arm++) {
		e = &a->cell[arm][point][Q_WAITS];
		if (!e->n || !run_has(run, arm, point))
			continue;
		fewest = fmin(fewest, e->value);
		most = fmax(most, e->value);
	}
	if (most <= 0)
		return;
	paragraph_add(&p,
		      "p99.9 wait: of %.0f to %.0f waits a lock, in all rounds; '-': too few.",
		      fewest, most);
	paragraph_print(out, &p);
}

static void contended(FILE *out, const struct run *run, const struct answers *a,
		      unsigned int x)
{
	int point = sync_point(run, x, SECTION_100), arm;

	if (point < 0)
		return;
	fprintf(out,
		"\n%u threads on %u CPU%s, sections of 100 ns:\n  %-17s %8s %8s %8s %10s %10s %8s\n",
		x, run->settings.cpus, run->settings.cpus > 1 ? "s" : "", "",
		"ns", "handoffs", "longest", "p99.9 wait", "CPU ns", "futex");
	fprintf(out, "  %-17s %8s %8s %8s %10s %10s %8s\n", "", "each",
		"in 1000", "streak", "ns", "each", "in 1000");
	for (arm = ARM_MUTEX; arm < ARMS; arm++)
		if (run_has(run, arm, point) && !sync_arms[arm].way->shared)
			contended_row(out, run, a, arm, point);
	say_timed(out, run, a, point);
}

/* Why who spins in order loses where it wins with a CPU for each. */
static void ordered_spinning(FILE *out, const struct run *run,
			     const struct answers *a)
{
	unsigned int cpus = run->settings.cpus;
	int few = sync_point(run, cpus, SECTION_100);
	int many = sync_point(run, 2 * cpus, SECTION_100);
	const struct estimate *at_few, *at_many;
	struct paragraph p = {};
	char ns[REPORT_NS];
	double ratio;

	if (few < 0 || many < 0 || !sync_contended(a, ARM_TICKET, few) ||
	    !sync_contended(a, ARM_TICKET, many))
		return;
	at_few = a->cell[ARM_TICKET][few];
	at_many = a->cell[ARM_TICKET][many];
	ratio = at_many[Q_NS].value / at_few[Q_NS].value;
	if (ratio < MUCH_WORSE || !at_many[Q_CPU].n)
		return;
	paragraph_add(&p,
		      "The ticket lock costs %.0f times as much with %u threads as with %u:",
		      ratio, 2 * cpus, cpus);
	paragraph_add(&p,
		      " %.0f of 1000 acquisitions are by the next one in order, which may have no CPU,",
		      at_many[Q_HANDOFFS].value);
	paragraph_add(&p,
		      " and the threads spin for %s of CPU time for each.",
		      report_ns(ns, at_many[Q_CPU].value));
	paragraph_print(out, &p);
}

static void fairness(FILE *out, const struct run *run, const struct answers *a)
{
	int point = sync_point(run, 2 * run->settings.cpus, SECTION_100);
	const struct estimate *diff, *fair, *mutex;
	struct paragraph p = {};

	if (point < 0 || !sync_contended(a, ARM_FAIR, point) ||
	    !sync_contended(a, ARM_MUTEX, point))
		return;
	fair = a->cell[ARM_FAIR][point];
	mutex = a->cell[ARM_MUTEX][point];
	diff = &a->diff[ARM_FAIR][point][Q_NS];
	if (!diff->n)
		return;
	paragraph_add(&p,
		      "With %u threads an acquisition of the fair mutex less one of the other is",
		      run->settings.point[point].x);
	words_estimate(&p, diff);
	paragraph_add(&p, diff->low <= 0 && diff->high >= 0 ?
			      ": no difference is shown." : ".");
	paragraph_add(&p, " The longest wait of a round let %.0f others go first, against %.0f.",
		      fair[Q_PASSED_MOST].value, mutex[Q_PASSED_MOST].value);
	paragraph_print(out, &p);
}

/* The locks that the short answer shows, and what is beside them. */
static const int shown[] = {
	ARM_ATOMIC, ARM_COLOCK, ARM_MUTEX, ARM_FAIR, ARM_TAS, ARM_TICKET,
	ARM_MCS, ARM_SEMAPHORE, ARM_RWLOCK, ARM_PTHREAD, ARM_PTHREAD_SPIN,
	ARM_SEM_T,
};

/* "296 ns", or "-" where nobody fought for it. */
static const char *fought(char buf[REPORT_NS], const struct run *run,
			  const struct answers *a, int arm, int point,
			  int quantity)
{
	const struct estimate *e;

	if (point < 0 || !run_has(run, arm, point) ||
	    !sync_contended(a, arm, point))
		return "-";
	e = &a->cell[arm][point][quantity];
	return e->n ? report_ns(buf, e->value) : "-";
}

static void short_row(FILE *out, const struct run *run, const struct answers *a,
		      int arm, int few, int many)
{
	const struct estimate *alone = &a->cell[arm][0][Q_NS];
	char b[4][REPORT_NS];

	if (!run_has(run, arm, 0))
		return;
	fprintf(out, "  %-17s %10s", run_arm_name(run, arm),
		alone->n ? report_ns(b[0], alone->value) : "-");
	if (few >= 0)
		fprintf(out, " %10s", fought(b[1], run, a, arm, few, Q_NS));
	if (many >= 0)
		fprintf(out, " %10s %12s", fought(b[2], run, a, arm, many, Q_NS),
			fought(b[3], run, a, arm, many, Q_WAIT_999));
	fputs("\n", out);
}

/* Columns for what was measured: free, at @few, and at @many, with @x threads. */
static void short_head(FILE *out, const struct run *run, int few, int many,
		       unsigned int x)
{
	fprintf(out,
		"What an acquisition costs on this %s: taking a lock, adding to a number\n",
		*run->machine.emulator ? "emulated machine" : "machine");
	fputs(few >= 0 || many >= 0 ?
		      "and giving it back; where fought for, with a section of 100 ns in it:\n\n" :
		      "and giving it back:\n\n",
	      out);
	fprintf(out, "  %-17s %10s%s", "", "free", few >= 0 ? "  2 threads" : "");
	if (many >= 0)
		fprintf(out, " %8u", x);
	fprintf(out, "\n  %-17s %10s", "", "1 thread");
	if (few >= 0)
		fputs("     2 CPUs", out);
	if (many >= 0)
		fprintf(out, " %10s %12s", "threads", "p99.9 wait");
	fputs("\n", out);
}

/* What is below the table: how often waits were timed, or why there are no figures. */
static void short_foot(FILE *out, const struct run *run, const struct answers *a,
		       int many)
{
	struct paragraph p = {};
	bool any = false;
	size_t i;

	if (many < 0)
		return;
	for (i = 0; i < ARRAY_SIZE(shown); i++)
		any |= fought_at(run, a, shown[i], many);
	if (!any) {
		paragraph_add(&p, "-: %u threads did not fight for the lock,",
			      run->settings.point[many].x);
		paragraph_add(&p, " fewer than %.0f hand-off in 1000 acquisitions.",
			      CONTENDED);
		paragraph_print(out, &p);
		return;
	}
	if (run_has(run, ARM_COLOCK, many)) {
		paragraph_add(&p, "coroutine: as many of them, in one thread on one CPU.");
		paragraph_print(out, &p);
	}
	say_timed(out, run, a, many);
}

static void short_table(FILE *out, const struct run *run,
			const struct answers *a)
{
	unsigned int cpus = run->settings.cpus, x = cpus > 1 ? 2 * cpus : 2;
	int few = cpus > 1 ? sync_point(run, 2, SECTION_100) : -1;
	int many = sync_point(run, x, SECTION_100);
	size_t i;

	short_head(out, run, few, many, x);
	for (i = 0; i < ARRAY_SIZE(shown); i++)
		short_row(out, run, a, shown[i], few, many);
	short_foot(out, run, a, many);
	fputs("\n", out);
}

void sync_say(FILE *out, const struct run *run, const struct answers *a)
{
	struct paragraph p = {};

	if (a->reasons)
		return;
	short_table(out, run, a);
	race(out, run, a);
	ordered_spinning(out, run, a);
	sync_advise(out, run, a);
	words_null(&p, &a->diff[ARM_MUTEX_AGAIN][0][Q_NS]);
	words_disturbed(&p, a);
	paragraph_print(out, &p);
}

void sync_say_more(FILE *out, const struct run *run, const struct answers *a)
{
	unsigned int cpus = run->settings.cpus;

	free_costs(out, run, a);
	contended(out, run, a, 2);
	if (cpus != 1)
		contended(out, run, a, 2 * cpus);
	sync_say_beside(out, run, a);
	fputs("\n", out);
	fairness(out, run, a);
}
