// SPDX-License-Identifier: GPL-2.0-only
/* Option parsing and help of all subcommands, from their tables. */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/xalloc.h"
#include "options.h"

#define MAX_OPTS 48

static const struct ctxlab_opt table_opts[] = {
	{ 'J', "json", NULL, "write JSON" },
	{ 'n', "noheadings", NULL, "leave out the headings" },
	{ 'o', "output", "LIST", "the columns to show, separated by commas" },
	{ 'r', "raw", NULL, "unaligned cells, for programs" },
	{ 'H', "list-columns", NULL, "list the columns that -o takes" },
	{}
};

static const struct ctxlab_opt help_opts[] = {
	{ 'h', "help", NULL, "show this help" },
	{}
};

/* The tables that make up the options of @cmd; NULL ends them. */
static void tables_of(const struct ctxlab_cmd *cmd,
		      const struct ctxlab_opt *tables[4])
{
	int n = 0;

	if (cmd->opts)
		tables[n++] = cmd->opts;
	if (cmd->cols)
		tables[n++] = table_opts;
	tables[n++] = help_opts;
	tables[n] = NULL;
}

static void print_opt(const struct ctxlab_opt *o)
{
	char left[48];

	if (o->key < CTXLAB_LONG_ONLY)
		snprintf(left, sizeof(left), "-%c, --%s%s%s", o->key, o->name,
			 o->arg ? " " : "", o->arg ? o->arg : "");
	else
		snprintf(left, sizeof(left), "    --%s%s%s", o->name,
			 o->arg ? " " : "", o->arg ? o->arg : "");
	printf("  %-22s %s\n", left, o->help);
}

/* What is derived from a column has its name, and an end. */
static void help_columns(const struct out_col *cols)
{
	bool derived = false;

	puts("\nColumns:");
	for (; cols->name; cols++) {
		if (cols->flags & OUT_DERIVED)
			derived = true;
		else
			printf("  %-12s %s\n", cols->name, cols->help);
	}
	if (derived)
		puts("More, with _LOW, _HIGH, _DIFF, _DIFFLOW, _DIFFHIGH after the name: see -H.");
}

static void help(const struct ctxlab_cmd *cmd)
{
	const struct ctxlab_opt *tables[4], **t, *o;

	printf("Usage: ctxlab %s [OPTION...]%s%s\n\n%s\nOptions:\n", cmd->name,
	       cmd->args ? " " : "", cmd->args ? cmd->args : "", cmd->about);
	tables_of(cmd, tables);
	for (t = tables; *t; t++)
		for (o = *t; o->name; o++)
			print_opt(o);
	if (cmd->cols)
		help_columns(cmd->cols);
}

/* getopt_long()'s form of the tables. */
static void to_getopt(const struct ctxlab_cmd *cmd, char *shorts,
		      struct option *longs)
{
	const struct ctxlab_opt *tables[4], **t, *o;
	struct option *l = longs;

	*shorts++ = ':';
	tables_of(cmd, tables);
	for (t = tables; *t; t++) {
		for (o = *t; o->name && l < longs + MAX_OPTS - 1; o++) {
			if (o->key < CTXLAB_LONG_ONLY) {
				*shorts++ = o->key;
				if (o->arg)
					*shorts++ = ':';
			}
			*l++ = (struct option){ o->name,
				o->arg ? required_argument : no_argument,
				NULL, o->key };
		}
	}
	*shorts = '\0';
	*l = (struct option){};
}

static void bad_option(const struct ctxlab_cmd *cmd, int c, char **argv)
{
	const char *word = argv[optind - 1];

	if (c == ':')
		options_wrong(cmd, "option '%s' needs an argument", word);
	else if (optopt && optopt < CTXLAB_LONG_ONLY && word[1] != '-')
		options_wrong(cmd, "no option '-%c'", optopt);
	else if (optopt)
		options_wrong(cmd, "option '%s' takes no argument", word);
	else
		options_wrong(cmd, "no option '%s', or not enough of its name",
			      word);
	exit(CTXLAB_USAGE);
}

/* Whether @c was one of the options that every command with columns has. */
static bool table_option(const struct ctxlab_cmd *cmd, int c,
			 struct out_opts *out)
{
	if (!cmd->cols)
		return false;
	switch (c) {
	case 'J':
		out->json = true;
		return true;
	case 'n':
		out->noheadings = true;
		return true;
	case 'o':
		out->columns = optarg;
		return true;
	case 'r':
		out->raw = true;
		return true;
	case 'H':
		out_list_columns(cmd->cols, !out_is_terminal());
		exit(options_flush(CTXLAB_OK));
	}
	return false;
}

/* JSON has neither cells to align nor headings. */
static void check_table_options(const struct ctxlab_cmd *cmd,
				const struct out_opts *out)
{
	const char *what = NULL;

	if (!cmd->cols || !out->json)
		return;
	if (out->raw)
		what = "raw";
	else if (out->noheadings)
		what = "noheadings";
	if (!what)
		return;
	options_wrong(cmd, "--json and --%s are two forms of output", what);
	exit(CTXLAB_USAGE);
}

int options_next(const struct ctxlab_cmd *cmd, int argc, char **argv,
		 struct out_opts *out)
{
	char shorts[2 * MAX_OPTS + 2];
	struct option longs[MAX_OPTS];
	int c;

	to_getopt(cmd, shorts, longs);
	for (;;) {
		c = getopt_long(argc, argv, shorts, longs, NULL);
		if (c == 'h') {
			help(cmd);
			exit(options_flush(CTXLAB_OK));
		}
		if (c == '?' || c == ':')
			bad_option(cmd, c, argv);
		if (c == -1)
			check_table_options(cmd, out);
		if (c == -1 || !table_option(cmd, c, out))
			return c;
	}
}

int options_wrong(const struct ctxlab_cmd *cmd, const char *fmt, ...)
{
	char *what;
	va_list ap;

	va_start(ap, fmt);
	what = xvasprintf(fmt, ap);
	va_end(ap);
	error_say("%s; see 'ctxlab %s --help'", what, cmd->name);
	free(what);
	return CTXLAB_USAGE;
}

int options_flush(int status)
{
	if (fflush(stdout) || ferror(stdout)) {
		/* A reader that has seen enough, such as head(1), is no error. */
		if (errno == EPIPE)
			return status;
		error_say("cannot write: %s", strerror(errno));
		return CTXLAB_FAILED;
	}
	return status;
}
