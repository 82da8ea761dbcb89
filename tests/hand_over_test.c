// SPDX-License-Identifier: GPL-2.0-only
/*
 * An open file that one reader has begun and another goes on with, or the same
 * one with fewer rights: what the first has left unread is not for the next.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "many_tasks.h"
#include "creds.h"
#include "slow_kernel.h"
#include "sharing_states.h"
#include "text.h"

/* Of a process that is not Alice's: more than a batch, more than a page. */
#define THREADS 60

static const struct plan alice = { "alice", 0, 0, as_alice };

FIXTURE(hand_over)
{
	struct states states;
	struct state *hers;
	pid_t roots;
};

FIXTURE_SETUP(hand_over)
{
	ASSERT_EQ(0, states_begin(&self->states));
	self->hers = states_add(&self->states, &alice);
	ASSERT_NE(NULL, self->hers);
	self->roots = many_tasks_process(THREADS);
	ASSERT_LT(0, self->roots);
}

FIXTURE_TEARDOWN(hand_over)
{
	many_tasks_end_process(self->roots);
	states_end(&self->states);
}

/* How root begins a file. */
static int read_byte(int fd)
{
	char byte;

	return read(fd, &byte, 1) != 1;
}

/* Within the rows, at a place that need not begin one. */
static int read_some(int fd)
{
	char some[3000];

	return read(fd, some, sizeof(some)) != sizeof(some);
}

/* The first byte again is what the texts are compared with; see rest_by_alice(). */
static int seek_past_byte(int fd)
{
	return lseek(fd, 1, SEEK_SET) != 1;
}

static int (*const ways[])(int fd) = { read_byte, read_some, seek_past_byte };

/*
 * What Alice gets of a file that root has begun: in a process of hers that
 * inherits it, or with @drops in the one that began.  NULL and an errno where she
 * gets an error.
 */
static char *rest_by_alice(const char *path, int (*begin)(int fd), bool drops)
{
	int fd = open(path, O_RDONLY), pair[2];
	char *text = NULL;
	pid_t child;

	if (fd < 0 || pipe(pair) || (!drops && begin(fd)))
		return NULL;
	child = fork();
	if (!child) {
		if ((drops && begin(fd)) || become(ALICE, ALICE))
			_exit(255);
		text = text_read_fd(fd);
		if (!text)
			_exit(errno);
		_exit(write(pair[1], text, strlen(text)) < 0);
	}
	close(pair[1]);
	text = text_read_fd(pair[0]);
	close(pair[0]);
	close(fd);
	errno = reap(child);
	if (!errno)
		return text;
	free(text);
	return NULL;
}

/* Each row is of a task of Alice's; the number of them, or -1. */
static int count_hers(const char *text)
{
	char *whole = NULL;
	struct table *table;
	int row;

	/* The byte that was read before belongs to the heading. */
	if (asprintf(&whole, "T%s", text) < 0)
		return -1;
	table = table_parse(whole, NULL);
	free(whole);
	if (!table)
		return -1;
	for (row = 0; row < table->rows; row++)
		if (strcmp(table_cell(table, row, "UID") ?: "", "7001"))
			return -1;
	row = table->rows;
	table_free(table);
	return row;
}

TEST_F(hand_over, tasks)
{
	char *text;
	int drops;

	for (drops = 0; drops < 2; drops++) {
		text = rest_by_alice(CTXLAB "/tasks", read_byte, drops);
		ASSERT_NE(NULL, text) TH_LOG("%m");
		/* The built one, and the reader. */
		EXPECT_LE(2, count_hers(text)) TH_LOG("%.400s", text);
		free(text);
		text = rest_by_alice(CTXLAB "/tasks", seek_past_byte, drops);
		ASSERT_NE(NULL, text) TH_LOG("%m");
		EXPECT_LE(2, count_hers(text)) TH_LOG("%.400s", text);
		free(text);
		/* The position is past the end of what she may see. */
		text = rest_by_alice(CTXLAB "/tasks", read_some, drops);
		ASSERT_NE(NULL, text) TH_LOG("%m");
		EXPECT_EQ(0, strlen(text)) TH_LOG("%.200s", text);
		free(text);
	}
}

/* A file of which she may see nothing: the process, a thread, a pair, the waits. */
TEST_F(hand_over, file_of_others)
{
	char paths[4][64], *text;
	struct many_tasks tasks = {};
	int path, drops, way;

	ASSERT_EQ(0, many_tasks_note(&tasks, self->roots));
	snprintf(paths[0], sizeof(paths[0]), CTXLAB "/%d", self->roots);
	snprintf(paths[1], sizeof(paths[1]), CTXLAB "/%d",
		 tasks.tids[THREADS - 1]);
	snprintf(paths[2], sizeof(paths[2]), CTXLAB "/%d,%d", self->roots,
		 self->hers->tid);
	snprintf(paths[3], sizeof(paths[3]), CTXLAB "/%d-waits", self->roots);
	for (path = 0; path < 4; path++) {
		for (drops = 0; drops < 2; drops++) {
			for (way = 0; way < (int)ARRAY_SIZE(ways); way++) {
				/* These two are not so long. */
				if ((path == 1 || path == 2) && ways[way] == read_some)
					continue;
				text = rest_by_alice(paths[path], ways[way],
						     drops);
				EXPECT_EQ(NULL, text) TH_LOG("%.80s", text);
				EXPECT_EQ(EACCES, errno) TH_LOG("%m");
				free(text);
			}
		}
	}
	free(tasks.tids);
}

/* Who has the same rights goes on where the other stopped, and misses nothing. */
TEST_F(hand_over, to_one_with_the_same_rights)
{
	char path[64], *text, *whole;
	struct table *table;
	char head[1000];
	int fd, pair[2];
	pid_t child;

	snprintf(path, sizeof(path), CTXLAB "/%d", self->roots);
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(sizeof(head), read(fd, head, sizeof(head)));
	ASSERT_EQ(0, pipe(pair));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		text = text_read_fd(fd);
		_exit(!text || write(pair[1], text, strlen(text)) < 0);
	}
	close(pair[1]);
	text = text_read_fd(pair[0]);
	ASSERT_NE(NULL, text);
	EXPECT_EQ(0, reap(child));
	ASSERT_LT(0, asprintf(&whole, "%.*s%s", (int)sizeof(head), head, text));
	EXPECT_STREQ("steady", text_value(whole, "Walk"));
	table = table_parse(whole, "Threads");
	ASSERT_NE(NULL, table);
	EXPECT_EQ(THREADS, table->rows);
	table_free(table);
	table = table_parse(whole, "Own");
	ASSERT_NE(NULL, table);
	EXPECT_EQ(THREADS, table->rows);
	table_free(table);
	free(whole);
	free(text);
	close(pair[0]);
	close(fd);
}

TEST_HARNESS_MAIN
