// SPDX-License-Identifier: GPL-2.0-only
/* ctxlab compare: how two tasks relate, and what a switch must do. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compare_common.h"
#include "lib/escape.h"
#include "proc/model.h"
#include "proc/proc.h"
#include "lib/xalloc.h"
#include "options.h"

#ifdef __aarch64__
#define REGISTER "TTBR0"
#define TAG "ASID"
#else
#define REGISTER "CR3"
#define TAG "PCID"
#endif

enum {
	COL_RESOURCE,
	COL_IS,
	COL_A,
	COL_B,
	COL_MEANING,
};

static const struct out_col columns[] = {
	[COL_RESOURCE] = { "RESOURCE", 8, 0, OUT_STRING,
			   "what a task holds" },
	[COL_IS] = { "IS", 8, 0, OUT_STRING,
		     "shared, separate, neither, only-a, only-b" },
	[COL_A] = { "A", 16, 0, OUT_STRING, "ID of what A holds" },
	[COL_B] = { "B", 16, 0, OUT_STRING, "ID of what B holds" },
	[COL_MEANING] = { "MEANING", 0.2, OUT_TRUNC, OUT_STRING,
			  "what the resource is" },
	{}
};

/* A word of the module's, and what it says to people. */
struct phrase {
	const char *word;
	const char *people;
};

static const struct phrase relations[] = {
	{ "same-task", "one and the same task" },
	{ "same-thread-group", "two threads of one process" },
	{
		"vfork",
		"a child of vfork(2) and the parent that waits: one memory until the child execs or exits",
	},
	{
		"shared-mm",
		"two processes that share their memory: CLONE_VM without CLONE_THREAD",
	},
	{
		"shared-files",
		"two tasks that share their open descriptors, but not memory: CLONE_FILES",
	},
	{
		"shared-other",
		"two tasks that share neither memory map nor file table, but",
	},
	{
		"separate",
		"separate: they share neither a memory map nor a file table",
	},
	{}
};

static const struct phrase must_do[] = {
	{ "none", "There is nothing to switch.\n" },
	{
		"same-mm",
		"The kernel saves and loads registers and changes the kernel stack. The\n"
		"address space stays: the switch does not write " REGISTER ".\n",
	},
	{
		"lazy",
		"A task without memory of its own runs on the address space of the task\n"
		"before it: the switch does not write " REGISTER ". The write is put off until a\n"
		"task with another address space runs, and spared if the old one comes back\n"
		"first.\n",
	},
	{
		"other-mm",
		"The kernel saves and loads registers, changes the kernel stack, and loads\n"
		"the other address space: " REGISTER " is written.\n",
	},
	{}
};

static const struct phrase tlb[] = {
	{
		"keep",
		"This CPU tags the entries of its TLB with their address space (" TAG "): the\n"
		"write keeps them, and a task that comes back soon still finds its own. What\n"
		"costs is the write itself, and that both now share the room in the TLB.\n",
	},
	{
		"flush",
		"This CPU does not tag the entries of its TLB (no " TAG " in use): the write\n"
		"drops all but the kernel's global ones. Each page that is touched again\n"
		"costs a walk through the page tables: the more pages are in use, the more\n"
		"the switch costs.\n",
	},
	{}
};

static const char isolation[] =
	"Page-table isolation is on: each way into the kernel and out of it writes\n"
	REGISTER " as well, whatever is switched.\n";
static const char isolation_untagged[] =
	"Without " TAG " that drops the user's TLB entries at each system call, also\n"
	"where both have the same address space.\n";

static const char *say(const struct phrase *phrases, const char *word)
{
	for (; phrases->word; phrases++)
		if (!strcmp(phrases->word, word))
			return phrases->people;
	return NULL;
}

static void print_side(const char *which, const struct side *s)
{
	printf("%s  %s", which, out_look_on(OUT_BOLD));
	escape_print(stdout, "%llu %s", s->tid, s->name);
	fputs(out_look_off(), stdout);
	if (s->tid != s->tgid)
		printf(", thread of %llu", s->tgid);
	if (strcmp(s->kind, "user"))
		escape_print(stdout, ", %s", s->kind);
	if (*s->state == 'Z')
		printf(", a zombie");
	putchar('\n');
}

/* What of clone(2)'s lesser flags two tasks share. */
static void print_shared(const struct pair *p)
{
	static const char *const lesser[] = { "fs", "sighand", "io",
					      "sysvsem" };
	const char *lead = " ";
	size_t i, k;

	for (i = 0; i < p->nrow; i++) {
		for (k = 0; k < ARRAY_SIZE(lesser); k++) {
			if (strcmp(p->row[i].resource, lesser[k]) ||
			    strcmp(p->row[i].is, "shared"))
				continue;
			printf("%s%s", lead, resource_meaning(lesser[k]));
			lead = "; ";
		}
	}
}

/* Two kernel threads, or zombies, have no memory that could be separate. */
static bool have_no_memory(const struct pair *p)
{
	size_t i;

	for (i = 0; i < p->nrow; i++)
		if (!strcmp(p->row[i].resource, "mm"))
			return !strcmp(p->row[i].is, "neither");
	return false;
}

static void print_relation(const struct pair *p)
{
	const char *known = say(relations, p->relation);

	print_side("A", &p->a);
	print_side("B", &p->b);
	printf("\n%sThey are%s ", out_look_on(OUT_BOLD), out_look_off());
	escape_print(stdout, "%s", known ? known : p->relation);
	if (!strcmp(p->relation, "shared-other"))
		print_shared(p);
	puts(".");
	if (have_no_memory(p))
		puts("Neither has memory of its own.");
	common_print(p);
}

static bool is_zombie(const struct side *s)
{
	return *s->state == 'Z' || *s->state == 'X';
}

static void print_switch(const struct pair *p)
{
	const char *must = say(must_do, p->must);
	const char *write = say(tlb, p->cr3_write);

	printf("\n%sA switch from one to the other%s\n", out_look_on(OUT_BOLD),
	       out_look_off());
	if (is_zombie(&p->a) || is_zombie(&p->b)) {
		puts("A zombie never runs again: there is no such switch.");
		return;
	}
	if (must)
		fputs(must, stdout);
	if (write)
		fputs(write, stdout);
	if (!strcmp(p->pti, "yes"))
		fputs(isolation, stdout);
	if (!strcmp(p->pti, "yes") && !strcmp(p->pcid, "no"))
		fputs(isolation_untagged, stdout);
	if (strcmp(p->must, "none"))
		puts("'ctxlab switch' measures what that costs here.");
}

static enum out_look look_of(const char *is)
{
	if (!strcmp(is, "shared"))
		return OUT_GOOD;
	return strcmp(is, "neither") ? OUT_PLAIN : OUT_DIM;
}

static struct out_table *make_table(const struct pair *p)
{
	struct out_table *t = out_table_new(columns);
	size_t i;

	for (i = 0; i < p->nrow; i++) {
		const struct pair_row *r = &p->row[i];
		struct out_row *row = out_row_new(t, NULL);
		const char *meaning = resource_meaning(r->resource);

		out_set(row, COL_RESOURCE, "%s", r->resource);
		out_set(row, COL_IS, "%s", r->is);
		out_set_look(row, COL_IS, look_of(r->is));
		if (r->a)
			out_set(row, COL_A, "%s", r->a);
		if (r->b)
			out_set(row, COL_B, "%s", r->b);
		if (!strcmp(r->is, "shared"))
			out_set_people(row, COL_B, "=");
		if (meaning)
			out_set(row, COL_MEANING, "%s", meaning);
	}
	return t;
}

static json_t *side_json(const struct side *s)
{
	json_t *object = json_object();

	json_object_set_new(object, "tid", json_integer(s->tid));
	json_object_set_new(object, "tgid", json_integer(s->tgid));
	json_object_set_new(object, "kind", out_json_bytes(s->kind));
	json_object_set_new(object, "state", out_json_bytes(s->state));
	json_object_set_new(object, "name", out_json_bytes(s->name));
	return object;
}

static int print_json(const struct pair *p, const struct out_table *t,
		      const struct out_sel *sel)
{
	json_t *root = json_object(), *sw = json_object();

	json_object_set_new(root, "a", side_json(&p->a));
	json_object_set_new(root, "b", side_json(&p->b));
	json_object_set_new(root, "relation", out_json_bytes(p->relation));
	json_object_set_new(root, "resources", out_table_json(t, sel));
	json_object_set_new(root, "open_files", common_files_json(p));
	json_object_set_new(root, "shared_maps", common_maps_json(p));
	json_object_set_new(sw, "must", out_json_bytes(p->must));
	json_object_set_new(sw, "cr3_write", out_json_bytes(p->cr3_write));
	json_object_set_new(sw, "pcid", json_boolean(!strcmp(p->pcid, "yes")));
	json_object_set_new(sw, "pti", json_boolean(!strcmp(p->pti, "yes")));
	json_object_set_new(root, "switch", sw);
	return out_json_print(root);
}

static int print(const struct pair *p, const struct out_sel *sel,
		 const struct out_opts *opts)
{
	bool people = !opts->columns && !opts->raw && !opts->noheadings;
	struct out_table *t = make_table(p);
	int err;

	if (opts->json) {
		err = print_json(p, t, sel);
	} else {
		if (people) {
			print_relation(p);
			putchar('\n');
		}
		err = out_table_print(t, sel, opts);
		if (people && !err)
			print_switch(p);
	}
	out_table_free(t);
	return err;
}

/* Which of the two tasks of @name could not be read; else, both. */
static void say_which(const char *name, int err)
{
	char *copy = xstrdup(name), *rest = copy, *one, *buf;
	bool said = false;
	size_t len;
	int why;

	while ((one = strsep(&rest, ","))) {
		why = proc_read(one, &buf, &len);
		if (why)
			proc_say_unreadable(one, why);
		else
			free(buf);
		said |= why != 0;
	}
	if (!said)
		proc_say_unreadable(name, err);
	free(copy);
}

static int compare(const char *name, const struct out_sel *sel,
		   const struct out_opts *opts)
{
	struct text_error wrong;
	struct pair p;
	char *buf;
	size_t len;
	int err;

	err = proc_read(name, &buf, &len);
	if (err) {
		say_which(name, err);
		return CTXLAB_FAILED;
	}
	if (pair_parse(&p, buf, len, &wrong)) {
		proc_say_senseless(name, &wrong);
		return CTXLAB_FAILED;
	}
	err = print(&p, sel, opts);
	pair_free(&p);
	return err ? CTXLAB_FAILED : CTXLAB_OK;
}

static int run(const struct ctxlab_cmd *cmd, int argc, char **argv)
{
	struct out_opts opts = {};
	const char *wrong;
	struct out_sel sel;
	char *name;
	int status, i;

	options_next(cmd, argc, argv, &opts);
	wrong = out_select(columns, NULL, opts.columns, &sel);
	if (wrong)
		return options_wrong(cmd, "%s", wrong);
	if (argc - optind != 2)
		return options_wrong(cmd, "it takes two PIDs or TIDs");
	for (i = optind; i < argc; i++)
		if (!proc_is_pid(argv[i]))
			return options_wrong(cmd, "'%s' is not a PID", argv[i]);
	status = proc_check();
	if (status)
		return status;
	name = xasprintf("%s,%s", argv[optind], argv[optind + 1]);
	status = compare(name, &sel, &opts);
	free(name);
	return status;
}

const struct ctxlab_cmd cmd_compare = {
	.name = "compare",
	.args = "A B",
	.brief = "how two tasks relate, and what a switch between them must do",
	.about =
	"Compares two processes or threads, looked at in the same moment: what they\n"
	"are to each other, which resources they share, and what the kernel must do\n"
	"to switch from one to the other, with the reason why that costs what it costs.\n"
	"Of two file tables it tells which open files are the same all the same, and of\n"
	"two memory maps what both have mapped shared, and how much of it.\n"
	"With -n, -o or -r only the table of resources is written; -J has all.\n",
	.cols = columns,
	.run = run,
};
