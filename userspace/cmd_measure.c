// SPDX-License-Identifier: GPL-2.0-only
/* ctxlab switch: what a switch costs here, and how much of it is the TLB. */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <unistd.h>

#include "lib/escape.h"
#include "lib/replace.h"
#include "lib/xalloc.h"
#include "options.h"
#include "measure/cpus.h"
#include "measure/workers.h"
#include "experiments/switch/plan.h"
#include "report/plot.h"
#include "report/progress.h"
#include "report/report.h"
#include "measure/runner.h"
#include "measure/run_json.h"
#include "measure/verdict.h"

enum {
	OPT_CPU = CTXLAB_LONG_ONLY, OPT_FROM, OPT_HUGE, OPT_MECHANISM,
	OPT_NO_MODULE, OPT_PLOT, OPT_RING, OPT_SECONDS,
};

static const struct ctxlab_opt opts[] = {
	{ 'c', "cpu", "N", "the CPU to switch on (default: the last allowed)" },
	{ OPT_FROM, "from", "FILE", "show a saved run again; measure nothing" },
	{ OPT_HUGE, "huge-pages", NULL, "put the touched pages in huge pages" },
	{ 'm', "mechanism", "NAME",
	  "how to switch: yield, futex, pipe or perf-pipe" },
	{ OPT_NO_MODULE, "no-module", NULL, "leave the module's probe alone" },
	{ 'p', "pages", "LIST", "pages to touch, parted by commas" },
	{ OPT_PLOT, "plot", "FILE", "draw it with gnuplot: FILE.svg or FILE.png" },
	{ 'q', "quick", NULL, "a few seconds, few pages, wider intervals" },
	{ OPT_RING, "ring", "N", "members of the rings (default 12; 0: none)" },
	{ 's', "save", "FILE", "write the run to FILE, as JSON" },
	{ OPT_SECONDS, "seconds", "S", "time to measure for (default 20)" },
	{}
};

struct request {
	struct plan plan;
	struct out_opts out;
	const char *from;
	const char *save;
	const char *plot;
};

static bool number(const char *text, unsigned long most, unsigned long *n)
{
	char *end;

	errno = 0;
	*n = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *n <= most;
}

static int option(const struct ctxlab_cmd *cmd, int key, struct request *r)
{
	unsigned long n = 0;

	switch (key) {
	case 'c':
		if (!number(optarg, CPUS_MOST - 1, &n))
			return options_wrong(cmd, "no CPU '%s'", optarg);
		r->plan.cpu = n;
		return 0;
	case 'm':
		r->plan.mechanism = mechanism_find(optarg);
		if (r->plan.mechanism < 0)
			return options_wrong(cmd, "no mechanism '%s'", optarg);
		return 0;
	case 'p':
		r->plan.pages = optarg;
		return 0;
	case OPT_RING:
		if (!number(optarg, RING_MAX, &n) || n == 1)
			return options_wrong(cmd, "a ring has 2 to %d members, or 0 for none",
					     RING_MAX);
		r->plan.ring = n;
		return 0;
	case OPT_SECONDS:
		if (!number(optarg, 3600, &n) || !n)
			return options_wrong(cmd, "'%s' is not 1 to 3600 seconds",
					     optarg);
		r->plan.seconds = n;
		return 0;
	case OPT_FROM:
		r->from = optarg;
		return 0;
	case OPT_HUGE:
		r->plan.huge = true;
		return 0;
	case OPT_PLOT:
		r->plot = optarg;
		return 0;
	case OPT_NO_MODULE:
		r->plan.no_module = true;
		return 0;
	case 'q':
		r->plan.quick = true;
		return 0;
	default:
		r->save = optarg;
		return 0;
	}
}

static int load(const struct ctxlab_cmd *cmd, const char *path,
		struct run *run)
{
	char *error;

	if (!run_load(path, run, &error))
		return CTXLAB_OK;
	escape_print(stderr, "ctxlab %s: %s: %s", cmd->name, path, error);
	fputc('\n', stderr);
	free(error);
	return CTXLAB_FAILED;
}

static int measure(const struct ctxlab_cmd *cmd, const struct request *r,
		   struct run *run)
{
	struct progress bar;
	char *problem;
	int err;

	problem = plan_make(&r->plan, run);
	if (problem) {
		options_wrong(cmd, "%s", problem);
		free(problem);
		return CTXLAB_USAGE;
	}
	progress_begin(&bar);
	err = experiment(run, progress_show, &bar);
	progress_end(&bar);
	if (!err)
		return CTXLAB_OK;
	if (run->trouble) {
		escape_print(stderr, "ctxlab %s: %s", cmd->name, run->trouble);
		fputc('\n', stderr);
	}
	return CTXLAB_FAILED;
}

static int unwritable(const struct ctxlab_cmd *cmd, const char *path, int err)
{
	escape_print(stderr, "ctxlab %s: cannot write %s: %s", cmd->name, path,
		     strerror(-err));
	fputc('\n', stderr);
	return CTXLAB_FAILED;
}

static int save(const struct ctxlab_cmd *cmd, const char *path,
		const struct run *run, const struct answers *a)
{
	json_t *root = run_to_json(run, a);
	struct replace file;
	int err;

	err = replace_begin(&file, path);
	if (!err) {
		/* Whether all of it could be written, the end tells. */
		json_dumpf(root, file.file, JSON_COMPACT);
		err = replace_end(&file);
	}
	json_decref(root);
	return err ? unwritable(cmd, path, err) : CTXLAB_OK;
}

static int draw(const struct ctxlab_cmd *cmd, const char *path,
		const struct run *run, const struct answers *a)
{
	char *problem = plot_draw(run, a, path);

	if (!problem)
		return CTXLAB_OK;
	escape_print(stderr, "ctxlab %s: cannot draw %s: %s", cmd->name, path,
		     problem);
	fputc('\n', stderr);
	free(problem);
	return a->reasons ? CTXLAB_REFUSED : CTXLAB_FAILED;
}

static int show(const struct ctxlab_cmd *cmd, const struct request *r,
		const struct run *run, const struct answers *a)
{
	const char *problem;
	unsigned int i;

	if (r->out.json)
		return out_json_print(run_to_json(run, a)) ? CTXLAB_FAILED : 0;
	if (!r->out.raw && !r->out.columns) {
		report_people(run, a, &r->out);
		return CTXLAB_OK;
	}
	problem = report_long(run, a, &r->out);
	for (i = 0; i < a->reasons && !problem; i++)
		fprintf(stderr, "ctxlab %s: no verdict: %s\n", cmd->name,
			a->reason[i]);
	return problem ? options_wrong(cmd, "%s", problem) : CTXLAB_OK;
}

/* A program that a signal ended says so to who waits for it. */
static void die_by_signal(void)
{
	int sig = crew_stop_signal();

	if (!sig)
		return;
	fflush(stdout);
	signal(sig, SIG_DFL);
	raise(sig);
}

static int writable(const struct ctxlab_cmd *cmd, const char *path)
{
	int err = path ? replace_check(path) : 0;

	return err ? unwritable(cmd, path, err) : CTXLAB_OK;
}

/* Before anything is measured: it would be lost. */
static int check_targets(const struct ctxlab_cmd *cmd, const struct request *r)
{
	const char *problem = r->plot ? plot_name_problem(r->plot) : NULL;
	struct out_sel sel;
	int status;

	if (!problem && r->out.columns)
		problem = out_select(report_columns, NULL, r->out.columns, &sel);
	if (problem)
		return options_wrong(cmd, "%s", problem);
	status = writable(cmd, r->save);
	return status ? status : writable(cmd, r->plot);
}

/*
 * Where the parts of an address space come to lie is drawn at each exec, and
 * some draws make one arm dearer than another for a whole run: by a fifth of what
 * a process switch adds, in one run of ten.  So this starts over with a layout
 * that is the same each time; where it cannot, it goes on as it is.
 */
static void fix_layout(int argc, char **argv)
{
	int persona = personality(0xffffffff);
	char path[PATH_MAX] = "", **again;

	if (persona < 0 || persona & ADDR_NO_RANDOMIZE ||
	    personality(persona | ADDR_NO_RANDOMIZE) < 0)
		return;
	if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
		return;
	again = xcalloc(argc + 2, sizeof(*again));
	again[0] = program_invocation_name;
	memcpy(again + 1, argv, argc * sizeof(*argv));
	execv(path, again);
	free(again);
}

/* What lasts comes first: who reads the rest may leave before its end. */
static int hand_out(const struct ctxlab_cmd *cmd, const struct request *r,
		    const struct run *run, const struct answers *a)
{
	int saved = r->save ? save(cmd, r->save, run, a) : CTXLAB_OK;
	int drawn = r->plot ? draw(cmd, r->plot, run, a) : CTXLAB_OK;
	int shown = show(cmd, r, run, a);

	if (saved)
		return saved;
	if (drawn)
		return drawn;
	if (shown)
		return shown;
	return a->reasons ? CTXLAB_REFUSED : CTXLAB_OK;
}

static int run_switch(const struct ctxlab_cmd *cmd, int argc, char **argv)
{
	struct request r = { .plan = PLAN_DEFAULT };
	struct answers a;
	struct run run = {};
	int c, status;

	while ((c = options_next(cmd, argc, argv, &r.out)) != -1) {
		status = option(cmd, c, &r);
		if (status)
			return status;
	}
	if (optind < argc)
		return options_wrong(cmd, "no argument '%s' is expected",
				     argv[optind]);
	if (!r.from)
		fix_layout(argc, argv);
	status = check_targets(cmd, &r);
	if (!status)
		status = r.from ? load(cmd, r.from, &run) :
				  measure(cmd, &r, &run);
	if (!status) {
		answers_find(&run, &a);
		verdict_find(&run, &a);
		status = hand_out(cmd, &r, &run, &a);
		answers_free(&a);
	}
	run_free(&run);
	die_by_signal();
	return status;
}

const struct ctxlab_cmd cmd_switch = {
	.name = "switch",
	.brief = "what a switch costs, and how much of it is the TLB",
	.about =
	"Have coroutines, threads and processes switch on one CPU, in short rounds\n"
	"taken in turn, and tell what a switch costs between each, what flushing the\n"
	"TLB adds, and how sure that is.  With the module loaded (and as root) the\n"
	"flush alone is switched on and off between the same two threads.\n",
	.opts = opts,
	.cols = report_columns,
	.run = run_switch,
};
