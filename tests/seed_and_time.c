// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <unistd.h>

#include "kselftest.h"
#include "seed_and_time.h"

/* Shorter, and not everything would get its turn. */
#define SECONDS_MIN 5

static unsigned int parse(const char *name, const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 0);

	if (!*text || *end)
		ksft_exit_fail_msg("%s: '%s' is not a number\n", name, text);
	return value;
}

void seed_and_time_parse(int argc, char **argv, struct seed_and_time *how)
{
	const char *seed = getenv("CTXLAB_SEED");
	const char *seconds = getenv("CTXLAB_SECONDS");
	int option;

	while ((option = getopt(argc, argv, "s:t:")) != -1) {
		if (option == 's')
			seed = optarg;
		else if (option == 't')
			seconds = optarg;
		else
			ksft_exit_fail_msg("usage: %s [-s SEED] [-t SECONDS]\n",
					   argv[0]);
	}
	if (seed)
		how->seed = parse("seed", seed);
	if (seconds)
		how->seconds = parse("seconds", seconds);
	if (how->seconds < SECONDS_MIN)
		ksft_exit_fail_msg("it takes %d seconds or more\n", SECONDS_MIN);
}
