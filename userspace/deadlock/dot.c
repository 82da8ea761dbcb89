// SPDX-License-Identifier: GPL-2.0-only
/* The waits as a graph in the language of graphviz. */
#include <stdlib.h>
#include <string.h>

#include "lib/escape.h"
#include "lib/xalloc.h"
#include "report.h"

/* A string of the language: printable, with quotes and backslashes escaped. */
static void quoted(FILE *out, const char *text)
{
	char *safe = escape_terminal(text), *c;

	putc('"', out);
	for (c = safe; *c; c++) {
		if (*c == '"' || *c == '\\')
			putc('\\', out);
		putc(*c, out);
	}
	putc('"', out);
	free(safe);
}

static bool has_edges(const struct thread *t)
{
	return t->finding || t->awaited || t->by.owner || t->by.n;
}

static void print_node(const struct thread *t, FILE *out)
{
	char name[64], *label;

	if (!has_edges(t))
		return;
	thread_name(t, name);
	label = xasprintf("%d %s: %s", t->tid, name, wait_name(t->wait.kind));
	fprintf(out, "\tt%d [label=", t->tid);
	quoted(out, label);
	fputs(t->finding ? ", color=red];\n" : "];\n", out);
	free(label);
}

static void print_edges(struct report *r, const struct thread *t, FILE *out)
{
	char *lock = wait_object(r, t);
	size_t i;

	if (t->by.owner) {
		fprintf(out, "\tt%d -> t%d [label=", t->tid, t->by.owner->tid);
		quoted(out, lock ? lock : "");
		fputs("];\n", out);
	}
	for (i = 0; i < t->by.n; i++) {
		fprintf(out, "\tt%d -> p%d [label=", t->tid,
			t->by.process[i]->pid);
		quoted(out, lock ? lock : "");
		fputs("];\n", out);
	}
	free(lock);
}

/* A process, which goes on where one of its threads does. */
static void print_process(const struct process *p, FILE *out)
{
	char *label = xasprintf("%d %s", p->pid, p->name);
	size_t i;

	fprintf(out, "\tp%d [shape=box, label=", p->pid);
	quoted(out, label);
	fputs("];\n", out);
	free(label);
	for (i = 0; i < p->threads; i++)
		fprintf(out, "\tp%d -> t%d [style=dashed];\n", p->pid,
			p->thread[i]->tid);
}

/* Whether some thread waits for the process as a whole. */
static bool is_waited_for(const struct scan *s, const struct process *p)
{
	size_t i, k, n;

	for (i = 0; i < s->processes; i++)
		for (k = 0; k < s->process[i]->threads; k++)
			for (n = 0; n < s->process[i]->thread[k]->by.n; n++)
				if (s->process[i]->thread[k]->by.process[n] == p)
					return true;
	return false;
}

void deadlock_dot(struct report *r, FILE *out)
{
	struct scan *s = r->scan;
	size_t i, k;

	fputs("digraph waits {\n", out);
	for (i = 0; i < s->processes; i++) {
		for (k = 0; k < s->process[i]->threads; k++) {
			print_node(s->process[i]->thread[k], out);
			print_edges(r, s->process[i]->thread[k], out);
		}
		if (is_waited_for(s, s->process[i]))
			print_process(s->process[i], out);
	}
	fputs("}\n", out);
}
