// SPDX-License-Identifier: GPL-2.0-only
/*
 * Gs of libgpm that wait, all at the same time: for scripts/bench-sched.
 *
 *	park N
 *
 * has N of them do so twice and prints of the second time, for which there are
 * stacks, the CPU time of one in nanoseconds, and how many bytes it has.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "gpm/gpm.h"

static struct gpm_group ready, ended;
static struct gpm_sem gate;

static double used(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static double resident(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	long pages = 0;

	if (!f || fscanf(f, "%*d %ld", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return (double)pages * sysconf(_SC_PAGESIZE);
}

static void wait_at_gate(void *arg)
{
	(void)arg;
	gpm_group_done(&ready);
	gpm_sem_wait(&gate);
	gpm_group_done(&ended);
}

static void park(long n)
{
	long i;

	gpm_group_add(&ready, n);
	gpm_group_add(&ended, n);
	for (i = 0; i < n; i++)
		if (gpm_go(wait_at_gate, NULL))
			gpm_stop(1);
	gpm_group_wait(&ready);
	for (i = 0; i < n; i++)
		gpm_sem_post(&gate);
	gpm_group_wait(&ended);
}

static void twice(void *arg)
{
	long n = (long)arg;
	double before = resident(), start, bytes;

	park(n);
	bytes = resident() - before;
	start = used();
	park(n);
	printf("%.1f %.0f\n", (used() - start) / n, bytes / n);
}

int main(int argc, char **argv)
{
	const struct gpm_options o = { .procs = 1 };
	long n = argc == 2 ? atol(argv[1]) : 0;

	if (n < 1) {
		fprintf(stderr, "usage: park N\n");
		return 2;
	}
	return gpm_run(&o, twice, (void *)n) ? 1 : 0;
}
