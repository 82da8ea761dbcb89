// SPDX-License-Identifier: GPL-2.0-only
/* The tables of a run. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/xalloc.h"
#include "measure/experiment.h"
#include "plot.h"
#include "report.h"

enum {
	COL_ARM, COL_WHAT, COL_X, COL_VARIANT, COL_VALUE, COL_LOW, COL_HIGH,
	COL_BASE, COL_DIFF, COL_DIFFLOW, COL_DIFFHIGH, COL_ROUNDS,
	COL_DISTURBED, COL_COUNTED, COL_P10, COL_CPU, COL_FIXED,
};

/* Columns of each quantity after the first, from COL_FIXED on. */
enum {
	MORE_VALUE, MORE_LOW, MORE_HIGH, MORE_DIFF, MORE_DIFFLOW,
	MORE_DIFFHIGH, MORE,
};

_Static_assert(COL_FIXED + (MAX_QUANTITIES - 1) * MORE < OUT_MAX_COLS,
	       "an experiment may have more columns than there is room for");

static const struct out_col fixed[COL_FIXED] = {
	[COL_ARM] = { "ARM", 0, 0, OUT_STRING, "what is compared" },
	[COL_WHAT] = { "WHAT", 0, OUT_TRUNC, OUT_STRING,
		       "the same in a few words" },
	[COL_LOW] = { "LOW", 0, OUT_RIGHT, OUT_NUMBER,
		      "lower end of its 95 % interval" },
	[COL_HIGH] = { "HIGH", 0, OUT_RIGHT, OUT_NUMBER, "upper end" },
	[COL_BASE] = { "AGAINST", 0, 0, OUT_STRING,
		       "its baseline: the arm that differs from it in one thing" },
	[COL_DIFF] = { "DIFF", 0, OUT_RIGHT, OUT_NUMBER,
		       "paired difference from that arm" },
	[COL_DIFFLOW] = { "DIFFLOW", 0, OUT_RIGHT, OUT_NUMBER,
			  "lower end of its 95 % interval" },
	[COL_DIFFHIGH] = { "DIFFHIGH", 0, OUT_RIGHT, OUT_NUMBER, "upper end" },
	[COL_ROUNDS] = { "ROUNDS", 0, OUT_RIGHT, OUT_NUMBER,
			 "rounds measured" },
	[COL_DISTURBED] = { "DISTURBED", 0, OUT_RIGHT, OUT_NUMBER,
			    "rounds left out since something else got in" },
	[COL_P10] = { "P10", 0, OUT_RIGHT, OUT_NUMBER,
		      "tenth percentile of the rounds' costs" },
	[COL_CPU] = { "CPU", 0, 0, OUT_STRING,
		      "hardware or emulated; always there where it is emulated" },
};

/* The columns of one experiment; made once. */
struct columns {
	const struct experiment *experiment;
	struct out_col col[OUT_MAX_COLS];
};

#define MAX_EXPERIMENTS 16
/* Of a terminal that has room for a plot below the answer. */
#define ROWS 50

/* Not toupper(): names are the same in every locale. */
char *report_capitals(const char *text)
{
	char *all = xstrdup(text), *c;

	for (c = all; *c; c++)
		if (*c >= 'a' && *c <= 'z')
			*c += 'A' - 'a';
	return all;
}

static void name_column(struct out_col *col, const char *key, const char *end,
			const char *help)
{
	char *capitals = report_capitals(key);

	col->name = xasprintf("%s%s", capitals, end);
	col->help = help;
	col->flags = OUT_RIGHT;
	col->json = OUT_NUMBER;
	free(capitals);
}

static void name_more(struct out_col *col, const struct quantity *q)
{
	static const char *const ends[MORE] = {
		[MORE_VALUE] = "", [MORE_LOW] = "_LOW", [MORE_HIGH] = "_HIGH",
		[MORE_DIFF] = "_DIFF", [MORE_DIFFLOW] = "_DIFFLOW",
		[MORE_DIFFHIGH] = "_DIFFHIGH",
	};
	int i;

	for (i = 0; i < MORE; i++) {
		name_column(&col[i], q->key, ends[i],
			    i == MORE_VALUE ? q->label :
			    i == MORE_DIFF ? "paired difference from its baseline" :
					     "end of a 95 % interval");
		if (i != MORE_VALUE)
			col[i].flags |= OUT_DERIVED;
	}
}

static void make_columns(struct columns *c, const struct experiment *e)
{
	struct out_col *col = c->col;
	int q;

	c->experiment = e;
	memcpy(col, fixed, sizeof(fixed));
	name_column(&col[COL_X], e->axis.key, "", e->axis.label);
	name_column(&col[COL_VARIANT],
		    e->axis.variant ? e->axis.variant : "variant", "",
		    "which sweep it belongs to");
	col[COL_VARIANT].flags = 0;
	col[COL_VARIANT].json = OUT_STRING;
	name_column(&col[COL_VALUE], e->quantities[0].key, "",
		    "what an operation costs (median; emulated: lower quartile)");
	name_column(&col[COL_COUNTED], e->operations, "",
		    "counted in all its rounds, where rounds are counted");
	for (q = 1; e->quantities[q].key; q++)
		name_more(&col[COL_FIXED + (q - 1) * MORE], &e->quantities[q]);
}

const struct out_col *report_columns(const struct experiment *e)
{
	static struct columns all[MAX_EXPERIMENTS];
	struct columns *c = all;

	while (c->experiment && c->experiment != e)
		c++;
	if (!c->experiment)
		make_columns(c, e);
	return c->col;
}

/* The names of columns as a list; the caller frees. */
static char *list_of(const struct experiment *e, const int *of, size_t n)
{
	const struct out_col *cols = report_columns(e);
	char *list = xstrdup(""), *more;
	size_t i;

	for (i = 0; i < n; i++) {
		if (of[i] == COL_VARIANT && !e->axis.variant)
			continue;
		more = xasprintf("%s%s%s", list, i ? "," : "",
				 cols[of[i]].name);
		free(list);
		list = more;
	}
	return list;
}

static char *first_columns(const struct experiment *e)
{
	static const int of[] = {
		COL_ARM, COL_WHAT, COL_VALUE, COL_LOW, COL_HIGH, COL_BASE,
		COL_DIFF, COL_DIFFLOW, COL_DIFFHIGH,
	};

	return list_of(e, of, sizeof(of) / sizeof(*of));
}

static char *long_columns(const struct experiment *e)
{
	static const int of[] = {
		COL_ARM, COL_X, COL_VARIANT, COL_VALUE, COL_LOW, COL_HIGH,
		COL_BASE, COL_DIFF, COL_DIFFLOW, COL_DIFFHIGH, COL_ROUNDS,
		COL_DISTURBED, COL_COUNTED,
	};

	return list_of(e, of, sizeof(of) / sizeof(*of));
}

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
			x[n++] = s->sample[i].value[0];
	q = stats_quantile(x, n, 0.1);
	free(x);
	return q;
}

static void set_rounds(struct out_row *row, const struct series *s)
{
	unsigned long long counted = 0, expected = 0;
	size_t i, disturbed = 0;

	for (i = 0; i < s->n; i++) {
		counted += s->sample[i].counted;
		expected += s->sample[i].expected;
		disturbed += sample_disturbed(&s->sample[i]);
	}
	out_set(row, COL_ROUNDS, "%zu", s->n);
	out_set(row, COL_DISTURBED, "%zu", disturbed);
	if (expected)
		out_set(row, COL_COUNTED, "%llu", counted);
	if (disturbed < s->n)
		out_set(row, COL_P10, "%.2f", tenth_percentile(s));
}

static void set_more(struct out_row *row, const struct run *run,
		     const struct answers *a, int arm, unsigned int p)
{
	int q, col = COL_FIXED;

	for (q = 1; q < run_quantities(run); q++, col += MORE) {
		set_estimate(row, col + MORE_VALUE, &a->cell[arm][p][q]);
		set_estimate(row, col + MORE_DIFF, &a->diff[arm][p][q]);
	}
}

static void add_row(struct out_table *t, const struct run *run,
		    const struct answers *a, int arm, unsigned int p)
{
	const struct point *point = &run->settings.point[p];
	struct out_row *row = out_row_new(t, NULL);
	int base = run_base(run, arm, 0);

	out_set(row, COL_ARM, "%s", run_arm_name(run, arm));
	out_set(row, COL_WHAT, "%s", run->experiment->arms[arm].brief);
	out_set(row, COL_X, "%u", point->x);
	if (point->variant >= 0 && run->experiment->axis.variant)
		out_set(row, COL_VARIANT, "%s",
			run_variant_name(run, point->variant));
	set_estimate(row, COL_VALUE, &a->cell[arm][p][0]);
	if (base >= 0 && run_has(run, base, p)) {
		out_set(row, COL_BASE, "%s", run_arm_name(run, base));
		set_estimate(row, COL_DIFF, &a->diff[arm][p][0]);
	}
	set_rounds(row, &run->series[arm][p]);
	out_set(row, COL_CPU, "%s",
		*run->machine.emulator ? "emulated" : "hardware");
	set_more(row, run, a, arm, p);
}

/* The rows of the first @points points. */
static void print_rows(const struct run *run, const struct answers *a,
		       unsigned int points, const struct out_sel *sel,
		       const struct out_opts *opts)
{
	struct out_table *t = out_table_new(report_columns(run->experiment));
	unsigned int p;
	int arm;

	for (arm = 0; arm < run_arms(run); arm++)
		for (p = 0; p < points; p++)
			if (run_has(run, arm, p))
				add_row(t, run, a, arm, p);
	out_table_print(t, sel, opts);
	out_table_free(t);
}

const char *report_long(const struct run *run, const struct answers *a,
			const struct out_opts *opts)
{
	const struct out_col *cols = report_columns(run->experiment);
	char *usual = long_columns(run->experiment);
	const char *problem;
	struct out_sel sel;

	problem = out_select(cols, usual, opts->columns, &sel);
	free(usual);
	if (problem)
		return problem;
	if (*run->machine.emulator)
		out_select_too(&sel, COL_CPU);
	print_rows(run, a, run->settings.points, &sel, opts);
	return NULL;
}

static void print_first(const struct run *run, const struct answers *a,
			const struct out_opts *opts)
{
	const struct out_col *cols = report_columns(run->experiment);
	char *usual = first_columns(run->experiment);
	struct out_sel sel;

	printf("\nNanoseconds %s, %s:\n", run->experiment->operation,
	       run->experiment->axis.first);
	if (!out_select(cols, usual, NULL, &sel))
		print_rows(run, a, 1, &sel, opts);
	free(usual);
}

static void fill_sweep(struct out_table *t, const struct run *run,
		       const struct answers *a, int variant, const int *in_col,
		       size_t n)
{
	struct out_row *row;
	struct estimate e;
	unsigned int p;
	size_t c;

	for (p = 0; p < run->settings.points; p++) {
		if (!run_in_variant(run, p, variant))
			continue;
		row = out_row_new(t, NULL);
		out_set(row, 0, "%u", run->settings.point[p].x);
		for (c = 1; c < n; c++) {
			e = a->cell[in_col[c]][p][0];
			if (e.n)
				out_set(row, c, "%.*f", e.value < 100 ? 1 : 0,
					e.value);
		}
	}
}

/* A table with a row for each point and a column for each arm. */
static void print_sweep(const struct run *run, const struct answers *a,
			int variant, const struct out_opts *opts)
{
	const struct arm *arms = run->experiment->arms;
	const char *key = run->experiment->axis.key;
	struct out_col cols[MAX_ARMS + 2] = {
		{ report_columns(run->experiment)[COL_X].name, 0, OUT_RIGHT,
		  OUT_NUMBER, "" },
	};
	struct out_sel sel = { .n = 1, .col = { 0 } };
	char name[REPORT_VARIANT];
	int arm, in_col[MAX_ARMS + 1];
	struct out_table *t;

	printf("\nNanoseconds %s by %s%s:\n", run->experiment->operation, key,
	       report_variant(name, run, variant));
	for (arm = 0; arm < run_arms(run); arm++) {
		if (!run->settings.arm[arm] || !arms[arm].sweep)
			continue;
		in_col[sel.n] = arm;
		cols[sel.n] = (struct out_col){ arms[arm].name, 0, OUT_RIGHT,
						OUT_NUMBER, "" };
		sel.col[sel.n] = sel.n;
		sel.n++;
	}
	t = out_table_new(cols);
	fill_sweep(t, run, a, variant, in_col, sel.n);
	out_table_print(t, &sel, opts);
	out_table_free(t);
}

static void print_verdict(const struct run *run, const struct answers *a)
{
	const char *emulated = report_emulated(&run->machine);

	if (*emulated)
		printf("%s\n\n", emulated);
	if (a->reasons)
		report_refusal(stdout, a);
	run->experiment->say(stdout, run, a);
	if (a->reasons)
		report_advice(stdout, a);
	puts("");
	report_machine(stdout, run);
	report_notes(stdout, run);
}

/* What is not shown where there is no verdict. */
static void print_costs(const struct run *run, const struct answers *a,
			const struct out_opts *opts)
{
	int v;

	if (run->experiment->say_more) {
		puts("");
		run->experiment->say_more(stdout, run, a);
	}
	print_first(run, a, opts);
	for (v = 0; v < run_variants(run); v++)
		if (run_has_variant(run, v))
			print_sweep(run, a, v, opts);
	if (run_has_variant(run, 0)) {
		plot_text(stdout, run, a, 0);
		plot_text_added(stdout, run, a, 0);
	}
	plot_text_strips(stdout, run);
	plot_text_histograms(stdout, run);
}

/* A plot below the answer must not push that out of sight. */
static bool has_room(void)
{
	struct winsize size;

	return !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row >= ROWS;
}

void report_people(const struct run *run, const struct answers *a,
		   const struct out_opts *opts, bool all)
{
	const struct out_opts plain = { .noheadings = opts->noheadings };

	print_verdict(run, a);
	if (!all) {
		if (!a->reasons && run_has_variant(run, 0) && has_room())
			plot_text(stdout, run, a, 0);
		puts("\nWith --all also the tables, all plots, and what was counted.");
		return;
	}
	if (!a->reasons)
		print_costs(run, a, &plain);
	puts("\nCounted:");
	report_counts(run, &plain);
}
