/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One line of text, put together piece by piece.  A read may render many
 * thousands of them, at a fifth of what seq_printf() takes for each.
 */
#ifndef CTXLAB_LINE_H
#define CTXLAB_LINE_H

#include <linux/types.h>

struct seq_file;

/* Digits of an ID. */
#define CTXLAB_ID_LEN 16

struct ctxlab_line {
	unsigned int len;
	char text[500];
};

/* What does not fit is left out; any line of the ABI fits. */
void ctxlab_put(struct ctxlab_line *l, const char *s, unsigned int len);
#define ctxlab_put_literal(l, s) ctxlab_put(l, s, sizeof(s) - 1)
void ctxlab_put_char(struct ctxlab_line *l, char c);
void ctxlab_put_str(struct ctxlab_line *l, const char *s);
void ctxlab_put_dec(struct ctxlab_line *l, u64 v);
void ctxlab_put_int(struct ctxlab_line *l, int v);
void ctxlab_put_hex(struct ctxlab_line *l, unsigned long v);
/* "-" for 0, which is no object's ID. */
void ctxlab_put_id(struct ctxlab_line *l, u64 id);
void ctxlab_format_id(char text[CTXLAB_ID_LEN], u64 id);
/* A comm, escaped as in /proc/<pid>/status. */
void ctxlab_put_name(struct ctxlab_line *l, const char *comm);
/* A blank at least, and blanks up to @column. */
void ctxlab_put_blanks(struct ctxlab_line *l, unsigned int column);
/* A new line: a key, and blanks up to the column of the values. */
void ctxlab_put_key(struct ctxlab_line *l, const char *key);
/* Hand the line, with a newline, to @m. */
void ctxlab_end_line(struct seq_file *m, struct ctxlab_line *l);

#endif /* CTXLAB_LINE_H */
