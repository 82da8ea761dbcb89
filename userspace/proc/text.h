/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The grammar of /proc/ctxlab's files: lines of "Key: value", and tables.  What
 * the keys mean is not known here.  The input may be anything at all.
 */
#ifndef CTXLAB_TEXT_H
#define CTXLAB_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/compiler.h"

/* Where the input is not what module/ABI says, and in which way. */
struct text_error {
	unsigned int line;	/* 0: no line in particular */
	char what[160];
};

/* Columns and cells point into the text; cells go row by row. */
struct text_table {
	size_t ncols;
	char **col;
	size_t nrows;
	char **cell;
	unsigned int line;	/* of the names of the columns */
	size_t name_at;		/* where the last one stands; 0: not aligned */
};

struct text_key {
	char *name;
	char *value;
	struct text_table table;	/* no columns where there is none */
	unsigned int line;
};

struct text {
	size_t nkeys;
	struct text_key *key;
};

/*
 * Both take @buf of @len bytes and a NUL after them, write into it, and point
 * into it afterwards: it must live as long.  Return 0, or -1 with @err set;
 * then nothing is to be released.
 */
int text_parse(struct text *t, char *buf, size_t len, struct text_error *err);
int text_parse_table(struct text_table *t, char *buf, size_t len,
		     struct text_error *err);
void text_free(struct text *t);
void text_table_free(struct text_table *t);

/* The first key of that name, or NULL. */
const struct text_key *text_find(const struct text *t, const char *name);

/* The number of a column, or -1. */
int text_col(const struct text_table *t, const char *name);

/* A cell; "-" where the table has no such column. */
const char *text_cell(const struct text_table *t, size_t row, int col);

/* Sets @err and returns -1. What comes from outside is escaped in it. */
__printf(3, 4)
int text_wrong(struct text_error *err, unsigned int line, const char *fmt, ...);

/* Numbers without sign, blank or prefix; the whole of @s. */
bool text_number(const char *s, unsigned long long *n);

/* An ID: 16 hexadecimal digits. */
bool text_is_id(const char *s);

/* Cuts the next word (separated by blanks) off *@s; NULL at the end. */
char *text_word(char **s);

#endif /* CTXLAB_TEXT_H */
