// SPDX-License-Identifier: GPL-2.0-only
/* The proof beside the cost: what was counted. */
#include "report.h"

enum {
	CNT_ARM, CNT_MADE, CNT_RUSAGE, CNT_SAME, CNT_OTHER, CNT_KEPT,
	CNT_FLUSHED, CNT_PROBE, CNT_OWN,
};

static const struct out_col columns[] = {
	[CNT_ARM] = { "ARM", 0, 0, OUT_STRING, "" },
	[CNT_MADE] = { "MADE", 0, OUT_RIGHT, OUT_NUMBER, "" },
	[CNT_RUSAGE] = { "RUSAGE", 0, OUT_RIGHT, OUT_NUMBER, "" },
	[CNT_SAME] = { "SAME-MM", 0, OUT_RIGHT, OUT_NUMBER, "" },
	[CNT_OTHER] = { "OTHER-MM", 0, OUT_RIGHT, OUT_NUMBER, "" },
	[CNT_KEPT] = { "CR3-KEPT", 0, OUT_RIGHT, OUT_NUMBER, "" },
	[CNT_FLUSHED] = { "CR3-FLUSHED", 0, OUT_RIGHT, OUT_NUMBER, "" },
	[CNT_PROBE] = { "PROBE", 0, OUT_RIGHT, OUT_NUMBER, "" },
	[CNT_OWN] = { "PROBE-FLUSHES", 0, OUT_RIGHT, OUT_NUMBER, "" },
	{}
};

static void set_number(struct out_row *row, int col, uint64_t n)
{
	out_set(row, col, "%llu", (unsigned long long)n);
}

static void set_kernel(struct out_row *row, const struct counts *c)
{
	if (c->knows_mm) {
		set_number(row, CNT_SAME, c->same_mm);
		set_number(row, CNT_OTHER, c->other_mm);
	} else {
		/* The sum is all that a tracepoint alone can tell. */
		out_set(row, CNT_SAME, "%llu in all",
			(unsigned long long)(c->same_mm + c->other_mm));
	}
	set_number(row, CNT_KEPT, c->tlb[0][TLB_NONE]);
	set_number(row, CNT_FLUSHED, c->tlb[0][TLB_SOME] + c->tlb[0][TLB_ALL]);
}

void report_counts(const struct run *run, const struct out_opts *opts)
{
	struct out_table *t = out_table_new(columns);
	struct out_sel sel = {};
	const struct counts *c;
	struct out_row *row;
	int arm;

	for (sel.n = 0; sel.n <= CNT_OWN; sel.n++)
		sel.col[sel.n] = sel.n;
	for (arm = 0; arm < ARMS; arm++) {
		c = &run->counts[arm];
		if (!c->present)
			continue;
		row = out_row_new(t, NULL);
		out_set(row, CNT_ARM, "%s", arms[arm].name);
		set_number(row, CNT_MADE, c->expected);
		set_number(row, CNT_RUSAGE, c->rusage);
		if (c->kernel)
			set_kernel(row, c);
		if (arms[arm].flush == FLUSH_DETACHED)
			continue;
		set_number(row, CNT_PROBE, c->probe.same_mm +
			   c->probe.other_mm + c->probe.lazy_mm);
		set_number(row, CNT_OWN, c->probe.flushes);
	}
	out_table_print(t, &sel, opts);
	out_table_free(t);
}
