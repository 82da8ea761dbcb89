// SPDX-License-Identifier: GPL-2.0-only
/* Compares two runs: costs, differences, findings, and the machines they come from. */
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "lib/xalloc.h"
#include "measure/experiment.h"
#include "report.h"

enum {
	COL_WHAT, COL_X, COL_VARIANT, COL_UNIT, COL_A, COL_B, COL_DIFF,
	COL_LOW, COL_HIGH, COL_RATIO, COL_RATIOLOW, COL_RATIOHIGH, COL_IS,
	COL_CPU,
};

const struct out_col diff_columns[] = {
	[COL_WHAT] = { "WHAT", 0, 0, OUT_STRING,
		       "an arm, the difference of two, or a finding" },
	[COL_X] = { "X", 0, OUT_RIGHT, OUT_NUMBER,
		    "the point of the sweep: pages, bytes, ..." },
	[COL_VARIANT] = { "VARIANT", 0, 0, OUT_STRING,
			  "which sweep the point belongs to" },
	[COL_UNIT] = { "UNIT", 0, 0, OUT_STRING, "of A, B and DIFF" },
	[COL_A] = { "A", 0, OUT_RIGHT, OUT_NUMBER, "in the first run" },
	[COL_B] = { "B", 0, OUT_RIGHT, OUT_NUMBER, "in the second run" },
	[COL_DIFF] = { "DIFF", 0, OUT_RIGHT, OUT_NUMBER, "B - A" },
	[COL_LOW] = { "DIFFLOW", 0, OUT_RIGHT, OUT_NUMBER,
		      "lower end of its 95 % interval" },
	[COL_HIGH] = { "DIFFHIGH", 0, OUT_RIGHT, OUT_NUMBER, "upper end" },
	[COL_RATIO] = { "RATIO", 0, OUT_RIGHT, OUT_NUMBER, "B / A" },
	[COL_RATIOLOW] = { "RATIOLOW", 0, OUT_RIGHT, OUT_NUMBER,
			   "lower end of its 95 % interval" },
	[COL_RATIOHIGH] = { "RATIOHIGH", 0, OUT_RIGHT, OUT_NUMBER,
			    "upper end" },
	[COL_IS] = { "IS", 0, 0, OUT_STRING,
		     "B is slower, faster (more, less), same (0 is in it), ?: not repeated" },
	[COL_CPU] = { "CPU", 0, 0, OUT_STRING,
		      "hardware, or emulated in one of the runs: always there then" },
	{}
};

#define DEFAULT "WHAT,X,VARIANT,A,B,DIFF,DIFFLOW,DIFFHIGH,RATIO,IS"

/* What is compared, in both runs. */
struct row {
	const char *prefix;	/* "" or the quantity with ": " */
	const char *what;
	const char *base;	/* NULL: the thing itself */
	const char *unit;
	int point;		/* of the first run; -1: none */
	int variant;
	struct estimate a;
	struct estimate b;
};

/* Whether what lies between runs is in the intervals of both. */
static bool repeated(const struct diff_side *a, const struct diff_side *b)
{
	return run_repeats(&a->run) > 1 && run_repeats(&b->run) > 1;
}

static const char *judge(const struct row *r, const struct estimate *diff)
{
	bool time = !strcmp(r->unit, "ns");

	if (diff->low > 0)
		return time ? "slower" : "more";
	if (diff->high < 0)
		return time ? "faster" : "less";
	return "same";
}

static bool emulated(const struct diff_side *a, const struct diff_side *b)
{
	return *a->run.machine.emulator || *b->run.machine.emulator;
}

static void set_ratio(struct out_row *row, const struct estimate *a,
		      const struct estimate *b)
{
	struct estimate ratio = stats_ratio(b, a);

	if (!ratio.n)
		return;
	out_set(row, COL_RATIO, "%.3f", ratio.value);
	out_set(row, COL_RATIOLOW, "%.3f", ratio.low);
	out_set(row, COL_RATIOHIGH, "%.3f", ratio.high);
}

static void add_row(struct out_table *t, const struct diff_side *sa,
		    const struct diff_side *sb, const struct row *r)
{
	struct estimate diff = stats_difference(&r->b, &r->a);
	struct out_row *row;

	if (!diff.n)
		return;
	row = out_row_new(t, NULL);
	out_set(row, COL_WHAT, "%s%s%s%s", r->prefix, r->what,
		r->base ? " - " : "", r->base ? r->base : "");
	if (r->point >= 0)
		out_set(row, COL_X, "%u", sa->run.settings.point[r->point].x);
	if (r->variant >= 0 && *run_variant_name(&sa->run, r->variant))
		out_set(row, COL_VARIANT, "%s",
			run_variant_name(&sa->run, r->variant));
	out_set(row, COL_UNIT, "%s", r->unit);
	out_set(row, COL_A, "%.1f", r->a.value);
	out_set(row, COL_B, "%.1f", r->b.value);
	out_set(row, COL_DIFF, "%.1f", diff.value);
	out_set(row, COL_LOW, "%.1f", diff.low);
	out_set(row, COL_HIGH, "%.1f", diff.high);
	if (!r->base)
		set_ratio(row, &r->a, &r->b);
	out_set(row, COL_IS, "%s", repeated(sa, sb) ? judge(r, &diff) : "?");
	out_set(row, COL_CPU, "%s",
		emulated(sa, sb) ? "emulated" : "hardware");
}

static int same_point(const struct run *run, const struct point *p)
{
	const struct settings *set = &run->settings;
	unsigned int i;

	for (i = 0; i < set->points; i++)
		if (set->point[i].x == p->x &&
		    set->point[i].variant == p->variant)
			return i;
	return -1;
}

/* An arm at all points that both runs have: itself, or what it adds to its base. */
static void add_arm(struct out_table *t, const struct diff_side *a,
		    const struct diff_side *b, int arm, int q, bool added)
{
	const struct quantity *quantity = &a->run.experiment->quantities[q];
	int base = run_base(&a->run, arm, q), p;
	char *prefix = q ? xasprintf("%s: ", quantity->key) : xstrdup("");
	struct row r = {
		.prefix = prefix, .what = run_arm_name(&a->run, arm),
		.unit = quantity->unit,
	};

	if (added)
		r.base = run_arm_name(&a->run, base);
	for (; r.point < (int)a->run.settings.points; r.point++) {
		p = same_point(&b->run, &a->run.settings.point[r.point]);
		if (p < 0)
			continue;
		r.variant = a->run.settings.point[r.point].variant;
		r.a = added ? a->answers.diff[arm][r.point][q] :
			      a->answers.cell[arm][r.point][q];
		r.b = added ? b->answers.diff[arm][p][q] :
			      b->answers.cell[arm][p][q];
		add_row(t, a, b, &r);
	}
	free(prefix);
}

static void add_finding(struct out_table *t, const struct diff_side *a,
			const struct diff_side *b, int f)
{
	const struct finding *def = &a->run.experiment->findings[f];
	struct row r = {
		.prefix = "", .what = def->key, .unit = def->unit, .point = -1,
	};
	int variants = def->by_variant ? run_variants(&a->run) : 1;

	for (; r.variant < variants; r.variant++) {
		r.a = a->answers.finding[f][r.variant];
		r.b = b->answers.finding[f][r.variant];
		add_row(t, a, b, &r);
	}
}

/* How many times were pooled says nothing of what was measured. */
static bool is_number_of_times(const struct run *run, int q)
{
	const struct pooled *pooled = run_pooled(run, q);

	return pooled && !pooled->quantile;
}

static struct out_table *make_table(const struct diff_side *a,
				    const struct diff_side *b)
{
	struct out_table *t = out_table_new(diff_columns);
	int arm, q, f, n = run_arms(&a->run);

	for (q = 0; q < run_quantities(&a->run); q++) {
		if (is_number_of_times(&a->run, q))
			continue;
		for (arm = 0; arm < n; arm++)
			add_arm(t, a, b, arm, q, false);
		for (arm = 0; arm < n; arm++)
			if (run_base(&a->run, arm, q) >= 0)
				add_arm(t, a, b, arm, q, true);
	}
	for (f = 0; f < run_findings(&a->run); f++)
		add_finding(t, a, b, f);
	return t;
}

char *diff_problem(const struct diff_side *a, const struct diff_side *b)
{
	if (a->run.experiment == b->run.experiment)
		return NULL;
	return xasprintf("they are of two experiments, %s and %s",
			 a->run.experiment->name, b->run.experiment->name);
}

static const char *yes_no(int x)
{
	return x < 0 ? "unknown" : x ? "yes" : "no";
}

static const char *scheduler(bool fifo)
{
	return fifo ? "SCHED_FIFO" : "default";
}

static void one_side(FILE *out, char letter, const struct diff_side *s)
{
	const char *emulated = report_emulated(&s->run.machine);

	fprintf(out, "%c: %s\n", letter, s->path);
	if (*emulated)
		fprintf(out, "   %s\n", emulated);
	if (s->answers.reasons)
		fprintf(out, "   no verdict: %s%s\n", s->answers.reason[0],
			s->answers.reasons > 1 ? ", and more" : "");
}

/* Prints a fact that differs; returns whether it does. */
static bool differs(FILE *out, const char *what, const char *a, const char *b)
{
	if (!strcmp(a, b))
		return false;
	fprintf(out, "  %-12s %s | %s\n", what, a, b);
	return true;
}

static int machines(FILE *out, const struct run *a, const struct run *b)
{
	const struct machine *m = &a->machine, *n = &b->machine;
	const struct settings *s = &a->settings, *t = &b->settings;
	const struct {
		const char *what, *a, *b;
	} facts[] = {
		{ "CPU", m->cpu, n->cpu },
		{ "kernel", m->kernel, n->kernel },
		{ "build", m->kernel_version, n->kernel_version },
		{ "hypervisor", *m->hypervisor ? m->hypervisor : "none",
		  *n->hypervisor ? n->hypervisor : "none" },
		{ "PCID", yes_no(m->pcid), yes_no(n->pcid) },
		{ "isolation", yes_no(m->pti), yes_no(n->pti) },
		{ "governor", m->governor, n->governor },
		{ "mitigations", m->mitigations, n->mitigations },
		{ "policy", scheduler(s->fifo), scheduler(t->fifo) },
	};
	size_t i;
	int n_differ = 0;

	for (i = 0; i < sizeof(facts) / sizeof(*facts); i++)
		n_differ += differs(out, facts[i].what, facts[i].a, facts[i].b);
	return n_differ;
}

/* The caller frees. */
static char *setting_value(const struct setting *def, long value)
{
	if (def->kind == SETTING_YES_NO)
		return xstrdup(yes_no(value));
	if (def->kind == SETTING_ONE_OF)
		return xstrdup(def->names[value]);
	return xasprintf("%ld", value);
}

static int settings(FILE *out, const struct run *a, const struct run *b)
{
	const struct setting *def = a->experiment->settings;
	int i, n_differ = 0;
	char *x, *y;

	for (i = 0; def[i].key; i++) {
		x = setting_value(&def[i], a->settings.value[i]);
		y = setting_value(&def[i], b->settings.value[i]);
		n_differ += differs(out, def[i].label, x, y);
		free(x);
		free(y);
	}
	return n_differ;
}

static void differences(FILE *out, const struct run *a, const struct run *b)
{
	int n_differ;

	fputs("Where they differ:\n", out);
	n_differ = machines(out, a, b);
	n_differ += settings(out, a, b);
	if (!n_differ)
		fputs("  in nothing that is known\n", out);
}

void diff_words(FILE *out, const struct diff_side *a,
		const struct diff_side *b)
{
	one_side(out, 'A', a);
	one_side(out, 'B', b);
	differences(out, &a->run, &b->run);
	if (repeated(a, b))
		fputs("Where nothing differs, one row in twenty does by chance.\n\n",
		      out);
	else
		fputs("Intervals of single runs do not know how much two runs of one machine\n"
		      "differ, and so not whether a difference would be there again: use\n"
		      "'--repeat 5'.\n\n",
		      out);
}

const char *diff_table(const struct diff_side *a, const struct diff_side *b,
		       const struct out_opts *opts)
{
	struct out_table *t;
	const char *problem;
	struct out_sel sel;

	problem = out_select(diff_columns, DEFAULT, opts->columns, &sel);
	if (problem)
		return problem;
	if (emulated(a, b))
		out_select_too(&sel, COL_CPU);
	t = make_table(a, b);
	out_table_print(t, &sel, opts);
	out_table_free(t);
	return NULL;
}

static json_t *side_json(const struct diff_side *s)
{
	const struct setting *def = s->run.experiment->settings;
	json_t *o;
	char *value;
	int i;

	o = json_pack("{s:o, s:o, s:o, s:b, s:b, s:b}",
		      "file", out_json_bytes(s->path),
		      "cpu", out_json_bytes(s->run.machine.cpu),
		      "kernel", out_json_bytes(s->run.machine.kernel),
		      "fifo", s->run.settings.fifo,
		      "emulated", *s->run.machine.emulator != '\0',
		      "verdict", !s->answers.reasons);
	for (i = 0; def[i].key; i++) {
		value = setting_value(&def[i], s->run.settings.value[i]);
		json_object_set_new(o, def[i].key, json_string(value));
		free(value);
	}
	return o;
}

json_t *diff_json(const struct diff_side *a, const struct diff_side *b)
{
	struct out_table *t = make_table(a, b);
	struct out_sel sel = {};
	json_t *root;

	for (; diff_columns[sel.n].name; sel.n++)
		sel.col[sel.n] = sel.n;
	root = json_pack("{s:s, s:i, s:s, s:o, s:o, s:o}", "ctxlab", "diff",
			 "schema", 2, "experiment",
			 a->run.experiment->name, "a", side_json(a), "b",
			 side_json(b), "rows", out_table_json(t, &sel));
	out_table_free(t);
	return root;
}
