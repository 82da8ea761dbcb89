/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an experiment is: tables that say what it compares, and the functions by
 * which the core lets it measure.  The core (this folder) runs, counts, estimates
 * and judges any of them; report/ prints and draws any of them.
 *
 *   arm       one of the things compared; differs from its base in one thing
 *   point     one place of the sweep: a number x, and a variant
 *   round     an arm at a point, so many operations, timed as a whole
 *   sample    what a round showed: a value for each quantity
 *   turn      one round of every arm at one point, in random order; the odd
 *             turns have the order of the turn before, reversed
 *   pass      once through all points: one turn at each, or several
 *   block     passes with the same workers and memory; a new block has new ones,
 *             so that blocks are independent of each other
 *   baseline  the arm that another one is compared with (@against)
 *   claim     how often something happens in one operation of an arm, which every
 *             source that counts it has to confirm
 *
 * Experiments live in experiments/NAME/ and are listed in experiments.c.
 */
#ifndef MEASURE_EXPERIMENT_H
#define MEASURE_EXPERIMENT_H

#include <stdio.h>
#include <sys/types.h>

#include "answers.h"
#include "command.h"
#include "counts.h"
#include "run.h"

/* @least to @most of @what in one operation; 0.5 % more or less are tolerated. */
struct claim {
	enum count what;
	double least;
	double most;
};

/* What a part of a stacked bar is. */
enum bar {
	BAR_NONE,		/* in no bar */
	BAR_PART,		/* from the bottom, in the order of the table */
	BAR_WHOLE,		/* all parts and the rest; its interval is drawn */
};

/**
 * struct arm - one of the things compared
 * @name: in tables, options and JSON; never changes its meaning
 * @brief: the same in a few words
 * @against: the baseline, an arm further up in the table; NULL: none
 * @parts_against: likewise for the quantities after the first; NULL: as
 *	@against, "": none
 * @twin: nothing differs from @against: a null test
 * @judged: the interval of its difference (of its cost, where it has no
 *	baseline) has to be narrow, or there is no verdict
 * @sweep: measured at every point, else at the first alone
 * @pace: arms of one pace do equally many operations a round
 * @first: operations of the round that calibrates
 * @least: operations of a round, at least
 * @letter: in text plots; 0: not drawn
 * @colour: in pictures, "#rrggbb"
 * @claims: what has to be counted, ending in an empty entry; NULL: nothing
 */
struct arm {
	const char *name;
	const char *brief;
	const char *against;
	const char *parts_against;
	bool twin;
	bool judged;
	bool sweep;
	int pace;
	unsigned int first;
	unsigned int least;
	char letter;
	const char *colour;
	const struct claim *claims;
};

/**
 * struct axis - what is swept
 * @key: "bytes": the option, in JSON, and in capitals a column
 * @label: on a picture's axis
 * @first: the first point in words: "1 byte"
 * @apart: that point is no part of the sweeps: it is measured in another way
 * @letter: of the option; 0: it has none
 * @help: of the option
 * @least, @most: what the option may ask for
 * @variant: what tells variants apart ("where"); NULL: there are none
 * @variants: their names; each has plots and tables of its own
 * @labels: and what stands for @label there; NULL: the same
 * @across: what they are steps of, each larger than the one before: costs are drawn
 *	over them as well; NULL: nothing
 */
struct axis {
	const char *key;
	const char *label;
	const char *first;
	bool apart;
	int letter;
	const char *help;
	unsigned int least;
	unsigned int most;
	const char *variant;
	const char *variants[MAX_VARIANTS + 1];
	const char *labels[MAX_VARIANTS + 1];
	const char *across;
};

/**
 * struct quantity - what a round shows; the first one is what an operation costs
 * @key: in JSON ("ns"), and in capitals a column
 * @unit: "ns"
 * @label: in words
 * @bar: which part of the bars it is, timed apart by the module's probe
 */
struct quantity {
	const char *key;
	const char *unit;
	const char *label;
	enum bar bar;
};

/**
 * struct pooled - a quantity that is not of a round, but of the times that all rounds
 * have pooled
 * @quantity: its number; never the first
 * @quantile: which one; 0: how many there are
 */
struct pooled {
	int quantity;
	double quantile;
};

enum setting_kind {
	SETTING_NUMBER,
	SETTING_YES_NO,
	SETTING_ONE_OF,
};

/**
 * struct setting - what else the experiment may be told
 * @key: in JSON
 * @label: where two runs differ
 * @opt: the option that sets it; no @opt.name: plan() alone does
 * @kind: SETTING_ONE_OF takes one of @names
 * @least, @most: the smallest and the largest number that the option takes
 * @unit: "ns"; NULL: it has none
 */
struct setting {
	const char *key;
	const char *label;
	struct ctxlab_opt opt;
	enum setting_kind kind;
	long least;
	long most;
	const char *unit;
	const char *const *names;
};

/* What follows from the samples: a value with an interval. */
struct finding {
	const char *key;
	const char *unit;
	const char *label;
	bool by_variant;
};

/**
 * struct fact - what is found out about an arm once, without a clock
 * @key: in JSON
 * @label: in words
 */
struct fact {
	const char *key;
	const char *label;
};

/* A place on the axis that matters, in pictures. */
struct mark {
	double x;
	char words[64];
};

#define MAX_MARKS 4

/* What the user asks for; -1 and NULL leave the choice to the experiment. */
struct request {
	int cpu;
	const char *xs;			/* a list of points */
	unsigned int seconds;
	bool no_module;
	bool quick;
	long setting[MAX_SETTINGS];
};

/**
 * struct turn - one round, as the core asks for it
 * @counts: NULL but in the counted pass: then the round adds what the experiment
 *	itself knows (COUNT_EXPECTED, COUNT_RUSAGE, what the probe counted)
 * @pool: where the round adds its times that pooled quantities are of; NULL where
 *	it is no round of the series
 */
struct turn {
	int arm;
	unsigned int point;
	uint32_t ops;
	struct counts *counts;
	struct pool *pool;
};

/**
 * struct experiment - the tables, each ending in an empty entry, and the doors
 * @name: the command
 * @operation: one of them, "a message"
 * @operations: "messages"
 * @histogram: what run->histogram shows, in words; NULL: nothing
 * @strip: what run->strip shows, in words; NULL: nothing
 * @counted: columns of the table of counts; ends with COUNT_NONE
 * @counted_least: operations of a counted round, at least
 *
 * @plan: fill run->settings for this machine (run->machine is read); NULL or what
 *	is wrong with the request, to be freed
 * @open: prepare; 0 or a negative errno and in *@what what was tried.  close()
 *	is due either way.  An arm that cannot be had: run_drop()
 * @round: one round; fills the sample (all its values are NAN before) and
 *	*@window_ns, the time that @turn->ops operations took.  0 or a negative
 *	errno: -EINTR ends the run, -ETIMEDOUT drops the arm with a note
 * @tasks: thread IDs that the counting looks at; returns their number
 * @renew: new workers, new memory: a block begins; 0 or a negative errno
 * @close: release all; hands over histograms and strips
 * @conclude: findings, from the cells and differences; NULL: none
 * @doubt: reasons of its own to refuse (answers_refuse()); NULL: none
 * @marks: up to MAX_MARKS places on the axis for the picture of a variant;
 *	returns their number; NULL: none
 * @say: the answer in words; where answers->reasons is not 0, what stands
 *	without a verdict
 * @say_more: what stands behind it, for who asks for all; not called where there
 *	is no verdict; NULL: nothing
 */
struct experiment {
	const char *name;
	const char *brief;
	const char *about;
	const char *operation;
	const char *operations;
	const char *histogram;
	const char *strip;
	const struct arm *arms;
	struct axis axis;
	const struct quantity *quantities;
	const struct pooled *pooled;	/* ends with quantity 0; may be NULL */
	const struct setting *settings;
	const struct finding *findings;
	const struct fact *facts;	/* may be NULL */
	const enum count *counted;
	unsigned int counted_least;

	char *(*plan)(const struct request *r, struct run *run);
	int (*open)(struct run *run, void **state, const char **what);
	int (*round)(void *state, const struct turn *turn, struct sample *s,
		     double *window_ns);
	unsigned int (*tasks)(void *state, int arm, pid_t tids[MAX_TASKS]);
	int (*renew)(void *state);
	void (*close)(void *state);
	void (*conclude)(const struct run *run, struct answers *a);
	void (*doubt)(const struct run *run, struct answers *a);
	unsigned int (*marks)(const struct run *run, const struct answers *a,
			      int variant, struct mark *mark);
	void (*say)(FILE *out, const struct run *run, const struct answers *a);
	void (*say_more)(FILE *out, const struct run *run,
			 const struct answers *a);
};

#endif /* MEASURE_EXPERIMENT_H */
