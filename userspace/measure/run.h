/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an experiment is made of and what it brings back.  These structs are all
 * that the parts that measure, calculate, render and store share.
 */
#ifndef MEASURE_RUN_H
#define MEASURE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/compiler.h"
#include "machine.h"

/* How one member hands the CPU to the next. */
enum mechanism {
	MECH_YIELD,	/* sched_yield() */
	MECH_FUTEX,	/* a futex of the shared kind for each member */
	MECH_PIPE,	/* four bytes through a pipe for each member */
	MECH_PERF_PIPE,	/* the same, laid out as perf bench sched pipe is */
	MECHANISMS
};

/* How the pages are touched between two switches. */
enum pattern {
	PATTERN_CHAIN,	/* the address of a load is what the last one read */
	PATTERN_INDEPENDENT,	/* addresses known beforehand: loads overlap */
	PATTERNS
};

enum crew_kind {
	CREW_COROUTINES,	/* one thread; the members are coroutines in it */
	CREW_THREADS,	/* the threads of one process */
	CREW_PROCESSES,	/* processes that share the file table */
	CREW_KINDS
};

enum coroutine {
	CO_BARE,	/* callee-saved registers and the stack */
	CO_FP,		/* and the floating-point control words */
	CO_UCONTEXT,	/* glibc's swapcontext(), for reference */
	COROUTINES
};

/* What the probe in the module does at a switch. */
enum flush {
	FLUSH_DETACHED,	/* nothing: the members are not attached */
	FLUSH_CONTROL,	/* attached, no flush */
	FLUSH_MM,	/* the entries of the current address space */
	FLUSH_ALL,	/* everything */
	FLUSHES
};

/**
 * struct arm - one of the things compared
 * @name: its name in tables, options and JSON; never changes its meaning
 * @brief: the same in a few words
 * @kind: what the members are
 * @co: for coroutines, how they switch
 * @flush: for the others, what the probe does
 * @ring: as many members as settings.ring, else two
 * @crew: arms with the same number run on the very same members
 * @sweep: measured over the whole sweep, not at 0 pages only
 */
struct arm {
	const char *name;
	const char *brief;
	enum crew_kind kind;
	enum coroutine co;
	enum flush flush;
	bool ring;
	int crew;
	bool sweep;
};

/* The arms, in the order in which they are shown. */
enum arm_id {
	ARM_COROUTINE,
	ARM_COROUTINE_FP,
	ARM_UCONTEXT,
	ARM_THREAD,
	ARM_THREAD_AGAIN,
	ARM_THREAD_CONTROL,
	ARM_CONTROL_AGAIN,
	ARM_THREAD_FLUSH,
	ARM_THREAD_FULL,
	ARM_PROCESS,
	ARM_PROCESS_CONTROL,
	ARM_PROCESS_FLUSH,
	ARM_RING_THREAD,
	ARM_RING_PROCESS,
	ARMS
};

extern const struct arm arms[ARMS];

#define CREWS 5

/* The arm of that name, or -1. */
int arm_find(const char *name);

#define MAX_POINTS 64
#define RING_MAX 32

/* One place of the sweep. */
struct point {
	unsigned int pages;	/* touched by each member between switches */
	enum pattern pattern;
};

struct settings {
	unsigned int cpu;
	enum mechanism mechanism;
	bool fifo;		/* SCHED_FIFO; false: the default policy */
	int priority;		/* of it, while measuring; not saved */
	bool huge;		/* the pages lie in huge pages */
	bool probe;		/* the module's probe is used */
	unsigned int ring;	/* members of a ring; 0: no ring arms */
	unsigned int ring_pages;	/* the most that they touch */
	double round_us;	/* length of a round aimed at */
	double seconds;		/* time for all rounds aimed at */
	unsigned int points;
	struct point point[MAX_POINTS];
	bool arm[ARMS];		/* which arms take part */
};

/* What one round of one arm at one point showed. */
struct sample {
	double ns;		/* a switch, touching included */
	uint32_t switches;	/* as getrusage() counted them */
	uint32_t expected;	/* hand-overs made */
	bool moved;		/* a member was seen on another CPU */
	/* How long it took, and how much of that other tasks had the CPU. */
	double span_ns;		/* 0: not known */
	double waited_ns;
	/* Medians of what the probe timed; NaN where it was not there. */
	double own_ns;		/* the kernel's own part of a switch */
	double flush_ns;	/* the flush after it, or the nothing instead */
};

/*
 * A round that had more or fewer switches than hand-overs, that moved, or in
 * which other tasks had the CPU for long.
 */
bool sample_disturbed(const struct sample *s);

/**
 * struct series - all rounds of one arm at one point
 *
 * Sample i of every arm at a point was taken in the same pass: they pair.
 * Samples 2k and 2k + 1 had the arms in opposite orders, else by chance.
 */
struct series {
	size_t n;
	struct sample *sample;
};

/* Whether the probe timed any of it. */
bool series_probed(const struct series *s);

/* What was counted while one arm switched, in the pass made for it. */
enum flush_size {
	TLB_NONE,	/* pages=0: the register was written, entries kept */
	TLB_SOME,
	TLB_ALL,
	TLB_SIZES
};

#define TLB_REASONS 5

struct probe_counts {
	uint64_t same_mm;
	uint64_t other_mm;
	uint64_t lazy_mm;
	uint64_t foreign;
	uint64_t flushes;
	uint64_t migrations;
	uint64_t lost;
};

struct counts {
	bool present;
	uint64_t expected;	/* hand-overs made */
	uint64_t rusage;	/* made by the kernel: getrusage() of all members */
	bool kernel;		/* the kernel's events were counted */
	bool knows_mm;		/* by a program that can tell the mm apart */
	uint64_t same_mm;
	uint64_t other_mm;
	uint64_t foreign;	/* from or to a task that is no member */
	uint64_t tlb[TLB_REASONS][TLB_SIZES];
	struct probe_counts probe;	/* of the module, where attached */
};

/* Times of the kernel's own part of a switch, as the probe sorted them. */
struct histogram {
	size_t n;
	double *from_ns;	/* lower bounds of the buckets */
	double *to_ns;
	uint64_t *count;
};

#define MAX_NOTES 24

struct run {
	struct machine machine;
	struct settings settings;
	struct series series[ARMS][MAX_POINTS];
	struct counts counts[ARMS];
	struct histogram histogram[ARMS];
	char *counter;		/* what counted: "bpf", "perf", "none" */
	unsigned int passes;
	bool interrupted;	/* by a signal, or by what @trouble says */
	char *trouble;		/* what ended it early, in words; not saved */
	unsigned int notes;	/* what could not be had, and why */
	char *note[MAX_NOTES];
};

/*
 * Adds a point, with more pages than those of its pattern that are there.
 * Return: false where it has not, or there is no room.
 */
bool run_add_point(struct settings *s, const struct point *point);

/* Whether that arm is measured at that point. */
bool run_has(const struct settings *s, int arm, unsigned int point);

/* Adds a note; notes beyond MAX_NOTES are dropped. */
__printf(2, 3)
void run_note(struct run *run, const char *fmt, ...);

void run_free(struct run *run);

/* The kernel's reasons for a flush, as they are named in JSON and tables. */
extern const char *const tlb_reasons[TLB_REASONS];

const char *mechanism_name(enum mechanism m);
const char *pattern_name(enum pattern p);
/* Return -1 for a name that is none. */
int mechanism_find(const char *name);
int pattern_find(const char *name);

#endif /* MEASURE_RUN_H */
