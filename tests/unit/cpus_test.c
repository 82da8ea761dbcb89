// SPDX-License-Identifier: GPL-2.0-only
/* Which CPUs may be used, on kernels that have more of them than this one. */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "measure/cpus.h"
#include "tap.h"

/* The kernel that is played: how many CPUs it can have, and two that are allowed. */
static unsigned int possible;
static unsigned int allowed[2];

/* In place of the C library's. */
int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
	int i;

	(void)pid;
	if (size * 8 < possible) {
		errno = EINVAL;
		return -1;
	}
	memset(set, 0, size);
	for (i = 0; i < 2; i++)
		CPU_SET_S(allowed[i], size, set);
	return 0;
}

static void kernel_of(unsigned int cpus, unsigned int low, unsigned int high)
{
	unsigned int cpu[2] = {};

	possible = cpus;
	allowed[0] = low;
	allowed[1] = high;
	ok(cpus_last_allowed() == (int)high, "of %u CPUs the last allowed is %u",
	   cpus, high);
	is_number(cpus_allowed(NULL, 0), 2, "two are allowed");
	cpus_allowed(cpu, 1);
	ok(cpu[0] == high && !cpu[1], "no more are told than there is room for");
	cpus_allowed(cpu, 2);
	ok(cpu[0] == high && cpu[1] == low, "the highest is the first");
}

int main(void)
{
	kernel_of(2, 0, 1);
	kernel_of(CPU_SETSIZE, 3, CPU_SETSIZE - 1);
	kernel_of(CPU_SETSIZE + 1, 0, CPU_SETSIZE);
	kernel_of(2048, 3, 1500);
	kernel_of(CPUS_MOST, 3, CPUS_MOST - 1);
	possible = 2 * CPUS_MOST;
	ok(cpus_last_allowed() == -EINVAL, "no kernel has more than %d",
	   CPUS_MOST);
	return tap_done();
}
