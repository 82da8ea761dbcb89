// SPDX-License-Identifier: GPL-2.0-only
/* ctxlab diff: two runs of one experiment side by side. */
#include <stdlib.h>
#include <unistd.h>

#include "experiments/experiments.h"
#include "lib/error.h"
#include "lib/xalloc.h"
#include "measure/run_json.h"
#include "measure/verdict.h"
#include "options.h"
#include "report/diff.h"

static int load(struct diff_side *s)
{
	char *error;

	if (run_load(s->path, experiments, &s->run, &error)) {
		error_say("%s: %s", s->path, error);
		free(error);
		return CTXLAB_FAILED;
	}
	answers_find(&s->run, &s->answers);
	verdict_find(&s->run, &s->answers);
	return CTXLAB_OK;
}

static int show(const struct ctxlab_cmd *cmd, const struct diff_side *a,
		const struct diff_side *b, const struct out_opts *out)
{
	const char *problem;

	if (out->json)
		return out_json_print(diff_json(a, b)) ? CTXLAB_FAILED :
							 CTXLAB_OK;
	if (!out->raw && !out->noheadings && !out->columns)
		diff_words(stdout, a, b);
	problem = diff_table(a, b, out);
	return problem ? options_wrong(cmd, "%s", problem) : CTXLAB_OK;
}

static int check(const struct ctxlab_cmd *cmd, const struct diff_side *a,
		 const struct diff_side *b)
{
	char *problem = diff_problem(a, b);

	if (!problem)
		return CTXLAB_OK;
	options_wrong(cmd, "%s", problem);
	free(problem);
	return CTXLAB_USAGE;
}

static void forget(struct diff_side *s)
{
	answers_free(&s->answers);
	run_free(&s->run);
	free(s);
}

static int run_diff(const struct ctxlab_cmd *cmd, int argc, char **argv)
{
	struct out_opts out = {};
	struct diff_side *a, *b;
	int status;

	while (options_next(cmd, argc, argv, &out) != -1)
		;
	if (argc - optind != 2)
		return options_wrong(cmd, "two files are needed");
	a = xcalloc(1, sizeof(*a));
	b = xcalloc(1, sizeof(*b));
	a->path = argv[optind];
	b->path = argv[optind + 1];
	status = load(a);
	if (!status)
		status = load(b);
	if (!status)
		status = check(cmd, a, b);
	if (!status)
		status = show(cmd, a, b, &out);
	/* A comparison with what has no verdict has none either. */
	if (!status && (a->answers.reasons || b->answers.reasons))
		status = CTXLAB_REFUSED;
	forget(a);
	forget(b);
	return status;
}

const struct ctxlab_cmd cmd_diff = {
	.name = "diff",
	.args = "A.json B.json",
	.brief = "compare two saved runs of one experiment",
	.about =
	"Compare two runs of one experiment that '--save' or '--json' wrote: two hosts,\n"
	"two kernels, or before and after.  Differences come with 95 % intervals.\n",
	.cols = diff_columns,
	.run = run_diff,
};
