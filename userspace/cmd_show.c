// SPDX-License-Identifier: GPL-2.0-only
/* ctxlab show: a process, its threads, and what is shared with whom. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/proc.h"
#include "lib/xalloc.h"
#include "options.h"
#include "show.h"

enum {
	COL_TGID,
	COL_TID,
	COL_ST,
	COL_CPU,
	COL_MM,
	COL_FILES,
	COL_FS,
	COL_SIGHAND,
	COL_IO,
	COL_SYSVSEM,
	COL_CRED,
	COL_NSPROXY,
	COL_VCSW,
	COL_ICSW,
	COL_KSTACK,
	COL_STACK,
	COL_SIZE,
	COL_SP,
	COL_TLS,
	COL_POLICY,
	COL_PRIO,
	COL_START,
	COL_NAME,
};

const struct out_col show_columns[] = {
	[COL_TGID] = { "TGID", 0.05, OUT_RIGHT, OUT_NUMBER,
		       "process (thread group) ID" },
	[COL_TID] = { "TID", 0.05, OUT_RIGHT, OUT_NUMBER, "thread ID" },
	[COL_ST] = { "ST", 2, 0, OUT_STRING, "state, as in ps(1)" },
	[COL_CPU] = { "CPU", 3, OUT_RIGHT, OUT_NUMBER,
		      "CPU where it runs or ran last" },
	[COL_MM] = { "MM", 2, 0, OUT_STRING, "memory map" },
	[COL_FILES] = { "FILES", 5, 0, OUT_STRING, "file table" },
	[COL_FS] = { "FS", 2, 0, OUT_STRING, "root, cwd and umask" },
	[COL_SIGHAND] = { "SIGHAND", 7, 0, OUT_STRING, "signal handlers" },
	[COL_IO] = { "IO", 2, 0, OUT_STRING, "I/O scheduling context" },
	[COL_SYSVSEM] = { "SYSVSEM", 7, 0, OUT_STRING, "semaphore undo list" },
	[COL_CRED] = { "CRED", 4, 0, OUT_STRING, "credentials" },
	[COL_NSPROXY] = { "NSPROXY", 7, 0, OUT_STRING, "namespaces" },
	[COL_VCSW] = { "VCSW", 5, OUT_RIGHT, OUT_NUMBER,
		       "voluntary switches" },
	[COL_ICSW] = { "ICSW", 4, OUT_RIGHT, OUT_NUMBER,
		       "involuntary switches" },
	[COL_KSTACK] = { "KSTACK", 16, 0, OUT_STRING, "kernel stack" },
	[COL_STACK] = { "STACK", 12, OUT_RIGHT, OUT_STRING,
			"start of the mapping that holds the user stack" },
	[COL_SIZE] = { "SIZE", 4, OUT_RIGHT, OUT_NUMBER,
		       "size of that mapping, in KiB for programs" },
	[COL_SP] = { "SP", 12, OUT_RIGHT, OUT_STRING, "user stack pointer" },
	[COL_TLS] = { "TLS", 12, OUT_RIGHT, OUT_STRING,
		      "base of thread-local storage" },
	[COL_POLICY] = { "POLICY", 5, 0, OUT_STRING, "scheduling policy" },
	[COL_PRIO] = { "PRIO", 3, OUT_RIGHT, OUT_NUMBER,
		       "nice value, or real-time priority" },
	[COL_START] = { "START", 8, OUT_RIGHT, OUT_NUMBER,
			"start in seconds since boot" },
	[COL_NAME] = { "NAME", 0.1, 0, OUT_STRING, "name" },
	{}
};

static const char default_columns[] =
	"TID,ST,CPU,MM,FILES,FS,SIGHAND,STACK,SIZE,VCSW,ICSW,NAME";
static const int resource_cols[RESOURCES] = {
	[RES_MM] = COL_MM,
	[RES_FILES] = COL_FILES,
	[RES_FS] = COL_FS,
	[RES_SIGHAND] = COL_SIGHAND,
	[RES_SIGNAL] = -1,
	[RES_IO] = COL_IO,
	[RES_SYSVSEM] = COL_SYSVSEM,
	[RES_CRED] = COL_CRED,
	[RES_NSPROXY] = COL_NSPROXY,
};

const char *show_resolve(const struct process *p, enum resource r,
			 const char *cell)
{
	return cell && !strcmp(cell, "=") ? p->res[r].id : cell;
}

bool show_set_resource(struct out_row *row, int col, const struct process *p,
		       enum resource r, const char *cell)
{
	const char *id = show_resolve(p, r, cell);

	if (!id)
		return false;
	out_set(row, col, "%s", id);
	if (!p->res[r].id || strcmp(id, p->res[r].id))
		return false;
	out_set_people(row, col, "=");
	return true;
}

static void set(struct out_row *row, int col, const char *value)
{
	if (value)
		out_set(row, col, "%s", value);
}

/* "132K", the only unit that the module writes here. */
static void set_size(struct out_row *row, const char *size)
{
	char *end, *people;
	unsigned long long kb;

	if (!size)
		return;
	kb = strtoull(size, &end, 10);
	if (end == size || (*end && strcmp(end, "K"))) {
		out_set(row, COL_SIZE, "%s", size);
		return;
	}
	people = out_size(kb);
	out_set(row, COL_SIZE, "%llu", kb);
	out_set_people(row, COL_SIZE, "%s", people);
	free(people);
}

/* What deviates from the process stands out. */
static void set_resource(struct out_row *row, int col, const struct process *p,
			 enum resource r, const char *cell)
{
	if (col >= 0 && !show_set_resource(row, col, p, r, cell) && cell)
		out_set_look(row, col, OUT_WARN);
}

static void add_thread(struct out_table *t, const struct process *p,
		       const struct thread *th)
{
	struct out_row *row = out_row_new(t, NULL);
	int r;

	out_set(row, COL_TGID, "%llu", p->tgid);
	out_set(row, COL_TID, "%llu", th->tid);
	set(row, COL_ST, th->state);
	set(row, COL_CPU, th->cpu);
	for (r = 0; r < RESOURCES; r++)
		set_resource(row, resource_cols[r], p, r, th->res[r]);
	set(row, COL_VCSW, th->vcsw);
	set(row, COL_ICSW, th->icsw);
	set(row, COL_KSTACK, th->kstack);
	set(row, COL_STACK, th->stack);
	set_size(row, th->size);
	set(row, COL_SP, th->sp);
	set(row, COL_TLS, th->tls);
	set(row, COL_POLICY, th->policy);
	set(row, COL_PRIO, th->prio);
	set(row, COL_START, th->start);
	set(row, COL_NAME, th->name);
}

void show_add_threads(struct out_table *t, const struct process *p)
{
	size_t i;

	for (i = 0; i < p->nthread; i++)
		add_thread(t, p, &p->thread[i]);
}

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
