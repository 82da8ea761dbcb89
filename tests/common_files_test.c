// SPDX-License-Identifier: GPL-2.0-only
/*
 * What two file tables have in common, as /proc/ctxlab/<a>,<b> has it, against
 * kcmp(2) for each pair of descriptors, and against what the tasks were built
 * to hold.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "creds.h"
#include "oracle.h"
#include "probe.h"
#include "slow_kernel.h"
#include "procfs.h"
#include "sharing_states.h"
#include "text.h"

#define MANY 500000
#define STORM_READS 300
/* As many rows as the module lists. */
#define ROWS 64
#define MOST 256

/* A task's descriptors, as procfs lists them. */
struct held {
	pid_t tid;
	int fd[MOST];
	int count;
};

static int ends[2];
static pid_t of_pidfd;
static int taken_fd;

/* Files of its own, duplicates, and one of the inherited ones less. */
static int open_own(struct state *state)
{
	int fd = open("/dev/null", O_RDONLY);

	(void)state;
	return fd < 0 || dup2(fd, 150) < 0 || dup2(fd, 90) < 0 ||
	       dup2(STDERR_FILENO, 91) < 0 || open("/", O_RDONLY) < 0 ||
	       eventfd(0, 0) < 0;
}

/* A file that came over a socket, and one fetched out of another task's table. */
static int take_over(struct state *state)
{
	int pidfd = syscall(SYS_pidfd_open, of_pidfd, 0);
	int fd = syscall(SYS_pidfd_getfd, pidfd, taken_fd, 0);

	(void)state;
	return pidfd < 0 || fd < 0 || receive_fd(ends[1]) < 0 || dup(fd) < 0;
}

static int list_held(pid_t tid, struct held *held)
{
	struct dirent *entry;
	char path[32];
	DIR *dir;

	held->tid = tid;
	held->count = 0;
	snprintf(path, sizeof(path), "/proc/%d/fd", tid);
	dir = opendir(path);
	if (!dir)
		return -1;
	while ((entry = readdir(dir)) && held->count < MOST)
		if (entry->d_name[0] != '.')
			held->fd[held->count++] = atoi(entry->d_name);
	closedir(dir);
	return 0;
}

static bool same_file(pid_t a, int fd_a, pid_t b, int fd_b)
{
	return !syscall(SYS_kcmp, a, b, KCMP_FILE, fd_a, fd_b);
}

/* The lowest descriptor of @held that is of the same file; -1 if none is. */
static int lowest(const struct held *held, pid_t tid, int fd)
{
	int i, found = -1;

	for (i = 0; i < held->count; i++)
		if (same_file(held->tid, held->fd[i], tid, fd) &&
		    (found < 0 || held->fd[i] < found))
			found = held->fd[i];
	return found;
}

static int count_duplicates(const struct held *held)
{
	int i, n = 0;

	for (i = 0; i < held->count; i++)
		n += lowest(held, held->tid, held->fd[i]) != held->fd[i];
	return n;
}

/* common C a A duplicates D b B duplicates E */
static int take_counts(const char *text, int counts[5])
{
	const char *value = text_value(text, "OpenFiles");

	return value && sscanf(value, "common %d a %d duplicates %d b %d duplicates %d",
			       &counts[0], &counts[1], &counts[2], &counts[3],
			       &counts[4]) == 5 ? 0 : -1;
}

/* The rows, and the number of descriptions, are kcmp(2)'s. */
static void check_pair(struct __test_metadata *_metadata, pid_t tid_a,
		       pid_t tid_b)
{
	struct held a, b;
	struct table *table;
	int counts[5], i, row, fd_b, common = 0;
	char *text;

	text = text_readf(CTXLAB "/%d,%d", tid_a, tid_b);
	ASSERT_NE(NULL, text);
	ASSERT_EQ(0, take_counts(text, counts)) TH_LOG("%s", text);
	ASSERT_EQ(0, list_held(tid_a, &a));
	ASSERT_EQ(0, list_held(tid_b, &b));
	table = table_parse(text, "CommonFiles");
	ASSERT_NE(NULL, table);
	for (i = 0; i < a.count; i++) {
		if (lowest(&a, a.tid, a.fd[i]) != a.fd[i])
			continue;
		fd_b = lowest(&b, a.tid, a.fd[i]);
		row = table_find(table, "FDA", a.fd[i]);
		EXPECT_EQ(fd_b >= 0, row >= 0)
			TH_LOG("%d of %d", a.fd[i], tid_a);
		if (fd_b < 0 || row < 0)
			continue;
		common++;
		EXPECT_EQ(fd_b, atoi(table_cell(table, row, "FDB")));
		EXPECT_STREQ(procfs_fd_kind(tid_a, a.fd[i]),
			     table_cell(table, row, "KIND"));
		EXPECT_EQ(16, strlen(table_cell(table, row, "ID")));
		EXPECT_EQ(row, table_find_word(table, "ID",
					       table_cell(table, row, "ID")));
	}
	EXPECT_EQ(common, table->rows);
	EXPECT_EQ(common, counts[0]);
	EXPECT_EQ(a.count, counts[1]);
	EXPECT_EQ(count_duplicates(&a), counts[2]);
	EXPECT_EQ(b.count, counts[3]);
	EXPECT_EQ(count_duplicates(&b), counts[4]);
	table_free(table);
	free(text);
	/* And within one of them. */
	text = text_readf(CTXLAB "/%d", tid_a);
	ASSERT_NE(NULL, text);
	EXPECT_EQ(count_duplicates(&a), text_number(text, "FilesDuplicates"));
	free(text);
}

FIXTURE(common)
{
	struct states states;
};

FIXTURE_SETUP(common)
{
	if (!oracle_supported())
		SKIP(return, "the kernel has no kcmp(2)");
	ASSERT_EQ(0, states_begin(&self->states));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
}

FIXTURE_TEARDOWN(common)
{
	states_end(&self->states);
}

TEST_F(common, as_kcmp)
{
	static const struct plan plans[] = {
		{ "forked", 0, 0, open_own },
		{ "forked next", 0, 0, NULL },
		{ "given files", 0, 0, take_over },
		{ "table unshared", CLONE_FILES, CLONE_FILES, NULL },
	};
	struct state *task[ARRAY_SIZE(plans)];
	size_t i, k;
	int fd;

	ASSERT_LE(0, memfd_create("common", 0));
	for (i = 0; i < ARRAY_SIZE(plans); i++) {
		task[i] = states_add(&self->states, &plans[i]);
		ASSERT_NE(NULL, task[i]) TH_LOG("%s: %m", plans[i].name);
		if (i)
			continue;
		/* Nobody inherits it but those made later. */
		fd = open("/proc/version", O_RDONLY);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, send_fd(ends[0], fd));
		of_pidfd = task[0]->tid;
		taken_fd = 150;
	}
	for (i = 0; i < ARRAY_SIZE(plans); i++)
		for (k = 0; k < ARRAY_SIZE(plans); k++)
			if (i != k)
				check_pair(_metadata, task[i]->tid,
					   task[k]->tid);
}

/* One table, or none, has nothing to be compared with. */
TEST_F(common, not_two_tables)
{
	static const struct plan sharer = { "sharer", CLONE_FILES, 0, NULL };
	struct states *s = &self->states;
	struct state *task = states_add(s, &sharer);
	char *text;

	ASSERT_NE(NULL, task);
	text = text_readf(CTXLAB "/%d,%d", getpid(), task->tid);
	ASSERT_NE(NULL, text);
	EXPECT_STREQ("shared-files", text_value(text, "Relation"));
	EXPECT_EQ(NULL, text_value(text, "OpenFiles"));
	free(text);
	ASSERT_EQ(0, states_add_zombie(s));
	text = text_readf(CTXLAB "/%d,%d", task->tid,
			  states_find(s, "zombie")->tid);
	ASSERT_NE(NULL, text);
	EXPECT_EQ(NULL, text_value(text, "OpenFiles"));
	free(text);
}

/* All duplicates of one, and more descriptions than there are rows. */
static int open_many(struct state *state)
{
	struct rlimit limit = { MANY + 1000, MANY + 1000 };
	int i, n = MANY / slow_kernel_factor();

	(void)state;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		return -1;
	for (i = 0; i < n; i++)
		if (dup(ends[0]) < 0)
			return -1;
	return 0;
}

TEST_F(common, many)
{
	static const struct plan plans[] = {
		{ "many", 0, 0, open_many }, { "few", 0, 0, NULL },
	};
	struct state *a, *b;
	struct table *table;
	int i, counts[5];
	char *text;

	for (i = 0; i < ROWS + 20; i++)
		ASSERT_LE(0, eventfd(0, 0));
	a = states_add(&self->states, &plans[0]);
	ASSERT_NE(NULL, a);
	b = states_add(&self->states, &plans[1]);
	ASSERT_NE(NULL, b);
	text = text_readf(CTXLAB "/%d,%d", a->tid, b->tid);
	ASSERT_NE(NULL, text);
	ASSERT_EQ(0, take_counts(text, counts)) TH_LOG("%s", text);
	EXPECT_EQ(counts[3] + MANY / slow_kernel_factor(), counts[1]);
	EXPECT_EQ(counts[4] + MANY / slow_kernel_factor(), counts[2]);
	EXPECT_EQ(counts[3] - counts[4], counts[0]);
	table = table_parse(text, "CommonFiles");
	ASSERT_NE(NULL, table);
	EXPECT_EQ(ROWS, table->rows);
	EXPECT_EQ(ROWS, text_number(text, "CommonFiles"));
	table_free(table);
	free(text);
	text = text_readf(CTXLAB "/%d", a->tid);
	ASSERT_NE(NULL, text);
	EXPECT_EQ(counts[2], text_number(text, "FilesDuplicates"));
	free(text);
}

/* Duplicates that a walk is busy with, so that much happens in the midst of it. */
#define TAIL 2000
#define HANDFUL 16

/* Opens what is its own alone, lets the other one run, closes it; for ever. */
static int storm(int ready, bool late)
{
	int i, fd[HANDFUL];

	/* Both on one CPU, where freed memory comes back first. */
	pin(0, false);
	if (write(ready, "", 1) != 1)
		return 1;
	if (late)
		sched_yield();
	for (;;) {
		for (i = 0; i < HANDFUL; i++)
			fd[i] = eventfd(0, 0);
		sched_yield();
		for (i = 0; i < HANDFUL; i++)
			close(fd[i]);
		sched_yield();
	}
}

/* What two tasks that stand still have inherited. */
static int count_inherited(struct states *s)
{
	static const struct plan still = { "still", 0, 0, NULL };
	struct state *a = states_add(s, &still), *b = states_add(s, &still);
	int counts[5] = { -1 };
	char *text;

	if (!a || !b)
		return -1;
	text = text_readf(CTXLAB "/%d,%d", a->tid, b->tid);
	if (!text || take_counts(text, counts))
		counts[0] = -1;
	free(text);
	return counts[0];
}

/*
 * Two tasks use the memory of each other's closed files again and again: what is
 * told to be common is what they inherited, and nothing else.
 */
TEST_F(common, reused)
{
	int i, counts[5], ready[2], inherited, told = 0;
	struct rlimit limit = { 2 * TAIL, 2 * TAIL };
	pid_t child[2];
	char *text, byte;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	/* Low descriptors for the files to be opened, then a long tail. */
	for (i = 0; i < TAIL; i++)
		ASSERT_LE(0, fcntl(ends[0], F_DUPFD, 100));
	ASSERT_EQ(0, pipe(ready));
	inherited = count_inherited(&self->states);
	ASSERT_LT(0, inherited);
	for (i = 0; i < 2; i++) {
		child[i] = fork();
		ASSERT_LE(0, child[i]);
		if (!child[i])
			_exit(storm(ready[1], i));
	}
	for (i = 0; i < 2; i++)
		ASSERT_EQ(1, read(ready[0], &byte, 1));
	/* The reader off it, if there is another one. */
	pin(1, false);
	for (i = 0; i < slow_kernel_scaled(STORM_READS); i++) {
		text = text_readf(CTXLAB "/%d,%d", child[0], child[1]);
		ASSERT_NE(NULL, text);
		if (take_counts(text, counts)) {
			EXPECT_STREQ("changed", text_value(text, "OpenFiles"));
		} else {
			told++;
			EXPECT_EQ(inherited, counts[0]);
		}
		free(text);
	}
	EXPECT_LT(0, told);
	for (i = 0; i < 2; i++) {
		kill(child[i], SIGKILL);
		reap(child[i]);
	}
}

TEST_HARNESS_MAIN
