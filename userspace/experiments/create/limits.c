// SPDX-License-Identifier: GPL-2.0-only
/* Reads the limits on tasks and namespaces. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/xalloc.h"
#include "limits.h"
#include "measure/cgroup.h"

/* @text, and "; " and @more, which is freed. */
static char *join(char *text, char *more)
{
	char *both = xasprintf("%s; %s", text, more);

	free(text);
	free(more);
	return both;
}

/* The number in a file; -1 where there is none. */
static long read_long(const char *path)
{
	FILE *f = fopen(path, "re");
	long n = -1;

	if (f && fscanf(f, "%ld", &n) != 1)
		n = -1;
	if (f)
		fclose(f);
	return n;
}

/* The tasks of the whole machine: "0.10 0.20 0.30 2/345 678". */
static long count_tasks(void)
{
	FILE *f = fopen("/proc/loadavg", "re");
	long n = -1;

	if (f && fscanf(f, "%*f %*f %*f %*d/%ld", &n) != 1)
		n = -1;
	if (f)
		fclose(f);
	return n;
}

static char *say_tasks(char *text)
{
	long tasks = count_tasks(), pids = read_long("/proc/sys/kernel/pid_max");
	long threads = read_long("/proc/sys/kernel/threads-max");
	struct rlimit limit;
	long long most, now;

	if (!getrlimit(RLIMIT_NPROC, &limit) && limit.rlim_cur != RLIM_INFINITY)
		text = join(text, xasprintf("RLIMIT_NPROC is %llu",
					    (unsigned long long)limit.rlim_cur));
	if (cgroup_tightest("pids", "pids.max", "pids.current", &most, &now))
		text = join(text,
			    xasprintf("pids.max of the cgroup is %lld, of which %lld are in use",
				      most, now));
	if (tasks > 0 && pids > 0 && threads > 0)
		text = join(text,
			    xasprintf("the machine has %ld tasks, pid_max is %ld, threads-max %ld",
				      tasks, pids, threads));
	return text;
}

char *limits_say(int err)
{
	char *text = xstrdup(strerror(-err));

	switch (-err) {
	case EAGAIN:
		return say_tasks(text);
	case ENOSPC:
		return join(text,
			    xstrdup("a limit in /proc/sys/user is met"));
	case ENOEXEC:
		return join(text, xstrdup("the program that was to run could not be started"));
	default:
		return text;
	}
}
