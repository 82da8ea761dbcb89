// SPDX-License-Identifier: GPL-2.0-only
/* The Gs of a process, found and told. */
#include <errno.h>

#include "gs.h"
#include "lib/escape.h"
#include "process.h"

/* Gs that are told one by one. */
#define MAX_GS 20

static int read_memory(void *process, uint64_t from, void *to, size_t n)
{
	struct piece piece = { from, to, n, false };

	process_read(process, &piece, 1);
	return piece.ok ? 0 : -EFAULT;
}

void gs_find(struct process *p)
{
	const struct mapping *m;

	gs_free(p->gs);
	p->gs = NULL;
	process_map(p);
	for (m = p->mapping; m < p->mapping + p->mappings && !p->gs; m++)
		if (!m->offset && m->name[0] == '/' && !p->trouble.memory)
			p->gs = gs_read(p, read_memory, m->start);
}

static const struct g_row *owner_of(const struct gs *gs, const struct g_row *g)
{
	size_t i;

	for (i = 0; g->owner && i < gs->n; i++)
		if (gs->row[i].id == g->owner)
			return &gs->row[i];
	return NULL;
}

static void print_name(const struct g_row *g, FILE *out)
{
	fprintf(out, "G %u", g->id);
	if (g->name[0])
		escape_print(out, " \"%s\"", g->name);
}

static void print_wait(const struct gs *gs, const struct g_row *g, FILE *out)
{
	const struct g_row *owner = owner_of(gs, g);

	fputs("  ", out);
	print_name(g, out);
	fprintf(out, " waits for: %s", g->does);
	if (owner) {
		fprintf(out, " 0x%llx, held by ", (unsigned long long)g->what);
		print_name(owner, out);
		if (!owner->waits)
			fprintf(out, ", which %s", owner->does);
		if (owner->tid)
			fprintf(out, " (thread %d)", owner->tid);
	}
	fputc('\n', out);
}

/* The members of a deadlock, or, for 0, all others that wait. */
static void print_part(const struct gs *gs, size_t finding, FILE *out)
{
	size_t i, told = 0, more = 0;

	for (i = 0; i < gs->n; i++) {
		if (gs->row[i].finding != finding || !gs->row[i].waits)
			continue;
		if (told == MAX_GS) {
			more++;
			continue;
		}
		print_wait(gs, &gs->row[i], out);
		told++;
	}
	if (more)
		fprintf(out, "  and %zu more\n", more);
}

void gs_words(const struct process *p, FILE *out)
{
	const struct gs *gs = p->gs;
	size_t i, waits = 0, members;

	/* Linked with it, and it schedules none. */
	if (!gs->n)
		return;
	for (i = 0; i < gs->n; i++)
		waits += gs->row[i].waits;
	escape_print(out, "Process %d (%s) schedules Gs of libgpm: %zu, of which %zu wait.",
		     p->pid, p->name, gs->n, waits);
	fputc('\n', out);
	for (i = 1; i <= gs->deadlocks; i++) {
		size_t k;

		members = 0;
		for (k = 0; k < gs->n; k++)
			members += gs->row[k].finding == i;
		fprintf(out, "Deadlock: %zu Gs wait for each other.\n", members);
		print_part(gs, i, out);
		fputc('\n', out);
	}
	if (waits)
		print_part(gs, 0, out);
	fputc('\n', out);
}
