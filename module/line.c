// SPDX-License-Identifier: GPL-2.0-only
/* One line of text, put together cell by cell. */
#include <linux/kernel.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "line.h"

void ctxlab_put_char(struct ctxlab_line *l, char c)
{
	if (l->len < sizeof(l->text) - 1)
		l->text[l->len++] = c;
}

void ctxlab_put_str(struct ctxlab_line *l, const char *s)
{
	while (*s)
		ctxlab_put_char(l, *s++);
}

static void put_number(struct ctxlab_line *l, u64 v, unsigned int base)
{
	char digits[20];
	unsigned int n = 0;

	do {
		digits[n++] = hex_asc_lo(v % base);
		v /= base;
	} while (v);
	while (n)
		ctxlab_put_char(l, digits[--n]);
}

void ctxlab_put_dec(struct ctxlab_line *l, u64 v)
{
	put_number(l, v, 10);
}

void ctxlab_put_int(struct ctxlab_line *l, int v)
{
	if (v < 0)
		ctxlab_put_char(l, '-');
	put_number(l, abs(v), 10);
}

void ctxlab_put_hex(struct ctxlab_line *l, unsigned long v)
{
	put_number(l, v, 16);
}

void ctxlab_put_id(struct ctxlab_line *l, u64 id)
{
	char *p = l->text + l->len;
	int shift;

	if (!id || l->len > sizeof(l->text) - 17) {
		ctxlab_put_char(l, '-');
		return;
	}
	for (shift = 56; shift >= 0; shift -= 8)
		p = hex_byte_pack(p, id >> shift);
	l->len += 16;
}

void ctxlab_put_name(struct ctxlab_line *l, const char *comm)
{
	for (; *comm; comm++) {
		if (*comm == '\n')
			ctxlab_put_str(l, "\\n");
		else if (*comm == '\\')
			ctxlab_put_str(l, "\\\\");
		else
			ctxlab_put_char(l, *comm);
	}
}

void ctxlab_put_blanks(struct ctxlab_line *l, unsigned int column)
{
	do {
		ctxlab_put_char(l, ' ');
	} while (l->len < column);
}

void ctxlab_end_line(struct seq_file *m, struct ctxlab_line *l)
{
	l->text[l->len++] = '\n';
	seq_write(m, l->text, l->len);
	l->len = 0;
}
