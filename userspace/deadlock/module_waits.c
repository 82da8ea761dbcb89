// SPDX-License-Identifier: GPL-2.0-only
/* What the module says of all threads of a process in one file, <pid>-waits. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/compiler.h"
#include "lib/xalloc.h"
#include "measure/module.h"
#include "module_waits.h"

/* Room for a hundred threads at first; more is asked for where that is full. */
#define FIRST_ROOM (64 << 10)
#define MAX_ROOM (64 << 20)
#define MAX_COLUMNS 64

/* What a column is for, by its name; columns that are not known are skipped. */
enum column {
	COL_SKIP,
	COL_TID,
	COL_STATE,
	COL_COUNT,
	COL_NR,
	COL_ARGS,
	COL_SP = COL_ARGS + 6,
	COL_PC,
	COL_SAVED,
};

static const struct {
	const char *name;
	int column;
} columns[] = {
	{ "TID", COL_TID }, { "ST", COL_STATE },
	{ "VCSW", COL_COUNT }, { "ICSW", COL_COUNT }, { "RUNS", COL_COUNT },
	{ "NR", COL_NR },
	{ "A0", COL_ARGS }, { "A1", COL_ARGS + 1 }, { "A2", COL_ARGS + 2 },
	{ "A3", COL_ARGS + 3 }, { "A4", COL_ARGS + 4 }, { "A5", COL_ARGS + 5 },
	{ "SP", COL_SP }, { "PC", COL_PC },
#ifdef __x86_64__
	{ "RBX", COL_SAVED }, { "RBP", COL_SAVED + 1 }, { "R12", COL_SAVED + 2 },
	{ "R13", COL_SAVED + 3 }, { "R14", COL_SAVED + 4 },
	{ "R15", COL_SAVED + 5 },
#else
	{ "X19", COL_SAVED }, { "X20", COL_SAVED + 1 }, { "X21", COL_SAVED + 2 },
	{ "X22", COL_SAVED + 3 }, { "X23", COL_SAVED + 4 },
	{ "X24", COL_SAVED + 5 }, { "X25", COL_SAVED + 6 },
	{ "X26", COL_SAVED + 7 }, { "X27", COL_SAVED + 8 },
	{ "X28", COL_SAVED + 9 }, { "FP", COL_SAVED + 10 },
	{ "LR", COL_SAVED + 11 },
#endif
};

#ifdef __x86_64__
#define MACHINE "x86-64"
#else
#define MACHINE "arm64"
#endif

struct heading {
	int column[MAX_COLUMNS];
	size_t n;
};

static const char *after_blanks(const char *s)
{
	return s + strspn(s, " ");
}

/* The value of the key that a line begins with; NULL where it is another's. */
static const char *value_of(const char *line, const char *key)
{
	size_t len = strlen(key);

	return !strncmp(line, key, len) && line[len] == ':' ?
	       after_blanks(line + len + 1) : NULL;
}

static const char *next_line(const char *s)
{
	const char *end = strchr(s, '\n');

	return end ? end + 1 : NULL;
}

static int column_of(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(columns); i++)
		if (strlen(columns[i].name) == len &&
		    !memcmp(columns[i].name, name, len))
			return columns[i].column;
	return COL_SKIP;
}

/* All known columns must be there, each once, and NAME last. */
static bool parse_heading(const char *line, struct heading *h)
{
	size_t known = 0, len;
	const char *s = after_blanks(line);

	for (h->n = 0; *s && *s != '\n'; s = after_blanks(s + len)) {
		len = strcspn(s, "\n ");
		if (h->n == MAX_COLUMNS)
			return false;
		h->column[h->n] = column_of(s, len);
		known += h->column[h->n++] != COL_SKIP;
	}
	if (*s != '\n' || !h->n || known != ARRAY_SIZE(columns))
		return false;
	/* The last one may hold blanks: it is not cut. */
	return h->column[--h->n] == COL_SKIP;
}

/* A number in @base that fills the cell. */
static bool cell_number(const char *s, size_t len, unsigned int base,
			uint64_t *value)
{
	uint64_t n = 0;
	size_t i;
	unsigned int digit;

	for (i = 0; i < len; i++) {
		digit = s[i] >= '0' && s[i] <= '9' ? (unsigned int)(s[i] - '0') :
			s[i] >= 'a' && s[i] <= 'f' ? (unsigned int)(s[i] - 'a' + 10) :
			99;
		if (digit >= base || n > (UINT64_MAX - digit) / base)
			return false;
		n = n * base + digit;
	}
	*value = n;
	return len;
}

static bool parse_nr(const char *s, size_t len, struct waits_row *row)
{
	uint64_t nr;

	if (len == 2 && !memcmp(s, "-1", 2)) {
		row->call.nr = -1;
		row->call.state = CALL_NONE;
		return true;
	}
	if (!cell_number(s, len, 10, &nr) || nr > INT_MAX)
		return false;
	row->call.nr = nr;
	row->call.state = CALL_BLOCKED;
	return true;
}

static bool take_number(struct waits_row *row, int column, const char *s,
			size_t len)
{
	uint64_t value;

	if (!cell_number(s, len, column < COL_ARGS ? 10 : 16, &value))
		return false;
	switch (column) {
	case COL_TID:
		row->tid = value;
		return value && value <= INT_MAX;
	case COL_COUNT:
		row->counts += value;
		return true;
	case COL_SP:
		row->call.sp = value;
		return true;
	case COL_PC:
		row->call.pc = value;
		return true;
	}
	if (column < COL_SP)
		row->call.args[column - COL_ARGS] = value;
	else
		row->saved.value[column - COL_SAVED] = value;
	return true;
}

static bool take_cell(struct waits_row *row, int column, const char *s, size_t len)
{
	if (column == COL_SKIP)
		return true;
	if (column == COL_STATE) {
		row->state = *s;
		return len == 1;
	}
	if (len == 1 && *s == '-')
		return column != COL_TID;
	return column == COL_NR ? parse_nr(s, len, row) :
				  take_number(row, column, s, len);
}

static bool parse_row(const char *line, const struct heading *h,
		      struct waits_row *row)
{
	const char *s = line;
	size_t i, len;

	*row = (struct waits_row){ .call = { .state = CALL_UNKNOWN } };
	for (i = 0; i < h->n; i++) {
		s = after_blanks(s);
		len = strcspn(s, "\n ");
		if (!len || !take_cell(row, h->column[i], s, len))
			return false;
		s += len;
	}
	row->saved.known = row->call.state != CALL_UNKNOWN;
	if (!row->saved.known)
		row->call.state = row->state == 'R' ? CALL_RUNNING : CALL_NONE;
	return row->counts || row->state == 'R';
}

static int by_tid(const void *a, const void *b)
{
	const struct waits_row *x = a, *y = b;

	return (x->tid > y->tid) - (x->tid < y->tid);
}

/* An exec(2) in the midst may leave an ID with two threads. */
static bool sort_rows(struct waits_row *row, size_t n)
{
	size_t i;

	if (n)
		qsort(row, n, sizeof(*row), by_tid);
	for (i = 1; i < n; i++)
		if (row[i].tid == row[i - 1].tid)
			return false;
	return n;
}

static const char *parse_rows(const char *line, const struct heading *h,
			      struct waits_row **row, size_t *n)
{
	size_t room = 0;

	for (; line && *line == ' '; line = next_line(line)) {
		if (*n == room) {
			room = room ? 2 * room : 128;
			*row = xrealloc(*row, room, sizeof(**row));
		}
		if (!parse_row(line, h, &(*row)[(*n)++]))
			return NULL;
	}
	return line;
}

/* Both counts must be there and none. */
static bool is_whole(const char *line)
{
	const char *unseen = NULL, *withheld = NULL, *value;

	for (; line && *line; line = next_line(line)) {
		value = value_of(line, "Unseen");
		unseen = value ? value : unseen;
		value = value_of(line, "Withheld");
		withheld = value ? value : withheld;
	}
	return unseen && withheld && !strncmp(unseen, "0\n", 2) &&
	       !strncmp(withheld, "0\n", 2);
}

struct waits_row *waits_parse(const char *text, size_t *n)
{
	struct waits_row *row = NULL;
	const char *line = text, *value = NULL;
	struct heading heading;

	*n = 0;
	while (line && *line && !(value = value_of(line, "Waits")))
		line = next_line(line);
	line = line ? next_line(line) : NULL;
	if (!value || strncmp(value, MACHINE "\n", strlen(MACHINE "\n")) || !line ||
	    *line != ' ' || !parse_heading(line, &heading))
		return NULL;
	line = parse_rows(next_line(line), &heading, &row, n);
	if (line && is_whole(line) && sort_rows(row, *n))
		return row;
	free(row);
	return NULL;
}

/* Whether the mount of the module has the IDs of this pid namespace. */
static bool has_our_ids(void)
{
	static int known;
	char path[PATH_MAX], name[16] = "";

	if (!known) {
		snprintf(path, sizeof(path), "%s/self", module_root());
		known = readlink(path, name, sizeof(name) - 1) > 0 &&
			strtol(name, NULL, 10) == getpid() ? 1 : -1;
	}
	return known > 0;
}

static bool open_file(struct process *p)
{
	char name[32];

	if (p->waits_fd < 0 && has_our_ids()) {
		snprintf(name, sizeof(name), "%d-waits", p->pid);
		p->waits_fd = module_open(name, O_RDONLY | O_CLOEXEC);
	}
	return p->waits_fd >= 0;
}

/* The whole text, or NULL. */
static char *read_text(struct process *p)
{
	size_t room = FIRST_ROOM, len = 0;
	char *text;
	ssize_t n;

	if (!open_file(p))
		return NULL;
	text = xrealloc(NULL, room, 1);
	while ((n = pread(p->waits_fd, text + len, room - len - 1, len)) > 0) {
		len += n;
		if (len + 1 < room)
			continue;
		room *= 2;
		if (room > MAX_ROOM)
			break;
		text = xrealloc(text, room, 1);
	}
	text[len] = '\0';
	if (!n)
		return text;
	free(text);
	return NULL;
}

static struct waits_row *read_rows(struct process *p, size_t *n)
{
	char *text = read_text(p);
	struct waits_row *row = text ? waits_parse(text, n) : NULL;

	free(text);
	return row;
}

static void set_thread(struct thread *t, const struct waits_row *row)
{
	t->call = row->call;
	t->runs = row->counts;
	t->saved = row->saved;
	t->ended = row->state == 'Z' || row->state == 'X';
}

bool module_waits_list(struct process *p)
{
	struct waits_row *row;
	size_t n, i;
	pid_t *tid;

	row = read_rows(p, &n);
	if (!row)
		return false;
	tid = xcalloc(n, sizeof(*tid));
	for (i = 0; i < n; i++)
		tid[i] = row[i].tid;
	process_take(p, tid, n);
	for (i = 0; i < n; i++)
		set_thread(p->thread[i], &row[i]);
	free(tid);
	free(row);
	return true;
}

void module_waits_read(struct process *p)
{
	static const struct waits_row none;
	struct waits_row *row, key, *found;
	size_t n = 0, i;

	row = read_rows(p, &n);
	for (i = 0; i < p->threads; i++) {
		key.tid = p->thread[i]->tid;
		found = row ? bsearch(&key, row, n, sizeof(*row), by_tid) : NULL;
		set_thread(p->thread[i], found ? found : &none);
	}
	free(row);
}
