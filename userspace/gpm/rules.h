/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rules of the scheduler, as a model that knows no threads: what is in each
 * queue and where each G is, changed by one event of a trace after another.
 */
#ifndef GPM_RULES_H
#define GPM_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "replay.h"
#include "trace.h"

enum where {
	NOWHERE,		/* unknown so far */
	TRANSIT,		/* ready, on its way into a queue or to run */
	LOCAL,
	SLOT,
	GLOBAL,
	RUNNING,
	LEAVING,		/* has given way, and is not in a queue yet */
	WAITING,
	BLOCKED,
	DEAD,
};

struct model_g {
	uint8_t where;
	uint16_t p;
	int64_t since;
	char name[17];
};

struct ring {
	struct trace_event *event;
	int64_t *ns;
	size_t n, at;
};

struct model_p {
	uint32_t *slot;
	uint16_t head, tail;	/* positions, as far as events have them */
	uint32_t next, current, leaving;
	uint32_t tick, chain;
	uint32_t batch;		/* Gs of an overflow on their way */
	uint32_t *batched;
	bool has_m;
};

struct model {
	struct gpm_trace *t;
	struct ring *ring;	/* procs + 1 */
	struct model_p *p;
	struct model_g *g;
	uint32_t gs;
	uint32_t *global;	/* a ring buffer of @room */
	size_t global_room, global_first, global_n;
	uint16_t changes;
	uint32_t named, idle_ps, queued;
	int64_t waste_since, global_since, now, bound;
	bool stopped;
	int status;
	char what[160];
};

enum verdict { DONE, LATER };

static inline uint16_t model_length(const struct model_p *p)
{
	return p->tail - p->head;
}

static inline struct model_g *model_find_g(struct model *m, uint32_t id)
{
	return id && id < m->gs ? &m->g[id] : NULL;
}

/*
 * Do event @e of @ring; it is followed by another one.  LATER: the rules do not
 * allow it now, as @m->what says.
 */
enum verdict rules_step(struct model *m, uint16_t ring,
			const struct trace_event *e);

#endif /* GPM_RULES_H */
