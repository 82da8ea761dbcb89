/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a run is asked for and what it brings back: all that the parts that
 * measure, estimate, judge, print and store share.
 */
#ifndef MEASURE_RUN_H
#define MEASURE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "counts.h"
#include "lib/compiler.h"
#include "machine.h"
#include "pool.h"

#define MAX_ARMS 96
#define MAX_BLOCKS 1024
#define MAX_FACTS 48
#define MAX_FINDINGS 24
#define MAX_NOTES 24
#define MAX_POINTS 64
#define MAX_QUANTITIES 20
#define MAX_SETTINGS 12
#define MAX_TASKS 64
#define MAX_VARIANTS 8

struct experiment;
struct pooled;

/* A point that belongs to the sweeps of all variants. */
#define NO_VARIANT (-1)

/* One place of the sweep. */
struct point {
	unsigned int x;
	int variant;
	unsigned int rounds;	/* a pass; 0 counts as 1 */
};

struct settings {
	unsigned int cpu;	/* the first, or only one, that workers run on */
	unsigned int cpus;	/* how many they run on; 0 stands for 1 */
	bool fifo;		/* SCHED_FIFO; false: the default policy */
	int priority;		/* of it, while measuring; not saved */
	bool probe;		/* the module's probe is used */
	double round_us;	/* length of a round aimed at */
	double seconds;		/* time for all rounds aimed at */
	unsigned int points;
	struct point point[MAX_POINTS];
	unsigned int longer[MAX_POINTS];	/* a round there, so many times; 0 is 1 */
	bool arm[MAX_ARMS];	/* which arms take part */
	unsigned int most_x[MAX_ARMS];	/* up to where; UINT_MAX: no limit */
	long value[MAX_SETTINGS];	/* of the experiment's own settings */
};

/* What one round of one arm at one point showed. */
struct sample {
	double value[MAX_QUANTITIES];	/* NaN where there is none */
	uint32_t counted;	/* of what the experiment expects */
	uint32_t expected;	/* 0: nothing to hold @counted against */
	uint32_t block;
	bool moved;		/* a worker was seen on another CPU */
	/* How long it took, and how much of that other tasks had the CPU. */
	double span_ns;		/* 0: not known */
	double waited_ns;
};

/*
 * A round that counted more or less than it expected, that moved, or in which
 * other tasks had the CPU for long.
 */
bool sample_disturbed(const struct sample *s);

/**
 * struct series - all rounds of one arm at one point
 *
 * Sample i of every arm at a point was taken in the same turn: they pair.
 * Samples 2k and 2k + 1 had the arms in opposite orders, else by chance, and are
 * of the same block.  Blocks never decrease.
 *
 * @pool[i] has the times that the rounds of block i have pooled, of those that were
 * not disturbed; there is none from @pools on.
 */
struct series {
	size_t n;
	struct sample *sample;
	unsigned int pools;
	struct pool *pool;
};

/* The pool of a block, made where there is none yet. */
struct pool *series_pool(struct series *s, unsigned int block);
void series_free(struct series *s);

/* Whether any sample has a value of that quantity. */
bool series_has(const struct series *s, int quantity);

/* Consecutive passes with the same workers and memory. */
struct block {
	double start;		/* seconds since the run began */
	double speed_ns;	/* of a fixed loop of instructions; -1: unknown */
	unsigned int repeat;	/* which of the runs that are saved as one */
};

/* How often a time was seen, by times. */
struct histogram {
	size_t n;
	double *from_ns;	/* lower bounds of the buckets */
	double *to_ns;
	uint64_t *count;
};

/* So many times in a row it was the same one. */
struct stretch {
	uint32_t who;
	uint32_t times;
};

/* Who it was, in order, for a part of one round. */
struct strip {
	size_t n;
	struct stretch *stretch;
};

struct run {
	const struct experiment *experiment;
	struct machine machine;
	struct settings settings;
	struct series series[MAX_ARMS][MAX_POINTS];
	struct counts counts[MAX_ARMS];
	struct histogram histogram[MAX_ARMS];
	struct strip strip[MAX_ARMS];
	struct {
		bool known;
		long value;	/* 0 or more */
	} fact[MAX_ARMS][MAX_FACTS];
	unsigned int blocks;
	struct block block[MAX_BLOCKS];
	char *counter;		/* what counted: "bpf", "perf", "none" */
	unsigned int passes;
	bool interrupted;	/* by a signal, or by what @trouble says */
	char *trouble;		/* what ended it early, in words; not saved */
	unsigned int notes;	/* what could not be had, and why */
	char *note[MAX_NOTES];
};

/* How many runs these are, saved as one. */
unsigned int run_repeats(const struct run *run);

/*
 * By how much the fixed loop took longer in the slowest block than in the fastest,
 * as a part of the latter; -1: unknown.
 */
double run_speed_range(const struct run *run);

/* The length of the experiment's tables. */
int run_arms(const struct run *run);
int run_quantities(const struct run *run);
int run_settings(const struct run *run);
int run_findings(const struct run *run);
int run_facts(const struct run *run);
int run_variants(const struct run *run);

/* The number of that name in its table, or -1. */
int run_find_arm(const struct run *run, const char *name);
int run_find_variant(const struct run *run, const char *name);
int run_find_setting(const struct run *run, const char *key);
int run_find_finding(const struct run *run, const char *key);
int run_find_quantity(const struct run *run, const char *key);

/* The baseline of an arm for that quantity, or -1. */
int run_base(const struct run *run, int arm, int quantity);

/* How a quantity is pooled; NULL: it is of a round. */
const struct pooled *run_pooled(const struct run *run, int quantity);

const char *run_arm_name(const struct run *run, int arm);

/* The name of a variant, or "" for NO_VARIANT. */
const char *run_variant_name(const struct run *run, int variant);

/* Whether a point belongs to the sweep of that variant. */
bool run_in_variant(const struct run *run, unsigned int point, int variant);

/* Whether there is more to that variant than what belongs to all. */
bool run_has_variant(const struct run *run, int variant);

/*
 * Adds a point, with a larger x than those of its variant that are there.
 * Return: false where it has not, or there is no room.
 */
bool run_add_point(struct settings *s, const struct point *point);

/*
 * Adds the points of a list of numbers separated by commas, one for each variant;
 * an x of the first point is not added again.
 * Return: NULL, or what is wrong with it (to be freed).
 */
char *run_add_list(struct run *run, const char *list);

/* Whether that arm is measured at that point. */
bool run_has(const struct run *run, int arm, unsigned int point);

/* A fact of an arm: set it, and what it is, or -1 where it is not known. */
void run_set_fact(struct run *run, int arm, int fact, long value);
long run_fact(const struct run *run, int arm, int fact);

/* Takes an arm out of the run, and all that was measured of it, with a note. */
void run_drop(struct run *run, int arm, const char *why);

/* Adds a note; notes beyond MAX_NOTES are dropped. */
__printf(2, 3)
void run_note(struct run *run, const char *fmt, ...);

/* Frees what a histogram has. */
void histogram_free(struct histogram *h);

/* Adds one to the end of a strip. */
void strip_add(struct strip *strip, uint32_t who, uint32_t times);

/* How many they are, all stretches together. */
uint64_t strip_length(const struct strip *strip);
void strip_free(struct strip *strip);

void run_free(struct run *run);

#endif /* MEASURE_RUN_H */
