/* SPDX-License-Identifier: GPL-2.0-only */
/* Option parsing and help of all subcommands, from their tables. */
#ifndef CTXLAB_OPTIONS_H
#define CTXLAB_OPTIONS_H

#include "command.h"
#include "lib/compiler.h"
#include "lib/output.h"

/**
 * options_next() - the next option of a subcommand's own
 * @cmd: the subcommand
 * @argc: as given to its run()
 * @argv: likewise; optarg and optind are set as by getopt_long()
 * @out: takes the table options of a command with columns; else NULL
 *
 * --help, --list-columns and wrong options are dealt with here, by exit().
 * Return: the key of an option, or -1 when the operands begin.
 */
int options_next(const struct ctxlab_cmd *cmd, int argc, char **argv,
		 struct out_opts *out);

/* Says what is wrong with the command line; returns CTXLAB_USAGE. */
__printf(2, 3)
int options_wrong(const struct ctxlab_cmd *cmd, const char *fmt, ...);

/* Flushes stdout; a failure there turns @status into CTXLAB_FAILED. */
int options_flush(int status);

#endif /* CTXLAB_OPTIONS_H */
