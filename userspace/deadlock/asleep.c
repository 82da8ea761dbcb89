// SPDX-License-Identifier: GPL-2.0-only
/*
 * For how long threads have not run.
 *
 * The scheduler notes when a thread last ran (exec_start in its sched file), on a
 * clock of the CPU that it ran on.  That clock stands still while interrupts or
 * the hypervisor have the CPU, so it is compared with itself alone: this thread
 * goes to that CPU and reads there when it ran itself, which is now.  What comes
 * out may be too little, by that time and by a tick, and never too much.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asleep.h"
#include "lib/xalloc.h"
#include "process.h"

struct cpu_clocks {
	cpu_set_t own;			/* where this thread may run */
	double now[CPU_SETSIZE];	/* in ms; 0: not read, negative: cannot be */
};

/* In ms; 0 where it is not told, or the thread was moved since. */
static double last_ran(int dir, const char *path)
{
	char text[1024], *at;

	if (file_read(dir, path, text, sizeof(text)) <= 0)
		return 0;
	at = strstr(text, "\nse.exec_start");
	at = at ? strchr(at, ':') : NULL;
	return at ? strtod(at + 1, NULL) : 0;
}

static double read_clock(struct cpu_clocks *c, int cpu)
{
	double now = 0;
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (CPU_COUNT(&c->own) && !sched_setaffinity(0, sizeof(one), &one)) {
		/* The scheduler notes the time here, too. */
		sched_yield();
		now = last_ran(AT_FDCWD, "/proc/thread-self/sched");
		sched_setaffinity(0, sizeof(c->own), &c->own);
	}
	return now > 0 ? now : -1;
}

/* The 39th field of stat: the CPU that the thread ran on last; -1 if unknown. */
static int last_cpu(const struct thread *t)
{
	char path[32], text[1024], *at;
	int field;

	snprintf(path, sizeof(path), "%d/stat", t->tid);
	if (file_read(t->process->tasks, path, text, sizeof(text)) <= 0)
		return -1;
	/* The second has a name in parentheses, which may hold blanks. */
	at = strrchr(text, ')');
	for (field = 2; at && field < 39; field++)
		at = strchr(at + 1, ' ');
	return at ? atoi(at + 1) : -1;
}

struct cpu_clocks *cpu_clocks_new(void)
{
	struct cpu_clocks *c = xcalloc(1, sizeof(*c));

	if (sched_getaffinity(0, sizeof(c->own), &c->own))
		CPU_ZERO(&c->own);
	return c;
}

void cpu_clocks_free(struct cpu_clocks *c)
{
	free(c);
}

bool thread_asleep(struct cpu_clocks *c, const struct thread *t, double *seconds)
{
	double ran;
	char path[32];
	int cpu;

	if (t->call.state != CALL_BLOCKED && t->call.state != CALL_NONE)
		return false;
	snprintf(path, sizeof(path), "%d/sched", t->tid);
	ran = last_ran(t->process->tasks, path);
	cpu = last_cpu(t);
	/* It must not have run, and so gone to another CPU, in between. */
	if (ran <= 0 || cpu < 0 || cpu >= CPU_SETSIZE ||
	    last_ran(t->process->tasks, path) != ran)
		return false;
	if (!c->now[cpu])
		c->now[cpu] = read_clock(c, cpu);
	*seconds = (c->now[cpu] - ran) / 1e3;
	return c->now[cpu] > 0 && *seconds >= 0;
}
