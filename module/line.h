/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One line of text, put together piece by piece in the seq_file's own buffer.
 * A read may render many thousands of them.  A row of "tasks", 208 bytes, takes
 * 630 instructions where the place in the text is at hand (render_tasks.c), 1,220
 * where it lies in the line, 2,300 by seq_put_decimal_ull() and seq_write(), 8,830
 * by seq_printf() (Linux 6.12, x86-64); seq_put_decimal_ull_width() and
 * seq_put_hex_ll() are not exported.
 */
#ifndef CTXLAB_LINE_H
#define CTXLAB_LINE_H

#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/types.h>

/* The column of a key's value. */
#define CTXLAB_VALUE_COLUMN 14
/* Digits of an ID. */
#define CTXLAB_ID_LEN 16
/* The most digits of a number, and the most characters of an escaped comm. */
#define CTXLAB_DIGITS 20
#define CTXLAB_HEX_DIGITS 16
#define CTXLAB_NAME_LEN (2 * (TASK_COMM_LEN - 1))

/**
 * struct ctxlab_line - a line that is being put together
 * @m: where it is shown
 * @text: where it starts in @m's buffer
 * @len: its length so far
 * @size: the room that there is
 * @full: it did not fit: what is missing is left out, and ctxlab_end_line()
 *        makes seq_file show it again with more room
 */
struct ctxlab_line {
	struct seq_file *m;
	char *text;
	size_t len;
	size_t size;
	bool full;
};

static inline void ctxlab_begin_line(struct ctxlab_line *l, struct seq_file *m)
{
	l->m = m;
	l->len = 0;
	l->size = seq_get_buf(m, &l->text);
	l->full = false;
}

/* What else belongs to the line is written by other means. */
static inline void ctxlab_commit(struct ctxlab_line *l)
{
	seq_commit(l->m, l->full ? -1 : (int)l->len);
}

static inline void ctxlab_end_line(struct ctxlab_line *l)
{
	if (l->len == l->size)
		l->full = true;
	else
		l->text[l->len++] = '\n';
	ctxlab_commit(l);
}

/* Is there room for @len more? */
static inline bool ctxlab_has_room(struct ctxlab_line *l, size_t len)
{
	if (l->size - l->len >= len)
		return true;
	l->full = true;
	return false;
}

/* What was written behind the line's end, up to @end, is part of it. */
static inline void ctxlab_advance(struct ctxlab_line *l, const char *end)
{
	l->len = end - l->text;
}

static inline void ctxlab_put_char(struct ctxlab_line *l, char c)
{
	if (ctxlab_has_room(l, 1))
		l->text[l->len++] = c;
}

/* Inline: for a @len that the compiler knows, it is an instruction or two. */
static __always_inline void ctxlab_put(struct ctxlab_line *l, const char *s,
				       size_t len)
{
	if (!ctxlab_has_room(l, len))
		return;
	memcpy(l->text + l->len, s, len);
	l->len += len;
}

#define ctxlab_put_literal(l, s) ctxlab_put(l, s, sizeof(s) - 1)

/*
 * Into room that the caller has seen to; all but the first return the end.  A
 * line's own fields may alias its text, a pointer at hand may not: for rows by
 * the thousand.
 */
void ctxlab_format_id(char text[CTXLAB_ID_LEN], u64 id);
char *ctxlab_format_dec(char *p, u64 v);
/* Writes CTXLAB_HEX_DIGITS characters, whatever is behind the end then. */
char *ctxlab_format_hex(char *p, u64 v);
char *ctxlab_format_name(char *p, const char *comm);

void ctxlab_put_str(struct ctxlab_line *l, const char *s);
void ctxlab_put_number(struct ctxlab_line *l, u64 v);

/* Most numbers are small. */
static inline void ctxlab_put_dec(struct ctxlab_line *l, u64 v)
{
	if (v < 10)
		ctxlab_put_char(l, '0' + v);
	else
		ctxlab_put_number(l, v);
}

void ctxlab_put_int(struct ctxlab_line *l, int v);
void ctxlab_put_hex(struct ctxlab_line *l, unsigned long v);
/* "-" for 0, which is no object's ID. */
void ctxlab_put_id(struct ctxlab_line *l, u64 id);
/* A comm, escaped as in /proc/<pid>/status. */
void ctxlab_put_name(struct ctxlab_line *l, const char *comm);
/* A blank at least, and blanks up to @column. */
void ctxlab_put_blanks(struct ctxlab_line *l, unsigned int column);

/*
 * A new line, which begins with a key.  @key: with the blanks behind it that reach to
 * the column of the values, CTXLAB_VALUE_COLUMN, or with one where it is longer.
 */
static inline void ctxlab_begin_key(struct ctxlab_line *l, struct seq_file *m,
				    const char *key)
{
	ctxlab_begin_line(l, m);
	ctxlab_put(l, key, CTXLAB_VALUE_COLUMN);
	if (key[CTXLAB_VALUE_COLUMN])
		ctxlab_put_str(l, key + CTXLAB_VALUE_COLUMN);
}

#endif /* CTXLAB_LINE_H */
