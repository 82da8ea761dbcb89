/* SPDX-License-Identifier: GPL-2.0-only */
/* Two runs side by side: two hosts, two kernels, before and after. */
#ifndef REPORT_DIFF_H
#define REPORT_DIFF_H

#include <jansson.h>
#include <stdio.h>

#include "measure/answers.h"
#include "lib/output.h"

extern const struct out_col diff_columns[];

struct diff_side {
	const char *path;
	struct run run;
	struct answers answers;
};

/* Why the two cannot be compared, or NULL; to be freed. */
char *diff_problem(const struct diff_side *a, const struct diff_side *b);

/* What differs between the machines and settings, a line each. */
void diff_words(FILE *out, const struct diff_side *a,
		const struct diff_side *b);

/* Returns NULL, or what is wrong with the columns asked for. */
const char *diff_table(const struct diff_side *a, const struct diff_side *b,
		       const struct out_opts *opts);

json_t *diff_json(const struct diff_side *a, const struct diff_side *b);

#endif /* REPORT_DIFF_H */
