// SPDX-License-Identifier: GPL-2.0-only
/* The proof beside the cost: what was counted. */
#include "measure/experiment.h"
#include "report.h"

/* What a source does not have stays empty. */
static void add_row(struct out_table *t, const struct run *run, int arm)
{
	const enum count *counted = run->experiment->counted;
	const struct counts *c = &run->counts[arm];
	struct out_row *row = out_row_new(t, NULL);
	int i;

	out_set(row, 0, "%s", run_arm_name(run, arm));
	for (i = 0; counted[i] != COUNT_NONE; i++)
		if (c->has[counted[i]])
			out_set(row, i + 1, "%llu",
				(unsigned long long)c->n[counted[i]]);
}

void report_counts(const struct run *run, const struct out_opts *opts)
{
	struct out_col cols[COUNTS + 2] = { { "ARM", 0, 0, OUT_STRING, "" } };
	const enum count *counted = run->experiment->counted;
	struct out_sel sel = { .n = 1, .col = { 0 } };
	struct out_table *t;
	int i, arm;

	for (i = 0; counted[i] != COUNT_NONE; i++) {
		cols[i + 1] = (struct out_col){
			counts_table[counted[i]].heading, 0, OUT_RIGHT,
			OUT_NUMBER, ""
		};
		sel.col[sel.n] = sel.n;
		sel.n++;
	}
	t = out_table_new(cols);
	for (arm = 0; arm < run_arms(run); arm++)
		if (run->counts[arm].present)
			add_row(t, run, arm);
	out_table_print(t, &sel, opts);
	out_table_free(t);
}
