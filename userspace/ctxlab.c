// SPDX-License-Identifier: GPL-2.0-only
/* ctxlab - what processes and threads share, and what a switch costs. */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "lib/escape.h"
#include "options.h"

static const struct ctxlab_cmd *const commands[] = {
	&cmd_show,
	&cmd_compare,
	&cmd_sharing,
	&cmd_switch,
	&cmd_diff,
	&cmd_deadlock,
	NULL
};

static void usage(FILE *to)
{
	const struct ctxlab_cmd *const *c;

	fputs("Usage: ctxlab COMMAND [OPTION...] [ARGUMENT...]\n"
	      "\n"
	      "See what processes and threads share, and what a switch costs.\n"
	      "\nCommands:\n", to);
	for (c = commands; *c; c++)
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

int main(int argc, char **argv)
{
	const struct ctxlab_cmd *const *c;

	/*
	 * What can be printed is the user's; numbers and messages, which programs
	 * read too, are the same everywhere.
	 */
	setlocale(LC_CTYPE, "");
	/* A parent that ignores it would have the kernel reap our children. */
	signal(SIGCHLD, SIG_DFL);
	hold_standard_files();
	if (argc < 2) {
		usage(stderr);
		return CTXLAB_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		usage(stdout);
		return options_flush(CTXLAB_OK);
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("ctxlab %s\n", CTXLAB_VERSION);
		return options_flush(CTXLAB_OK);
	}
	for (c = commands; *c; c++)
		if (!strcmp((*c)->name, argv[1]))
			return options_flush((*c)->run(*c, argc - 1, argv + 1));

	escape_print(stderr, "ctxlab: no command '%s'; see 'ctxlab --help'",
		     argv[1]);
	fputc('\n', stderr);
	return CTXLAB_USAGE;
}
