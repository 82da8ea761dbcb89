// SPDX-License-Identifier: GPL-2.0-only
/* The grammar of /proc/ctxlab's files. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/escape.h"
#include "text.h"
#include "lib/xalloc.h"

#define MAX_COLS 256

/* Goes through the input line by line. */
struct lines {
	char *next;
	char *end;
	unsigned int number;
};

int text_wrong(struct text_error *err, unsigned int line, const char *fmt, ...)
{
	va_list ap;
	char *raw, *safe;

	va_start(ap, fmt);
	raw = xvasprintf(fmt, ap);
	va_end(ap);
	safe = escape_terminal(raw);
	err->line = line;
	snprintf(err->what, sizeof(err->what), "%s", safe);
	free(safe);
	free(raw);
	return -1;
}

/* Cuts the next line; 1, 0 at the end, or -1 with @err set. */
static int next_line(struct lines *l, char **line, struct text_error *err)
{
	char *newline;

	*line = l->next;
	if (l->next == l->end)
		return 0;
	l->number++;
	newline = memchr(l->next, '\n', l->end - l->next);
	if (!newline)
		return text_wrong(err, l->number, "the text is cut short");
	*newline = '\0';
	if (strlen(l->next) != (size_t)(newline - l->next))
		return text_wrong(err, l->number, "a NUL byte");
	l->next = newline + 1;
	return 1;
}

char *text_word(char **s)
{
	char *word = *s + strspn(*s, " ");
	char *end = word + strcspn(word, " ");

	if (!*word)
		return NULL;
	*s = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

static int parse_columns(struct text_table *t, char *line, unsigned int number,
			 struct text_error *err)
{
	char *start = line, *word;

	t->line = number;
	while ((word = text_word(&line))) {
		if (text_col(t, word) >= 0)
			return text_wrong(err, number, "column %s twice", word);
		if (t->ncols == MAX_COLS)
			return text_wrong(err, number, "too many columns");
		/* Powers of two: room is made where the count reaches one. */
		if (!(t->ncols & (t->ncols - 1)))
			t->col = xrealloc(t->col, t->ncols ? 2 * t->ncols : 1,
					  sizeof(*t->col));
		t->col[t->ncols++] = word;
		t->name_at = start[0] == ' ' ? word - start : 0;
	}
	return t->ncols ? 0 : text_wrong(err, number, "a table without columns");
}

/*
 * Cells that are aligned end in blanks up to @until, where the heading stands;
 * blanks after that belong to the name.
 */
static char *skip_padding(char *name, const char *until)
{
	while (name < until && *name == ' ')
		name++;
	return name;
}

static int parse_row(struct text_table *t, char *line, unsigned int number,
		     struct text_error *err)
{
	bool named = !strcmp(t->col[t->ncols - 1], "NAME");
	size_t words = t->ncols - named, i;
	char *start = line, **cell;

	if (!(t->nrows & (t->nrows - 1)))
		t->cell = xrealloc(t->cell,
				   (t->nrows ? 2 * t->nrows : 1) * t->ncols,
				   sizeof(*t->cell));
	cell = t->cell + t->nrows * t->ncols;
	for (i = 0; i < words; i++) {
		cell[i] = text_word(&line);
		if (!cell[i])
			return text_wrong(err, number,
					  "%zu cells for %zu columns", i,
					  t->ncols);
	}
	/* A name runs to the end of the line, and may be empty. */
	if (named)
		cell[i] = skip_padding(line, start + t->name_at);
	else if (text_word(&line))
		return text_wrong(err, number, "more cells than %zu columns",
				  t->ncols);
	t->nrows++;
	return 0;
}

static int parse_table_line(struct text_table *t, char *line,
			    unsigned int number, struct text_error *err)
{
	if (!t->ncols)
		return parse_columns(t, line, number, err);
	return parse_row(t, line, number, err);
}

static struct text_key *new_key(struct text *t)
{
	if (!(t->nkeys & (t->nkeys - 1)))
		t->key = xrealloc(t->key, t->nkeys ? 2 * t->nkeys : 1,
				  sizeof(*t->key));
	t->key[t->nkeys] = (struct text_key){};
	return &t->key[t->nkeys++];
}

static int parse_key(struct text *t, char *line, unsigned int number,
		     struct text_error *err)
{
	char *colon = strchr(line, ':');
	struct text_key *key;

	if (!isalpha((unsigned char)*line) || !colon)
		return text_wrong(err, number, "neither a key nor a row: %.60s",
				  line);
	*colon = '\0';
	key = new_key(t);
	key->name = line;
	key->value = colon + 1 + strspn(colon + 1, " \t");
	key->line = number;
	return 0;
}

int text_parse(struct text *t, char *buf, size_t len, struct text_error *err)
{
	struct lines l = { buf, buf + len, 0 };
	char *line;
	int ret;

	*t = (struct text){};
	while ((ret = next_line(&l, &line, err)) > 0) {
		if (*line != ' ')
			ret = parse_key(t, line, l.number, err);
		else if (!t->nkeys)
			ret = text_wrong(err, l.number, "a row before any key");
		else
			ret = parse_table_line(&t->key[t->nkeys - 1].table,
					       line, l.number, err);
		if (ret)
			break;
	}
	if (ret)
		text_free(t);
	return ret;
}

int text_parse_table(struct text_table *t, char *buf, size_t len,
		     struct text_error *err)
{
	struct lines l = { buf, buf + len, 0 };
	char *line;
	int ret;

	*t = (struct text_table){};
	while ((ret = next_line(&l, &line, err)) > 0) {
		ret = parse_table_line(t, line, l.number, err);
		if (ret)
			break;
	}
	if (!ret && !t->ncols)
		ret = text_wrong(err, 0, "the text is empty");
	if (ret)
		text_table_free(t);
	return ret;
}

void text_table_free(struct text_table *t)
{
	free(t->col);
	free(t->cell);
	*t = (struct text_table){};
}

void text_free(struct text *t)
{
	size_t i;

	for (i = 0; i < t->nkeys; i++)
		text_table_free(&t->key[i].table);
	free(t->key);
	*t = (struct text){};
}

const struct text_key *text_find(const struct text *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->nkeys; i++)
		if (!strcmp(t->key[i].name, name))
			return &t->key[i];
	return NULL;
}

int text_col(const struct text_table *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->ncols; i++)
		if (!strcmp(t->col[i], name))
			return i;
	return -1;
}

const char *text_cell(const struct text_table *t, size_t row, int col)
{
	return col < 0 ? "-" : t->cell[row * t->ncols + col];
}

bool text_number(const char *s, unsigned long long *n)
{
	unsigned long long sum = 0;

	if (!*s)
		return false;
	for (; *s; s++) {
		if (!isdigit((unsigned char)*s) ||
		    __builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, *s - '0', &sum))
			return false;
	}
	*n = sum;
	return true;
}

bool text_is_id(const char *s)
{
	return strlen(s) == 16 && strspn(s, "0123456789abcdef") == 16;
}
