/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One line of text, put together cell by cell.  A read may render many
 * thousands of them, at a fifth of what seq_printf() takes for each.
 */
#ifndef CTXLAB_LINE_H
#define CTXLAB_LINE_H

#include <linux/types.h>

struct seq_file;

struct ctxlab_line {
	unsigned int len;
	char text[500];
};

/* What does not fit is left out; a row of any table does. */
void ctxlab_put_char(struct ctxlab_line *l, char c);
void ctxlab_put_str(struct ctxlab_line *l, const char *s);
void ctxlab_put_dec(struct ctxlab_line *l, u64 v);
void ctxlab_put_int(struct ctxlab_line *l, int v);
void ctxlab_put_hex(struct ctxlab_line *l, unsigned long v);
/* "-" for 0, which is no object's ID. */
void ctxlab_put_id(struct ctxlab_line *l, u64 id);
/* A comm, escaped as in /proc/<pid>/status. */
void ctxlab_put_name(struct ctxlab_line *l, const char *comm);
/* A blank at least, and blanks up to @column. */
void ctxlab_put_blanks(struct ctxlab_line *l, unsigned int column);
/* Hand the line, with a newline, to @m. */
void ctxlab_end_line(struct seq_file *m, struct ctxlab_line *l);

#endif /* CTXLAB_LINE_H */
