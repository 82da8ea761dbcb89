// SPDX-License-Identifier: GPL-2.0-only
/* The Gs of a program on libgpm: who of them waits for whom. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gpm/inspect.h"
#include "gs.h"
#include "lib/xalloc.h"

static int by_id(const void *a, const void *b)
{
	const struct gpm_seen *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static void sort(struct gpm_view *v)
{
	if (v->gs)
		qsort(v->g, v->gs, sizeof(*v->g), by_id);
}

static const struct gpm_seen *find(const struct gpm_view *v, uint64_t id)
{
	struct gpm_seen key = { .id = id };

	return v->gs && key.id == id ?
		bsearch(&key, v->g, v->gs, sizeof(key), by_id) : NULL;
}

/* It waited all the time, for a mutex that another one had. */
static bool still_waits(const struct gpm_seen *a, const struct gpm_seen *b)
{
	return a && a->state == G_WAITING && b->state == G_WAITING &&
	       a->why == WAIT_MUTEX && b->why == WAIT_MUTEX &&
	       a->parks == b->parks && a->what == b->what &&
	       a->owner == b->owner && b->owner && b->owner != b->id;
}

static const char *does(const struct gpm_seen *s)
{
	switch (s->state) {
	case G_RUNNING:
		return "runs";
	case G_BLOCKED:
		return "blocks its thread";
	case G_WAITING:
		return s->why < WAIT_REASONS ? gpm_trace_waits[s->why] :
					       "an unknown event";
	default:
		return "is ready to run";
	}
}

static void fill(struct g_row *row, const struct gpm_seen *s)
{
	*row = (struct g_row){
		.id = s->id,
		.does = does(s),
		.waits = s->state == G_WAITING,
		.what = s->what,
		.owner = s->owner,
	};
	memcpy(row->name, s->name, sizeof(row->name));
	row->name[sizeof(row->name) - 1] = '\0';
}

/* The place of the G that @first and @second saw the one at @i wait for. */
static size_t next(const struct gpm_view *first, const struct gpm_view *second,
		   size_t i)
{
	const struct gpm_seen *s = &second->g[i], *owner;

	if (!still_waits(find(first, s->id), s))
		return second->gs;
	owner = find(second, s->owner);
	return owner ? (size_t)(owner - second->g) : second->gs;
}

/* Each G waits for one at most: where a walk comes back to itself is a cycle. */
static void find_cycles(struct gs *gs, const struct gpm_view *first,
			const struct gpm_view *second)
{
	size_t *walk = xcalloc(gs->n + 1, sizeof(*walk)), i, at;

	for (i = 0; i < gs->n; i++) {
		for (at = i; at < gs->n && !walk[at];
		     at = next(first, second, at))
			walk[at] = i + 1;
		if (at == gs->n || walk[at] != i + 1 || gs->row[at].finding)
			continue;
		gs->deadlocks++;
		for (; !gs->row[at].finding; at = next(first, second, at))
			gs->row[at].finding = gs->deadlocks;
	}
	free(walk);
}

static void set_threads(struct gs *gs, const struct gpm_view *v)
{
	size_t i, k;

	for (i = 0; i < v->threads; i++)
		for (k = 0; v->thread[i].g && k < gs->n; k++)
			if (gs->row[k].id == v->thread[i].g)
				gs->row[k].tid = v->thread[i].tid;
}

static struct gs *make(const struct gpm_view *first,
		       const struct gpm_view *second)
{
	struct gs *gs = xcalloc(1, sizeof(*gs));
	size_t i;

	gs->n = second->gs;
	gs->row = xcalloc(gs->n + 1, sizeof(*gs->row));
	for (i = 0; i < gs->n; i++)
		fill(&gs->row[i], &second->g[i]);
	set_threads(gs, second);
	find_cycles(gs, first, second);
	return gs;
}

struct gs *gs_read(void *process, gs_reader read, uint64_t image)
{
	struct gpm_memory mem = { read, process };
	struct gpm_view first, second;
	struct gs *gs = NULL;
	uint64_t debug;

	if (gpm_inspect_find(&mem, image, &debug) ||
	    gpm_inspect(&mem, debug, &first))
		return NULL;
	if (!gpm_inspect(&mem, debug, &second)) {
		sort(&first);
		sort(&second);
		gs = make(&first, &second);
		gpm_view_free(&second);
	}
	gpm_view_free(&first);
	return gs;
}

void gs_free(struct gs *gs)
{
	if (gs)
		free(gs->row);
	free(gs);
}

json_t *gs_json(const struct gs *gs)
{
	json_t *list = json_array(), *row;
	size_t i;

	for (i = 0; i < gs->n; i++) {
		const struct g_row *g = &gs->row[i];

		row = json_pack("{s:I, s:s%, s:s, s:b}", "id", (json_int_t)g->id,
				"name", g->name, strlen(g->name), "does",
				g->does, "waits", g->waits);
		if (!row)
			continue;
		json_object_set_new(row, "owner", g->owner ?
				    json_integer(g->owner) : json_null());
		json_object_set_new(row, "tid", g->tid ? json_integer(g->tid) :
				    json_null());
		json_object_set_new(row, "deadlock", g->finding ?
				    json_integer(g->finding) : json_null());
		json_array_append_new(list, row);
	}
	return list;
}
