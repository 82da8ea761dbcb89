/* SPDX-License-Identifier: GPL-2.0-only */
/* What a subcommand is; each file cmd_*.c has one.  Everybody may include it. */
#ifndef CTXLAB_COMMAND_H
#define CTXLAB_COMMAND_H

/* Exit statuses, as ctxlab(1) documents them. */
enum ctxlab_exit {
	CTXLAB_OK = 0,
	CTXLAB_FAILED = 1,	/* what was asked could not be done */
	CTXLAB_USAGE = 2,	/* the command line is wrong */
	CTXLAB_NO_MODULE = 3,	/* /proc/ctxlab is not there, or too old */
	CTXLAB_REFUSED = 4,	/* measured, but no verdict can be given */
};

struct out_col;

/**
 * struct ctxlab_opt - an option of a subcommand; getopt and help follow it
 * @key: the short letter, or a number from CTXLAB_LONG_ONLY on
 * @name: the long name, without dashes
 * @arg: what help calls the argument; NULL where there is none
 * @help: one line
 */
struct ctxlab_opt {
	int key;
	const char *name;
	const char *arg;
	const char *help;
};

#define CTXLAB_LONG_ONLY 256

/**
 * struct ctxlab_cmd - a subcommand; each cmd_*.c ends in one of these
 * @name: what the user types
 * @args: the operands, for the usage line
 * @brief: one line for --help
 * @about: a paragraph for the command's own --help; lines end in newlines
 * @opts: its own options, ending with an empty entry; NULL for none
 * @cols: the columns of its table, ending with an empty entry; a command with
 *	columns has the options -J -n -o -r -H as well.  NULL for none
 * @run: like main(); argv[0] is @name; returns an enum ctxlab_exit
 */
struct ctxlab_cmd {
	const char *name;
	const char *args;
	const char *brief;
	const char *about;
	const struct ctxlab_opt *opts;
	const struct out_col *cols;
	int (*run)(const struct ctxlab_cmd *cmd, int argc, char **argv);
};

struct experiment;

/*
 * The command that measures an experiment (cmd_measure.c).  @instead, or NULL, takes
 * the command line over where its first option is given.
 */
const struct ctxlab_cmd *cmd_measure(const struct experiment *e,
				     const struct ctxlab_cmd *instead);

extern const struct ctxlab_cmd cmd_show;
extern const struct ctxlab_cmd cmd_compare;
extern const struct ctxlab_cmd cmd_sharing;
extern const struct ctxlab_cmd cmd_diff;
extern const struct ctxlab_cmd cmd_deadlock;
extern const struct ctxlab_cmd cmd_trace;

#endif /* CTXLAB_COMMAND_H */
