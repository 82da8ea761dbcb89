// SPDX-License-Identifier: GPL-2.0-only
/* /proc/ctxlab/<pid> and <tid> */
#include <stdlib.h>
#include <string.h>

#include "lib/escape.h"
#include "fields.h"
#include "lib/xalloc.h"

const struct resource_name resource_names[RESOURCES] = {
	[RES_MM] = { "Mm", "MM", "mm", "memory" },
	[RES_FILES] = { "Files", "FILES", "files", "descriptors" },
	[RES_FS] = { "Fs", "FS", "fs", "root, cwd, umask" },
	[RES_SIGHAND] = { "Sighand", "SIGHAND", "sighand", "signal handlers" },
	[RES_SIGNAL] = { "Signal", "SIGNAL", "signal", "signals, limits" },
	[RES_IO] = { "Io", "IO", "io", "I/O priority" },
	[RES_SYSVSEM] = { "Sysvsem", "SYSVSEM", "sysvsem", "semaphore undo (may be empty)" },
	[RES_CRED] = { "Cred", "CRED", "cred", "credentials" },
	[RES_NSPROXY] = { "Nsproxy", "NSPROXY", "nsproxy", "namespaces" },
};

static int take_holdings(struct process *p, struct text_error *err)
{
	int i;

	for (i = 0; i < RESOURCES; i++)
		if (field_holding(&p->text, resource_names[i].key, &p->res[i],
				  err))
			return -1;
	return 0;
}

static void take_mm(struct process *p)
{
	const struct text_key *cpus = text_find(&p->text, "MmCpus");
	char *value;

	p->mm_borrowed = field(&p->text, "MmBorrowed");
	p->mm_count = field(&p->text, "MmCount");
	p->mm_maps = field(&p->text, "MmMaps");
	p->mm_rss = field_size(&p->text, "MmRss");
	p->mm_page_tables = field_size(&p->text, "MmPageTables");
	if (!cpus || !strcmp(cpus->value, "none"))
		return;
	value = cpus->value;
	p->mm_cpus = text_word(&value);
	p->mm_cpus_how = text_word(&value);
	/* With "unknown" there may be no list before it. */
	if (p->mm_cpus && !p->mm_cpus_how) {
		p->mm_cpus_how = p->mm_cpus;
		p->mm_cpus = NULL;
	}
}

static void take_files(struct process *p)
{
	p->files_open = field(&p->text, "FilesOpen");
	p->files_cloexec = field(&p->text, "FilesCloexec");
	p->files_slots = field(&p->text, "FilesSlots");
	p->files_kinds = field(&p->text, "FilesKinds");
	p->files_duplicates = field(&p->text, "FilesDuplicates");
}

static void take_namespaces(struct process *p)
{
	const struct text_key *k = text_find(&p->text, "Namespaces");
	int name, id;
	size_t i;

	if (!k)
		return;
	name = text_col(&k->table, "NS");
	id = text_col(&k->table, "ID");
	for (i = 0; i < k->table.nrows && i < MAX_NAMESPACES; i++) {
		p->namespace[i].name = text_cell(&k->table, i, name);
		p->namespace[i].id = cell(&k->table, i, id);
		p->nnamespaces++;
	}
}

static int take_thread(struct process *p, const struct text_table *t,
		       size_t row, struct text_error *err)
{
	struct thread *th = &p->thread[row];

	if (cell_number(t, row, "TID", &th->tid, err) ||
	    cell_resources(t, row, th->res, true, err))
		return -1;
	th->state = cell(t, row, text_col(t, "ST"));
	th->cpu = cell(t, row, text_col(t, "CPU"));
	th->vcsw = cell(t, row, text_col(t, "VCSW"));
	th->icsw = cell(t, row, text_col(t, "ICSW"));
	th->name = cell_name(t, row);
	return 0;
}

static void take_own(struct thread *th, const struct text_table *t, size_t row)
{
	th->kstack = cell(t, row, text_col(t, "KSTACK"));
	th->stack = cell(t, row, text_col(t, "STACK"));
	th->size = cell(t, row, text_col(t, "SIZE"));
	th->sp = cell(t, row, text_col(t, "SP"));
	th->tls = cell(t, row, text_col(t, "TLS"));
	th->policy = cell(t, row, text_col(t, "POLICY"));
	th->prio = cell(t, row, text_col(t, "PRIO"));
	th->start = cell(t, row, text_col(t, "START"));
}

static int by_tid(const void *a, const void *b)
{
	const struct thread *x = a, *y = b;

	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

/* The rows of "Own:" may lack threads that came after "Threads:". */
static int join_own(struct process *p, const struct text_table *t,
		    struct text_error *err)
{
	struct thread key, *th;
	size_t i;

	for (i = 0; i < t->nrows; i++) {
		if (cell_number(t, i, "TID", &key.tid, err))
			return -1;
		th = bsearch(&key, p->thread, p->nthread, sizeof(key), by_tid);
		if (th)
			take_own(th, t, i);
	}
	return 0;
}

/* "N" or "N (M unseen)" */
static int take_thread_count(struct process *p, const struct text_key *k,
			     struct text_error *err)
{
	char *value = k->value, *word = text_word(&value);

	if (!word || !text_number(word, &p->threads))
		return text_wrong(err, k->line, "Threads: no number");
	word = text_word(&value);
	if (word && *word == '(' && !text_number(word + 1, &p->threads_unseen))
		return text_wrong(err, k->line, "Threads: no number of unseen");
	return 0;
}

static int take_threads(struct process *p, struct text_error *err)
{
	const struct text_key *k = text_find(&p->text, "Threads");
	const struct text_key *own = text_find(&p->text, "Own");
	size_t i;

	if (!k)
		return text_wrong(err, 0, "no line 'Threads:'");
	if (take_thread_count(p, k, err))
		return -1;
	p->nthread = k->table.nrows;
	p->thread = xcalloc(p->nthread, sizeof(*p->thread));
	for (i = 0; i < p->nthread; i++)
		if (take_thread(p, &k->table, i, err))
			return -1;
	qsort(p->thread, p->nthread, sizeof(*p->thread), by_tid);
	if (!own)
		return 0;
	if (join_own(p, &own->table, err))
		return -1;
	/* "kernel stack SIZE kB each" */
	if (!strncmp(own->value, "kernel stack ", 13)) {
		p->kstack_size = own->value + 13;
		own->value[13 + strcspn(own->value + 13, " ")] = '\0';
	}
	return 0;
}

static int take_sharers(struct process *p, struct text_error *err)
{
	const struct text_key *k = text_find(&p->text, "Elsewhere");
	size_t i;

	if (!k)
		return 0;
	p->nsharer = k->table.nrows;
	p->sharer = xcalloc(p->nsharer, sizeof(*p->sharer));
	for (i = 0; i < p->nsharer; i++) {
		struct sharer *s = &p->sharer[i];

		if (cell_number(&k->table, i, "TGID", &s->tgid, err) ||
		    cell_number(&k->table, i, "TID", &s->tid, err) ||
		    cell_resources(&k->table, i, s->res, true, err))
			return -1;
		s->name = cell_name(&k->table, i);
	}
	return 0;
}

/* Pairs of a resource and a number; ones that are not known are skipped. */
static int take_deviating(struct process *p, struct text_error *err)
{
	const struct text_key *k = text_find(&p->text, "Deviating");
	char *value, *name, *number;
	unsigned long long n;
	int r;

	if (!k)
		return 0;
	value = k->value;
	while ((name = text_word(&value))) {
		number = text_word(&value);
		if (!number || !text_number(number, &n))
			return text_wrong(err, k->line,
					  "Deviating: no number after %.60s",
					  name);
		for (r = 0; r < RESOURCES; r++)
			if (!strcmp(name, resource_names[r].name))
				p->deviating[r] = n;
	}
	p->compared = true;
	return 0;
}

/* A file of one thread has the cells of its row as keys. */
static int take_lone_thread(struct process *p, struct text_error *err)
{
	const struct text *t = &p->text;
	struct thread *th;
	int i;

	if (field_number(t, "Tid", &p->tid, err))
		return -1;
	p->leader = field(t, "Leader");
	if (!p->leader)
		return text_wrong(err, 0, "no line 'Leader:': cut short?");
	p->nthread = 1;
	p->thread = xcalloc(1, sizeof(*p->thread));
	th = p->thread;
	th->tid = p->tid;
	th->state = p->state;
	for (i = 0; i < RESOURCES; i++)
		th->res[i] = p->res[i].id;
	th->cpu = field(t, "Cpu");
	th->vcsw = field(t, "Vcsw");
	th->icsw = field(t, "Icsw");
	th->kstack = field(t, "Kstack");
	th->stack = field(t, "Stack");
	/* Without a stack there is no size. */
	th->size = th->stack ? field_size(t, "StackSize") : NULL;
	th->sp = field(t, "Sp");
	th->tls = field(t, "Tls");
	th->policy = field(t, "Policy");
	th->prio = field(t, "Prio");
	th->start = p->start;
	th->name = p->name;
	return 0;
}

static int take_head(struct process *p, struct text_error *err)
{
	const struct text_key *name = text_find(&p->text, "Name");

	if (!name)
		return text_wrong(err, 0, "no line 'Name:'");
	escape_undo(name->value);
	p->name = name->value;
	p->summary = field(&p->text, "Summary");
	p->kind = field(&p->text, "Kind");
	p->state = field(&p->text, "State");
	p->uid = field(&p->text, "Uid");
	p->start = field(&p->text, "Start");
	p->walk = field(&p->text, "Walk");
	if (field_number(&p->text, "Tgid", &p->tgid, err) ||
	    field_number(&p->text, "PPid", &p->ppid, err))
		return -1;
	if (!p->kind || !p->state)
		return text_wrong(err, 0, "no line 'Kind:' or 'State:'");
	return 0;
}

static int take_process(struct process *p, struct text_error *err)
{
	if (take_head(p, err) || take_holdings(p, err))
		return -1;
	take_mm(p);
	take_files(p);
	take_namespaces(p);
	if (text_find(&p->text, "Tid"))
		return take_lone_thread(p, err);
	if (take_deviating(p, err) || take_threads(p, err) ||
	    take_sharers(p, err))
		return -1;
	/* The last line that the first version has. */
	if (!p->walk)
		return text_wrong(err, 0, "no line 'Walk:': cut short?");
	return 0;
}

int process_parse(struct process *p, char *buf, size_t len,
		  struct text_error *err)
{
	*p = (struct process){ .buf = buf };
	if (text_parse(&p->text, buf, len, err) || take_process(p, err)) {
		process_free(p);
		return -1;
	}
	return 0;
}

void process_free(struct process *p)
{
	free(p->thread);
	free(p->sharer);
	text_free(&p->text);
	free(p->buf);
	*p = (struct process){};
}
