// SPDX-License-Identifier: GPL-2.0-only
/* Reading the text formats of /proc/ctxlab and of procfs. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

char *text_read_fd(int fd)
{
	size_t size = 1 << 16, used = 0;
	char *text = malloc(size);
	ssize_t n;

	while (text) {
		n = read(fd, text + used, size - used - 1);
		if (n < 0) {
			free(text);
			return NULL;
		}
		if (!n)
			break;
		used += n;
		if (used + 1 == size) {
			size *= 2;
			text = realloc(text, size);
		}
	}
	if (text)
		text[used] = '\0';
	return text;
}

char *text_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text;
	int err;

	if (fd < 0)
		return NULL;
	text = text_read_fd(fd);
	err = errno;
	close(fd);
	errno = err;
	return text;
}

char *text_readf(const char *format, ...)
{
	char path[256];
	va_list args;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	return text_read(path);
}

int text_errno(const char *path)
{
	char *text = text_read(path);

	if (!text)
		return errno;
	free(text);
	return 0;
}

const char *text_value(const char *text, const char *key)
{
	static char value[4096];
	size_t length = strlen(key);
	const char *line = text;

	while (line && *line) {
		if (!strncmp(line, key, length) && line[length] == ':') {
			line += length + 1;
			line += strspn(line, " \t");
			snprintf(value, sizeof(value), "%.*s",
				 (int)strcspn(line, "\n"), line);
			return value;
		}
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return NULL;
}

long long text_number(const char *text, const char *key)
{
	const char *value = text_value(text, key);

	return value ? atoll(value) : -1;
}

/* The first line of the table under @key: the one with the headings. */
static const char *table_start(const char *text, const char *key)
{
	size_t length;
	const char *line;

	if (!key)
		return text;
	length = strlen(key);
	for (line = text; line; line = strchr(line, '\n')) {
		if (line != text)
			line++;
		if (!strncmp(line, key, length) && line[length] == ':') {
			line = strchr(line, '\n');
			return line ? line + 1 : NULL;
		}
	}
	return NULL;
}

static int count_words(const char *line)
{
	int n = 0;

	for (;;) {
		line += strspn(line, " ");
		if (!*line || *line == '\n')
			return n;
		n++;
		line += strcspn(line, "\n ");
	}
}

/* Cut one line into @columns cells in place; returns the next line. */
static char *cut_line(char *line, char **cells, int columns)
{
	char *end = line + strcspn(line, "\n");
	int i;

	for (i = 0; i < columns; i++) {
		line += strspn(line, " ");
		cells[i] = line;
		if (i < columns - 1) {
			line += strcspn(line, "\n ");
			if (line < end)
				*line++ = '\0';
		}
	}
	if (!*end)
		return end;
	*end = '\0';
	return end + 1;
}

struct table *table_parse(const char *text, const char *key)
{
	const char *start = table_start(text, key), *line;
	struct table *table;
	char *next;
	int i;

	if (!start)
		return NULL;
	table = calloc(1, sizeof(*table));
	if (!table)
		return NULL;
	table->text = strdup(start);
	table->columns = count_words(start);
	for (line = start; line && *line && (!key || *line == ' ');) {
		table->rows++;
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	table->cells = calloc((size_t)table->rows * table->columns + 1,
			      sizeof(char *));
	if (!table->text || !table->cells || !table->rows) {
		table_free(table);
		return NULL;
	}
	for (i = 0, next = table->text; i < table->rows; i++)
		next = cut_line(next, table->cells + i * table->columns,
				table->columns);
	table->rows--;
	return table;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	free(table->cells);
	free(table->text);
	free(table);
}

const char *table_cell(const struct table *table, int row, const char *column)
{
	int i;

	if (row < 0 || row >= table->rows)
		return NULL;
	for (i = 0; i < table->columns; i++)
		if (!strcmp(table->cells[i], column))
			return table->cells[(row + 1) * table->columns + i];
	return NULL;
}

int table_find(const struct table *table, const char *column, long long number)
{
	const char *cell;
	int i;

	for (i = 0; i < table->rows; i++) {
		cell = table_cell(table, i, column);
		if (cell && atoll(cell) == number)
			return i;
	}
	return -1;
}

int table_find_word(const struct table *table, const char *column,
		    const char *word)
{
	const char *cell;
	int i;

	for (i = 0; i < table->rows; i++) {
		cell = table_cell(table, i, column);
		if (cell && !strcmp(cell, word))
			return i;
	}
	return -1;
}
