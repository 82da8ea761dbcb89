// SPDX-License-Identifier: GPL-2.0-only
/* ctxlab show: a process, its threads, and what is shared with whom. */
#include <stdlib.h>
#include <unistd.h>

#include "proc/proc.h"
#include "lib/xalloc.h"
#include "options.h"
#include "show_json.h"
#include "show_table.h"
#include "show_text.h"

static const char default_columns[] =
	"TID,ST,CPU,MM,FILES,FS,SIGHAND,STACK,SIZE,VCSW,ICSW,NAME";

/* The processes that were asked for, and could be read. */
struct shown {
	size_t n;
	struct process *process;
};

static int read_process(const char *pid, struct process *p)
{
	struct text_error wrong;
	char *buf;
	size_t len;
	int err;

	err = proc_read(pid, &buf, &len);
	if (err) {
		proc_say_unreadable(pid, err);
		return CTXLAB_FAILED;
	}
	if (process_parse(p, buf, len, &wrong)) {
		proc_say_senseless(pid, &wrong);
		return CTXLAB_FAILED;
	}
	return CTXLAB_OK;
}

static int read_processes(struct shown *s, int argc, char **argv)
{
	int status = CTXLAB_OK, i;

	s->n = 0;
	s->process = xcalloc(argc, sizeof(*s->process));
	for (i = 0; i < argc; i++) {
		if (read_process(argv[i], &s->process[s->n]))
			status = CTXLAB_FAILED;
		else
			s->n++;
	}
	return status;
}

static void forget_processes(struct shown *s)
{
	while (s->n)
		process_free(&s->process[--s->n]);
	free(s->process);
}

/* One table of all threads: what programs and -o ask for. */
static int print_threads(const struct shown *s, const struct out_sel *sel,
			 const struct out_opts *opts)
{
	struct out_table *t = out_table_new(show_columns);
	size_t i;
	int err;

	for (i = 0; i < s->n; i++)
		show_add_threads(t, &s->process[i]);
	err = s->n ? out_table_print(t, sel, opts) : 0;
	out_table_free(t);
	return err;
}

static int print_json(const struct shown *s, const struct out_sel *sel)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < s->n; i++)
		json_array_append_new(all, show_json(&s->process[i], sel));
	return out_json_print(json_pack("{s:o}", "processes", all));
}

static int print(const struct shown *s, const struct out_sel *sel,
		 const struct out_opts *opts)
{
	size_t i;
	int err = 0;

	if (opts->json)
		return print_json(s, sel);
	if (opts->columns || opts->raw || opts->noheadings)
		return print_threads(s, sel, opts);
	for (i = 0; i < s->n && !err; i++) {
		if (i)
			putchar('\n');
		err = show_text(&s->process[i], sel);
	}
	return err;
}

static int run(const struct ctxlab_cmd *cmd, int argc, char **argv)
{
	struct out_opts opts = {};
	const char *wrong;
	struct out_sel sel;
	struct shown shown;
	int status, i;

	options_next(cmd, argc, argv, &opts);
	wrong = out_select(show_columns, opts.json ? NULL : default_columns,
			   opts.columns, &sel);
	if (wrong)
		return options_wrong(cmd, "%s", wrong);
	if (optind == argc)
		return options_wrong(cmd, "which process? a PID is missing");
	for (i = optind; i < argc; i++)
		if (!proc_is_pid(argv[i]))
			return options_wrong(cmd, "'%s' is not a PID", argv[i]);
	status = proc_check();
	if (status)
		return status;
	status = read_processes(&shown, argc - optind, argv + optind);
	if (print(&shown, &sel, &opts))
		status = CTXLAB_FAILED;
	forget_processes(&shown);
	return status;
}

const struct ctxlab_cmd cmd_show = {
	.name = "show",
	.args = "PID...",
	.brief = "a process, its threads, and what is shared with whom",
	.about =
	"Shows each process: what it holds, how often that is held and by whom; its\n"
	"threads, with what is each one's own; and the tasks of other processes that\n"
	"hold the same.  The ID of a thread shows that thread alone.  In the tables\n"
	"'=' is the object of the process, '-' is none, and an ID is another object.\n"
	"With -n, -o or -r only the table of threads is written.\n",
	.cols = show_columns,
	.run = run,
};
