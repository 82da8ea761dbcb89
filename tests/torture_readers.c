// SPDX-License-Identifier: GPL-2.0-only
/* Readers of everything, and what they hold against what must be. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "creds.h"
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
	int kind = torture_random(seed, 5);

	if (kind == 0)
		snprintf(path, size, CTXLAB "/%s",
			 fixed[torture_random(seed, ARRAY_SIZE(fixed))]);
	else if (kind == 1)
		snprintf(path, size, CTXLAB "/%d,%d", any_pid(t, seed),
			 any_pid(t, seed));
	else
		snprintf(path, size, CTXLAB "/%d%s", any_pid(t, seed),
			 kind == 2 ? "-waits" : "");
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

static const char *cell(const struct table *table, int row, const char *column)
{
	return table_cell(table, row, column) ?: "";
}

/* Both held at one moment: the same IDs for the same object, and only for it. */
static bool pair_agrees(const struct table *table, bool one_process)
{
	const char *is, *a, *b;
	int row;

	for (row = 0; row < table->rows; row++) {
		is = cell(table, row, "IS");
		a = cell(table, row, "A");
		b = cell(table, row, "B");
		if (!strcmp(is, "shared") != (*a != '-' && !strcmp(a, b)))
			return false;
		/* There is one signal_struct for each thread group. */
		if (!strcmp(cell(table, row, "RESOURCE"), "signal") &&
		    !strcmp(is, "shared") != one_process)
			return false;
	}
	return table->rows > 0;
}

/* "TID of TGID ..." */
static int process_of(const char *text, const char *key)
{
	const char *value = text_value(text, key);
	int tgid;

	return value && sscanf(value, "%*d of %d", &tgid) == 1 ? tgid : -1;
}

static void check_pair(struct torture *t, const char *text)
{
	struct table *table = table_parse(text, "Resources");
	int a = process_of(text, "A"), b = process_of(text, "B");

	torture_check(t, IDS_UNIQUE, table && a > 0 && b > 0 &&
		      pair_agrees(table, a == b), "pair: %.200s", text);
	table_free(table);
}

/* Of a thread that is asleep all is told or nothing, of one that runs nothing. */
static bool waits_agree(const struct table *table)
{
	static const char *const columns[] = { "SP", "PC" };
	bool known;
	int row;
	size_t i;

	for (row = 0; row < table->rows; row++) {
		known = strcmp(cell(table, row, "NR"), "-");
		if (known && strchr("RZX", *cell(table, row, "ST")))
			return false;
		for (i = 0; i < ARRAY_SIZE(columns); i++)
			if (known == !strcmp(cell(table, row, columns[i]), "-"))
				return false;
	}
	return true;
}

static void check_waits(struct torture *t, const char *path, const char *text)
{
	struct table *table = table_parse(text, "Waits");

	torture_check(t, READS_END, table && waits_agree(table) &&
		      text_number(text, "Unseen") >= 0 &&
		      text_number(text, "Withheld") >= 0, "%s: %.200s", path,
		      text);
	table_free(table);
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
	if (strchr(path, ','))
		check_pair(t, text);
	if (strstr(path, "-waits"))
		check_waits(t, path, text);
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
	const char *is;
	int i;
	size_t k;

	if (is_frozen(t, atoi(table_cell(table, row, "TID"))))
		return;
	for (k = 0; k < ARRAY_SIZE(owned); k++) {
		is = table_cell(table, row, owned[k]);
		for (i = 1; i < t->frozen->count; i++)
			torture_check(t, IDS_UNIQUE, ids[i][k][0] == '-' ||
				      strcmp(is, ids[i][k]),
				      "%s has %s of %s",
				      table_cell(table, row, "NAME"), owned[k],
				      t->frozen->list[i].plan.name);
	}
}

struct id {
	const char *text;
	size_t kind;
};

static int compare_ids(const void *a, const void *b)
{
	return strcmp(((const struct id *)a)->text, ((const struct id *)b)->text);
}

/* Whatever comes and goes meanwhile, no ID is of two kinds of object. */
static void check_kinds(struct torture *t, const struct table *table)
{
	struct id *ids = calloc(table->rows * ARRAY_SIZE(owned), sizeof(*ids));
	int row, count = 0;
	size_t k;

	for (row = 0; ids && row < table->rows; row++)
		for (k = 0; k < ARRAY_SIZE(owned); k++)
			ids[count++] = (struct id){ cell(table, row, owned[k]), k };
	if (ids)
		qsort(ids, count, sizeof(*ids), compare_ids);
	while (--count > 0) {
		if (ids[count].text[0] == '-')
			continue;
		torture_check(t, IDS_UNIQUE,
			      ids[count].kind == ids[count - 1].kind ||
			      compare_ids(&ids[count], &ids[count - 1]),
			      "%s is one of %s and of %s", ids[count].text,
			      owned[ids[count].kind], owned[ids[count - 1].kind]);
	}
	free(ids);
}

/* Each frozen task is told once, with the IDs that it always had. */
static void watch_tasks(struct torture *t)
{
	static char ids[STATES_MAX][ARRAY_SIZE(owned)][17];
	char *text = text_read(CTXLAB "/tasks");
	struct table *table = text ? table_parse(text, NULL) : NULL;
	const char *is;
	int i, row;
	size_t k;

	for (i = 1; table && !t->reloading && i < t->frozen->count; i++) {
		row = table_find(table, "TID", t->frozen->list[i].tid);
		torture_check(t, FROZEN_EXACT, row >= 0, "%s is missing",
			      t->frozen->list[i].plan.name);
		for (k = 0; row >= 0 && k < ARRAY_SIZE(owned); k++) {
			is = table_cell(table, row, owned[k]);
			if (!ids[i][k][0])
				snprintf(ids[i][k], 17, "%s", is);
			torture_check(t, FROZEN_EXACT, !strcmp(ids[i][k], is),
				      "%s of %s", owned[k],
				      t->frozen->list[i].plan.name);
		}
	}
	for (row = 0; table && !t->reloading && row < table->rows; row++)
		check_row(t, table, row, ids);
	if (table)
		check_kinds(t, table);
	table_free(table);
	free(text);
}

/* The last word of loadavg is the pid that was given last. */
static void count_rounds(struct torture *t)
{
	static int last;
	char *text = text_read("/proc/loadavg");
	int now = 0;

	if (text && sscanf(text, "%*s %*s %*s %*s %d", &now) == 1) {
		t->rounds += now < last;
		last = now;
	}
	free(text);
}

void torture_watch(struct torture *t, unsigned int *seed)
{
	count_rounds(t);
	if (torture_random(seed, 4))
		watch_pair(t, seed);
	else
		watch_tasks(t);
}
