// SPDX-License-Identifier: GPL-2.0-only
/* ctxlab sharing: every object that more than one process holds. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc/groups.h"
#include "proc/proc.h"
#include "options.h"

enum {
	COL_HOLDER,
	COL_TYPE,
	COL_ID,
	COL_PID,
	COL_USERS,
	COL_PROCS,
	COL_THREADS,
	COL_UNSEEN,
	COL_RSS,
	COL_NAME,
};

static const struct out_col columns[] = {
	[COL_HOLDER] = { "HOLDER", 0.2, OUT_TREE, OUT_STRING,
			 "the object and, below it, the processes" },
	[COL_TYPE] = { "TYPE", 7, 0, OUT_STRING, "mm, files, fs, sighand" },
	[COL_ID] = { "ID", 16, 0, OUT_STRING, "ID of the object" },
	[COL_PID] = { "PID", 0.05, OUT_RIGHT, OUT_NUMBER,
		      "process that holds it" },
	[COL_USERS] = { "USERS", 5, OUT_RIGHT, OUT_NUMBER,
			"the kernel's counter of the object" },
	[COL_PROCS] = { "PROCS", 5, OUT_RIGHT, OUT_NUMBER,
			"processes that hold it" },
	[COL_THREADS] = { "THREADS", 7, OUT_RIGHT, OUT_NUMBER,
			  "threads that hold it" },
	[COL_UNSEEN] = { "UNSEEN", 6, OUT_RIGHT, OUT_NUMBER,
			 "users that are no thread you may see" },
	[COL_RSS] = { "RSS", 5, OUT_RIGHT, OUT_NUMBER,
		      "resident memory of the mm, in KiB for programs" },
	[COL_NAME] = { "NAME", 0.1, 0, OUT_STRING, "name of the process" },
	{}
};

static const char default_columns[] = "HOLDER,USERS,PROCS,THREADS,UNSEEN,RSS,NAME";

/* From here on kernel threads that hold the same object are told as one. */
#define FOLD_KTHREADS 4

static const struct ctxlab_opt options[] = {
	{ 'a', "all", NULL, "also what several threads of one process share" },
	{}
};

static void set_size(struct out_row *row, unsigned long long kb)
{
	char *people = out_size(kb);

	out_set(row, COL_RSS, "%llu", kb);
	out_set_people(row, COL_RSS, "%s", people);
	free(people);
}

/* What does not apply to a row is left empty for people. */
static void leave_empty(struct out_row *row, const int *cols, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		out_set_people(row, cols[i], "%s", "");
}

static void add_holder(struct out_table *t, struct out_row *parent,
		       const struct group *g, const struct holder *h)
{
	static const int empty[] = { COL_USERS, COL_PROCS, COL_UNSEEN,
				     COL_RSS };
	struct out_row *row = out_row_new(t, parent);

	leave_empty(row, empty, ARRAY_SIZE(empty));
	out_set(row, COL_HOLDER, "%llu", h->tgid);
	out_set(row, COL_TYPE, "%s", resource_names[g->type].name);
	out_set(row, COL_ID, "%s", g->id);
	out_set(row, COL_PID, "%llu", h->tgid);
	out_set(row, COL_THREADS, "%zu", h->threads);
	out_set(row, COL_NAME, "%s", h->name);
	if (g->kthreads >= FOLD_KTHREADS && h->kthread)
		out_hide_people(row);
}

/* One row in place of the kernel threads that add_holder() hid. */
static void add_fold(struct out_table *t, struct out_row *parent,
		     const struct group *g)
{
	static const int empty[] = { COL_USERS, COL_PROCS, COL_UNSEEN, COL_RSS,
				     COL_PID };
	struct out_row *row = out_row_new(t, parent);

	out_only_people(row);
	leave_empty(row, empty, ARRAY_SIZE(empty));
	out_set(row, COL_HOLDER, "%zu kernel threads", g->kthreads);
	out_set(row, COL_THREADS, "%zu", g->kthreads);
	out_set(row, COL_NAME, "%s, ...", g->first_kthread);
	out_set_look(row, COL_HOLDER, OUT_DIM);
	out_set_look(row, COL_NAME, OUT_DIM);
}

static void add_group(struct out_table *t, const struct group *g)
{
	static const int empty[] = { COL_PID, COL_NAME };
	struct out_row *row = out_row_new(t, NULL);
	size_t i;

	leave_empty(row, empty, ARRAY_SIZE(empty));
	out_set(row, COL_HOLDER, "%s %s", resource_names[g->type].name, g->id);
	out_set_look(row, COL_HOLDER, OUT_BOLD);
	out_set(row, COL_TYPE, "%s", resource_names[g->type].name);
	out_set(row, COL_ID, "%s", g->id);
	out_set(row, COL_USERS, "%llu", g->users);
	out_set(row, COL_PROCS, "%zu", g->nholder);
	out_set(row, COL_THREADS, "%zu", g->threads);
	if (g->users >= g->threads) {
		out_set(row, COL_UNSEEN, "%llu", g->users - g->threads);
		if (g->users == g->threads)
			out_set_people(row, COL_UNSEEN, "%s", "");
	}
	if (g->type == RES_MM)
		set_size(row, g->rss);
	else
		out_set_people(row, COL_RSS, "%s", "");
	for (i = 0; i < g->nholder; i++)
		add_holder(t, row, g, &g->holder[i]);
	if (g->kthreads >= FOLD_KTHREADS)
		add_fold(t, row, g);
}

/* Whether people asked to see @g: held by several, or by several threads. */
static bool wanted(const struct group *g, bool all)
{
	return g->nholder > 1 || (all && g->threads > 1);
}

static struct out_table *make_table(const struct groups *all, bool also_own)
{
	struct out_table *t = out_table_new(columns);
	size_t i;

	for (i = 0; i < all->n; i++)
		if (wanted(&all->group[i], also_own))
			add_group(t, &all->group[i]);
	return t;
}

static int print_json(const struct out_table *t, const struct out_sel *sel,
		      const struct groups *all)
{
	json_t *root = json_object(), *memory = json_object();

	json_object_set_new(root, "sharing", out_table_json(t, sel));
	json_object_set_new(root, "processes", json_integer(all->processes));
	json_object_set_new(root, "threads", json_integer(all->threads));
	json_object_set_new(root, "kernel_threads",
			    json_integer(all->kthreads));
	json_object_set_new(memory, "mms", json_integer(all->mms));
	json_object_set_new(memory, "rss_kib", json_integer(all->rss));
	json_object_set_new(memory, "rss_by_process_kib",
			    json_integer(all->rss_by_process));
	json_object_set_new(root, "memory", memory);
	return out_json_print(root);
}

static void print_total(const struct groups *all, bool empty)
{
	char *once = out_size(all->rss);
	char *by_process = out_size(all->rss_by_process);

	if (empty)
		puts("No two processes that you may see share memory, descriptors, root and cwd,\n"
		     "or signal handlers.");
	printf("\n%zu process%s with %zu thread%s, %zu kernel thread%s.\n",
	       all->processes, all->processes == 1 ? "" : "es", all->threads,
	       all->threads == 1 ? "" : "s", all->kthreads,
	       all->kthreads == 1 ? "" : "s");
	printf("%zu memory map%s with %s resident, each counted once", all->mms,
	       all->mms == 1 ? "" : "s", once);
	if (strcmp(once, by_process))
		printf(" (counted for each process: %s)", by_process);
	puts(".\n"
	     "A page that several maps share is counted in each of them.");
	if (geteuid())
		puts("Tasks that you may not see are left out; root sees all.");
	free(by_process);
	free(once);
}

static int print(const struct groups *all, bool also_own,
		 const struct out_sel *sel, const struct out_opts *opts)
{
	bool people = !opts->columns && !opts->raw && !opts->noheadings;
	struct out_table *t = make_table(all, also_own);
	bool empty = out_is_empty(t);
	int err = 0;

	if (opts->json) {
		err = print_json(t, sel, all);
	} else {
		if (!people || !empty)
			err = out_table_print(t, sel, opts);
		if (people && !err)
			print_total(all, empty);
	}
	out_table_free(t);
	return err;
}

static int share(bool also_own, const struct out_sel *sel,
		 const struct out_opts *opts)
{
	struct text_error wrong;
	struct groups all;
	struct tasks tasks;
	char *buf;
	size_t len;
	int err;

	err = proc_read("tasks", &buf, &len);
	if (err) {
		proc_say_unreadable("tasks", err);
		return CTXLAB_FAILED;
	}
	if (tasks_parse(&tasks, buf, len, &wrong)) {
		proc_say_senseless("tasks", &wrong);
		return CTXLAB_FAILED;
	}
	groups_make(&all, &tasks);
	err = print(&all, also_own, sel, opts);
	groups_free(&all);
	tasks_free(&tasks);
	return err ? CTXLAB_FAILED : CTXLAB_OK;
}

static int run(const struct ctxlab_cmd *cmd, int argc, char **argv)
{
	struct out_opts opts = {};
	bool also_own = false;
	const char *wrong;
	struct out_sel sel;
	int status;

	while (options_next(cmd, argc, argv, &opts) == 'a')
		also_own = true;
	wrong = out_select(columns, opts.json ? NULL : default_columns,
			   opts.columns, &sel);
	if (wrong)
		return options_wrong(cmd, "%s", wrong);
	if (optind != argc)
		return options_wrong(cmd, "it takes no operand '%s'",
				     argv[optind]);
	status = proc_check();
	if (status)
		return status;
	return share(also_own, &sel, &opts);
}

const struct ctxlab_cmd cmd_sharing = {
	.name = "sharing",
	.brief = "what processes of the whole system share, as a tree",
	.about =
	"Shows every memory map, file table, fs (root, cwd, umask) and set of signal\n"
	"handlers that more than one process holds, and the processes that hold it.\n"
	"The whole system is read in one pass; memory is counted once for each map, a\n"
	"page that several maps share in each of them.\n"
	"Users that are no thread you may see are told as a number.\n",
	.opts = options,
	.cols = columns,
	.run = run,
};
