// SPDX-License-Identifier: GPL-2.0-only
/* The table of arms, and what the structs of run.h need. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "run.h"

const struct arm arms[ARMS] = {
	[ARM_COROUTINE] = {
		.name = "coroutine", .brief = "no kernel, no mm",
		.kind = CREW_COROUTINES, .co = CO_BARE, .crew = 0,
		.sweep = true,
	},
	[ARM_COROUTINE_FP] = {
		.name = "coroutine+fp", .brief = "and FP control words",
		.kind = CREW_COROUTINES, .co = CO_FP, .crew = 0,
	},
	[ARM_UCONTEXT] = {
		.name = "swapcontext", .brief = "glibc's, with signal mask",
		.kind = CREW_COROUTINES, .co = CO_UCONTEXT, .crew = 0,
	},
	[ARM_THREAD] = {
		.name = "thread", .brief = "same mm",
		.kind = CREW_THREADS, .crew = 1, .sweep = true,
	},
	[ARM_THREAD_AGAIN] = {
		.name = "thread-again", .brief = "null test: as 'thread'",
		.kind = CREW_THREADS, .crew = 1,
	},
	[ARM_THREAD_CONTROL] = {
		.name = "thread+control", .brief = "same mm, probed",
		.kind = CREW_THREADS, .flush = FLUSH_CONTROL, .crew = 1,
		.sweep = true,
	},
	[ARM_CONTROL_AGAIN] = {
		.name = "thread+again", .brief = "null test: as 'thread+control'",
		.kind = CREW_THREADS, .flush = FLUSH_CONTROL, .crew = 1,
	},
	[ARM_THREAD_FLUSH] = {
		.name = "thread+flush", .brief = "same mm, its entries flushed",
		.kind = CREW_THREADS, .flush = FLUSH_MM, .crew = 1,
		.sweep = true,
	},
	[ARM_THREAD_FULL] = {
		.name = "thread+full", .brief = "same mm, whole TLB flushed",
		.kind = CREW_THREADS, .flush = FLUSH_ALL, .crew = 1,
		.sweep = true,
	},
	[ARM_PROCESS] = {
		.name = "process", .brief = "another mm",
		.kind = CREW_PROCESSES, .crew = 2, .sweep = true,
	},
	[ARM_PROCESS_CONTROL] = {
		.name = "process+control", .brief = "another mm, probed",
		.kind = CREW_PROCESSES, .flush = FLUSH_CONTROL, .crew = 2,
		.sweep = true,
	},
	[ARM_PROCESS_FLUSH] = {
		.name = "process+flush", .brief = "another mm, and flushed",
		.kind = CREW_PROCESSES, .flush = FLUSH_MM, .crew = 2,
		.sweep = true,
	},
	[ARM_RING_THREAD] = {
		.name = "ring-thread", .brief = "a ring, same mm",
		.kind = CREW_THREADS, .ring = true, .crew = 3, .sweep = true,
	},
	[ARM_RING_PROCESS] = {
		.name = "ring-process", .brief = "a ring, each its own mm",
		.kind = CREW_PROCESSES, .ring = true, .crew = 4, .sweep = true,
	},
};

static const char *const mechanisms[MECHANISMS] = {
	[MECH_YIELD] = "yield",
	[MECH_FUTEX] = "futex",
	[MECH_PIPE] = "pipe",
	[MECH_PERF_PIPE] = "perf-pipe",
};

static const char *const patterns[PATTERNS] = {
	[PATTERN_CHAIN] = "chain",
	[PATTERN_INDEPENDENT] = "independent",
};

const char *const tlb_reasons[TLB_REASONS] = {
	"task_switch", "remote_shootdown", "local_shootdown",
	"local_mm_shootdown", "remote_send_ipi",
};

static int find(const char *const *names, int n, const char *name)
{
	int i;

	for (i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

const char *mechanism_name(enum mechanism m)
{
	return mechanisms[m];
}

const char *pattern_name(enum pattern p)
{
	return patterns[p];
}

int mechanism_find(const char *name)
{
	return find(mechanisms, MECHANISMS, name);
}

int pattern_find(const char *name)
{
	return find(patterns, PATTERNS, name);
}

int arm_find(const char *name)
{
	int i;

	for (i = 0; i < ARMS; i++)
		if (!strcmp(arms[i].name, name))
			return i;
	return -1;
}

bool run_add_point(struct settings *s, const struct point *point)
{
	unsigned int p;

	for (p = 0; p < s->points; p++)
		if (s->point[p].pattern == point->pattern &&
		    s->point[p].pages >= point->pages)
			return false;
	if (s->points == MAX_POINTS)
		return false;
	s->point[s->points++] = *point;
	return true;
}

bool run_has(const struct settings *s, int arm, unsigned int point)
{
	unsigned int pages = s->point[point].pages;

	if (!s->arm[arm])
		return false;
	return !pages || (arms[arm].sweep &&
			  !(arms[arm].ring && pages > s->ring_pages));
}

/* The clock's interrupt takes some of a round, too. */
#define WAITED_SHARE 0.05

bool sample_disturbed(const struct sample *s)
{
	uint32_t gap = s->switches > s->expected ? s->switches - s->expected :
						   s->expected - s->switches;

	/* Half a per cent, and one switch where that is less than one. */
	return s->moved || (gap > 1 && gap * 200ULL > s->expected) ||
	       s->waited_ns > WAITED_SHARE * s->span_ns;
}

bool series_probed(const struct series *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (!isnan(s->sample[i].own_ns))
			return true;
	return false;
}

void run_note(struct run *run, const char *fmt, ...)
{
	va_list ap;

	if (run->notes == MAX_NOTES)
		return;
	va_start(ap, fmt);
	run->note[run->notes++] = xvasprintf(fmt, ap);
	va_end(ap);
}

void run_free(struct run *run)
{
	unsigned int i, p;

	for (i = 0; i < ARMS; i++) {
		for (p = 0; p < MAX_POINTS; p++)
			free(run->series[i][p].sample);
		free(run->histogram[i].from_ns);
		free(run->histogram[i].to_ns);
		free(run->histogram[i].count);
	}
	for (i = 0; i < run->notes; i++)
		free(run->note[i]);
	free(run->trouble);
	free(run->counter);
	machine_free(&run->machine);
	*run = (struct run){};
}
