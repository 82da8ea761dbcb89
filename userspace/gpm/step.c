// SPDX-License-Identifier: GPL-2.0-only
/* The seeded run: one thread plays all Ps, and every choice comes from the seed. */
#include <errno.h>

#include "internal.h"

/*
 * Each turn goes to a P by lot, which goes on with the G that it runs up to that
 * one's next call, or picks another, by the same code as ever.
 */
static struct g *turn(struct m *m, struct p *p)
{
	struct g *g = p->turn;

	p->turn = NULL;
	if (g) {
		trace(p->ring, TRACE_RUN, g->id,
		      WHY_TURN << 12 | queue_length(&p->queue), 0);
		return g;
	}
	g = pick(p);
	if (!g)
		g = poll_now(p);
	return g || sched.procs == 1 ? g : steal(m, p);
}

/* Every P was idle in turn: let time pass up to the next event. */
static bool let_time_pass(void)
{
	int64_t next = timers_next();
	unsigned int n;

	if (sched.waiting_fds) {
		put_polled(poller_poll(next == NEVER ? -1 : 0, &n));
		if (sched.length || next == NEVER)
			return true;
	}
	if (next == NEVER)
		return false;
	if (next > clock_now())
		sched.step = (next + USEC - 1) / USEC;
	return true;
}

/* A G that runs is in no queue. */
static bool turn_anywhere(void)
{
	unsigned int i;

	for (i = 0; i < sched.procs; i++)
		if (sched.p[i].turn)
			return true;
	return false;
}

void step_loop(struct m *m)
{
	uint64_t choices = sched.options.seed;
	unsigned int misses = 0;

	machine_set(m);
	fiber_begin(&m->idle.fiber, true);
	overflow_install(m);
	while (!sched.stop) {
		struct p *p = &sched.p[next_random(&choices) % sched.procs];
		struct g *g;

		trace_steps = ++sched.step;
		atomic_store(&m->p, p);
		atomic_store(&p->m, m);
		g = turn(m, p);
		if (g) {
			misses = 0;
			switch_to(m, g);
		} else if (++misses > 8 * sched.procs && !turn_anywhere() &&
			   !work_anywhere()) {
			misses = 0;
			if (!let_time_pass())
				break;
		}
	}
	if (!sched.stop) {
		if (alive())
			report_deadlock();
		stop_all(alive() ? -EDEADLK : 0);
	}
	overflow_restore(m);
	machine_set(NULL);
}
