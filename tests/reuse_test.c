// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that is used again while a file is being read: of two processes that
 * share an object one lets go and the other ends; a third one that gets the same
 * memory for its own is no sharer of the first, though its ID is the old one.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "slow_kernel.h"
#include "sharing_states.h"
#include "text.h"

#define STACK_SIZE (64 << 10)
#define TRIES 10
/* So many new ones, as what was given back last is not what is taken first. */
#define REUSERS 100

/**
 * struct shared - what two processes share, and how one lets go of it
 * @key: its line in the file, and @column its column in "tasks"
 * @flag: for clone(2) and unshare(2)
 * @walk: what the file's last line says then
 */
struct shared {
	const char *key;
	const char *column;
	int flag;
	const char *walk;
};

static const struct shared files = {
	"Files", "FILES", CLONE_FILES, "changed came 0 gone 0 dropped files"
};

static const struct shared fs = {
	"Fs", "FS", CLONE_FS, "changed came 0 gone 0 dropped fs"
};

static int flag;
static int tell[2], answer[2];

/* The tasks that new memory is given to. */
static pid_t reusers[REUSERS];
static char stacks[REUSERS + 1][4096];

FIXTURE(reuse)
{
	struct states states;
};

FIXTURE_SETUP(reuse)
{
	cpu_set_t one;

	/* Where memory was given back it is taken first. */
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(one), &one));
	ASSERT_EQ(0, pipe(tell));
	ASSERT_EQ(0, pipe(answer));
}

FIXTURE_TEARDOWN(reuse)
{
}

static int wait_for_ever(void *unused)
{
	(void)unused;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
	return 0;
}

/* Shares with a child of its own; told over the pipe, it lets go. */
static int share_then_let_go(struct state *state)
{
	static char stack[STACK_SIZE];
	pid_t child;
	char byte;

	child = clone(wait_for_ever, stack + STACK_SIZE, flag | SIGCHLD, NULL);
	state->told[0] = child;
	if (child < 0 || write(state->ready, "", 1) != 1 ||
	    read(tell[0], &byte, 1) != 1 || unshare(flag) ||
	    kill(child, SIGKILL) || waitpid(child, NULL, 0) != child)
		return 1;
	if (write(answer[1], "", 1) != 1)
		return 1;
	for (;;)
		pause();
}

static void end_process(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* On the caller's memory, and with a file table and an fs of their own. */
static int start_reusers(void)
{
	int i;

	for (i = 0; i < REUSERS; i++) {
		reusers[i] = clone(wait_for_ever, stacks[i + 1],
				   CLONE_VM | SIGCHLD, NULL);
		if (reusers[i] < 0)
			return -1;
	}
	return 0;
}

/* The one that has @id for its own, or 0. */
static pid_t find_reuser(const struct shared *what, const char *id)
{
	char *text = text_read(CTXLAB "/tasks");
	struct table *table = text ? table_parse(text, NULL) : NULL;
	int row = table ? table_find_word(table, what->column, id) : -1;
	pid_t tid = row < 0 ? 0 : atoi(table_cell(table, row, "TID"));

	table_free(table);
	free(text);
	return tid;
}

static void id_of(pid_t pid, const char *key, char id[17])
{
	char *text = text_readf(CTXLAB "/%d", pid);

	snprintf(id, 17, "%s", text ? text_value(text, key) ?: "" : "");
	free(text);
}

/*
 * The file of a process that shares @what, read so that all that it holds is let
 * go of behind its head, and *@reuser has the memory before the rest is read;
 * for free().  NULL where nobody got it.
 */
static char *read_around(struct __test_metadata *_metadata,
			 struct states *states, const struct shared *what,
			 pid_t *reuser)
{
	const struct plan plan = { "shares", 0, 0, share_then_let_go };
	char path[64], id[17], head[2], *rest, *text = NULL;
	struct state *state;
	int fd;

	flag = what->flag;
	ASSERT_EQ(0, states_begin(states));
	state = states_add(states, &plan);
	ASSERT_NE(NULL, state);
	id_of(state->tid, what->key, id);
	ASSERT_EQ(16, strlen(id));

	snprintf(path, sizeof(path), CTXLAB "/%d", state->tid);
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(1, read(fd, head, 1));
	head[1] = '\0';
	ASSERT_EQ(1, write(tell[1], "", 1));
	ASSERT_EQ(1, read(answer[0], head + 1, 1));
	ASSERT_EQ(0, start_reusers());
	*reuser = find_reuser(what, id);
	if (*reuser) {
		rest = text_read_fd(fd);
		ASSERT_NE(NULL, rest) TH_LOG("%m");
		ASSERT_LT(0, asprintf(&text, "%c%s", head[0], rest));
		free(rest);
	}
	close(fd);
	return text;
}

static void end_around(struct states *states)
{
	int i;

	for (i = 0; i < REUSERS; i++)
		end_process(reusers[i]);
	states_end(states);
}

static void check_text(struct __test_metadata *_metadata, const char *text,
		       const struct shared *what, pid_t reuser)
{
	struct table *table;

	/* The one that shared was there when that was counted. */
	EXPECT_EQ(1, text_number(text, "Elsewhere"));
	table = table_parse(text, "Elsewhere");
	ASSERT_NE(NULL, table);
	EXPECT_EQ(-1, table_find(table, "TID", reuser));
	EXPECT_EQ(0, table->rows);
	table_free(table);
	EXPECT_STREQ(what->walk, text_value(text, "Walk"));
}

static void check_reuse(struct __test_metadata *_metadata,
			struct states *states, const struct shared *what)
{
	int try, met = 0;
	pid_t reuser;
	char *text;

	for (try = 0; try < TRIES; try++) {
		text = read_around(_metadata, states, what, &reuser);
		if (text) {
			check_text(_metadata, text, what, reuser);
			met++;
		}
		free(text);
		end_around(states);
	}
	printf("# %s: memory was used again in %d of %d tries\n", what->key, met,
	       TRIES);
	if (!met)
		SKIP(return, "this kernel does not use memory again so soon");
}

TEST_F(reuse, files)
{
	check_reuse(_metadata, &self->states, &files);
}

TEST_F(reuse, fs)
{
	check_reuse(_metadata, &self->states, &fs);
}

TEST_HARNESS_MAIN
