// SPDX-License-Identifier: GPL-2.0-only
/* The command of every experiment: measure or load, save, draw, show. */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <unistd.h>

#include "experiments/experiments.h"
#include "lib/error.h"
#include "lib/replace.h"
#include "lib/xalloc.h"
#include "measure/cpus.h"
#include "measure/repeat.h"
#include "measure/run_json.h"
#include "measure/runner.h"
#include "measure/verdict.h"
#include "measure/workers.h"
#include "options.h"
#include "report/plot.h"
#include "report/progress.h"
#include "report/report.h"

enum {
	OPT_FROM = CTXLAB_LONG_ONLY, OPT_NO_MODULE, OPT_PLOT, OPT_REPEAT,
	OPT_SECONDS, OPT_POINTS,
	OPT_SETTING,		/* from here on those of the experiment */
	OPT_INSTEAD = OPT_SETTING + MAX_SETTINGS,
};

/* Options that only another use of the command has. */
#define MAX_INSTEAD 8

static const struct ctxlab_opt common_opts[] = {
	{ 'a', "all", NULL, "also all tables, plots, and what was counted" },
	{ 'c', "cpu", "N", "the CPU to measure on (default: the last allowed)" },
	{ OPT_FROM, "from", "FILE", "show a saved run again; measure nothing" },
	{ OPT_NO_MODULE, "no-module", NULL, "leave the module's probe alone" },
	{ OPT_PLOT, "plot", "FILE", "draw it with gnuplot: FILE.svg or FILE.png" },
	{ 'q', "quick", NULL, "a few seconds, few points, wider intervals" },
	{ OPT_REPEAT, "repeat", "N",
	  "measure N times (2 to 50), each in its own process" },
	{ 's', "save", "FILE", "write the run to FILE, as JSON" },
	{ OPT_SECONDS, "seconds", "S", "time to measure for (default 20)" },
};

/* More say little more, and share MAX_BLOCKS. */
#define MAX_REPEATS 50

#define COMMON (sizeof(common_opts) / sizeof(*common_opts))

/* An experiment as a command: made once, from its tables. */
struct measure_cmd {
	struct ctxlab_cmd cmd;
	const struct experiment *experiment;
	const struct ctxlab_cmd *instead;
	struct ctxlab_opt opts[COMMON + 1 + MAX_SETTINGS + MAX_INSTEAD + 1];
};

struct asked {
	const struct experiment *experiment;
	struct request request;
	struct out_opts out;
	const char *from;
	const char *save;
	const char *plot;
	bool all;
	unsigned int repeat;		/* 0: once, in this process */
	const char *measuring;		/* the last option that says how to measure */
};

static bool number(const char *text, unsigned long most, unsigned long *n)
{
	char *end;

	errno = 0;
	*n = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *n <= most;
}

/* The setting whose option has that key, or -1. */
static int find_setting(const struct experiment *e, int key)
{
	const struct setting *s = e->settings;
	int i;

	for (i = 0; s[i].key; i++)
		if (s[i].opt.name &&
		    (key == OPT_SETTING + i ||
		     (key < CTXLAB_LONG_ONLY && key == s[i].opt.key)))
			return i;
	return -1;
}

static int no_such_name(const struct ctxlab_cmd *cmd, const struct setting *s,
			const char *name)
{
	char list[512];
	size_t len = 0;
	long i;

	for (i = 0; s->names[i] && len < sizeof(list); i++)
		len += snprintf(list + len, sizeof(list) - len, "%s%s", i ? ", " : "",
				s->names[i]);
	return options_wrong(cmd, "no %s '%s': there are %s", s->opt.name, name, list);
}

static int set(const struct ctxlab_cmd *cmd, const struct setting *s,
	       long *value)
{
	unsigned long n = 0;

	if (s->kind == SETTING_YES_NO) {
		*value = true;
		return 0;
	}
	if (s->kind == SETTING_NUMBER) {
		if (!number(optarg, s->most, &n) || (long)n < s->least)
			return options_wrong(cmd, "--%s: '%s' is not %ld to %ld%s%s",
					     s->opt.name, optarg, s->least,
					     s->most, s->unit ? " " : "",
					     s->unit ? s->unit : "");
		*value = n;
		return 0;
	}
	for (*value = 0; s->names[*value]; (*value)++)
		if (!strcmp(s->names[*value], optarg))
			return 0;
	return no_such_name(cmd, s, optarg);
}

/* The name of an option that a saved run has no use for; NULL for others. */
static const char *measuring_name(const struct ctxlab_cmd *cmd, int key)
{
	static const int shown[] = { 'a', 's', OPT_FROM, OPT_PLOT };
	const struct ctxlab_opt *opt = cmd->opts;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(shown); i++)
		if (key == shown[i])
			return NULL;
	while (opt->name && opt->key != key)
		opt++;
	return opt->name;
}

static int option(const struct ctxlab_cmd *cmd, int key, struct asked *a)
{
	const struct ctxlab_cmd *instead =
		((const struct measure_cmd *)cmd)->instead;
	int setting = find_setting(a->experiment, key);
	struct request *r = &a->request;
	unsigned long n = 0;

	if (setting >= 0)
		return set(cmd, &a->experiment->settings[setting],
			   &r->setting[setting]);
	if (key >= OPT_INSTEAD)
		return options_wrong(cmd, "option '--%s' goes with --%s",
				     instead->opts[key - OPT_INSTEAD].name,
				     instead->opts->name);
	if (key == OPT_POINTS || key == a->experiment->axis.letter) {
		r->xs = optarg;
		return 0;
	}
	switch (key) {
	case 'a':
		a->all = true;
		return 0;
	case 'c':
		if (!number(optarg, CPUS_MOST - 1, &n))
			return options_wrong(cmd, "no CPU '%s'", optarg);
		r->cpu = n;
		return 0;
	case OPT_SECONDS:
		if (!number(optarg, 3600, &n) || !n)
			return options_wrong(cmd, "'%s' is not 1 to 3600 seconds",
					     optarg);
		r->seconds = n;
		return 0;
	case OPT_REPEAT:
		if (!number(optarg, MAX_REPEATS, &n) || n < 2)
			return options_wrong(cmd, "'%s' is not 2 to %d times",
					     optarg, MAX_REPEATS);
		a->repeat = n;
		return 0;
	case OPT_FROM:
		a->from = optarg;
		return 0;
	case OPT_PLOT:
		a->plot = optarg;
		return 0;
	case OPT_NO_MODULE:
		r->no_module = true;
		return 0;
	case 'q':
		r->quick = true;
		return 0;
	default:
		a->save = optarg;
		return 0;
	}
}

static int load(const struct asked *a, struct run *run)
{
	char *error;

	if (!run_load(a->from, experiments, run, &error)) {
		if (run->experiment == a->experiment)
			return CTXLAB_OK;
		error_say("%s: it is a run of %s; show it by 'ctxlab %s --from'",
			  a->from, run->experiment->name,
			  run->experiment->name);
		return CTXLAB_FAILED;
	}
	error_say("%s: %s", a->from, error);
	free(error);
	return CTXLAB_FAILED;
}

/* What repeat_run() gives to each of its runs. */
struct measuring {
	const struct ctxlab_cmd *cmd;
	const struct asked *asked;
};

static int measure(const struct ctxlab_cmd *cmd, const struct asked *a,
		   struct run *run)
{
	struct progress bar;
	char *problem;
	int err;

	problem = runner_plan(a->experiment, &a->request, run);
	if (problem) {
		options_wrong(cmd, "%s", problem);
		free(problem);
		return CTXLAB_USAGE;
	}
	progress_begin(&bar);
	err = runner_measure(run, progress_show, &bar);
	progress_end(&bar);
	if (!err)
		return CTXLAB_OK;
	if (run->trouble)
		error_say("%s", run->trouble);
	return CTXLAB_FAILED;
}

static int measure_once(void *arg, struct run *run)
{
	const struct measuring *m = arg;

	return measure(m->cmd, m->asked, run);
}

static int measure_repeated(const struct ctxlab_cmd *cmd,
			    const struct asked *a, struct run *run)
{
	struct measuring m = { cmd, a };
	int status;

	run->experiment = a->experiment;
	status = repeat_run(a->repeat, measure_once, &m, run);
	if (status >= 0)
		return status;
	error_say("a run in a process of its own failed: %s",
		  errno ? strerror(errno) : "it was killed");
	return CTXLAB_FAILED;
}

static int obtain(const struct ctxlab_cmd *cmd, const struct asked *a,
		  struct run *run)
{
	if (a->from)
		return load(a, run);
	return a->repeat ? measure_repeated(cmd, a, run) : measure(cmd, a, run);
}

static int unwritable(const char *path, int err)
{
	error_say("cannot write %s: %s", path, strerror(-err));
	return CTXLAB_FAILED;
}

static int save(const char *path, const struct run *run,
		const struct answers *a)
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
	return err ? unwritable(path, err) : CTXLAB_OK;
}

static int draw(const char *path, const struct run *run,
		const struct answers *a)
{
	char *problem = plot_draw(run, a, path);

	if (!problem)
		return CTXLAB_OK;
	error_say("cannot draw %s: %s", path, problem);
	free(problem);
	return a->reasons ? CTXLAB_REFUSED : CTXLAB_FAILED;
}

static int show(const struct ctxlab_cmd *cmd, const struct asked *r,
		const struct run *run, const struct answers *a)
{
	const char *problem;
	unsigned int i;

	if (r->out.json)
		return out_json_print_exact(run_to_json(run, a)) ? CTXLAB_FAILED : 0;
	if (!r->out.raw && !r->out.noheadings && !r->out.columns) {
		report_people(run, a, &r->out, r->all);
		return CTXLAB_OK;
	}
	problem = report_long(run, a, &r->out);
	for (i = 0; i < a->reasons && !problem; i++)
		error_say("no verdict: %s", a->reason[i]);
	return problem ? options_wrong(cmd, "%s", problem) : CTXLAB_OK;
}

/* A program that a signal ended says so to who waits for it. */
static void die_by_signal(void)
{
	int sig = workers_stop_signal();

	if (!sig)
		return;
	fflush(stdout);
	signal(sig, SIG_DFL);
	raise(sig);
}

static int writable(const char *path)
{
	int err = path ? replace_check(path) : 0;

	return err ? unwritable(path, err) : CTXLAB_OK;
}

/* Before anything is measured: it would be lost. */
static int check_targets(const struct ctxlab_cmd *cmd, const struct asked *r)
{
	const char *problem = r->plot ? plot_name_problem(r->plot) : NULL;
	struct out_sel sel;
	int status;

	if (!problem && r->out.columns && r->out.json)
		problem = "--json is the whole run: it takes no --output";
	if (!problem && r->out.columns)
		problem = out_select(report_columns(r->experiment), NULL, r->out.columns, &sel);
	if (problem)
		return options_wrong(cmd, "%s", problem);
	status = writable(r->save);
	return status ? status : writable(r->plot);
}

/*
 * Where the parts of an address space come to lie is drawn at each exec, and
 * some draws make one arm slower than another for a whole run: by a fifth of what
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
static int hand_out(const struct ctxlab_cmd *cmd, const struct asked *r,
		    const struct run *run, const struct answers *a)
{
	int saved = r->save ? save(r->save, run, a) : CTXLAB_OK;
	int drawn = r->plot ? draw(r->plot, run, a) : CTXLAB_OK;
	int shown = show(cmd, r, run, a);

	if (saved)
		return saved;
	if (drawn)
		return drawn;
	if (shown)
		return shown;
	return a->reasons ? CTXLAB_REFUSED : CTXLAB_OK;
}

static void judge(const struct ctxlab_cmd *cmd, const struct asked *asked,
		  const struct run *run, int *status)
{
	struct answers a;

	answers_find(run, &a);
	verdict_find(run, &a);
	*status = hand_out(cmd, asked, run, &a);
	answers_free(&a);
}

/* Whether the first option of that other use is given. */
static bool asks_for(const struct ctxlab_cmd *instead, int argc, char **argv)
{
	const char *name = instead->opts->name;
	size_t n = strlen(name);
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strncmp(argv[i], "--", 2) &&
		    !strncmp(argv[i] + 2, name, n) &&
		    (!argv[i][n + 2] || argv[i][n + 2] == '='))
			return true;
	return false;
}

static int run_measure(const struct ctxlab_cmd *cmd, int argc, char **argv)
{
	struct asked a = { .request.cpu = -1 };
	struct run *run = xcalloc(1, sizeof(*run));
	int c, status = CTXLAB_OK;

	a.experiment = ((const struct measure_cmd *)cmd)->experiment;
	memset(a.request.setting, -1, sizeof(a.request.setting));
	while (!status && (c = options_next(cmd, argc, argv, &a.out)) != -1) {
		status = option(cmd, c, &a);
		if (measuring_name(cmd, c))
			a.measuring = measuring_name(cmd, c);
	}
	if (!status && a.from && a.measuring)
		status = options_wrong(cmd, "--%s goes with measuring, --from measures nothing",
				       a.measuring);
	if (!status && optind < argc)
		status = options_wrong(cmd, "no argument '%s' is expected",
				       argv[optind]);
	if (!status && !a.from)
		fix_layout(argc, argv);
	if (!status)
		status = check_targets(cmd, &a);
	if (!status)
		status = obtain(cmd, &a, run);
	if (!status)
		judge(cmd, &a, run, &status);
	run_free(run);
	free(run);
	die_by_signal();
	return status;
}

static int run_command(const struct ctxlab_cmd *cmd, int argc, char **argv)
{
	const struct ctxlab_cmd *instead =
		((const struct measure_cmd *)cmd)->instead;

	if (instead && asks_for(instead, argc, argv))
		return instead->run(instead, argc, argv);
	return run_measure(cmd, argc, argv);
}

static bool has_opt(const struct ctxlab_opt *opts, const char *name)
{
	for (; opts->name; opts++)
		if (!strcmp(opts->name, name))
			return true;
	return false;
}

static void add_opts(struct measure_cmd *m)
{
	const struct experiment *e = m->experiment;
	struct ctxlab_opt *opt = m->opts;
	int i;

	memcpy(opt, common_opts, sizeof(common_opts));
	opt += COMMON;
	*opt++ = (struct ctxlab_opt){
		e->axis.letter ? e->axis.letter : OPT_POINTS, e->axis.key,
		"LIST", e->axis.help
	};
	for (i = 0; e->settings[i].key; i++) {
		if (!e->settings[i].opt.name)
			continue;
		*opt = e->settings[i].opt;
		if (opt->key == CTXLAB_LONG_ONLY)
			opt->key = OPT_SETTING + i;
		opt++;
	}
	/* Those with a letter, and those that stand there, mean the same in both. */
	for (i = 0; m->instead && m->instead->opts[i].name; i++) {
		if (m->instead->opts[i].key < CTXLAB_LONG_ONLY ||
		    has_opt(m->opts, m->instead->opts[i].name))
			continue;
		*opt = m->instead->opts[i];
		opt++->key = OPT_INSTEAD + i;
	}
}

const struct ctxlab_cmd *cmd_measure(const struct experiment *e,
				     const struct ctxlab_cmd *instead)
{
	struct measure_cmd *m = xcalloc(1, sizeof(*m));

	m->experiment = e;
	m->instead = instead;
	m->cmd = (struct ctxlab_cmd){
		.name = e->name, .brief = e->brief, .about = e->about,
		.opts = m->opts, .cols = report_columns(e),
		.run = run_command,
	};
	add_opts(m);
	return &m->cmd;
}
