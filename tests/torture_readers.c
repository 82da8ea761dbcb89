// SPDX-License-Identifier: GPL-2.0-only
/* Readers of everything, and what they hold against what must be. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hands.h"
#include "text.h"
#include "torture.h"

static const struct state *any_frozen(struct torture *t, unsigned int *seed)
{
	return &t->frozen->list[1 + torture_random(seed, t->frozen->count - 1)];
}

static int any_pid(struct torture *t, unsigned int *seed)
{
	if (torture_random(seed, 2))
		return any_frozen(t, seed)->tid;
	return 1 + torture_random(seed, t->pid_max);
}

static void any_path(struct torture *t, unsigned int *seed, char *path,
		     size_t size)
{
	static const char *const fixed[] = {
		"tasks", "self", "thread-self", "abi", "", "nonesuch", "0",
	};
	int kind = torture_random(seed, 4);

	if (kind == 0)
		snprintf(path, size, CTXLAB "/%s",
			 fixed[torture_random(seed, ARRAY_SIZE(fixed))]);
	else if (kind == 1)
		snprintf(path, size, CTXLAB "/%d,%d", any_pid(t, seed),
			 any_pid(t, seed));
	else
		snprintf(path, size, CTXLAB "/%d", any_pid(t, seed));
}

/* The ends that an open or a read may have while tasks come and go. */
static bool is_expected(int err)
{
	switch (err) {
	case ENOENT:
	case ESRCH:
	case EACCES:
	case EINTR:
	case EISDIR:
		return true;
	default:
		return false;
	}
}

/* Pieces of any size from anywhere: they come, or end in a known way. */
static void read_pieces(struct torture *t, unsigned int *seed, const char *path,
			int fd)
{
	static char buffer[70000];
	int i, size;

	for (i = torture_random(seed, 6); i >= 0; i--) {
		if (!torture_random(seed, 3))
			lseek(fd, torture_random(seed, 1 << 14), SEEK_SET);
		size = 1 + torture_random(seed, sizeof(buffer));
		if (torture_random(seed, 2))
			size = 1 + size % 99;
		torture_check(t, READS_END, read(fd, buffer, size) >= 0 ||
			      is_expected(errno), "read of %s: %m", path);
	}
}

static bool adds_up(const char *value)
{
	int users, here, elsewhere, unseen;
	char sign;

	value = strchr(value, ' ');
	if (!value || sscanf(value, " users %d %c %d here + %d elsewhere + %d unseen",
			     &users, &sign, &here, &elsewhere, &unseen) != 5)
		return false;
	if (sign == '~')
		return true;
	return sign == '=' && unseen >= 0 &&
	       users == here + elsewhere + unseen;
}

/* "ID users U = H here + E elsewhere + N unseen": "=" is a promise. */
static void check_counters(struct torture *t, const char *path,
			   const char *text)
{
	static const char *const keys[] = { "Mm", "Files", "Fs", "Sighand" };
	const char *value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		value = text_value(text, keys[i]);
		if (!value || !strcmp(value, "none") || !strstr(value, "here"))
			continue;
		torture_check(t, RECONCILED, adds_up(value), "%s: %s: %s", path,
			      keys[i], value);
	}
}

static void read_all(struct torture *t, const char *path, int fd)
{
	char *text = text_read_fd(fd);

	if (!text) {
		torture_check(t, READS_END, is_expected(errno),
			      "read of %s: %m", path);
		return;
	}
	check_counters(t, path, text);
	free(text);
}

void torture_read(struct torture *t, unsigned int *seed)
{
	char path[64];
	int fd;

	any_path(t, seed, path, sizeof(path));
	fd = open(path, O_RDONLY);
	if (fd < 0) {
		torture_check(t, READS_END, is_expected(errno) || t->reloading,
			      "open of %s: %m", path);
		if (t->reloading)
			usleep(1000);
		return;
	}
	if (torture_random(seed, 2))
		read_all(t, path, fd);
	else
		read_pieces(t, seed, path, fd);
	close(fd);
	if (!torture_random(seed, 8))
		free(list_directory(CTXLAB));
}

int torture_read_as_nobody(struct torture *t)
{
	(void)t;
	return become(ALICE, ALICE);
}

/* Two tasks that stand still relate as they did the first time. */
static void watch_pair(struct torture *t, unsigned int *seed)
{
	static char *first[STATES_MAX][STATES_MAX];
	const struct state *a = any_frozen(t, seed), *b = any_frozen(t, seed);
	int i = a - t->frozen->list, j = b - t->frozen->list;
	char *text = text_readf(CTXLAB "/%d,%d", a->tid, b->tid);

	if (t->reloading) {
		usleep(10000);
		free(text);
		return;
	}
	if (!text) {
		torture_check(t, FROZEN_EXACT, false, "%s, %s: %m",
			      a->plan.name, b->plan.name);
		return;
	}
	if (!first[i][j])
		first[i][j] = strdup(text);
	torture_check(t, FROZEN_EXACT, !strcmp(text, first[i][j]),
		      "%s, %s: %.200s", a->plan.name, b->plan.name, text);
	free(text);
}

static const char *const owned[] = {
	"MM", "FILES", "FS", "SIGHAND", "SIGNAL", "CRED"
};

static bool is_frozen(const struct torture *t, int tid)
{
	int i;

	for (i = 1; i < t->frozen->count; i++)
		if (t->frozen->list[i].tid == tid)
			return true;
	return false;
}

/* What the frozen tasks hold is nobody else's, so nobody else has its ID. */
static void check_row(struct torture *t, const struct table *table, int row,
		      char ids[][ARRAY_SIZE(owned)][17])
{
	const char *cell;
	int i;
	size_t k;

	if (is_frozen(t, atoi(table_cell(table, row, "TID"))))
		return;
	for (k = 0; k < ARRAY_SIZE(owned); k++) {
		cell = table_cell(table, row, owned[k]);
		for (i = 1; i < t->frozen->count; i++)
			torture_check(t, IDS_UNIQUE, ids[i][k][0] == '-' ||
				      strcmp(cell, ids[i][k]),
				      "%s has %s of %s",
				      table_cell(table, row, "NAME"), owned[k],
				      t->frozen->list[i].plan.name);
	}
}

/* Each frozen task is told once, with the IDs that it always had. */
static void watch_tasks(struct torture *t)
{
	static char ids[STATES_MAX][ARRAY_SIZE(owned)][17];
	char *text = text_read(CTXLAB "/tasks");
	struct table *table = text ? table_parse(text, NULL) : NULL;
	const char *cell;
	int i, row;
	size_t k;

	for (i = 1; table && !t->reloading && i < t->frozen->count; i++) {
		row = table_find(table, "TID", t->frozen->list[i].tid);
		torture_check(t, FROZEN_EXACT, row >= 0, "%s is missing",
			      t->frozen->list[i].plan.name);
		for (k = 0; row >= 0 && k < ARRAY_SIZE(owned); k++) {
			cell = table_cell(table, row, owned[k]);
			if (!ids[i][k][0])
				snprintf(ids[i][k], 17, "%s", cell);
			torture_check(t, FROZEN_EXACT, !strcmp(ids[i][k], cell),
				      "%s of %s", owned[k],
				      t->frozen->list[i].plan.name);
		}
	}
	for (row = 0; table && !t->reloading && row < table->rows; row++)
		check_row(t, table, row, ids);
	table_free(table);
	free(text);
}

void torture_watch(struct torture *t, unsigned int *seed)
{
	if (torture_random(seed, 4))
		watch_pair(t, seed);
	else
		watch_tasks(t);
}
