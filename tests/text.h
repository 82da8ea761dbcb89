/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading the text formats of /proc/ctxlab and of procfs. */
#ifndef CTXLAB_TEST_TEXT_H
#define CTXLAB_TEST_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "kselftest.h"

#define CTXLAB "/proc/ctxlab"

/**
 * text_read - a file's whole text
 *
 * Return: a string for free(); NULL with errno where open or read failed.
 */
char *text_read(const char *path);
char *text_readf(const char *format, ...) __printf(1, 2);

/* The same for a descriptor, from its current offset on. */
char *text_read_fd(int fd);

/* What follows "Key:" and blanks, up to the line's end, in a static buffer. */
const char *text_value(const char *text, const char *key);

/* The number that text_value() begins with; -1 where the key is missing. */
long long text_number(const char *text, const char *key);

/* 0, or the errno with which opening or reading @path fails. */
int text_errno(const char *path);

/**
 * struct table - a header line and its rows, cut into cells
 * @columns: number of columns; the last one runs to the end of the line
 * @rows: number of rows
 * @cells: the header's cells, then the rows'
 */
struct table {
	int columns;
	int rows;
	char **cells;
	char *text;
};

/* The table under "Key:", or the whole text where @key is NULL. */
struct table *table_parse(const char *text, const char *key);
void table_free(struct table *table);

/* The cell in @row under the heading @column; NULL where there is none. */
const char *table_cell(const struct table *table, int row, const char *column);

/* The first row that has this under @column; -1 where none has. */
int table_find(const struct table *table, const char *column, long long number);
int table_find_word(const struct table *table, const char *column,
		    const char *word);

#endif /* CTXLAB_TEST_TEXT_H */
