// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts with perf's counters of tracepoints, a counter for each kind of event,
 * told apart by filters.  It cannot see the mm.
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "counter.h"
#include "lib/xalloc.h"

/* The inode number of the initial pid namespace: an ABI of the kernel's. */
#define INITIAL_PID_NS 0xEFFFFFFCUL

/* The kernel's reasons for a flush; the first one is a switch. */
#define REASONS 5

/* Flushes by reason, from FLUSHED on. */
enum { WITHIN, ACROSS, KEPT, FLUSHED, EVENTS = FLUSHED + REASONS };

struct counter {
	unsigned int cpu;
	int fd[EVENTS];		/* -1: not open */
};

/* A tracepoint's number, or a negative errno. */
static int tracepoint(const char *name)
{
	static const char *const roots[] = {
		"/sys/kernel/tracing", "/sys/kernel/debug/tracing",
	};
	char path[128];
	int i, id, err = -ENOENT;
	FILE *f;

	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/events/%s/id", roots[i], name);
		f = fopen(path, "re");
		if (!f) {
			err = -errno;
			continue;
		}
		if (fscanf(f, "%d", &id) != 1)
			id = -EINVAL;
		fclose(f);
		return id;
	}
	return err;
}

static int open_event(int id, unsigned int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = id,
		.disabled = 1,
	};
	int fd;

	fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1,
		     PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void close_events(struct counter *counter)
{
	int i;

	for (i = 0; i < EVENTS; i++) {
		if (counter->fd[i] >= 0)
			close(counter->fd[i]);
		counter->fd[i] = -1;
	}
}

static void perf_close(struct counter *counter)
{
	close_events(counter);
	free(counter);
}

static int open_events(struct counter *counter)
{
	int sched = tracepoint("sched/sched_switch");
	int tlb = tracepoint("tlb/tlb_flush"), i;

	if (sched < 0)
		return sched;
	if (tlb < 0)
		return tlb;
	for (i = 0; i < EVENTS; i++) {
		counter->fd[i] = open_event(i < KEPT ? sched : tlb,
					    counter->cpu);
		if (counter->fd[i] < 0)
			return counter->fd[i];
	}
	return 0;
}

static struct counter *perf_open(const struct settings *set,
				 const enum count *wanted, char **why)
{
	struct counter *counter;
	struct stat ns;
	int err;

	(void)wanted;	/* of more than this it has nothing */
	if (set->cpus > 1) {
		*why = xstrdup("perf: it counts on one CPU only");
		return NULL;
	}
	if (stat("/proc/self/ns/pid", &ns)) {
		*why = xasprintf("perf: /proc/self/ns/pid, by which it knows the workers: %s",
				 strerror(errno));
		return NULL;
	}
	if (ns.st_ino != INITIAL_PID_NS) {
		*why = xstrdup("perf: its filters need the initial pid namespace");
		return NULL;
	}
	counter = xcalloc(1, sizeof(*counter));
	counter->cpu = set->cpu;
	memset(counter->fd, -1, sizeof(counter->fd));
	/* Whether they can be had; a filter is set once and for all, later. */
	err = open_events(counter);
	close_events(counter);
	if (!err)
		return counter;
	*why = xasprintf("perf tracepoints: %s%s", strerror(-err),
			 err == -ENOENT ? " (is tracefs mounted?)" : "");
	perf_close(counter);
	return NULL;
}

/* "(field==1||field==2)"; the caller frees. */
static char *one_of(const char *field, const pid_t *tids, unsigned int n)
{
	char *all = xstrdup("("), *more;
	unsigned int i;

	for (i = 0; i < n; i++) {
		more = xasprintf("%s%s%s==%d", all, i ? "||" : "", field,
				 tids[i]);
		free(all);
		all = more;
	}
	more = xasprintf("%s)", all);
	free(all);
	return more;
}

static char *filter_of(int event, const char *prev, const char *next,
		       const char *current)
{
	if (event == WITHIN)
		return xasprintf("%s&&%s", prev, next);
	if (event == ACROSS)
		return xasprintf("(%s&&!%s)||(!%s&&%s)", prev, next, prev,
				 next);
	if (event == KEPT)
		return xasprintf("%s&&reason==0&&pages==0", current);
	return xasprintf("%s&&reason==%d&&pages!=0", current, event - FLUSHED);
}

static int start_event(int fd, char *filter)
{
	int err = 0;

	if (ioctl(fd, PERF_EVENT_IOC_SET_FILTER, filter) ||
	    ioctl(fd, PERF_EVENT_IOC_RESET, 0) ||
	    ioctl(fd, PERF_EVENT_IOC_ENABLE, 0))
		err = -errno;
	free(filter);
	return err;
}

static int perf_start(struct counter *counter, const pid_t *tids,
		      unsigned int n)
{
	char *prev = one_of("prev_pid", tids, n);
	char *next = one_of("next_pid", tids, n);
	char *current = one_of("common_pid", tids, n);
	int i, err = open_events(counter);

	for (i = 0; i < EVENTS && !err; i++)
		err = start_event(counter->fd[i],
				  filter_of(i, prev, next, current));
	free(prev);
	free(next);
	free(current);
	if (err)
		close_events(counter);
	return err;
}

static int perf_stop(struct counter *counter, struct counts *c)
{
	uint64_t n[EVENTS];
	int i, err = 0;

	for (i = 0; i < EVENTS; i++) {
		ioctl(counter->fd[i], PERF_EVENT_IOC_DISABLE, 0);
		if (read(counter->fd[i], &n[i], sizeof(n[i])) != sizeof(n[i]))
			err = -EIO;
	}
	close_events(counter);
	if (err)
		return err;
	counts_set(c, COUNT_SWITCHES, n[WITHIN]);
	counts_set(c, COUNT_FOREIGN, n[ACROSS]);
	counts_set(c, COUNT_CR3_KEPT, n[KEPT]);
	for (i = 0; i < REASONS; i++)
		counts_set(c, COUNT_CR3_FLUSHED + i, n[FLUSHED + i]);
	return 0;
}

const struct counter_ops counter_perf = {
	.name = "perf",
	.open = perf_open,
	.start = perf_start,
	.stop = perf_stop,
	.close = perf_close,
};
