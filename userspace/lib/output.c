// SPDX-License-Identifier: GPL-2.0-only
/* Tables for people (libsmartcols) and for programs (raw cells, JSON). */
#include <errno.h>
#include <libsmartcols.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "escape.h"
#include "output.h"
#include "xalloc.h"

struct out_cell {
	char *data;	/* for programs, and for people where there is no */
	char *people;
	enum out_look look;
};

struct out_row {
	struct out_row *parent;
	struct out_row *next;		/* in the order in which they were made */
	bool hidden;			/* from people */
	bool only_people;
	struct libscols_line *line;	/* while printing */
	json_t *object;			/* while making JSON */
	struct out_cell cell[];
};

struct out_table {
	const struct out_col *cols;
	size_t ncols;
	struct out_row *rows;
	struct out_row **last;
};

static const char *const look_on[OUT_LOOKS] = {
	[OUT_PLAIN] = "",
	[OUT_BOLD] = "\033[1m",
	[OUT_DIM] = "\033[2m",
	[OUT_GOOD] = "\033[32m",
	[OUT_WARN] = "\033[1;33m",
};

bool out_is_terminal(void)
{
	return isatty(STDOUT_FILENO);
}

bool out_has_colours(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return out_is_terminal() && !(no && *no) && term &&
	       strcmp(term, "dumb");
}

const char *out_look_on(enum out_look look)
{
	return out_has_colours() ? look_on[look] : "";
}

const char *out_look_off(void)
{
	return out_has_colours() ? "\033[0m" : "";
}

/* Names are ASCII: in a Turkish locale tolower('I') is another letter. */
static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static int find_col(const struct out_col *cols, const char *name, size_t len)
{
	size_t k;
	int i;

	for (i = 0; cols[i].name; i++) {
		for (k = 0; k < len && lower(cols[i].name[k]) == lower(name[k]);
		     k++)
			;
		if (k == len && !cols[i].name[k])
			return i;
	}
	return -1;
}

static const char *add_list(const struct out_col *cols, const char *list,
			    struct out_sel *sel)
{
	static char message[128];
	size_t len;
	int col;

	for (;; list += len + 1) {
		len = strcspn(list, ",");
		col = find_col(cols, list, len);
		if (col < 0) {
			snprintf(message, sizeof(message), "no column '%.*s'",
				 len < 80 ? (int)len : 80, list);
			return message;
		}
		if (sel->n == OUT_MAX_COLS)
			return "too many columns";
		sel->col[sel->n++] = col;
		if (!list[len])
			return NULL;
	}
}

const char *out_select(const struct out_col *cols, const char *def,
		       const char *list, struct out_sel *sel)
{
	const char *wrong = NULL;

	sel->n = 0;
	if ((!list || *list == '+') && def)
		wrong = add_list(cols, def, sel);
	else if (!list || *list == '+')
		while (cols[sel->n].name && sel->n < OUT_MAX_COLS) {
			sel->col[sel->n] = sel->n;
			sel->n++;
		}
	if (!wrong && list)
		wrong = add_list(cols, *list == '+' ? list + 1 : list, sel);
	return wrong;
}

bool out_selected(const struct out_sel *sel, int col)
{
	size_t i;

	for (i = 0; i < sel->n; i++)
		if (sel->col[i] == col)
			return true;
	return false;
}

void out_select_too(struct out_sel *sel, int col)
{
	if (!out_selected(sel, col) && sel->n < OUT_MAX_COLS)
		sel->col[sel->n++] = col;
}

struct out_table *out_table_new(const struct out_col *cols)
{
	struct out_table *t = xcalloc(1, sizeof(*t));

	t->cols = cols;
	while (cols[t->ncols].name)
		t->ncols++;
	t->last = &t->rows;
	return t;
}

void out_table_free(struct out_table *t)
{
	struct out_row *row, *next;
	size_t i;

	if (!t)
		return;
	for (row = t->rows; row; row = next) {
		next = row->next;
		for (i = 0; i < t->ncols; i++) {
			free(row->cell[i].data);
			free(row->cell[i].people);
		}
		free(row);
	}
	free(t);
}

struct out_row *out_row_new(struct out_table *t, struct out_row *parent)
{
	struct out_row *row;

	row = xcalloc(1, sizeof(*row) + t->ncols * sizeof(row->cell[0]));
	row->parent = parent;
	*t->last = row;
	t->last = &row->next;
	return row;
}

void out_set(struct out_row *row, int col, const char *fmt, ...)
{
	va_list ap;

	free(row->cell[col].data);
	va_start(ap, fmt);
	row->cell[col].data = xvasprintf(fmt, ap);
	va_end(ap);
}

void out_set_people(struct out_row *row, int col, const char *fmt, ...)
{
	va_list ap;

	free(row->cell[col].people);
	va_start(ap, fmt);
	row->cell[col].people = xvasprintf(fmt, ap);
	va_end(ap);
}

void out_set_look(struct out_row *row, int col, enum out_look look)
{
	row->cell[col].look = look;
}

void out_hide_people(struct out_row *row)
{
	row->hidden = true;
}

void out_only_people(struct out_row *row)
{
	row->only_people = true;
}

bool out_is_empty(const struct out_table *t)
{
	return !t->rows;
}

static bool is_hidden(const struct out_row *row, bool people)
{
	if (!people)
		return row->only_people;
	for (; row; row = row->parent)
		if (row->hidden)
			return true;
	return false;
}

static int scols_flags(int flags)
{
	return (flags & OUT_RIGHT ? SCOLS_FL_RIGHT : 0) |
	       (flags & OUT_TREE ? SCOLS_FL_TREE : 0) |
	       (flags & OUT_TRUNC ? SCOLS_FL_TRUNC : 0);
}

static int add_columns(struct libscols_table *tb, const struct out_table *t,
		       const struct out_sel *sel, bool raw)
{
	size_t i;

	for (i = 0; i < sel->n; i++) {
		const struct out_col *c = &t->cols[sel->col[i]];

		if (!scols_table_new_column(tb, c->name, c->width,
					    raw ? 0 : scols_flags(c->flags)))
			return -ENOMEM;
	}
	return 0;
}

static int add_cell(struct libscols_line *line, size_t i,
		    const struct out_cell *cell, bool raw)
{
	const char *data = cell->data ? cell->data : "-";
	char *safe;

	/* Programs count cells by the blanks between them. */
	if (raw)
		return scols_line_set_data(line, i, *data ? data : "-");
	if (cell->people)
		data = cell->people;
	if (cell->look && out_has_colours())
		scols_cell_set_color(scols_line_get_cell(line, i),
				     look_on[cell->look]);
	safe = escape_terminal(data);
	return scols_line_refer_data(line, i, safe);
}

static int add_rows(struct libscols_table *tb, const struct out_table *t,
		    const struct out_sel *sel, bool raw)
{
	struct out_row *row;
	size_t i;

	for (row = t->rows; row; row = row->next) {
		if (is_hidden(row, !raw))
			continue;
		row->line = scols_table_new_line(tb, !raw && row->parent ?
						 row->parent->line : NULL);
		if (!row->line)
			return -ENOMEM;
		for (i = 0; i < sel->n; i++)
			if (add_cell(row->line, i, &row->cell[sel->col[i]],
				     raw))
				return -ENOMEM;
	}
	return 0;
}

int out_table_print(const struct out_table *t, const struct out_sel *sel,
		    const struct out_opts *opts)
{
	struct libscols_table *tb = scols_new_table();
	int err;

	if (!tb)
		return -ENOMEM;
	scols_table_enable_raw(tb, opts->raw);
	scols_table_enable_noheadings(tb, opts->noheadings);
	/* Cells are escaped by add_cell(): once, and so that it shows. */
	scols_table_enable_noencoding(tb, !opts->raw);
	scols_table_enable_colors(tb, out_has_colours());
	err = add_columns(tb, t, sel, opts->raw);
	if (!err)
		err = add_rows(tb, t, sel, opts->raw);
	if (!err)
		err = scols_print_table(tb);
	scols_unref_table(tb);
	return err;
}

json_t *out_json_bytes(const char *bytes)
{
	json_t *string;
	char *utf8;

	if (!bytes)
		return json_null();
	utf8 = escape_utf8(bytes);
	string = json_string(utf8);
	free(utf8);
	return string;
}

json_t *out_json_number(const char *s)
{
	size_t digits;
	json_t *n;

	if (!s)
		return json_null();
	/* JSON's own grammar of numbers is narrower than strtod()'s. */
	digits = strspn(s + (*s == '-'), "0123456789.");
	if (!digits || s[digits + (*s == '-')])
		return out_json_bytes(s);
	n = json_loads(s, JSON_DECODE_ANY, NULL);
	return n ? n : out_json_bytes(s);
}

static json_t *json_row(const struct out_table *t, const struct out_row *row,
			const struct out_sel *sel)
{
	json_t *object = json_object();
	char key[32];
	size_t i, k;

	for (i = 0; i < sel->n; i++) {
		const struct out_col *c = &t->cols[sel->col[i]];
		const char *data = row->cell[sel->col[i]].data;

		for (k = 0; c->name[k] && k < sizeof(key) - 1; k++)
			key[k] = lower(c->name[k]);
		key[k] = '\0';
		json_object_set_new(object, key, c->json == OUT_NUMBER ?
				    out_json_number(data) :
				    out_json_bytes(data));
	}
	return object;
}

json_t *out_table_json(const struct out_table *t, const struct out_sel *sel)
{
	json_t *root = json_array(), *into;
	struct out_row *row;

	for (row = t->rows; row; row = row->next) {
		if (is_hidden(row, false))
			continue;
		row->object = json_row(t, row, sel);
		into = root;
		if (row->parent) {
			into = json_object_get(row->parent->object, "children");
			if (!into) {
				into = json_array();
				json_object_set_new(row->parent->object,
						    "children", into);
			}
		}
		json_array_append_new(into, row->object);
	}
	return root;
}

static int print_json(json_t *root, size_t flags)
{
	int err = json_dumpf(root, stdout, JSON_INDENT(2) | flags);

	json_decref(root);
	putchar('\n');
	return err ? -EIO : 0;
}

int out_json_print(json_t *root)
{
	/* With 17 digits, as jansson has it else, 0.785 is 0.78500000000000003. */
	return print_json(root, JSON_REAL_PRECISION(15));
}

int out_json_print_exact(json_t *root)
{
	return print_json(root, 0);
}

char *out_size(unsigned long long kb)
{
	static const char units[] = "KMGTPEZ";
	double size = kb;
	int i = 0;

	while (size >= 1023.95 && units[i + 1]) {
		size /= 1024;
		i++;
	}
	if (size >= 9.95 || size == (unsigned int)size)
		return xasprintf("%.0f%c", size, units[i]);
	return xasprintf("%.1f%c", size, units[i]);
}

void out_list_columns(const struct out_col *cols, bool bare)
{
	for (; cols->name; cols++) {
		if (bare)
			puts(cols->name);
		else
			printf("  %-12s %s\n", cols->name, cols->help);
	}
}
