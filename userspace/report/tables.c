// SPDX-License-Identifier: GPL-2.0-only
/* The tables of a run. */
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "plot.h"
#include "report.h"

enum {
	COL_ARM, COL_WHAT, COL_PAGES, COL_PATTERN, COL_NS, COL_LOW, COL_HIGH,
	COL_BASE, COL_DIFF, COL_DIFFLOW, COL_DIFFHIGH, COL_ROUNDS,
	COL_DISTURBED, COL_SWITCHES, COL_P10, COL_TLB,
};

const struct out_col report_columns[] = {
	[COL_ARM] = { "ARM", 0, 0, OUT_STRING, "what switches" },
	[COL_WHAT] = { "WHAT", 0, OUT_TRUNC, OUT_STRING,
		       "the same in a few words" },
	[COL_PAGES] = { "PAGES", 0, OUT_RIGHT, OUT_NUMBER,
			"pages that each member touches between switches" },
	[COL_PATTERN] = { "PATTERN", 0, 0, OUT_STRING, "how it touches them" },
	[COL_NS] = { "NS", 0, OUT_RIGHT, OUT_NUMBER,
		     "nanoseconds a switch, touching included (median; emulated: lower quartile)" },
	[COL_LOW] = { "LOW", 0, OUT_RIGHT, OUT_NUMBER,
		      "lower end of its 95 % interval" },
	[COL_HIGH] = { "HIGH", 0, OUT_RIGHT, OUT_NUMBER, "upper end" },
	[COL_BASE] = { "AGAINST", 0, 0, OUT_STRING,
		       "the arm that differs from it in one thing" },
	[COL_DIFF] = { "DIFF", 0, OUT_RIGHT, OUT_NUMBER,
		       "paired difference from that arm" },
	[COL_DIFFLOW] = { "DIFFLOW", 0, OUT_RIGHT, OUT_NUMBER,
			  "lower end of its 95 % interval" },
	[COL_DIFFHIGH] = { "DIFFHIGH", 0, OUT_RIGHT, OUT_NUMBER, "upper end" },
	[COL_ROUNDS] = { "ROUNDS", 0, OUT_RIGHT, OUT_NUMBER,
			 "rounds measured" },
	[COL_DISTURBED] = { "DISTURBED", 0, OUT_RIGHT, OUT_NUMBER,
			    "rounds left out since something else got in" },
	[COL_SWITCHES] = { "SWITCHES", 0, OUT_RIGHT, OUT_NUMBER,
			   "switches counted in all its rounds" },
	[COL_P10] = { "P10", 0, OUT_RIGHT, OUT_NUMBER,
		      "tenth percentile of the rounds' nanoseconds a switch" },
	[COL_TLB] = { "TLB", 0, 0, OUT_STRING,
		      "hardware or emulated; always there where it is emulated" },
	{}
};

#define EMPTY_COLUMNS "ARM,WHAT,NS,LOW,HIGH,AGAINST,DIFF,DIFFLOW,DIFFHIGH"
#define LONG_COLUMNS "ARM,PAGES,PATTERN,NS,LOW,HIGH,AGAINST,DIFF,DIFFLOW,"\
	"DIFFHIGH,ROUNDS,DISTURBED,SWITCHES"

static void set_estimate(struct out_row *row, int col,
			 const struct estimate *e)
{
	int digits = e->value < 100 && e->value > -100 ? 2 : 1;

	if (!e->n)
		return;
	out_set(row, col, "%.*f", digits, e->value);
	out_set(row, col + 1, "%.*f", digits, e->low);
	out_set(row, col + 2, "%.*f", digits, e->high);
}

/* The rounds as they are without what disturbed most of them. */
static double tenth_percentile(const struct series *s)
{
	double *x = xcalloc(s->n, sizeof(*x)), q;
	size_t i, n = 0;

	for (i = 0; i < s->n; i++)
		if (!sample_disturbed(&s->sample[i]))
			x[n++] = s->sample[i].ns;
	q = stats_quantile(x, n, 0.1);
	free(x);
	return q;
}

static void add_row(struct out_table *t, const struct run *run,
		    const struct answers *a, int arm, unsigned int p)
{
	const struct series *s = &run->series[arm][p];
	struct out_row *row = out_row_new(t, NULL);
	unsigned long long switches = 0;
	int base = answers_base(arm);
	size_t i, disturbed = 0;

	for (i = 0; i < s->n; i++) {
		switches += s->sample[i].switches;
		disturbed += sample_disturbed(&s->sample[i]);
	}
	out_set(row, COL_ARM, "%s", arms[arm].name);
	out_set(row, COL_WHAT, "%s", arms[arm].brief);
	out_set(row, COL_PAGES, "%u", run->settings.point[p].pages);
	if (run->settings.point[p].pages)
		out_set(row, COL_PATTERN, "%s",
			pattern_name(run->settings.point[p].pattern));
	set_estimate(row, COL_NS, &a->cell[arm][p]);
	if (base >= 0 && run_has(&run->settings, base, p)) {
		out_set(row, COL_BASE, "%s", arms[base].name);
		set_estimate(row, COL_DIFF, &a->diff[arm][p]);
	}
	out_set(row, COL_ROUNDS, "%zu", s->n);
	out_set(row, COL_DISTURBED, "%zu", disturbed);
	out_set(row, COL_SWITCHES, "%llu", switches);
	if (disturbed < s->n)
		out_set(row, COL_P10, "%.2f", tenth_percentile(s));
	out_set(row, COL_TLB, "%s",
		*run->machine.emulator ? "emulated" : "hardware");
}

/* The rows of the first @points points. */
static void print_rows(const struct run *run, const struct answers *a,
		       unsigned int points, const struct out_sel *sel,
		       const struct out_opts *opts)
{
	struct out_table *t = out_table_new(report_columns);
	unsigned int p;
	int arm;

	for (arm = 0; arm < ARMS; arm++)
		for (p = 0; p < points; p++)
			if (run_has(&run->settings, arm, p))
				add_row(t, run, a, arm, p);
	out_table_print(t, sel, opts);
	out_table_free(t);
}

const char *report_long(const struct run *run, const struct answers *a,
			const struct out_opts *opts)
{
	const char *problem;
	struct out_sel sel;

	problem = out_select(report_columns, LONG_COLUMNS, opts->columns, &sel);
	if (problem)
		return problem;
	if (*run->machine.emulator)
		out_select_too(&sel, COL_TLB);
	print_rows(run, a, run->settings.points, &sel, opts);
	return NULL;
}

static void print_empty(const struct run *run, const struct answers *a,
			const struct out_opts *opts)
{
	struct out_sel sel;

	if (!out_select(report_columns, EMPTY_COLUMNS, NULL, &sel))
		print_rows(run, a, 1, &sel, opts);
}

/* A table with a row for each number of pages and a column for each arm. */
static void print_sweep(const struct run *run, const struct answers *a,
			enum pattern pattern, const struct out_opts *opts)
{
	const struct settings *set = &run->settings;
	struct out_col cols[ARMS + 2] = {
		{ "PAGES", 0, OUT_RIGHT, OUT_NUMBER, "" },
	};
	struct out_sel sel = { .n = 1, .col = { 0 } };
	int arm, in_col[ARMS], c;
	struct out_table *t;
	struct out_row *row;
	struct estimate e;
	unsigned int p;

	for (arm = 0; arm < ARMS; arm++) {
		if (!set->arm[arm] || !arms[arm].sweep)
			continue;
		in_col[sel.n] = arm;
		cols[sel.n] = (struct out_col){ arms[arm].name, 0, OUT_RIGHT,
						OUT_NUMBER, "" };
		sel.col[sel.n] = sel.n;
		sel.n++;
	}
	t = out_table_new(cols);
	for (p = 0; p < set->points; p++) {
		if (set->point[p].pages && set->point[p].pattern != pattern)
			continue;
		row = out_row_new(t, NULL);
		out_set(row, 0, "%u", set->point[p].pages);
		for (c = 1; c < (int)sel.n; c++) {
			e = a->cell[in_col[c]][p];
			if (e.n)
				out_set(row, c, "%.*f", e.value < 100 ? 1 : 0,
					e.value);
		}
	}
	out_table_print(t, &sel, opts);
	out_table_free(t);
}

static bool swept(const struct run *run, enum pattern pattern)
{
	unsigned int p;

	for (p = 1; p < run->settings.points; p++)
		if (run->settings.point[p].pattern == pattern)
			return true;
	return false;
}

void report_people(const struct run *run, const struct answers *a,
		   const struct out_opts *opts)
{
	const struct out_opts plain = { .noheadings = opts->noheadings };
	const char *emulated = report_emulated(&run->machine);
	enum pattern p;

	if (*emulated)
		printf("%s\n\n", emulated);
	if (a->reasons)
		report_refusal(stdout, a);
	else
		report_words(stdout, run, a);
	puts("");
	report_machine(stdout, run);
	report_notes(stdout, run);
	if (!a->reasons) {
		puts("\nNanoseconds a switch, no pages touched:");
		print_empty(run, a, &plain);
		for (p = 0; p < PATTERNS; p++) {
			if (!swept(run, p))
				continue;
			printf("\nNanoseconds a switch by pages touched (%s):\n",
			       pattern_name(p));
			print_sweep(run, a, p, &plain);
		}
	}
	if (!a->reasons && swept(run, PATTERN_CHAIN))
		plot_text(stdout, run, a, PATTERN_CHAIN);
	if (!a->reasons)
		plot_text_histograms(stdout, run);
	puts("\nCounted:");
	report_counts(run, &plain);
}
