// SPDX-License-Identifier: GPL-2.0-only
/* ctxlab diff: two runs of 'ctxlab switch' side by side. */
#include <stdlib.h>
#include <unistd.h>

#include "lib/escape.h"
#include "options.h"
#include "report/diff.h"
#include "measure/run_json.h"
#include "measure/verdict.h"

static int load(const struct ctxlab_cmd *cmd, struct diff_side *s)
{
	char *error;

	if (run_load(s->path, &s->run, &error)) {
		escape_print(stderr, "ctxlab %s: %s: %s", cmd->name, s->path,
			     error);
		fputc('\n', stderr);
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

static int run_diff(const struct ctxlab_cmd *cmd, int argc, char **argv)
{
	struct out_opts out = {};
	struct diff_side a = {}, b = {};
	int status;

	while (options_next(cmd, argc, argv, &out) != -1)
		;
	if (argc - optind != 2)
		return options_wrong(cmd, "two files are needed");
	a.path = argv[optind];
	b.path = argv[optind + 1];
	status = load(cmd, &a);
	if (!status)
		status = load(cmd, &b);
	if (!status)
		status = show(cmd, &a, &b, &out);
	/* A comparison with what has no verdict has none either. */
	if (!status && (a.answers.reasons || b.answers.reasons))
		status = CTXLAB_REFUSED;
	answers_free(&a.answers);
	answers_free(&b.answers);
	run_free(&a.run);
	run_free(&b.run);
	return status;
}

const struct ctxlab_cmd cmd_diff = {
	.name = "diff",
	.args = "A.json B.json",
	.brief = "compare two saved runs of 'ctxlab switch'",
	.about =
	"Compare two runs that 'ctxlab switch --save' or '--json' wrote: two hosts, two\n"
	"kernels, or before and after.  Differences come with 95 % intervals.\n",
	.cols = diff_columns,
	.run = run_diff,
};
