// SPDX-License-Identifier: GPL-2.0-only
/* gpm_run(): from options to a running scheduler and back. */
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

#define STACK_SIZE (64 * 1024)
#define STACK_LEAST 4096
#define PROCS_MAX 1024
#define CPUS_MAX 8192

static _Atomic bool busy;

/* The CPUs that this thread may run on. */
static unsigned int cpus(void)
{
	cpu_set_t *set = CPU_ALLOC(CPUS_MAX);
	size_t size = CPU_ALLOC_SIZE(CPUS_MAX);
	unsigned int n = 1;

	if (set && !sched_getaffinity(0, size, set))
		n = CPU_COUNT_S(size, set);
	CPU_FREE(set);
	return n;
}

static int read_options(const struct gpm_options *o)
{
	struct gpm_options *mine = &sched.options;

	if (o)
		*mine = *o;
	if (!mine->procs)
		mine->procs = cpus();
	if (!mine->stack_size)
		mine->stack_size = STACK_SIZE;
	if (!mine->trace)
		mine->trace = getenv("GPM_TRACE");
	if (mine->trace && !*mine->trace)
		mine->trace = NULL;
	if (mine->procs > PROCS_MAX || mine->stack_size < STACK_LEAST ||
	    mine->stack_size > SIZE_MAX / 4)
		return -EINVAL;
	sched.procs = mine->procs;
	sched.step = !!mine->seed;
	trace_steps = sched.step;
	return 0;
}

static int make_rings(void)
{
	unsigned int i;
	int err;

	if (!sched.options.trace)
		return 0;
	sched.rings = calloc(sched.procs + 1, sizeof(*sched.rings));
	if (!sched.rings)
		return -ENOMEM;
	err = trace_open(sched.options.trace, sched.procs, QUEUE_SIZE,
			 sched.options.seed, &sched.trace_fd);
	if (err) {
		free(sched.rings);
		sched.rings = NULL;
		return err;
	}
	for (i = 0; i <= sched.procs; i++) {
		sched.rings[i].number = i;
		sched.rings[i].fd = &sched.trace_fd;
	}
	return 0;
}

/* 0, or why the trace is not whole. */
static int close_rings(void)
{
	unsigned int i;

	if (!sched.rings)
		return 0;
	for (i = 0; i <= sched.procs; i++)
		trace_flush(&sched.rings[i]);
	free(sched.rings);
	if (sched.trace_fd < 0)
		return sched.trace_fd;
	return close(sched.trace_fd) ? -errno : 0;
}

static int make_ps(void)
{
	unsigned int i;

	sched.p = aligned_alloc(64, sched.procs * sizeof(*sched.p));
	if (!sched.p)
		return -ENOMEM;
	memset(sched.p, 0, sched.procs * sizeof(*sched.p));
	for (i = sched.procs; i-- > 0;) {
		struct p *p = &sched.p[i];

		p->id = i;
		p->tick = 1;
		p->timers.next = NEVER;
		p->ring = sched.rings ? &sched.rings[i] : NULL;
		p->status = sched.step ? P_STEPPING : P_RUNNING;
		if (!i || sched.step)
			continue;
		p->status = P_IDLE;
		p->link = sched.idle_p;
		sched.idle_p = p;
		sched.nidle++;
	}
	return 0;
}

static void free_ps(void)
{
	unsigned int i;

	for (i = 0; i < sched.procs; i++)
		timers_destroy(&sched.p[i].timers);
	free(sched.p);
}

static struct m *unjoined(void)
{
	struct m *m;

	lock(&sched.lock);
	for (m = sched.ms; m && (m->joined || !m->id); m = m->all)
		;
	unlock(&sched.lock);
	return m;
}

/* One that has not ended yet may start another. */
static void join_machines(void)
{
	struct m *m;

	while ((m = unjoined())) {
		pthread_join(m->thread, NULL);
		m->joined = true;
	}
	while ((m = sched.ms)) {
		sched.ms = m->all;
		free_machine(m);
	}
}

static void destroy_g(struct g *g, void *arg)
{
	(void)arg;
	if (g->state != G_FREE)
		fiber_end(&g->fiber);
	fiber_destroy(&g->fiber);
}

static int run_threads(struct m *m)
{
	int err;

	if (sched.step) {
		step_loop(m);
		return sched.status;
	}
	err = monitor_start();
	if (err)
		return err;
	m->given = &sched.p[0];
	machine_loop(m);
	monitor_join();
	return sched.status;
}

static int run(void (*fn)(void *arg), void *arg)
{
	struct m *m = new_machine();
	int err;

	if (!m)
		return -ENOMEM;
	err = spawn(&sched.p[0], "main", fn, arg);
	if (!err)
		err = run_threads(m);
	join_machines();
	each_g(destroy_g, NULL);
	co_stacks_destroy(&sched.stacks);
	return err;
}

static int set_up_and_run(void (*fn)(void *arg), void *arg)
{
	int err = make_rings(), trace_err;

	if (err)
		return err;
	err = make_ps();
	if (err)
		goto close_rings;
	err = poller_open();
	if (err)
		goto free_ps;
	overflow_handle();
	err = run(fn, arg);
	overflow_unhandle();
	poller_close();
free_ps:
	free_ps();
close_rings:
	trace_err = close_rings();
	return err ? err : trace_err;
}

int gpm_run(const struct gpm_options *options, void (*fn)(void *arg), void *arg)
{
	int err;

	if (atomic_exchange(&busy, true))
		return -EBUSY;
	memset(&sched, 0, sizeof(sched));
	sched.next_id = 1;
	pthread_sigmask(SIG_SETMASK, NULL, &sched.mask);
	err = read_options(options);
	if (!err) {
		co_stacks_init(&sched.stacks, sched.options.stack_size);
		err = set_up_and_run(fn, arg);
	}
	trace_steps = 0;
	atomic_store(&busy, false);
	return err;
}
