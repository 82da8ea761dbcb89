// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_names_test [-s SEED] [-t SECONDS]
 *
 * Names that know the grammar and bend it.  What each should give follows from
 * the rules of the ABI, re-stated here.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"
#include "seed_and_time.h"
#include "probe.h"
#include "sharing_states.h"
#include "text.h"

static unsigned int seed;
static long failures;

static unsigned int pick(unsigned int below)
{
	return rand_r(&seed) % below;
}

/* The tasks that names may mean: all stand still, so the answer is known. */
static struct states tasks;

/* Names that once found something, or were thought of: tried before all else. */
static const char *const corpus[] = {
	"", "0", "00", "01", "1", "1,", ",1", ",", ",,", "1,1", "1,1,", "1,1,1",
	"1,01", "-1", "1,-1", "+1", " 1", "1 ", "1, 1", "1\n", "2147483647",
	"2147483648", "4294967295", "4294967296", "4294967297",
	"18446744073709551615", "18446744073709551616", "1,4294967297",
	"99999999999999999999", "self", "self,1", "thread-self", "tasks",
	"tasksx", "task", "abi", "switch", "switch,1", "SELF", "1x", "x1",
	"1-waits", "-waits", "01-waits", "1-waits,1", "1,1-waits", "1-wait",
	"1-waitsx", "self-waits",
	"0x1", "1e0", "\xef\xbc\x91", "1\xff", "%d", "%s%n", "*", "..1", "...",
};

/* A number as the rules have it: no sign, no leading zero, a task's tid. */
static const char *skip_tid(const char *name, bool *exists)
{
	unsigned long long value = 0;
	const char *at = name;
	char path[32];

	if (*at < '1' || *at > '9')
		return NULL;
	for (; *at >= '0' && *at <= '9'; at++) {
		value = value * 10 + (*at - '0');
		if (value > INT_MAX)
			return NULL;
	}
	/* Bent, it may be that of any task of the machine. */
	snprintf(path, sizeof(path), "/proc/%llu", value);
	*exists = access(path, F_OK) == 0;
	return at;
}

/* Whether the rules of the ABI let this name be found. */
static bool is_name(const char *name)
{
	static const char *const fixed[] = {
		"self", "thread-self", "tasks", "switch", "abi"
	};
	bool exists, other = true;
	const char *rest;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fixed); i++)
		if (!strcmp(name, fixed[i]))
			return true;
	rest = skip_tid(name, &exists);
	if (rest && !strcmp(rest, "-waits"))
		return exists;
	if (rest && *rest == ',')
		rest = skip_tid(rest + 1, &other);
	return rest && !*rest && exists && other;
}

static void put_tid(char *name)
{
	/* Above pid_max there is nobody, whatever happens meanwhile. */
	if (pick(4))
		sprintf(name, "%d", tasks.list[pick(tasks.count)].tid);
	else
		sprintf(name, "%u", (1U << 22) + 1 + pick(1U << 31));
}

/* Byte by byte: change, drop, double, insert. */
static void bend(char *name)
{
	static const char bytes[] = "0123456789,,,-+ xsw.\n\t\\\"%\x7f\xff\x01";
	size_t length = strlen(name), at = length ? pick(length) : 0;
	char byte = bytes[pick(sizeof(bytes) - 1)];

	switch (pick(4)) {
	case 0:
		name[at] = byte;
		name[length ? length : 1] = '\0';
		break;
	case 1:
		memmove(name + at, name + at + !!length, length - at + 1);
		break;
	case 2:
		memmove(name + at + 1, name + at, length - at + 1);
		break;
	default:
		memmove(name + at + 1, name + at, length - at + 1);
		name[at] = byte;
	}
}

static void make_name(char *name)
{
	int bends = pick(3);

	if (!pick(5)) {
		sprintf(name, "%s", corpus[pick(ARRAY_SIZE(corpus))]);
	} else {
		put_tid(name);
		switch (pick(3)) {
		case 0:
			strcat(name, ",");
			put_tid(name + strlen(name));
			break;
		case 1:
			strcat(name, "-waits");
		}
	}
	while (bends--)
		bend(name);
	if (!pick(50))
		memset(name, '1', 200 + pick(60));
}

/* Whether the answers are those that the rules give. */
static bool name_obeys(const char *name, int *err)
{
	char path[PATH_MAX], byte;
	bool is = is_name(name);
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), CTXLAB "/%s", name);
	*err = stat(path, &st) ? errno : 0;
	if (*err != (is ? 0 : ENOENT))
		return false;
	fd = open(path, O_RDONLY | O_NONBLOCK);
	if (fd < 0) {
		*err = errno;
		return !is && errno == ENOENT;
	}
	/* Of the probe's file nothing is read. */
	*err = !strcmp(name, "switch") || pread(fd, &byte, 1, 0) == 1 ? 0 : errno;
	close(fd);
	return is && !*err;
}

static void try_name(const char *name)
{
	int tries, err;

	/* These are the directory itself, or above it. */
	if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
		return;
	/* A kernel thread may come or go between two looks. */
	for (tries = 0; tries < 3; tries++)
		if (name_obeys(name, &err))
			return;
	/* The first few tell enough. */
	if (failures++ < 10)
		ksft_print_msg("%s: %s\n", name, strerror(err));
}

static long fuzz_names(time_t end)
{
	char name[512] = "";
	long tries = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(corpus); i++)
		try_name(corpus[i]);
	while (time(NULL) < end) {
		memset(name, 0, sizeof(name));
		make_name(name);
		try_name(name);
		tries++;
	}
	return tries;
}

static int set_up(void)
{
	return states_begin(&tasks) || states_add_unshared(&tasks) ||
	       states_add_leaderless(&tasks) ||
	       !states_note(&tasks, 1, "first process") ||
	       !states_note(&tasks, 2, "kthreadd");
}

int main(int argc, char **argv)
{
	struct seed_and_time how = { .seed = 20261121, .seconds = 10 };
	long tries;

	seed_and_time_parse(argc, argv, &how);
	seed = how.seed;
	ksft_print_header();
	ksft_set_plan(1);
	ksft_print_msg("seed %u, %d seconds\n", how.seed,
		       how.seconds);
	if (set_up())
		ksft_exit_fail_msg("cannot set up: %m\n");

	tries = fuzz_names(time(NULL) + how.seconds);
	ksft_test_result(tries > 100 && !failures, "names (%ld tries)\n", tries);
	states_end(&tasks);
	ksft_finished();
}
