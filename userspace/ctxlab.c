// SPDX-License-Identifier: GPL-2.0-only
/* ctxlab - what processes and threads share, and what a switch costs. */
#include <stdio.h>
#include <string.h>

#include "ctxlab.h"

static const struct ctxlab_cmd *const commands[] = {
	NULL
};

static void usage(FILE *to)
{
	const struct ctxlab_cmd *const *c;

	fputs("Usage: ctxlab COMMAND [OPTION...]\n\nCommands:\n", to);
	for (c = commands; *c; c++)
		fprintf(to, "  %-10s %s\n", (*c)->name, (*c)->brief);
}

int main(int argc, char **argv)
{
	const struct ctxlab_cmd *const *c;

	if (argc < 2) {
		usage(stderr);
		return CTXLAB_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		usage(stdout);
		return CTXLAB_OK;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("ctxlab %s\n", CTXLAB_VERSION);
		return CTXLAB_OK;
	}
	for (c = commands; *c; c++)
		if (!strcmp((*c)->name, argv[1]))
			return (*c)->run(argc - 1, argv + 1);

	fprintf(stderr, "ctxlab: no command '%s'; see 'ctxlab --help'\n",
		argv[1]);
	return CTXLAB_USAGE;
}
