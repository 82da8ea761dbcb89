// SPDX-License-Identifier: GPL-2.0-only
/* One line of text, put together piece by piece. */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "line.h"

/* The column of a key's value. */
#define VALUE_COLUMN 14

/* One place is kept for the newline. */
static unsigned int room(const struct ctxlab_line *l)
{
	return sizeof(l->text) - 1 - l->len;
}

void ctxlab_put(struct ctxlab_line *l, const char *s, unsigned int len)
{
	len = min(len, room(l));
	memcpy(l->text + l->len, s, len);
	l->len += len;
}

void ctxlab_put_char(struct ctxlab_line *l, char c)
{
	if (room(l))
		l->text[l->len++] = c;
}

void ctxlab_put_str(struct ctxlab_line *l, const char *s)
{
	ctxlab_put(l, s, strlen(s));
}

void ctxlab_put_dec(struct ctxlab_line *l, u64 v)
{
	char digits[20];
	char *end = digits + sizeof(digits), *p = end;

	do {
		*--p = '0' + v % 10;
		v /= 10;
	} while (v);
	ctxlab_put(l, p, end - p);
}

void ctxlab_put_int(struct ctxlab_line *l, int v)
{
	if (v < 0)
		ctxlab_put_char(l, '-');
	ctxlab_put_dec(l, abs(v));
}

void ctxlab_put_hex(struct ctxlab_line *l, unsigned long v)
{
	char digits[16];
	char *end = digits + sizeof(digits), *p = end;

	do {
		*--p = hex_asc_lo(v);
		v >>= 4;
	} while (v);
	ctxlab_put(l, p, end - p);
}

void ctxlab_format_id(char text[CTXLAB_ID_LEN], u64 id)
{
	int shift;

	for (shift = 56; shift >= 0; shift -= 8)
		text = hex_byte_pack(text, id >> shift);
}

void ctxlab_put_id(struct ctxlab_line *l, u64 id)
{
	char text[CTXLAB_ID_LEN];

	if (!id) {
		ctxlab_put_char(l, '-');
		return;
	}
	ctxlab_format_id(text, id);
	ctxlab_put(l, text, sizeof(text));
}

void ctxlab_put_name(struct ctxlab_line *l, const char *comm)
{
	for (; *comm; comm++) {
		if (*comm == '\n')
			ctxlab_put_literal(l, "\\n");
		else if (*comm == '\\')
			ctxlab_put_literal(l, "\\\\");
		else
			ctxlab_put_char(l, *comm);
	}
}

void ctxlab_put_blanks(struct ctxlab_line *l, unsigned int column)
{
	unsigned int len = column > l->len ? column - l->len : 1;

	len = min(len, room(l));
	memset(l->text + l->len, ' ', len);
	l->len += len;
}

void ctxlab_put_key(struct ctxlab_line *l, const char *key)
{
	l->len = 0;
	ctxlab_put_str(l, key);
	ctxlab_put_blanks(l, VALUE_COLUMN);
}

void ctxlab_end_line(struct seq_file *m, struct ctxlab_line *l)
{
	l->text[l->len++] = '\n';
	seq_write(m, l->text, l->len);
	l->len = 0;
}
