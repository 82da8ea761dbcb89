// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/ctxlab/<a>,<b> for every pair of tasks in known states, against
 * kcmp(2), and against what the tasks were built to be.
 */
#include <sched.h>
#include <signal.h>

#include "kselftest_harness.h"
#include "oracle.h"
#include "slow_kernel.h"
#include "text.h"

FIXTURE(pairs)
{
	struct states states;
	pid_t zombie;
	pid_t vforked;
};

FIXTURE_SETUP(pairs)
{
	struct states *s = &self->states;

	if (!oracle_supported())
		SKIP(return, "the kernel has no kcmp(2)");
	ASSERT_EQ(0, states_begin(s));
	ASSERT_EQ(0, states_add_all(s));
	self->zombie = states_find(s, "zombie")->tid;
	self->vforked = states_find(s, "child of vfork")->tid;
}

FIXTURE_TEARDOWN(pairs)
{
	states_end(&self->states);
}

/* All pairs are looked at, or each so many-th of them. */
static int stride(const struct states *s)
{
	int pairs = s->count * (s->count + 1) / 2;

	return pairs / slow_kernel_scaled(pairs);
}

static char *read_pair(const struct state *a, const struct state *b)
{
	return text_readf(CTXLAB "/%d,%d", a->tid, b->tid);
}

static bool shares(const char *row, const struct state *a,
		   const struct state *b, pid_t zombie)
{
	int i;

	for (i = 0; i < resource_count; i++)
		if (!strcmp(resources[i].row, row))
			return oracle_ask(&resources[i], a, b, zombie) == SHARED;
	return false;
}

/* The builder builds what it says, or nothing below means anything. */
TEST_F(pairs, built_as_planned)
{
	static const struct {
		unsigned long flag;
		const char *row;
	} flags[] = {
		{ CLONE_VM, "mm" }, { CLONE_FILES, "files" },
		{ CLONE_FS, "fs" }, { CLONE_SIGHAND, "sighand" },
		{ CLONE_THREAD, "signal" }, { CLONE_IO, "io" },
		{ CLONE_SYSVSEM, "sysvsem" },
	};
	struct states *s = &self->states;
	int i, k, combinations = 0;

	for (i = 1; i < s->count; i++) {
		if (strncmp(s->list[i].plan.name, "clone", 5))
			continue;
		combinations++;
		for (k = 0; k < (int)ARRAY_SIZE(flags); k++) {
			EXPECT_EQ(!!(s->list[i].plan.clone & flags[k].flag),
				  shares(flags[k].row, &s->list[0], &s->list[i],
					 self->zombie))
				TH_LOG("%s: %s", s->list[i].plan.name,
				       flags[k].row);
		}
	}
	EXPECT_EQ(64, combinations);
}

/* Whether a row's IDs are those of tasks that relate as @is says. */
static bool ids_fit(enum is is, const char *id_a, const char *id_b)
{
	bool has_a = strcmp(id_a, "-"), has_b = strcmp(id_b, "-");

	if (has_a != (is == SHARED || is == SEPARATE || is == ONLY_A) ||
	    has_b != (is == SHARED || is == SEPARATE || is == ONLY_B))
		return false;
	return !has_a || !strcmp(id_a, id_b) == (is == SHARED);
}

/* The number of rows in which @text differs from the oracles. */
static int compare_rows(const char *text, const struct state *a,
			const struct state *b, pid_t zombie)
{
	struct table *table = table_parse(text, "Resources");
	const char *word, *id_a, *id_b;
	int i, row, wrong = 0;
	enum is expected;

	if (!table)
		return -1;
	for (i = 0; i < resource_count; i++) {
		expected = oracle_ask(&resources[i], a, b, zombie);
		if (expected == UNKNOWN)
			continue;
		row = table_find_word(table, "RESOURCE", resources[i].row);
		word = table_cell(table, row, "IS") ?: "missing";
		id_a = table_cell(table, row, "A") ?: "";
		id_b = table_cell(table, row, "B") ?: "";
		if (strcmp(word, is_words[expected]) ||
		    !ids_fit(expected, id_a, id_b)) {
			printf("# %s / %s: %s is %s (%s %s), not %s\n",
			       a->plan.name, b->plan.name, resources[i].row,
			       word, id_a, id_b, is_words[expected]);
			wrong++;
		}
	}
	table_free(table);
	return wrong;
}

TEST_F(pairs, as_kcmp)
{
	struct states *s = &self->states;
	const struct state *a, *b;
	char *text;
	int i, j, n = 0, step = stride(s);

	for (i = 0; i < s->count; i++) {
		for (j = i; j < s->count; j++) {
			if (n++ % step)
				continue;
			/* Both orders come up, though not of one pair. */
			a = &s->list[(i + j) & 1 ? j : i];
			b = &s->list[(i + j) & 1 ? i : j];
			text = read_pair(a, b);
			ASSERT_NE(NULL, text)
				TH_LOG("%s / %s: %m", a->plan.name,
				       b->plan.name);
			EXPECT_EQ(0, compare_rows(text, a, b, self->zombie));
			free(text);
		}
	}
}

static const char *expected_relation(const struct state *a,
				     const struct state *b, pid_t zombie,
				     pid_t vforked)
{
	if (a->tid == b->tid)
		return "same-task";
	if (a->tgid == b->tgid)
		return "same-thread-group";
	/* The one that shares its mm is the one that waits for it. */
	if (shares("mm", a, b, zombie))
		return a->tid == vforked || b->tid == vforked ? "vfork" :
								"shared-mm";
	if (shares("files", a, b, zombie))
		return "shared-files";
	if (shares("fs", a, b, zombie) || shares("sighand", a, b, zombie) ||
	    shares("io", a, b, zombie) || shares("sysvsem", a, b, zombie))
		return "shared-other";
	return "separate";
}

/* What a switch must do; NULL for a zombie, see below. */
static const char *expected_switch(const struct state *a, const struct state *b,
				   pid_t zombie)
{
	const struct resource *mm = &resources[0];

	if (a->tid == b->tid)
		return "none";
	switch (oracle_ask(mm, a, b, zombie)) {
	case SHARED:
		return "same-mm";
	case SEPARATE:
		return "other-mm";
	default:
		/* Kernel threads are the ones noted with these pids. */
		return a->tid == 2 || a->tid == 3 || b->tid == 2 ||
		       b->tid == 3 ? "lazy" : NULL;
	}
}

static bool is_zombie(const char *text, const char *key)
{
	const char *value = text_value(text, key);

	/* TID of TGID KIND STATE NAME */
	return value && strstr(value, " Z ");
}

TEST_F(pairs, relation_and_switch)
{
	struct states *s = &self->states;
	const struct state *a, *b;
	const char *expected;
	char *text;
	int i, j, n = 0, step = stride(s);

	for (i = 0; i < s->count; i++) {
		for (j = i; j < s->count; j++) {
			if (n++ % step)
				continue;
			a = &s->list[i];
			b = &s->list[j];
			text = read_pair(a, b);
			ASSERT_NE(NULL, text);
			expected = expected_relation(a, b, self->zombie,
						     self->vforked);
			EXPECT_STREQ(expected, text_value(text, "Relation") ?: "")
				TH_LOG("%s / %s", a->plan.name, b->plan.name);
			expected = expected_switch(a, b, self->zombie);
			/* Nothing ever switches to it. */
			if (is_zombie(text, "A") || is_zombie(text, "B"))
				expected = "none";
			if (expected) {
				EXPECT_STREQ(expected,
					     text_value(text, "Switch") ?: "")
					TH_LOG("%s / %s", a->plan.name,
					       b->plan.name);
			}
			free(text);
		}
	}
}

/* What the verdict says of CR3 follows from the switch and the processor. */
TEST_F(pairs, cr3)
{
	struct states *s = &self->states;
	const char *word, *cr3;
	bool pcid;
	char *text;
	int i;

	for (i = 0; i < s->count; i++) {
		text = read_pair(&s->list[0], &s->list[i]);
		ASSERT_NE(NULL, text);
		word = text_value(text, "Pcid");
		ASSERT_NE(NULL, word);
		EXPECT_TRUE(!strcmp(word, "yes") || !strcmp(word, "no"));
		pcid = !strcmp(word, "yes");
		word = text_value(text, "Pti");
		ASSERT_NE(NULL, word);
		EXPECT_TRUE(!strcmp(word, "yes") || !strcmp(word, "no"));
		word = text_value(text, "Switch");
		ASSERT_NE(NULL, word);
		cr3 = strcmp(word, "other-mm") ? "none" : pcid ? "keep" : "flush";
		EXPECT_STREQ(cr3, text_value(text, "Cr3Write") ?: "")
			TH_LOG("%s", s->list[i].plan.name);
		free(text);
	}
}

/* The processor's flags, as /proc/cpuinfo has them, are the module's. */
TEST_F(pairs, pcid_as_cpuinfo)
{
	char *text = read_pair(&self->states.list[0], &self->states.list[1]);
	char *info = text_read("/proc/cpuinfo");
	const char *flags;

	ASSERT_NE(NULL, text);
	ASSERT_NE(NULL, info);
	flags = strstr(info, "\nflags");
	if (!flags)
		SKIP(goto out, "not an x86 processor");
	EXPECT_STREQ(strstr(flags, " pcid") ? "yes" : "no",
		     text_value(text, "Pcid") ?: "");
	EXPECT_STREQ(strstr(flags, " pti") ? "yes" : "no",
		     text_value(text, "Pti") ?: "");
out:
	free(info);
	free(text);
}

/* Read again, nothing that stood still has changed. */
TEST_F(pairs, steady)
{
	struct states *s = &self->states;
	char *first, *second;
	int i;

	for (i = 0; i + 1 < s->count; i++) {
		if (s->list[i].tgid <= 3 || s->list[i + 1].tgid <= 3 ||
		    s->list[i].tid == getpid())
			continue;
		first = read_pair(&s->list[i], &s->list[i + 1]);
		second = read_pair(&s->list[i], &s->list[i + 1]);
		ASSERT_NE(NULL, first);
		ASSERT_NE(NULL, second);
		EXPECT_STREQ(first, second);
		free(first);
		free(second);
	}
}

TEST_HARNESS_MAIN
