// SPDX-License-Identifier: GPL-2.0-only
/*
 * "tasks", <pid> and <tid> for tasks in known states, against kcmp(2) and
 * against what the tasks were built to be.
 */
#include <signal.h>

#include "kselftest_harness.h"
#include "oracle.h"
#include "slow_kernel.h"
#include "text.h"

FIXTURE(sharing)
{
	struct states states;
	pid_t zombie;
	pid_t leader;
	pid_t orphan;
};

FIXTURE_SETUP(sharing)
{
	struct states *s = &self->states;

	if (!oracle_supported())
		SKIP(return, "the kernel has no kcmp(2)");
	ASSERT_EQ(0, states_begin(s));
	ASSERT_EQ(0, states_add_all(s));
	self->zombie = states_find(s, "zombie")->tid;
	self->orphan = states_find(s, "thread left by it")->tid;
	self->leader = states_find(s, "thread left by it")->tgid;
}

FIXTURE_TEARDOWN(sharing)
{
	states_end(&self->states);
}

static enum is ids_relate(const char *a, const char *b)
{
	bool none_a = !strcmp(a, "-"), none_b = !strcmp(b, "-");

	if (none_a)
		return none_b ? NEITHER : ONLY_B;
	if (none_b)
		return ONLY_A;
	return strcmp(a, b) ? SEPARATE : SHARED;
}

/* Every pair of rows of "tasks" says what kcmp(2) says of the two tasks. */
TEST_F(sharing, tasks_as_kcmp)
{
	struct states *s = &self->states;
	char *text = text_read(CTXLAB "/tasks");
	struct table *table;
	int pairs = s->count * s->count / 2;
	int i, j, k, n = 0, step = pairs / slow_kernel_scaled(pairs);
	int rows[STATES_MAX];
	enum is expected;

	ASSERT_NE(NULL, text);
	table = table_parse(text, NULL);
	ASSERT_NE(NULL, table);
	for (i = 0; i < s->count; i++) {
		rows[i] = table_find(table, "TID", s->list[i].tid);
		ASSERT_LE(0, rows[i]) TH_LOG("%s", s->list[i].plan.name);
		EXPECT_EQ(s->list[i].tgid,
			  atoi(table_cell(table, rows[i], "TGID")));
	}
	for (k = 0; k < resource_count; k++) {
		const char *column = resources[k].column;

		if (!column)
			continue;
		for (i = 0; i < s->count; i++) {
			for (j = i; j < s->count; j++) {
				if (n++ % step)
					continue;
				expected = oracle_ask(&resources[k],
						      &s->list[i], &s->list[j],
						      self->zombie);
				EXPECT_EQ(expected,
					  ids_relate(table_cell(table, rows[i], column),
						     table_cell(table, rows[j], column)))
					TH_LOG("%s: %s / %s", column,
					       s->list[i].plan.name,
					       s->list[j].plan.name);
			}
		}
	}
	table_free(table);
	free(text);
}

/* The cells of "Threads" and "Elsewhere", by what kcmp(2) says of the leader. */
static const struct {
	const char *row;
	const char *column;
} cells[] = {
	{ "mm", "MM" }, { "files", "FILES" }, { "fs", "FS" },
	{ "sighand", "SIGHAND" }, { "io", "IO" }, { "sysvsem", "SYSVSEM" },
};

static enum is ask(const char *row, const struct state *a,
		   const struct state *b, pid_t zombie)
{
	int i;

	for (i = 0; i < resource_count; i++)
		if (!strcmp(resources[i].row, row))
			return oracle_ask(&resources[i], a, b, zombie);
	return UNKNOWN;
}

static bool cell_fits(const char *cell, enum is is)
{
	switch (is) {
	case SHARED:
		return !strcmp(cell, "=");
	case NEITHER:
	case ONLY_A:
		return !strcmp(cell, "-");
	default:
		return strlen(cell) == 16;
	}
}

/* The first @n cells of @task's row. */
static void check_cells(struct __test_metadata *_metadata,
			const struct table *table, int row,
			const struct state *maker, const struct state *task,
			pid_t zombie, int n)
{
	const char *cell;
	enum is is;
	int k;

	for (k = 0; k < n; k++) {
		is = ask(cells[k].row, maker, task, zombie);
		cell = table_cell(table, row, cells[k].column);
		ASSERT_NE(NULL, cell);
		EXPECT_TRUE(cell_fits(cell, is))
			TH_LOG("%s: %s is \"%s\", kcmp says %s",
			       task->plan.name, cells[k].column, cell,
			       is_words[is]);
	}
}

TEST_F(sharing, threads_as_kcmp)
{
	struct states *s = &self->states;
	const struct state *maker = &s->list[0];
	char *text = text_readf(CTXLAB "/%d", maker->tid);
	struct table *table;
	int i, row, threads = 0;

	ASSERT_NE(NULL, text);
	table = table_parse(text, "Threads");
	ASSERT_NE(NULL, table);
	for (i = 0; i < s->count; i++) {
		row = table_find(table, "TID", s->list[i].tid);
		if (s->list[i].tgid != maker->tid) {
			EXPECT_EQ(-1, row);
			continue;
		}
		threads++;
		ASSERT_LE(0, row) TH_LOG("%s", s->list[i].plan.name);
		check_cells(_metadata, table, row, maker, &s->list[i],
			    self->zombie, ARRAY_SIZE(cells));
	}
	EXPECT_EQ(threads, table->rows);
	EXPECT_EQ(threads, text_number(text, "Threads"));
	EXPECT_STREQ("steady", text_value(text, "Walk"));
	table_free(table);
	free(text);
}

TEST_F(sharing, elsewhere_as_kcmp)
{
	struct states *s = &self->states;
	const struct state *maker = &s->list[0];
	char *text = text_readf(CTXLAB "/%d", maker->tid);
	struct table *table;
	int i, row, k, others = 0;
	bool any;

	ASSERT_NE(NULL, text);
	table = table_parse(text, "Elsewhere");
	ASSERT_NE(NULL, table);
	for (i = 0; i < s->count; i++) {
		if (s->list[i].tgid == maker->tid)
			continue;
		any = false;
		for (k = 0; k < 4; k++)
			any |= ask(cells[k].row, maker, &s->list[i],
				   self->zombie) == SHARED;
		others += any;
		row = table_find(table, "TID", s->list[i].tid);
		EXPECT_EQ(any, row >= 0)
			TH_LOG("%s %s", s->list[i].plan.name,
			       any ? "is missing" : "does not belong there");
		if (any && row >= 0)
			check_cells(_metadata, table, row, maker, &s->list[i],
				    self->zombie, 4);
	}
	EXPECT_EQ(others, table->rows);
	EXPECT_EQ(others, text_number(text, "Elsewhere"));
	table_free(table);
	free(text);
}

/*
 * ID users U = H here + E elsewhere + N unseen
 *
 * All holders of what the maker holds are built ones, so each is counted.
 */
TEST_F(sharing, counters_reconcile)
{
	static const char *const keys[] = { "Mm", "Files", "Fs", "Sighand" };
	struct states *s = &self->states;
	const struct state *maker = &s->list[0];
	char *text = text_readf(CTXLAB "/%d", maker->tid);
	int i, k, here, elsewhere, users, h, e, n;
	char id[17], op[8];

	ASSERT_NE(NULL, text);
	for (k = 0; k < 4; k++) {
		here = 0;
		elsewhere = 0;
		for (i = 0; i < s->count; i++) {
			if (ask(cells[k].row, maker, &s->list[i],
				self->zombie) != SHARED)
				continue;
			if (s->list[i].tgid == maker->tid)
				here++;
			else
				elsewhere++;
		}
		ASSERT_EQ(6, sscanf(text_value(text, keys[k]) ?: "",
				    "%16[0-9a-f] users %d %7s %d here + %d elsewhere + %d unseen",
				    id, &users, op, &h, &e, &n))
			TH_LOG("%s: %s", keys[k], text_value(text, keys[k]));
		EXPECT_STREQ("=", op);
		EXPECT_EQ(here, h) TH_LOG("%s", keys[k]);
		EXPECT_EQ(elsewhere, e) TH_LOG("%s", keys[k]);
		EXPECT_EQ(0, n) TH_LOG("%s", keys[k]);
		EXPECT_EQ(here + elsewhere, users) TH_LOG("%s", keys[k]);
	}
	free(text);
}

/* "Deviating:" counts the threads whose object is not the leader's. */
TEST_F(sharing, deviating_threads)
{
	struct states *s = &self->states;
	const struct state *maker = &s->list[0];
	char *text = text_readf(CTXLAB "/%d", maker->tid);
	int i, k, expected, told;
	const char *value, *at;
	char key[16];

	ASSERT_NE(NULL, text);
	for (k = 0; k < (int)ARRAY_SIZE(cells); k++) {
		expected = 0;
		for (i = 0; i < s->count; i++) {
			if (s->list[i].tgid != maker->tid)
				continue;
			expected += ask(cells[k].row, maker, &s->list[i],
					self->zombie) != SHARED;
		}
		value = text_value(text, "Deviating");
		ASSERT_NE(NULL, value);
		snprintf(key, sizeof(key), "%s ", cells[k].row);
		for (at = value; at && strncmp(at, key, strlen(key));)
			at = strchr(at, ' ') ? strchr(at, ' ') + 1 : NULL;
		ASSERT_NE(NULL, at) TH_LOG("%s in \"%s\"", key, value);
		told = atoi(at + strlen(key));
		EXPECT_EQ(expected, told) TH_LOG("%s", cells[k].row);
	}
	free(text);
}

static const char *leader_word(enum is is)
{
	switch (is) {
	case SHARED:
		return "=";
	case SEPARATE:
	case ONLY_B:
		return "other";
	default:
		return "-";
	}
}

/* A thread's own file: the pairs after "Leader:" are the cells in words. */
TEST_F(sharing, thread_files)
{
	struct states *s = &self->states;
	const struct state *maker = &s->list[0];
	char *text, expected[32], *leader;
	int i, k;

	for (i = 1; i < s->count; i++) {
		if (s->list[i].tgid != maker->tid)
			continue;
		text = text_readf(CTXLAB "/%d", s->list[i].tid);
		ASSERT_NE(NULL, text);
		EXPECT_EQ(s->list[i].tid, text_number(text, "Tid"));
		EXPECT_EQ(maker->tid, text_number(text, "Tgid"));
		ASSERT_NE(NULL, text_value(text, "Leader"));
		leader = strdup(text_value(text, "Leader"));
		for (k = 0; k < (int)ARRAY_SIZE(cells); k++) {
			snprintf(expected, sizeof(expected), "%s %s",
				 cells[k].row,
				 leader_word(ask(cells[k].row, maker,
						 &s->list[i], self->zombie)));
			EXPECT_NE(NULL, strstr(leader, expected))
				TH_LOG("%s: no \"%s\" in \"%s\"",
				       s->list[i].plan.name, expected, leader);
		}
		free(leader);
		free(text);
	}
}

/* A process that its leader has left is told by its first live thread. */
TEST_F(sharing, leader_has_exited)
{
	char *process = text_readf(CTXLAB "/%d", self->leader);
	char *thread = text_readf(CTXLAB "/%d", self->orphan);
	struct table *table;
	char id[17] = "";
	int row;

	ASSERT_NE(NULL, process);
	ASSERT_NE(NULL, thread);
	EXPECT_STREQ("Z", text_value(process, "State"));
	EXPECT_STREQ("S", text_value(thread, "State"));
	ASSERT_NE(NULL, text_value(thread, "Mm"));
	snprintf(id, sizeof(id), "%s", text_value(thread, "Mm"));
	EXPECT_EQ(16, strspn(id, "0123456789abcdef"));
	EXPECT_EQ(0, strncmp(id, text_value(process, "Mm") ?: "", 16));
	table = table_parse(process, "Threads");
	ASSERT_NE(NULL, table);
	EXPECT_EQ(2, table->rows);
	row = table_find(table, "TID", self->leader);
	ASSERT_LE(0, row);
	EXPECT_STREQ("-", table_cell(table, row, "MM"));
	EXPECT_STREQ("-", table_cell(table, row, "FILES"));
	row = table_find(table, "TID", self->orphan);
	ASSERT_LE(0, row);
	EXPECT_STREQ("=", table_cell(table, row, "MM"));
	EXPECT_STREQ("=", table_cell(table, row, "FILES"));
	table_free(table);
	free(process);
	free(thread);
}

/* What a zombie has lost is "none", which no other "none" shares. */
TEST_F(sharing, zombie)
{
	char *text = text_readf(CTXLAB "/%d", self->zombie);

	ASSERT_NE(NULL, text);
	EXPECT_STREQ("Z", text_value(text, "State"));
	EXPECT_STREQ("none", text_value(text, "Mm"));
	EXPECT_STREQ("none", text_value(text, "Files"));
	EXPECT_STREQ("none", text_value(text, "Fs"));
	EXPECT_STREQ("none", text_value(text, "Io"));
	EXPECT_STREQ("none", text_value(text, "Sysvsem"));
	EXPECT_STREQ("none", text_value(text, "Nsproxy"));
	EXPECT_EQ(1, text_number(text, "Threads"));
	EXPECT_EQ(0, text_number(text, "Elsewhere"));
	free(text);
}

/* A kernel thread says so; what it borrows is marked as borrowed. */
TEST_F(sharing, kernel_thread)
{
	char *text = text_read(CTXLAB "/2");

	ASSERT_NE(NULL, text);
	EXPECT_STREQ("kthread", text_value(text, "Kind"));
	EXPECT_STREQ("kthreadd", text_value(text, "Name"));
	EXPECT_STREQ("none", text_value(text, "Mm"));
	ASSERT_NE(NULL, text_value(text, "MmBorrowed"));
	EXPECT_TRUE(!strcmp(text_value(text, "MmBorrowed"), "none") ||
		    strlen(text_value(text, "MmBorrowed")) == 16);
	free(text);

	text = text_readf(CTXLAB "/%d", getpid());
	ASSERT_NE(NULL, text);
	EXPECT_STREQ("user", text_value(text, "Kind"));
	EXPECT_EQ(NULL, text_value(text, "MmBorrowed"));
	free(text);
}

TEST_HARNESS_MAIN
