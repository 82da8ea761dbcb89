/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one layer that prints tables: rows of cells under a table of columns,
 * rendered for people (libsmartcols) or for programs (raw cells, JSON).
 */
#ifndef CTXLAB_OUTPUT_H
#define CTXLAB_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "compiler.h"

enum out_json_type {
	OUT_STRING,
	OUT_NUMBER,
};

enum {
	OUT_RIGHT = 1 << 0,	/* align to the right */
	OUT_TREE = 1 << 1,	/* draws the tree of rows */
	OUT_TRUNC = 1 << 2,	/* may be cut to fit a terminal */
	OUT_DERIVED = 1 << 3,	/* of the column before it: in no help text */
};

/**
 * struct out_col - a column; --list-columns, help and JSON follow from it
 * @name: as in the heading and for -o; JSON has it in small letters
 * @width: libsmartcols' width hint
 * @flags: OUT_RIGHT and so on
 * @json: type of the value in JSON; an empty cell is null
 * @help: what stands in it
 */
struct out_col {
	const char *name;
	double width;
	int flags;
	enum out_json_type json;
	const char *help;
};

/* What the options that every command with columns has were set to. */
struct out_opts {
	bool json;
	bool noheadings;
	bool raw;
	const char *columns;
};

#define OUT_MAX_COLS 144

/* The columns to show, as indices into the table of columns. */
struct out_sel {
	size_t n;
	int col[OUT_MAX_COLS];
};

/* How a cell stands out on a terminal with colours. */
enum out_look {
	OUT_PLAIN,
	OUT_BOLD,
	OUT_DIM,
	OUT_GOOD,	/* shared */
	OUT_WARN,	/* deviates */
	OUT_LOOKS
};

struct out_table;
struct out_row;

/**
 * out_select() - turn a list of names into columns
 * @cols: the command's columns
 * @def: the columns shown by default, separated by commas; NULL: all
 * @list: what -o asks for, NULL for the default; "+A,B" adds to it
 * @sel: the result
 *
 * Return: NULL, or a message (static storage) that says what is wrong.
 */
const char *out_select(const struct out_col *cols, const char *def,
		       const char *list, struct out_sel *sel);

bool out_selected(const struct out_sel *sel, int col);

/* Adds a column at the end, unless it is there. */
void out_select_too(struct out_sel *sel, int col);

struct out_table *out_table_new(const struct out_col *cols);
void out_table_free(struct out_table *t);

/* Adds a row, below @parent where that is not NULL; the table owns it. */
struct out_row *out_row_new(struct out_table *t, struct out_row *parent);

/*
 * Sets a cell; it is the same for people and programs.  One that is not set is
 * "-", and null in JSON.
 */
__printf(3, 4)
void out_set(struct out_row *row, int col, const char *fmt, ...);

/* Sets what people see in place of the cell. */
__printf(3, 4)
void out_set_people(struct out_row *row, int col, const char *fmt, ...);

void out_set_look(struct out_row *row, int col, enum out_look look);

/* Leaves a row out of what people see; its children go with it. */
void out_hide_people(struct out_row *row);

/* Leaves a row, which has no children, out of raw output and JSON. */
void out_only_people(struct out_row *row);

bool out_is_empty(const struct out_table *t);

/* Prints the table with libsmartcols; 0 or a negative errno. */
int out_table_print(const struct out_table *t, const struct out_sel *sel,
		    const struct out_opts *opts);

/* The rows as an array of objects, children in "children". */
json_t *out_table_json(const struct out_table *t, const struct out_sel *sel);

/* Prints and releases @root; 0, or -EIO. */
int out_json_print(json_t *root);

/* Likewise, for what is read again: with all digits of its numbers. */
int out_json_print_exact(json_t *root);

/* A JSON string of bytes that need not be UTF-8; null for NULL. */
json_t *out_json_bytes(const char *bytes);

/* A JSON number; null for NULL, a string where @s is no number. */
json_t *out_json_number(const char *s);

/* A size for people: "132K", "7.5M".  The caller frees it. */
char *out_size(unsigned long long kb);

/* Prints the table of columns; @bare: the names only. */
void out_list_columns(const struct out_col *cols, bool bare);

bool out_is_terminal(void);
bool out_has_colours(void);

/* Begins and ends a look; both are empty where there are no colours. */
const char *out_look_on(enum out_look look);
const char *out_look_off(void);

#endif /* CTXLAB_OUTPUT_H */
