// SPDX-License-Identifier: GPL-2.0-only
/* A process for people. */
#include <stdlib.h>
#include <string.h>

#include "lib/escape.h"
#include "lib/xalloc.h"
#include "show_table.h"
#include "show_text.h"

enum {
	HELD_RESOURCE,
	HELD_ID,
	HELD_USERS,
	HELD_BY,
	HELD_WHAT,
};

static const struct out_col held_columns[] = {
	[HELD_RESOURCE] = { "HOLDS", 8, 0, OUT_STRING, "" },
	[HELD_ID] = { "ID", 16, 0, OUT_STRING, "" },
	[HELD_USERS] = { "USERS", 5, OUT_RIGHT, OUT_NUMBER, "" },
	[HELD_BY] = { "HELD BY", 0.3, 0, OUT_STRING, "" },
	[HELD_WHAT] = { "WHAT", 0.1, OUT_TRUNC, OUT_STRING, "" },
	{}
};

enum {
	ELSE_TGID,
	ELSE_TID,
	ELSE_MM,
	ELSE_FILES,
	ELSE_FS,
	ELSE_SIGHAND,
	ELSE_NAME,
};

static const struct out_col elsewhere_columns[] = {
	[ELSE_TGID] = { "TGID", 0.05, OUT_RIGHT, OUT_NUMBER, "" },
	[ELSE_TID] = { "TID", 0.05, OUT_RIGHT, OUT_NUMBER, "" },
	[ELSE_MM] = { "MM", 2, 0, OUT_STRING, "" },
	[ELSE_FILES] = { "FILES", 5, 0, OUT_STRING, "" },
	[ELSE_FS] = { "FS", 2, 0, OUT_STRING, "" },
	[ELSE_SIGHAND] = { "SIGHAND", 7, 0, OUT_STRING, "" },
	[ELSE_NAME] = { "NAME", 0.1, 0, OUT_STRING, "" },
	{}
};

static const char *state_word(const char *state, const char *cpus)
{
	static const struct {
		char letter;
		const char *word;
	} words[] = {
		{ 'R', "running or runnable" },
		{ 'S', "sleeping" },
		{ 'D', "in uninterruptible sleep" },
		{ 'T', "stopped" },
		{ 't', "stopped by a tracer" },
		{ 'X', "dead" },
		{ 'Z', "a zombie" },
		{ 'P', "parked" },
		{ 'I', "idle" },
	};
	size_t i;

	/* What runs has its memory loaded on a CPU. */
	if (*state == 'R' && cpus && !strcmp(cpus, "none"))
		return "runnable";
	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (*state == words[i].letter)
			return words[i].word;
	return "in a state unknown here";
}

static const char *kind_word(const struct process *p)
{
	if (!strcmp(p->kind, "kthread"))
		return "kernel thread";
	if (!strcmp(p->kind, "io_worker"))
		return "io_uring worker thread";
	if (!strcmp(p->kind, "user_worker"))
		return "kernel worker thread of a process";
	return p->tid ? "thread" : "process";
}

static bool is_kthread(const struct process *p)
{
	return !strcmp(p->kind, "kthread");
}

static bool is_exited(const struct process *p)
{
	return *p->state == 'Z' || *p->state == 'X';
}

/* The line that says who this is. */
static void print_head(const struct process *p)
{
	fputs(out_look_on(OUT_BOLD), stdout);
	escape_print(stdout, "%llu %s", p->tid ? p->tid : p->tgid, p->name);
	fputs(out_look_off(), stdout);
	printf(": %s", kind_word(p));
	if (p->tid)
		printf(" of process %llu", p->tgid);
	else if (!is_kthread(p))
		printf(" of %llu thread%s", p->threads,
		       p->threads == 1 ? "" : "s");
	printf(", %s", state_word(p->state, p->mm_cpus));
	if (p->uid && !is_kthread(p))
		escape_print(stdout, ", uid %s", p->uid);
	if (p->ppid)
		printf(", child of %llu", p->ppid);
	if (p->start)
		escape_print(stdout, ", started %s s after boot", p->start);
	putchar('\n');
}

/* What a student takes for surprising, said before the tables. */
static void print_notes(const struct process *p)
{
	if (p->summary) {
		escape_print(stdout, "%s", p->summary);
		putchar('\n');
	}
	if (is_kthread(p) && p->res[RES_FILES].unseen)
		puts("Unseen: users that no list of tasks shows, such as the CPUs' idle tasks.");
	if (is_exited(p) && !p->tid && p->nthread > 1)
		puts("Its leader has exited before its threads; this is what they hold.");
	if (p->threads_unseen)
		printf("You may not see %llu of its threads.\n",
		       p->threads_unseen);
	if (p->walk && !strncmp(p->walk, "changed", 7)) {
		escape_print(stdout,
			     "Threads came or went meanwhile (%s): look again for a steady picture.",
			     p->walk);
		putchar('\n');
	}
}

static char *held_here(const struct process *p, unsigned long long here)
{
	if (!here)
		return xstrdup("no thread here");
	if (p->threads == 1)
		return xstrdup("this thread");
	if (here == p->threads)
		return xasprintf("%llu threads", p->threads);
	return xasprintf("%llu of %llu threads", here, p->threads);
}

static char *held_by(const struct process *p, enum resource r)
{
	const struct holding *h = &p->res[r];
	char *here, *all, elsewhere[40] = "", unseen[40] = "";

	if (!h->id)
		return xstrdup("-");
	if (!h->reconciled && p->compared)
		return held_here(p, p->threads - p->deviating[r]);
	if (!h->reconciled)
		return xstrdup("-");
	here = held_here(p, h->here);
	if (h->elsewhere)
		snprintf(elsewhere, sizeof(elsewhere), ", %llu elsewhere",
			 h->elsewhere);
	if (h->unseen)
		snprintf(unseen, sizeof(unseen), ", %llu unseen", h->unseen);
	all = xasprintf("%s%s%s%s", here, elsewhere, unseen,
			h->exact ? "" : " (changing)");
	free(here);
	return all;
}

/* "=", "-" or "other", from the pairs of "Leader:". */
static const char *against_leader(const struct process *p, enum resource r)
{
	const char *name = resource_names[r].name, *at = p->leader;
	size_t len = strlen(name);

	if (!strcmp(p->leader, "unseen"))
		return "you may not see the leader";
	while (at && *at) {
		if (!strncmp(at, name, len) && at[len] == ' ') {
			if (at[len + 1] == '=')
				return "the leader's";
			return at[len + 1] == 'o' ? "not the leader's" : "-";
		}
		at = strchr(at, ' ');
		at = at ? strchr(at + 1, ' ') : NULL;
		at = at ? at + 1 : NULL;
	}
	return "-";
}

static char *cpus_details(const struct process *p)
{
	if (!p->mm_cpus)
		return xstrdup("");
	if (!strcmp(p->mm_cpus, "none"))
		return xstrdup(", loaded on no CPU");
	return xasprintf(", may be loaded on CPU %s", p->mm_cpus);
}

/* The memory at a glance. */
static void print_mm(const struct process *p)
{
	char *rss, *tables, *cpus;

	if (is_kthread(p) && !p->res[RES_MM].id) {
		escape_print(stdout,
			     "memory       none, as kernel threads have; it borrows %s",
			     p->mm_borrowed ? p->mm_borrowed : "none now");
		putchar('\n');
	}
	if (!p->mm_rss || !p->mm_maps || !p->mm_page_tables)
		return;
	rss = out_size(strtoull(p->mm_rss, NULL, 10));
	tables = out_size(strtoull(p->mm_page_tables, NULL, 10));
	cpus = cpus_details(p);
	escape_print(stdout,
		     "memory       %s resident, %s mapping%s, %s page tables%s",
		     rss, p->mm_maps, strcmp(p->mm_maps, "1") ? "s" : "",
		     tables, cpus);
	putchar('\n');
	free(cpus);
	free(rss);
	free(tables);
}

/* "file 3 dir 0 chr 2" as "3 file, 2 chr". */
static char *kinds_list(const char *kinds)
{
	char *copy = xstrdup(kinds), *rest = copy, *list = xstrdup("");
	char *kind, *number, *longer;

	while ((kind = text_word(&rest)) && (number = text_word(&rest))) {
		if (!strcmp(number, "0"))
			continue;
		longer = xasprintf("%s%s%s %s", list, *list ? ", " : ": ",
				   number, kind);
		free(list);
		list = longer;
	}
	free(copy);
	return list;
}

/* The descriptors at a glance. */
static void print_files(const struct process *p)
{
	unsigned long long duplicates;
	char *kinds;

	if (!p->files_open || !p->files_kinds)
		return;
	kinds = kinds_list(p->files_kinds);
	escape_print(stdout, "descriptors  %s open%s", p->files_open, kinds);
	if (p->files_cloexec && strcmp(p->files_cloexec, "0"))
		escape_print(stdout, "; %s close on exec", p->files_cloexec);
	if (p->files_duplicates &&
	    text_number(p->files_duplicates, &duplicates) && duplicates)
		printf("; %llu duplicate%s", duplicates,
		       duplicates == 1 ? "" : "s");
	putchar('\n');
	free(kinds);
}

/* What every task has until it exits. */
static bool is_given_back(const struct process *p, enum resource r)
{
	return is_exited(p) && !p->res[r].id && r != RES_IO && r != RES_SYSVSEM;
}

static void add_holding(struct out_table *t, const struct process *p,
			enum resource r)
{
	const struct holding *h = &p->res[r];
	struct out_row *row = out_row_new(t, NULL);
	char *by = held_by(p, r);

	out_set(row, HELD_RESOURCE, "%s", resource_names[r].name);
	if (h->id)
		out_set(row, HELD_ID, "%s", h->id);
	if (h->counted)
		out_set(row, HELD_USERS, "%llu", h->users);
	if (p->tid)
		out_set(row, HELD_BY, "%s", against_leader(p, r));
	else
		out_set(row, HELD_BY, "%s", by);
	if (h->elsewhere)
		out_set_look(row, HELD_BY, OUT_GOOD);
	out_set(row, HELD_WHAT, "%s", is_given_back(p, r) ?
		"given back at exit" : resource_names[r].meaning);
	out_set_look(row, HELD_RESOURCE, OUT_BOLD);
	free(by);
}

static int print_table(struct out_table *t, const struct out_sel *sel)
{
	static const struct out_opts plain;
	int err;

	putchar('\n');
	err = out_table_print(t, sel, &plain);
	out_table_free(t);
	return err;
}

static int print_holdings(const struct process *p)
{
	struct out_table *t = out_table_new(held_columns);
	struct out_sel sel;
	int r;

	out_select(held_columns, NULL, NULL, &sel);
	for (r = 0; r < RESOURCES; r++)
		add_holding(t, p, r);
	return print_table(t, &sel);
}

static int print_threads(const struct process *p, const struct out_sel *sel)
{
	struct out_table *t = out_table_new(show_columns);

	show_add_threads(t, p);
	return print_table(t, sel);
}

static bool on_one_stack(const struct process *p, size_t thread)
{
	const char *stack = p->thread[thread].stack;
	size_t i;

	for (i = 0; stack && i < p->nthread; i++)
		if (i != thread && p->thread[i].stack &&
		    !strcmp(p->thread[i].stack, stack))
			return true;
	return false;
}

/* A mapping is not a stack: what places stacks itself puts many into one. */
static void print_placed_stacks(const struct process *p)
{
	size_t i, n = 0;

	for (i = 0; i < p->nthread; i++)
		n += on_one_stack(p, i);
	if (n)
		printf("\nThe stack pointers of %zu threads lie in a mapping with those of\n"
		       "others: STACK is the mapping, in which the program places its stacks.\n",
		       n);
}

/* From here on kernel threads that hold the same are told as one. */
#define FOLD_KTHREADS 4

/* Here only what is shared matters. */
static void set_sharer(struct out_row *row, const struct process *p,
		       enum resource r, const char *cell)
{
	if (show_set_resource(row, ELSE_MM + r, p, r, cell))
		out_set_look(row, ELSE_MM + r, OUT_GOOD);
	else if (cell)
		out_set_people(row, ELSE_MM + r, "other");
}

static struct out_row *add_sharer(struct out_table *t,
				  const struct process *p,
				  const struct sharer *s)
{
	struct out_row *row = out_row_new(t, NULL);
	int r;

	out_set(row, ELSE_TGID, "%llu", s->tgid);
	out_set(row, ELSE_TID, "%llu", s->tid);
	for (r = RES_MM; r <= RES_SIGHAND; r++)
		set_sharer(row, p, r, s->res[r]);
	out_set(row, ELSE_NAME, "%s", s->name);
	return row;
}

/*
 * A task that has files but no mm is a kernel thread; those that share the same
 * with @p make one class, a bit a resource.  0: not a kernel thread.
 */
static unsigned int kthread_class(const struct process *p,
				  const struct sharer *s)
{
	unsigned int class = 1 << RES_MM;
	int r;

	if (s->res[RES_MM] || !s->res[RES_FILES])
		return 0;
	for (r = RES_FILES; r <= RES_SIGHAND; r++) {
		const char *id = show_resolve(p, r, s->res[r]);

		if (id && p->res[r].id && !strcmp(id, p->res[r].id))
			class |= 1 << r;
	}
	return class;
}

/* The first kernel thread of a class stands for all of them. */
static void add_folded(struct out_table *t, const struct process *p,
		       const struct sharer *s, size_t members)
{
	struct out_row *row = add_sharer(t, p, s);

	out_set(row, ELSE_TGID, "%s", "");
	out_set(row, ELSE_TID, "%s", "");
	out_set(row, ELSE_NAME, "%zu kernel threads: %s, ...", members,
		s->name);
	out_set_look(row, ELSE_NAME, OUT_DIM);
}

static void add_sharers(struct out_table *t, const struct process *p)
{
	size_t members[1 << (RES_SIGHAND + 1)] = {}, i;
	bool told[1 << (RES_SIGHAND + 1)] = {};

	for (i = 0; i < p->nsharer; i++)
		members[kthread_class(p, &p->sharer[i])]++;
	for (i = 0; i < p->nsharer; i++) {
		const struct sharer *s = &p->sharer[i];
		unsigned int class = kthread_class(p, s);

		if (!class || members[class] < FOLD_KTHREADS)
			add_sharer(t, p, s);
		else if (!told[class])
			add_folded(t, p, s, members[class]);
		told[class] = true;
	}
}

static int print_elsewhere(const struct process *p)
{
	struct out_table *t;
	struct out_sel sel;

	if (!p->nsharer)
		return 0;
	printf("\n%sElsewhere%s: tasks of other processes that hold the same ('=')\n",
	       out_look_on(OUT_BOLD), out_look_off());
	t = out_table_new(elsewhere_columns);
	out_select(elsewhere_columns, NULL, NULL, &sel);
	add_sharers(t, p);
	return print_table(t, &sel);
}

int show_text(const struct process *p, const struct out_sel *sel)
{
	int err;

	print_head(p);
	print_notes(p);
	print_mm(p);
	print_files(p);
	err = print_holdings(p);
	if (!err)
		err = print_threads(p, sel);
	if (!err)
		print_placed_stacks(p);
	if (!err)
		err = print_elsewhere(p);
	return err;
}
