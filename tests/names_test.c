// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names that are there, and names that are not: these get the errno that
 * procfs gives for their like, asked in the same breath.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

#include "kselftest_harness.h"
#include "slow_kernel.h"
#include "text.h"

static int stat_errno(const char *dir, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return stat(path, &st) ? errno : 0;
}

/* Names of one number: procfs has its like. */
TEST(numbers_as_procfs)
{
	static const char *const names[] = {
		"0", "-1", "01", "00", "1x", "x1", "+1", " 1", "1 ", "1.", "0x1",
		"99999999999", "4294967295", "4294967296", "4294967297",
		"18446744073709551617", "2147483648", "4194304", "4194305",
		"1", "2", "\xd9\xa1", "1\n", "\033[1m", "nonesuch", "SELF",
		"self ", "..1", "1/nonesuch/x",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		/* A process is a directory there and a file here. */
		int here = stat_errno(CTXLAB, names[i]);
		int there = stat_errno("/proc", names[i]);

		if (strchr(names[i], '/'))
			there = ENOTDIR;
		EXPECT_EQ(there, here)
			TH_LOG("name \"%s\"", names[i]);
	}
}

TEST(long_names)
{
	char name[NAME_MAX + 2];

	memset(name, '1', sizeof(name));
	name[NAME_MAX] = '\0';
	EXPECT_EQ(stat_errno("/proc", name), stat_errno(CTXLAB, name));
	EXPECT_EQ(ENOENT, stat_errno(CTXLAB, name));

	name[NAME_MAX] = '1';
	name[NAME_MAX + 1] = '\0';
	EXPECT_EQ(stat_errno("/proc", name), stat_errno(CTXLAB, name));

	/* Two numbers of which neither overflows, but the name is long. */
	memset(name, '0', sizeof(name));
	name[0] = '1';
	name[1] = ',';
	name[2] = '1';
	name[NAME_MAX] = '\0';
	EXPECT_EQ(ENOENT, stat_errno(CTXLAB, name));
}

/* A pair's halves obey the rule for one number; both must be there. */
TEST(pairs)
{
	static const char *const refused[] = {
		"1,", ",1", ",", "1,2,3", "1,,1", "1,0", "0,1", "0,0", "01,1",
		"1,01", "1,1x", "x,1", "1, 1", "1 ,1", "-1,1", "1,-1", "+1,1",
		"1,99999999999", "99999999999,1", "4294967297,1",
		"1,4294967297", "1,4194305", "self,1", "1,self", "1;1", "1:1",
		"1,1,", ",1,1", "1,1\n", "tasks,1",
	};
	static const char *const allowed[] = { "1,1", "1,2", "2,1", "2,2" };
	size_t i;

	/* Braces: the log line is a statement of its own. */
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		EXPECT_EQ(ENOENT, stat_errno(CTXLAB, refused[i]))
			TH_LOG("name \"%s\"", refused[i]);
	}
	for (i = 0; i < ARRAY_SIZE(allowed); i++) {
		EXPECT_EQ(0, stat_errno(CTXLAB, allowed[i]))
			TH_LOG("name \"%s\"", allowed[i]);
	}
}

/* What a process waits in: one number by the same rule, and the word as it is. */
TEST(waits)
{
	static const char *const refused[] = {
		"-waits", "0-waits", "01-waits", "-1-waits", "+1-waits",
		" 1-waits", "1 -waits", "1--waits", "1-wait", "1-waitsx",
		"1-waits ", "1-waits\n", "1-WAITS", "1waits", "1,waits",
		"1,1-waits", "1-waits,1", "1-waits-waits", "self-waits",
		"tasks-waits", "99999999999-waits", "4294967297-waits",
		"4194305-waits", "1-",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		EXPECT_EQ(ENOENT, stat_errno(CTXLAB, refused[i]))
			TH_LOG("name \"%s\"", refused[i]);
	}
	EXPECT_EQ(0, stat_errno(CTXLAB, "1-waits"));
	EXPECT_EQ(0, stat_errno(CTXLAB, "2-waits"));
}

/* Each name is a file of its own. */
TEST(inode_numbers)
{
	static const char *const names[] = { "1", "2", "1-waits", "2-waits", "1,1" };
	struct stat st[ARRAY_SIZE(names)];
	char path[64];
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), CTXLAB "/%s", names[i]);
		ASSERT_EQ(0, stat(path, &st[i]));
		for (k = 0; k < i; k++)
			EXPECT_NE(st[k].st_ino, st[i].st_ino);
	}
}

/* A file is no directory, a directory no file; as procfs's own are. */
TEST(files_are_files)
{
	EXPECT_EQ(ENOTDIR, stat_errno(CTXLAB, "1/"));
	EXPECT_EQ(ENOTDIR, stat_errno(CTXLAB, "1/status"));
	EXPECT_EQ(ENOTDIR, stat_errno(CTXLAB, "1,1/x"));
	EXPECT_EQ(ENOTDIR, stat_errno(CTXLAB, "1-waits/"));
	EXPECT_EQ(ENOTDIR, stat_errno(CTXLAB, "tasks/"));
	EXPECT_EQ(ENOTDIR, stat_errno(CTXLAB, "abi/.."));
	EXPECT_EQ(text_errno("/proc"), text_errno(CTXLAB));
}

TEST(self_links)
{
	char name[64], expected[64];
	ssize_t n;

	n = readlink(CTXLAB "/self", name, sizeof(name) - 1);
	ASSERT_LT(0, n);
	name[n] = '\0';
	snprintf(expected, sizeof(expected), "%d", getpid());
	EXPECT_STREQ(expected, name);

	n = readlink(CTXLAB "/thread-self", name, sizeof(name) - 1);
	ASSERT_LT(0, n);
	name[n] = '\0';
	EXPECT_STREQ(expected, name);

	EXPECT_EQ(EINVAL, readlink(CTXLAB "/abi", name, sizeof(name)) ? errno : 0);
}

/* Listed: the processes that procfs lists, and the five fixed names. */
TEST(directory)
{
	static const char *const fixed[] = {
		"self", "thread-self", "tasks", "switch", "abi"
	};
	unsigned int seen = 0;
	struct dirent *entry;
	char path[64], name[64];
	size_t i;
	DIR *dir;

	dir = opendir(CTXLAB);
	ASSERT_NE(NULL, dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (isdigit(entry->d_name[0])) {
			snprintf(path, sizeof(path), "/proc/%d/task/%d",
				 atoi(entry->d_name), atoi(entry->d_name));
			/* One that has ended meanwhile is not there, either. */
			snprintf(name, sizeof(name), CTXLAB "/%d",
				 atoi(entry->d_name));
			EXPECT_TRUE(!access(path, F_OK) || access(name, F_OK))
				TH_LOG("%s is no process", entry->d_name);
			EXPECT_EQ(DT_REG, entry->d_type);
			continue;
		}
		for (i = 0; i < ARRAY_SIZE(fixed); i++)
			if (!strcmp(entry->d_name, fixed[i]))
				break;
		EXPECT_NE(ARRAY_SIZE(fixed), i)
			TH_LOG("unknown name %s", entry->d_name);
		EXPECT_EQ(0, seen & 1U << i)
			TH_LOG("%s is there twice", entry->d_name);
		seen |= 1U << i;
	}
	closedir(dir);
	EXPECT_EQ((1U << ARRAY_SIZE(fixed)) - 1, seen);
}

/* Every process that procfs lists is listed here, in order of pid. */
TEST(directory_is_complete)
{
	int last = 0, pid, here = 0, there = 0;
	struct dirent *entry;
	DIR *dir;

	dir = opendir("/proc");
	ASSERT_NE(NULL, dir);
	while ((entry = readdir(dir)))
		there += !!isdigit(entry->d_name[0]);
	closedir(dir);

	dir = opendir(CTXLAB);
	ASSERT_NE(NULL, dir);
	while ((entry = readdir(dir))) {
		if (!isdigit(entry->d_name[0]))
			continue;
		pid = atoi(entry->d_name);
		EXPECT_LT(last, pid);
		last = pid;
		here++;
	}
	/* Kernel workers may come and go between the two. */
	EXPECT_LE(abs(here - there), 2)
		TH_LOG("%d here, %d in /proc", here, there);

	/* From the start again after rewinddir(); the end stays the end. */
	rewinddir(dir);
	entry = readdir(dir);
	EXPECT_NE(NULL, entry);
	while (readdir(dir))
		;
	EXPECT_EQ(NULL, readdir(dir));
	closedir(dir);
}

TEST_HARNESS_MAIN
