// SPDX-License-Identifier: GPL-2.0-only
/* ctxlab sched --trace: the coroutine scheduler's decisions, shown and checked. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "command.h"
#include "experiments/sched/scripts.h"
#include "experiments/sched/trace_show.h"
#include "gpm/gpm.h"
#include "lib/error.h"
#include "lib/xalloc.h"
#include "options.h"
#include "report/plot.h"

struct request {
	const struct sched_script *load;
	const char *from, *save, *plot;
	unsigned long procs, seed, bound;
	bool seeded, bounded, check, json;
};

enum {
	OPT_TRACE = CTXLAB_LONG_ONLY,
	OPT_CHECK,
	OPT_PROCS,
	OPT_SEED,
	OPT_BOUND,
	OPT_PLOT,
};

static const struct ctxlab_opt opts[] = {
	{ OPT_TRACE, "trace", "WHAT", "show a scheduler's decisions (see above)" },
	{ OPT_CHECK, "check", NULL, "of a trace: hold each step against the rules" },
	{ OPT_PROCS, "procs", "N", "of a trace: number of Ps; default: what the load needs" },
	{ OPT_SEED, "seed", "N", "of a trace: take each choice from N; 0: real threads" },
	{ OPT_BOUND, "bound", "MS", "of a check: longest wait of a ready G, default 1000" },
	{ OPT_PLOT, "plot", "FILE", "draw it with gnuplot: FILE.svg or FILE.png" },
	{ 's', "save", "FILE", "keep the trace in FILE" },
	{ 'J', "json", NULL, "print JSON for Perfetto and chrome://tracing" },
	{}
};

static int wrong(const char *what, const char *problem)
{
	error_say("%s: %s", what, problem);
	return CTXLAB_FAILED;
}

static bool number(const char *s, unsigned long most, unsigned long *n)
{
	char *end;

	*n = strtoul(s, &end, 10);
	return *s >= '0' && *s <= '9' && !*end && *n <= most;
}

static int option(const struct ctxlab_cmd *cmd, int c, struct request *r)
{
	switch (c) {
	case OPT_TRACE:
		r->load = sched_script_find(optarg);
		r->from = r->load ? NULL : optarg;
		break;
	case OPT_CHECK:
		r->check = true;
		break;
	case OPT_PROCS:
		if (!number(optarg, 1024, &r->procs) || !r->procs)
			return options_wrong(cmd, "--procs takes 1 to 1024");
		break;
	case OPT_SEED:
		if (!number(optarg, ULONG_MAX, &r->seed))
			return options_wrong(cmd, "--seed takes a number");
		r->seeded = true;
		break;
	case OPT_BOUND:
		if (!number(optarg, 1000000000, &r->bound))
			return options_wrong(cmd, "--bound takes a number");
		r->bounded = true;
		break;
	case OPT_PLOT:
		if (plot_name_problem(optarg))
			return options_wrong(cmd, "%s", plot_name_problem(optarg));
		r->plot = optarg;
		break;
	case 's':
		r->save = optarg;
		break;
	case 'J':
		r->json = true;
		break;
	}
	return CTXLAB_OK;
}

/* A deadlock is what one of the loads is for: the trace has it. */
static void quiet(void *arg, const char *line)
{
	(void)arg;
	(void)line;
}

static int record(const struct request *r, const char *path)
{
	const struct sched_script *l = r->load;
	struct gpm_options o = {
		.procs = r->procs ? r->procs : l->procs,
		.seed = r->seeded ? r->seed : !l->threads,
		.trace = path,
		.report = quiet,
	};
	int err = gpm_run(&o, l->run, NULL);

	return err == l->status ? CTXLAB_OK :
	       wrong(l->name, strerror(err < 0 ? -err : EINVAL));
}

static int draw(const struct gpm_trace *t, const char *path)
{
	char *problem = trace_plot(t, path);
	int status = problem ? wrong(path, problem) : CTXLAB_OK;

	free(problem);
	return status;
}

static int show(const struct request *r, const char *path)
{
	struct gpm_trace t;
	const char *error;
	int status = CTXLAB_OK;

	if (gpm_trace_replay(&t, path, r->check ? r->bound * 1000000ll : 0,
			     &error))
		return wrong(r->from ? r->from : r->load->name, error);
	if (r->json)
		status = trace_show_json(&t) ? CTXLAB_FAILED : CTXLAB_OK;
	else if (r->plot)
		status = draw(&t, r->plot);
	else if (!r->check)
		trace_show_text(stdout, &t);
	if (r->check || t.broken)
		trace_show_verdict(r->json ? stderr : stdout, &t);
	if (t.broken)
		status = CTXLAB_FAILED;
	gpm_trace_free(&t);
	return status;
}

static int record_and_show(const struct request *r)
{
	int fd = r->save ? open(r->save, O_WRONLY | O_CREAT | O_CLOEXEC, 0666) :
			   memfd_create("ctxlab-trace", MFD_CLOEXEC);
	char *path;
	int status;

	if (fd < 0)
		return wrong(r->save ? r->save : r->load->name, strerror(errno));
	path = r->save ? xstrdup(r->save) : xasprintf("/proc/self/fd/%d", fd);
	status = record(r, path);
	if (!status)
		status = show(r, path);
	free(path);
	close(fd);
	return status;
}

/* Options of which one would be silently without effect. */
static int contradiction(const struct ctxlab_cmd *cmd, const struct request *r)
{
	if (r->from && (r->procs || r->seeded || r->save))
		return options_wrong(cmd, "'%s' is a trace: --procs, --seed, --save go with a load",
				     r->from);
	if (r->bounded && !r->check)
		return options_wrong(cmd, "--bound goes with --check");
	if (r->json && r->plot)
		return options_wrong(cmd, "either --json or --plot");
	return CTXLAB_OK;
}

static int run_trace(const struct ctxlab_cmd *cmd, int argc, char **argv)
{
	struct request r = { .bound = 1000 };
	int c, status;

	while ((c = options_next(cmd, argc, argv, NULL)) != -1) {
		status = option(cmd, c, &r);
		if (status)
			return status;
	}
	if (optind < argc)
		return options_wrong(cmd, "no operands are taken");
	if (r.from && access(r.from, F_OK))
		return options_wrong(cmd, "--trace: neither a load nor a file: '%s'",
				     r.from);
	status = contradiction(cmd, &r);
	if (status)
		return status;
	return r.from ? show(&r, r.from) : record_and_show(&r);
}

const struct ctxlab_cmd cmd_trace = {
	.name = "sched",
	.brief = "watch a coroutine scheduler decide, and check that it may",
	.about =
	"Show, event by event, which coroutine (G) runs on which context (P) and why\n"
	"this one.  'ctxlab sched --help' lists the loads.\n",
	.opts = opts,
	.run = run_trace,
};
