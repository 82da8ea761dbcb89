// SPDX-License-Identifier: GPL-2.0-only
/* The threads as a table, a tree of who waits for whom, and as JSON. */
#include <stdlib.h>
#include <string.h>

#include "asleep.h"
#include "gs.h"
#include "lib/compiler.h"
#include "lib/xalloc.h"
#include "report.h"

enum {
	COL_THREAD,
	COL_PID,
	COL_TID,
	COL_IS,
	COL_WAITS,
	COL_TYPE,
	COL_FOR,
	COL_ADDRESS,
	COL_OWNER,
	COL_ENDS,
	COL_ASLEEP,
	COL_SITE,
	COL_STACK,
	COL_NAME,
};

const struct out_col deadlock_columns[] = {
	[COL_THREAD] = { "THREAD", 0.2, OUT_TREE, OUT_STRING,
			 "the thread and, below it, those that wait for it" },
	[COL_PID] = { "PID", 5, OUT_RIGHT, OUT_NUMBER, "its process" },
	[COL_TID] = { "TID", 5, OUT_RIGHT, OUT_NUMBER, "its thread ID" },
	[COL_IS] = { "IS", 8, 0, OUT_STRING,
		     "the verdict; 'behind': waits, in the end, for such a thread; "
		     "of what others wait for: stopped, traced, frozen" },
	[COL_WAITS] = { "WAITS", 8, 0, OUT_STRING, "what it waits in" },
	[COL_TYPE] = { "TYPE", 6, 0, OUT_STRING, "type of the mutex; malloc: of the lock" },
	[COL_FOR] = { "FOR", 0.2, 0, OUT_STRING,
		      "what it waits for: the lock, pipe, thread, child" },
	[COL_ADDRESS] = { "ADDRESS", 14, OUT_RIGHT, OUT_STRING,
			  "address of the lock" },
	[COL_OWNER] = { "OWNER", 5, OUT_RIGHT, OUT_STRING,
		"who can end the wait; 'unseen': of a file lock, maybe in another pid namespace" },
	[COL_ENDS] = { "ENDS", 6, OUT_RIGHT, OUT_NUMBER,
		       "seconds after which a timeout ends the wait" },
	[COL_ASLEEP] = { "ASLEEP", 6, OUT_RIGHT, OUT_NUMBER,
			 "seconds for which it has not run, or somewhat less" },
	[COL_SITE] = { "SITE", 0.2, 0, OUT_STRING,
		       "function that waits, with file and line" },
	[COL_STACK] = { "STACK", 0.2, 0, OUT_STRING,
			"functions that it is in, each called by the next one" },
	[COL_NAME] = { "NAME", 0.1, 0, OUT_STRING, "name of the thread" },
	{}
};

const char *const deadlock_default_columns =
	"THREAD,IS,WAITS,FOR,OWNER,SITE,NAME";

/* Deeper rows stand below the same one, that the tree stays on the page. */
#define MAX_DEPTH 12

struct tree {
	struct report *r;
	const struct out_sel *sel;
	struct out_table *table;
	struct out_row **row;		/* by the node of the thread */
};

/* Whoever the thread hangs below: the first member stands for its deadlock. */
static struct thread *above(const struct report *r, const struct thread *t)
{
	struct thread *first;

	if (t->finding) {
		first = r->scan->finding[t->finding - 1].member[0];
		return first == t ? NULL : first;
	}
	return thread_blocker(t);
}

static void set_owner(struct out_row *row, const struct thread *t)
{
	char *list = NULL, *longer;
	size_t i;

	if (t->by.owner) {
		out_set(row, COL_OWNER, "%d", t->by.owner->tid);
		return;
	}
	if (t->by.state == OWNER_UNSEEN)
		out_set(row, COL_OWNER, "unseen");
	if (t->wait.owner > 0 && wait_has_owner(t->wait.kind))
		out_set(row, COL_OWNER, "%d", t->wait.owner);
	for (i = 0; i < t->by.n; i++) {
		longer = xasprintf("%s%s%d", list ? list : "", list ? "," : "",
				   t->by.process[i]->pid);
		free(list);
		list = longer;
	}
	if (list)
		out_set(row, COL_OWNER, "%s", list);
	free(list);
}

static void set_verdict(struct report *r, struct out_row *row,
			const struct thread *t)
{
	if (t->finding)
		out_set(row, COL_IS, "%s",
			verdict_name(r->scan->finding[t->finding - 1].verdict));
	else if (t->behind)
		out_set(row, COL_IS, "behind");
	else if (t->halt)
		out_set(row, COL_IS, "%s", halt_name(t->halt));
	else
		out_set_people(row, COL_IS, "%s", "");
	if (t->finding)
		out_set_look(row, COL_IS, OUT_WARN);
}

static void set_text(struct out_row *row, int col, char *text)
{
	if (text)
		out_set(row, col, "%s", text);
	else
		out_set_people(row, col, "%s", "");
	free(text);
}

/* Call sites and names of addresses are looked up only where they are shown. */
static void set_symbols(struct tree *tree, struct out_row *row, struct thread *t,
			bool part)
{
	char *site = NULL, *calls = NULL;

	set_text(row, COL_FOR, out_selected(tree->sel, COL_FOR) ?
		 wait_object(tree->r, t) : NULL);
	if (part && (out_selected(tree->sel, COL_SITE) ||
		     out_selected(tree->sel, COL_STACK)))
		wait_calls(tree->r, t, &site, &calls);
	set_text(row, COL_SITE, site);
	set_text(row, COL_STACK, calls);
}

/* Whether the thread has a part in what waits for what. */
static bool has_part(const struct thread *t)
{
	return t->finding || t->behind || t->by.owner || t->by.n ||
	       t->by.state == OWNER_UNSEEN || t->awaited;
}

static struct out_row *add_row(struct tree *tree, struct thread *t,
			       struct out_row *parent)
{
	struct out_row *row = out_row_new(tree->table, parent);
	const struct wait *w = &t->wait;
	bool part = has_part(t);
	char name[64];
	double asleep;

	thread_name(t, name);
	out_set(row, COL_THREAD, "%d", t->tid);
	out_set(row, COL_PID, "%d", t->process->pid);
	out_set(row, COL_TID, "%d", t->tid);
	out_set(row, COL_NAME, "%s", name);
	out_set(row, COL_WAITS, "%s", wait_name(w->kind));
	set_verdict(tree->r, row, t);
	set_text(row, COL_TYPE, w->type ? xstrdup(w->type) : NULL);
	if (w->address)
		out_set(row, COL_ADDRESS, "0x%llx",
			(unsigned long long)w->address);
	set_owner(row, t);
	if (w->end == ENDS_WITHIN)
		out_set(row, COL_ENDS, "%.3f", w->seconds);
	if (part && thread_asleep(tree->r->clocks, t, &asleep))
		out_set(row, COL_ASLEEP, "%.3f", asleep);
	set_symbols(tree, row, t, part);
	if (!part && !tree->r->everything)
		out_hide_people(row);
	return row;
}

static bool is_on(struct thread *const *path, size_t n, const struct thread *t)
{
	while (n)
		if (path[--n] == t)
			return true;
	return false;
}

/* Adds @t below the row of the one that it waits for, adding that first. */
static void add_thread(struct tree *tree, struct thread *t)
{
	struct thread *path[MAX_DEPTH], *up = t;
	struct out_row *row = NULL;
	size_t depth = 0;

	while (up && depth < MAX_DEPTH && !tree->row[up->node] &&
	       !is_on(path, depth, up)) {
		path[depth++] = up;
		up = above(tree->r, up);
	}
	if (up)
		row = tree->row[up->node];
	while (depth) {
		row = add_row(tree, path[--depth], row);
		tree->row[path[depth]->node] = row;
	}
}

struct out_table *deadlock_table(struct report *r, const struct out_sel *sel)
{
	struct tree tree = {
		.r = r, .sel = sel, .table = out_table_new(deadlock_columns)
	};
	struct scan *s = r->scan;
	size_t i, k, n = 0;

	for (i = 0; i < s->processes; i++)
		for (k = 0; k < s->process[i]->threads; k++)
			s->process[i]->thread[k]->node = n++;
	tree.row = xcalloc(n + 1, sizeof(*tree.row));
	for (i = 0; i < s->findings; i++)
		for (k = 0; k < s->finding[i].n; k++)
			add_thread(&tree, s->finding[i].member[k]);
	for (i = 0; i < s->processes; i++)
		for (k = 0; k < s->process[i]->threads; k++)
			add_thread(&tree, s->process[i]->thread[k]);
	free(tree.row);
	return tree.table;
}

static json_t *members_json(const struct finding *f)
{
	json_t *object = json_object(), *list = json_array();
	size_t i;

	for (i = 0; i < f->n; i++)
		json_array_append_new(list, json_integer(f->member[i]->tid));
	json_object_set_new(object, "verdict",
			    json_string(verdict_name(f->verdict)));
	json_object_set_new(object, "threads", list);
	return object;
}

static json_t *findings_json(const struct finding *finding, size_t n)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < n; i++)
		json_array_append_new(list, members_json(&finding[i]));
	return list;
}

/* Of each process that has any. */
static json_t *all_gs_json(const struct scan *s)
{
	json_t *list = json_array(), *object;
	size_t i;

	for (i = 0; i < s->processes; i++) {
		if (!s->process[i]->gs)
			continue;
		object = json_object();
		json_object_set_new(object, "pid",
				    json_integer(s->process[i]->pid));
		json_object_set_new(object, "gs", gs_json(s->process[i]->gs));
		json_array_append_new(list, object);
	}
	return list;
}

json_t *deadlock_json(struct report *r, const struct out_sel *sel)
{
	json_t *root = json_object(), *chains = json_array(), *chain;
	struct out_table *table;
	size_t i;

	json_object_set_new(root, "deadlocks",
			    findings_json(r->scan->finding, r->scan->findings));
	json_object_set_new(root, "suspects",
			    findings_json(r->suspect, r->suspects));
	for (i = 0; i < r->chains; i++) {
		chain = json_object();
		json_object_set_new(chain, "for",
				    json_integer(r->chain[i].end->tid));
		json_object_set_new(chain, "waiters",
				    json_integer(r->chain[i].waiters));
		if (r->chain[i].end->halt)
			json_object_set_new(chain, "halted",
					    json_string(halt_name(r->chain[i].end->halt)));
		json_array_append_new(chains, chain);
	}
	json_object_set_new(root, "chains", chains);
	json_object_set_new(root, "source", json_string(scan_source(r->scan)));
	json_object_set_new(root, "libgpm", all_gs_json(r->scan));
	table = deadlock_table(r, sel);
	json_object_set_new(root, "threads", out_table_json(table, sel));
	out_table_free(table);
	return root;
}
