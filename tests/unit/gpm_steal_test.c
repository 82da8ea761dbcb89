// SPDX-License-Identifier: GPL-2.0-only
/* From whom a P steals: from each other one once a pass, and first from any of them. */
#include "gpm/internal.h"

#define PROCS 12
#define TIMES 2000

static unsigned int visits[PROCS], visited;
static unsigned int first, times_first[PROCS];

static struct g *visit(struct queue *from)
{
	unsigned int i = (struct p *)from - sched.p;

	if (!visited++)
		first = i;
	visits[i]++;
	return NULL;
}

#define queue_steal(to, from, position, n) ((void)(position), (void)(n), visit(from))
#include "gpm/steal.c"

#include "locks/untraced.h"
#include "tap.h"

/* What stealing finds is nothing. */
struct sched sched;

void running(struct p *p, struct g *g, enum trace_why why, uint32_t position)
{
	(void)p;
	(void)g;
	(void)why;
	(void)position;
}

struct g *pick(struct p *p)
{
	(void)p;
	return NULL;
}

int64_t clock_now(void)
{
	return 0;
}

int64_t timers_run(struct heap *h, int64_t now)
{
	(void)h;
	return now;
}

uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005 + 1442695040888963407;
	return *state >> 33;
}

static bool each_once_a_pass(unsigned int thief)
{
	unsigned int i;

	for (i = 0; i < sched.procs; i++)
		if (visits[i] != (i == thief ? 0 : STEAL_PASSES))
			return false;
	return true;
}

static void steals(unsigned int procs)
{
	static struct p p[PROCS];
	unsigned int i, others = procs - 1;
	struct m m = { .random = procs };
	bool all = true, even = true;

	sched.p = p;
	sched.procs = procs;
	memset(times_first, 0, sizeof(times_first));
	for (i = 0; i < procs; i++)
		p[i].timers.next = NEVER;
	for (i = 0; i < TIMES * others; i++) {
		memset(visits, 0, sizeof(visits));
		visited = 0;
		steal(&m, &p[0]);
		all &= each_once_a_pass(0);
		times_first[first]++;
	}
	/* The thief's own turn goes to another: that one has twice its share at most. */
	for (i = 1; i < procs; i++)
		even &= times_first[i] > TIMES / 2 && times_first[i] < 2 * TIMES;
	ok(all, "%u Ps: each other one once in each pass", procs);
	ok(even, "%u Ps: each is the first as often", procs);
}

int main(void)
{
	unsigned int procs;

	for (procs = 2; procs <= PROCS; procs++)
		steals(procs);
	return tap_done();
}
