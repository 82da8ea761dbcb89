// SPDX-License-Identifier: GPL-2.0-only
/*
 * However a file is read - by one byte, by odd pieces, by pread() from
 * anywhere, after lseek() - it is the same text; and names of tasks, whatever
 * bytes are in them, stand in it as procfs has them.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "kselftest_harness.h"
#include "slow_kernel.h"
#include "sharing_states.h"
#include "text.h"

#define TEXT_MAX 1000000
#define THREAD (CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_FILES)

/* A process with a thread that waits with it; its thread's tid is told. */
static int wait_forever(void *arg)
{
	struct state *state = arg;

	__atomic_store_n(&state->told[0], (pid_t)syscall(SYS_gettid),
			 __ATOMIC_RELEASE);
	for (;;)
		pause();
	return 0;
}

static int add_thread(struct state *state)
{
	static char stack[64 << 10];

	__atomic_store_n(&state->told[0], 0, __ATOMIC_RELEASE);
	if (clone(wait_forever, stack + sizeof(stack), THREAD, state) < 0)
		return 1;
	while (!__atomic_load_n(&state->told[0], __ATOMIC_ACQUIRE))
		usleep(1000);
	return 0;
}

FIXTURE(reads)
{
	struct states states;
	char paths[5][64];
	pid_t pid;
	pid_t tid;
};

FIXTURE_SETUP(reads)
{
	static const struct plan plan = { "two threads", 0, 0, add_thread };
	struct state *state;

	ASSERT_EQ(0, states_begin(&self->states));
	state = states_add(&self->states, &plan);
	ASSERT_NE(NULL, state);
	self->pid = state->tid;
	self->tid = state->told[0];
	/* The last steps of both into pause() count switches. */
	usleep(50000);
	snprintf(self->paths[0], 64, CTXLAB "/%d", self->pid);
	snprintf(self->paths[1], 64, CTXLAB "/%d", self->tid);
	snprintf(self->paths[2], 64, CTXLAB "/%d,%d", self->pid, self->tid);
	snprintf(self->paths[3], 64, CTXLAB "/abi");
	snprintf(self->paths[4], 64, CTXLAB "/%d-waits", self->pid);
}

FIXTURE_TEARDOWN(reads)
{
	states_end(&self->states);
}

/* The text in pieces of @size bytes; its length, or -1. */
static ssize_t read_by(const char *path, size_t size, char *text)
{
	int fd = open(path, O_RDONLY);
	size_t used = 0;
	ssize_t n;

	while ((n = read(fd, text + used, size)) > 0) {
		if ((size_t)n > size)
			break;
		used += n;
	}
	close(fd);
	text[used] = '\0';
	return n ? -1 : (ssize_t)used;
}

/*
 * Even a task that stands still changes a little: an idle CPU borrows its mm,
 * and so counts in MmCount and MmCpus, or gives it back.  So a text in pieces is
 * compared with a whole one before and after it, once those two are equal.
 */
#define STEADY_TRIES 50

/* 1: in pieces it is the same; 0: it is not; -1: it never stood still. */
static int same_by(const char *path, size_t size, char *piece)
{
	char *before, *after;
	int same = -1, tries;
	ssize_t n;

	for (tries = 0; same < 0 && tries < STEADY_TRIES; tries++) {
		before = text_read(path);
		n = read_by(path, size, piece);
		after = text_read(path);
		if (before && after && !strcmp(before, after))
			same = n == (ssize_t)strlen(before) &&
			       !strcmp(before, piece);
		free(before);
		free(after);
	}
	return same;
}

TEST_F(reads, by_pieces)
{
	static const size_t sizes[] = { 1, 2, 3, 7, 61, 511, 4095, 4096, 65536 };
	char *piece = malloc(TEXT_MAX);
	size_t i, p;

	for (p = 0; p < ARRAY_SIZE(self->paths); p++)
		for (i = 0; i < ARRAY_SIZE(sizes); i++)
			EXPECT_EQ(1, same_by(self->paths[p], sizes[i], piece))
				TH_LOG("%s by %zu:\n%s", self->paths[p],
				       sizes[i], piece);
	free(piece);
}

static const char *line_of(const char *text, pid_t tid, char *line)
{
	struct table *table = table_parse(text, NULL);
	int row = table ? table_find(table, "TID", tid) : -1, i;
	int used = 0;

	line[0] = '\0';
	for (i = 0; row >= 0 && i < table->columns; i++)
		used += sprintf(line + used, "%s ",
				table->cells[(row + 1) * table->columns + i]);
	table_free(table);
	return line;
}

/* In "tasks" the rows of those that stand still are the same. */
TEST_F(reads, tasks_by_pieces)
{
	static const size_t sizes[] = { 1, 61, 4095, 65536 };
	char *piece = malloc(TEXT_MAX), *whole = text_read(CTXLAB "/tasks");
	char expected[1024], line[1024];
	size_t i;

	ASSERT_NE(NULL, whole);
	line_of(whole, self->tid, expected);
	EXPECT_LT(100, strlen(expected));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_LT(0, read_by(CTXLAB "/tasks", sizes[i], piece));
		EXPECT_STREQ(expected, line_of(piece, self->tid, line))
			TH_LOG("by %zu", sizes[i]);
	}
	free(whole);
	free(piece);
}

/* What pread(2) gave of @whole: short is allowed, an early end is not. */
static bool is_piece_of(const char *whole, size_t at, size_t size,
			const char *piece, ssize_t n)
{
	size_t length = strlen(whole);
	size_t left = at < length ? length - at : 0;

	return n <= (ssize_t)(left < size ? left : size) && !left == !n &&
	       !memcmp(piece, whole + at, n);
}

/* As same_by(), for one piece, of a file that nobody else has open. */
static int same_at(const char *path, size_t at, size_t size)
{
	char piece[512], *before, *after;
	int same = -1, tries, fd;
	ssize_t n;

	for (tries = 0; same < 0 && tries < STEADY_TRIES; tries++) {
		before = text_read(path);
		fd = open(path, O_RDONLY);
		n = pread(fd, piece, size, at);
		close(fd);
		after = text_read(path);
		if (n >= 0 && before && after && !strcmp(before, after))
			same = is_piece_of(before, at, size, piece, n);
		free(before);
		free(after);
	}
	return same;
}

TEST_F(reads, pread_from_anywhere)
{
	unsigned int seed = 20240229;
	size_t p, length, at, size;
	int i, tries = slow_kernel_scaled(200);
	char *whole;

	for (p = 0; p < ARRAY_SIZE(self->paths); p++) {
		whole = text_read(self->paths[p]);
		ASSERT_NE(NULL, whole);
		length = strlen(whole);
		free(whole);
		for (i = 0; i < tries; i++) {
			at = rand_r(&seed) % (length + 64);
			size = 1 + rand_r(&seed) % 512;
			EXPECT_EQ(1, same_at(self->paths[p], at, size))
				TH_LOG("%s: %zu at %zu", self->paths[p], size,
				       at);
		}
	}
}

TEST_F(reads, past_the_end)
{
	static const off_t offsets[] = {
		TEXT_MAX, 1LL << 31, (1LL << 31) - 1, 1LL << 32, 1LL << 40,
		0x7ffffffffffff000LL,
	};
	size_t p, i;
	char c;
	int fd;

	for (p = 0; p < ARRAY_SIZE(self->paths); p++) {
		fd = open(self->paths[p], O_RDONLY);
		ASSERT_LE(0, fd);
		for (i = 0; i < ARRAY_SIZE(offsets); i++) {
			EXPECT_EQ(0, pread(fd, &c, 1, offsets[i]))
				TH_LOG("%s at %llx: %m", self->paths[p],
				       (long long)offsets[i]);
		}
		EXPECT_EQ(1, pread(fd, &c, 1, 0));
		close(fd);
	}
}

TEST_F(reads, seek)
{
	/* The text's first lines, which do not change. */
	char piece[64], *whole = text_read(self->paths[0]);
	int fd = open(self->paths[0], O_RDONLY);
	ssize_t n;

	ASSERT_NE(NULL, whole);
	ASSERT_LE(0, fd);
	EXPECT_EQ(100, lseek(fd, 100, SEEK_SET));
	n = read(fd, piece, sizeof(piece));
	ASSERT_LT(0, n);
	EXPECT_EQ(0, memcmp(piece, whole + 100, n));
	EXPECT_EQ(100 + n, lseek(fd, 0, SEEK_CUR));
	EXPECT_EQ(0, lseek(fd, 0, SEEK_SET));
	n = read(fd, piece, sizeof(piece));
	ASSERT_LT(0, n);
	EXPECT_EQ(0, memcmp(piece, whole, n));
	EXPECT_EQ(n - 1, lseek(fd, -1, SEEK_CUR));
	EXPECT_EQ(1, read(fd, piece, 1));
	EXPECT_EQ(whole[n - 1], piece[0]);
	/* What was refused leaves the offset where it was. */
	EXPECT_EQ(-1, lseek(fd, -1, SEEK_SET));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(n, lseek(fd, 0, SEEK_CUR));
	close(fd);
	free(whole);
}

TEST_F(reads, by_vector)
{
	char half[2][100], *whole = text_read(self->paths[0]);
	struct iovec iov[2] = { { half[0], 100 }, { half[1], 100 } };
	int fd = open(self->paths[0], O_RDONLY);

	ASSERT_NE(NULL, whole);
	ASSERT_LE(0, fd);
	EXPECT_EQ(200, preadv(fd, iov, 2, 0));
	EXPECT_EQ(0, memcmp(half[0], whole, 100));
	EXPECT_EQ(0, memcmp(half[1], whole + 100, 100));
	close(fd);
	free(whole);
}

/* A name of every kind of byte, as procfs has it, in every place it shows. */
TEST_F(reads, names)
{
	static const char *const names[] = {
		"a\nb", "\n", "\n\n\n", "a\tb", "a\\b", "a\\nb", "\\", "a b",
		" lead", "trail ", "  ", "\033[31mred", "\x01\x02\x7f", "",
		"caf\xc3\xa9", "\xff\xfe", "Name:\tx", ")", "(sd-pam)",
		"123456789012345", "%s%n%x", "=", "-", "none",
	};
	char *status, *here, *name, *tasks, *waits;
	struct table *table;
	int lines = 0;
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		ASSERT_EQ(0, prctl(PR_SET_NAME, names[i]));
		status = text_readf("/proc/%d/status", getpid());
		here = text_readf(CTXLAB "/%d", getpid());
		tasks = text_read(CTXLAB "/tasks");
		waits = text_readf(CTXLAB "/%d-waits", getpid());
		ASSERT_NE(NULL, waits);
		ASSERT_NE(NULL, status);
		ASSERT_NE(NULL, here);
		ASSERT_NE(NULL, tasks);
		name = strdup(text_value(status, "Name"));
		EXPECT_STREQ(name, text_value(here, "Name"));

		/* The last cell runs to the line's end: blanks are its own. */
		name[strcspn(name, "\n")] = '\0';
		table = table_parse(here, "Threads");
		ASSERT_NE(NULL, table);
		EXPECT_EQ(1, table->rows);
		EXPECT_STREQ(name + strspn(name, " "),
			     table_cell(table, 0, "NAME"));
		table_free(table);
		table = table_parse(tasks, NULL);
		ASSERT_NE(NULL, table);
		EXPECT_STREQ(name + strspn(name, " "),
			     table_cell(table, table_find(table, "TID", getpid()),
					"NAME"));
		table_free(table);
		table = table_parse(waits, "Waits");
		ASSERT_NE(NULL, table);
		EXPECT_EQ(1, table->rows);
		EXPECT_STREQ(name + strspn(name, " "),
			     table_cell(table, 0, "NAME"));
		EXPECT_EQ(0, text_number(waits, "Withheld"));
		table_free(table);

		/* No name adds a line. */
		for (n = 0, name = here; *name; name++)
			n += *name == '\n';
		if (!lines)
			lines = n;
		EXPECT_EQ(lines, n) TH_LOG("name %zu", i);
		free(status);
		free(here);
		free(waits);
		free(tasks);
	}
}

/* The two ends of a pair and the sharers elsewhere are escaped as well. */
TEST_F(reads, names_elsewhere)
{
	static const struct plan plan = { "sharer", CLONE_VM, 0, NULL };
	struct state *state;
	struct table *table;
	const char *value;
	char *text;

	ASSERT_EQ(0, prctl(PR_SET_NAME, "x\ny\\z"));
	state = states_add(&self->states, &plan);
	ASSERT_NE(NULL, state);
	text = text_readf(CTXLAB "/%d,%d", state->tid, getpid());
	ASSERT_NE(NULL, text);
	value = text_value(text, "A");
	ASSERT_NE(NULL, value);
	EXPECT_STREQ("x\\ny\\\\z", value + strlen(value) - strlen("x\\ny\\\\z"));
	value = text_value(text, "B");
	ASSERT_NE(NULL, value);
	EXPECT_STREQ("x\\ny\\\\z", value + strlen(value) - strlen("x\\ny\\\\z"));
	free(text);

	text = text_readf(CTXLAB "/%d", getpid());
	ASSERT_NE(NULL, text);
	table = table_parse(text, "Elsewhere");
	ASSERT_NE(NULL, table);
	EXPECT_EQ(1, table->rows);
	EXPECT_STREQ("x\\ny\\\\z", table_cell(table, 0, "NAME"));
	table_free(table);
	free(text);
}

TEST_HARNESS_MAIN
