// SPDX-License-Identifier: GPL-2.0-only
/* One line of text, put together piece by piece. */
#include "compat.h"
#include "line.h"

/* The column of a key's value. */
#define VALUE_COLUMN 14

/* The most digits of a number. */
#define DIGITS 20

void ctxlab_put_str(struct ctxlab_line *l, const char *s)
{
	while (*s)
		ctxlab_put_char(l, *s++);
}

static unsigned int digits_of(u64 v)
{
	unsigned int n = 1;
	u64 power = 10;

	while (n < DIGITS && v >= power) {
		n++;
		power *= 10;
	}
	return n;
}

void ctxlab_put_number(struct ctxlab_line *l, u64 v)
{
	unsigned int n = digits_of(v);
	char *p;

	if (!ctxlab_has_room(l, n))
		return;
	l->len += n;
	p = l->text + l->len;
	do {
		*--p = '0' + v % 10;
		v /= 10;
	} while (v);
}

void ctxlab_put_int(struct ctxlab_line *l, int v)
{
	if (v < 0)
		ctxlab_put_char(l, '-');
	ctxlab_put_dec(l, abs(v));
}

void ctxlab_put_hex(struct ctxlab_line *l, unsigned long v)
{
	int shift = BITS_PER_LONG - 4;

	while (shift && !(v >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		ctxlab_put_char(l, hex_asc_lo(v >> shift));
}

void ctxlab_format_id(char text[CTXLAB_ID_LEN], u64 id)
{
	int shift;

	for (shift = 56; shift >= 0; shift -= 8)
		text = hex_byte_pack(text, id >> shift);
}

void ctxlab_put_id(struct ctxlab_line *l, u64 id)
{
	if (!id) {
		ctxlab_put_char(l, '-');
		return;
	}
	if (!ctxlab_has_room(l, CTXLAB_ID_LEN))
		return;
	ctxlab_format_id(l->text + l->len, id);
	l->len += CTXLAB_ID_LEN;
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
	do {
		ctxlab_put_char(l, ' ');
	} while (l->len < column && !l->full);
}

void ctxlab_begin_key(struct ctxlab_line *l, struct seq_file *m,
		      const char *key)
{
	ctxlab_begin_line(l, m);
	ctxlab_put_str(l, key);
	ctxlab_put_blanks(l, VALUE_COLUMN);
}
