// SPDX-License-Identifier: GPL-2.0-only
/* Compares two runs: costs, differences, and the machines they come from. */
#include <string.h>

#include "diff.h"
#include "report.h"

enum {
	COL_WHAT, COL_PAGES, COL_PATTERN, COL_A, COL_B, COL_DIFF, COL_LOW,
	COL_HIGH, COL_RATIO, COL_RATIOLOW, COL_RATIOHIGH, COL_IS, COL_TLB,
};

const struct out_col diff_columns[] = {
	[COL_WHAT] = { "WHAT", 0, 0, OUT_STRING,
		       "an arm, or the difference of two; own: as the probe timed it" },
	[COL_PAGES] = { "PAGES", 0, OUT_RIGHT, OUT_NUMBER,
			"pages that each member touches between switches" },
	[COL_PATTERN] = { "PATTERN", 0, 0, OUT_STRING, "how it touches them" },
	[COL_A] = { "A", 0, OUT_RIGHT, OUT_NUMBER, "ns in the first run" },
	[COL_B] = { "B", 0, OUT_RIGHT, OUT_NUMBER, "ns in the second run" },
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
		     "B is dearer, cheaper, or same (the interval holds 0)" },
	[COL_TLB] = { "TLB", 0, 0, OUT_STRING,
		      "hardware, or emulated in one of the runs: always there then" },
	{}
};

#define DEFAULT "WHAT,PAGES,PATTERN,A,B,DIFF,DIFFLOW,DIFFHIGH,RATIO,IS"

/* What to compare: an arm, or how it differs from another. */
struct row {
	int arm;
	int base;		/* -1: the arm itself */
	bool own;		/* what the probe timed, not the whole switch */
	unsigned int point_a;
	unsigned int point_b;
};

static struct estimate side_value(const struct diff_side *s,
				  const struct row *r, unsigned int point)
{
	const struct answers *a = &s->answers;

	if (r->own)
		return r->base < 0 ? a->part[r->arm] : a->part_diff[r->arm];
	return r->base < 0 ? a->cell[r->arm][point] : a->diff[r->arm][point];
}

static const char *judge(const struct estimate *diff)
{
	if (diff->low > 0)
		return "dearer";
	return diff->high < 0 ? "cheaper" : "same";
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
	const struct point *point = &sa->run.settings.point[r->point_a];
	struct estimate a = side_value(sa, r, r->point_a);
	struct estimate b = side_value(sb, r, r->point_b);
	struct estimate diff = stats_difference(&b, &a);
	struct out_row *row;

	if (!diff.n)
		return;
	row = out_row_new(t, NULL);
	out_set(row, COL_WHAT, "%s%s%s%s", r->own ? "own: " : "",
		arms[r->arm].name, r->base < 0 ? "" : " - ",
		r->base < 0 ? "" : arms[r->base].name);
	out_set(row, COL_PAGES, "%u", point->pages);
	if (point->pages)
		out_set(row, COL_PATTERN, "%s", pattern_name(point->pattern));
	out_set(row, COL_A, "%.1f", a.value);
	out_set(row, COL_B, "%.1f", b.value);
	out_set(row, COL_DIFF, "%.1f", diff.value);
	out_set(row, COL_LOW, "%.1f", diff.low);
	out_set(row, COL_HIGH, "%.1f", diff.high);
	if (r->base < 0)
		set_ratio(row, &a, &b);
	out_set(row, COL_IS, "%s", judge(&diff));
	out_set(row, COL_TLB, "%s",
		emulated(sa, sb) ? "emulated" : "hardware");
}

static int same_point(const struct run *run, const struct point *p)
{
	const struct settings *set = &run->settings;
	unsigned int i;

	for (i = 0; i < set->points; i++)
		if (set->point[i].pages == p->pages &&
		    set->point[i].pattern == p->pattern)
			return i;
	return -1;
}

static void add_rows(struct out_table *t, const struct diff_side *a,
		     const struct diff_side *b, int arm, int base)
{
	struct row r = { .arm = arm, .base = base };
	int p;

	for (; r.point_a < a->run.settings.points; r.point_a++) {
		p = same_point(&b->run, &a->run.settings.point[r.point_a]);
		if (p < 0)
			continue;
		r.point_b = p;
		add_row(t, a, b, &r);
	}
}

/* Of what the probe timed, which is at 0 pages, the first point of all runs. */
static void add_own_row(struct out_table *t, const struct diff_side *a,
			const struct diff_side *b, int arm, int base)
{
	struct row r = { .arm = arm, .base = base, .own = true };

	add_row(t, a, b, &r);
}

static struct out_table *make_table(const struct diff_side *a,
				    const struct diff_side *b)
{
	struct out_table *t = out_table_new(diff_columns);
	int arm;

	for (arm = 0; arm < ARMS; arm++)
		add_rows(t, a, b, arm, -1);
	for (arm = 0; arm < ARMS; arm++)
		if (answers_base(arm) >= 0)
			add_rows(t, a, b, arm, answers_base(arm));
	for (arm = 0; arm < ARMS; arm++)
		add_own_row(t, a, b, arm, -1);
	for (arm = 0; arm < ARMS; arm++)
		if (answers_part_base(arm) >= 0)
			add_own_row(t, a, b, arm, answers_part_base(arm));
	return t;
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

static void differences(FILE *out, const struct run *a, const struct run *b)
{
	const struct machine *m = &a->machine, *n = &b->machine;
	const struct settings *s = &a->settings, *t = &b->settings;
	char ring[2][16];
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
		{ "mechanism", mechanism_name(s->mechanism),
		  mechanism_name(t->mechanism) },
		{ "policy", scheduler(s->fifo), scheduler(t->fifo) },
		{ "ring", ring[0], ring[1] },
		{ "huge pages", yes_no(s->huge), yes_no(t->huge) },
	};
	size_t i, differ = 0;

	snprintf(ring[0], sizeof(ring[0]), "%u", s->ring);
	snprintf(ring[1], sizeof(ring[1]), "%u", t->ring);
	fputs("Where they differ:\n", out);
	for (i = 0; i < sizeof(facts) / sizeof(*facts); i++) {
		if (!strcmp(facts[i].a, facts[i].b))
			continue;
		fprintf(out, "  %-12s %s | %s\n", facts[i].what, facts[i].a,
			facts[i].b);
		differ++;
	}
	if (!differ)
		fputs("  in nothing that is known\n", out);
}

void diff_words(FILE *out, const struct diff_side *a,
		const struct diff_side *b)
{
	one_side(out, 'A', a);
	one_side(out, 'B', b);
	differences(out, &a->run, &b->run);
	fputs("An interval is of its two runs alone: others of the same machines would\n"
	      "differ by some per cent more.\n\n", out);
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
		out_select_too(&sel, COL_TLB);
	t = make_table(a, b);
	out_table_print(t, &sel, opts);
	out_table_free(t);
	return NULL;
}

static json_t *side_json(const struct diff_side *s)
{
	const struct settings *set = &s->run.settings;

	return json_pack("{s:o, s:o, s:o, s:s, s:b, s:b, s:i, s:b, s:b}",
			 "file", out_json_bytes(s->path),
			 "cpu", out_json_bytes(s->run.machine.cpu),
			 "kernel", out_json_bytes(s->run.machine.kernel),
			 "mechanism", mechanism_name(set->mechanism),
			 "fifo", set->fifo, "huge", set->huge,
			 "ring", (int)set->ring,
			 "tlb_emulated", *s->run.machine.emulator != '\0',
			 "verdict", !s->answers.reasons);
}

json_t *diff_json(const struct diff_side *a, const struct diff_side *b)
{
	struct out_table *t = make_table(a, b);
	struct out_sel sel = {};
	json_t *root;

	for (; diff_columns[sel.n].name; sel.n++)
		sel.col[sel.n] = sel.n;
	root = json_pack("{s:s, s:i, s:o, s:o, s:o}", "ctxlab", "diff",
			 "schema", 1, "a", side_json(a), "b", side_json(b),
			 "rows", out_table_json(t, &sel));
	out_table_free(t);
	return root;
}
