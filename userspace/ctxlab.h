/* SPDX-License-Identifier: GPL-2.0-only */
/* The frame of ctxlab(1): one file a subcommand, one table of them. */
#ifndef CTXLAB_CMD_H
#define CTXLAB_CMD_H

/* Exit statuses, as ctxlab(1) documents them. */
enum ctxlab_exit {
	CTXLAB_OK = 0,
	CTXLAB_FAILED = 1,	/* what was asked could not be done */
	CTXLAB_USAGE = 2,	/* the command line is wrong */
	CTXLAB_NO_MODULE = 3,	/* /proc/ctxlab is not there, or too old */
	CTXLAB_REFUSED = 4,	/* measured, but no verdict can be given */
};

/**
 * struct ctxlab_cmd - a subcommand; each cmd_*.c ends in one of these
 * @name: what the user types
 * @brief: one line for --help
 * @run: like main(); argv[0] is @name; returns an enum ctxlab_exit
 */
struct ctxlab_cmd {
	const char *name;
	const char *brief;
	int (*run)(int argc, char **argv);
};

#endif /* CTXLAB_CMD_H */
