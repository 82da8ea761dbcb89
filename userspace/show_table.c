// SPDX-License-Identifier: GPL-2.0-only
/* The columns of "ctxlab show", and a row for each thread. */
#include <stdlib.h>
#include <string.h>

#include "show_table.h"

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
	[COL_SYSVSEM] = { "SYSVSEM", 7, 0, OUT_STRING, "semaphore undo list, which may be empty" },
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
