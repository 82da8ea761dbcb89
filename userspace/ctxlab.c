// SPDX-License-Identifier: GPL-2.0-only
/* ctxlab - what processes and threads share, and what things cost. */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "experiments/experiments.h"
#include "lib/error.h"
#include "options.h"
#include "overview.h"

#define MAX_COMMANDS 24

/* What an experiment's command can do instead of measuring; or NULL. */
static const struct ctxlab_cmd *find_instead(const struct experiment *e)
{
	return !strcmp(e->name, cmd_trace.name) ? &cmd_trace : NULL;
}

/* All commands, the experiments among them; NULL ends them. */
static void list_commands(const struct ctxlab_cmd *commands[MAX_COMMANDS])
{
	int n = 0, i;

	commands[n++] = &cmd_show;
	commands[n++] = &cmd_compare;
	commands[n++] = &cmd_sharing;
	for (i = 0; experiments[i]; i++)
		commands[n++] = cmd_measure(experiments[i],
					    find_instead(experiments[i]));
	commands[n++] = &cmd_diff;
	commands[n++] = &cmd_deadlock;
	commands[n] = NULL;
}

static void usage(FILE *to, const struct ctxlab_cmd *const *c)
{
	fputs("Usage: ctxlab COMMAND [OPTION...] [ARGUMENT...]\n"
	      "\n"
	      "See what processes and threads share, and what a switch costs.\n"
	      "\nCommands:\n", to);
	for (; *c; c++)
		fprintf(to, "  %-10s %s\n", (*c)->name, (*c)->brief);
	fputs("\nOptions:\n"
	      "  -h, --help     show this help\n"
	      "  -V, --version  show the version\n"
	      "\n'ctxlab COMMAND --help' tells more; so does ctxlab(1).\n", to);
}

/*
 * A file opened later must not become standard output because that was closed.
 * What is put in its place fails as the closed one would.
 */
static void hold_standard_files(void)
{
	static const int modes[] = { O_WRONLY, O_RDONLY, O_RDONLY };
	int fd;

	for (fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", modes[fd]);
}

static bool is_help(int argc, const char *word)
{
	return !strcmp(word, "--help") || !strcmp(word, "-h") ||
	       (!strcmp(word, "help") && argc == 2);
}

int main(int argc, char **argv)
{
	static const struct ctxlab_cmd *commands[MAX_COMMANDS];
	const struct ctxlab_cmd *const *c;

	/*
	 * What can be printed is the user's; numbers and messages, which programs
	 * read too, are the same everywhere.
	 */
	setlocale(LC_CTYPE, "");
	/* A parent that ignores it would have the kernel reap our children. */
	signal(SIGCHLD, SIG_DFL);
	/* A file longer than RLIMIT_FSIZE is an error like others, and is removed. */
	signal(SIGXFSZ, SIG_IGN);
	hold_standard_files();
	list_commands(commands);
	if (argc < 2 && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) {
		overview_print();
		return options_flush(CTXLAB_OK);
	}
	if (argc < 2) {
		usage(stderr, commands);
		return CTXLAB_USAGE;
	}
	/* "help", "help COMMAND", as "--help", "COMMAND --help". */
	if (!strcmp(argv[1], "help") && argc == 3) {
		argv[1] = argv[2];
		argv[2] = "--help";
	}
	if (is_help(argc, argv[1])) {
		usage(stdout, commands);
		return options_flush(CTXLAB_OK);
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("ctxlab %s\n", CTXLAB_VERSION);
		return options_flush(CTXLAB_OK);
	}
	for (c = commands; *c; c++) {
		if (strcmp((*c)->name, argv[1]))
			continue;
		error_command((*c)->name);
		return options_flush((*c)->run(*c, argc - 1, argv + 1));
	}

	error_say("no %s '%s'; see 'ctxlab --help'",
		  *argv[1] == '-' ? "option" : "command", argv[1]);
	return CTXLAB_USAGE;
}
