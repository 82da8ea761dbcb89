// SPDX-License-Identifier: GPL-2.0-only
/* One line of text, put together piece by piece. */
#include <asm/byteorder.h>
#include <linux/bitops.h>

#include "compat.h"
#include "line.h"

void ctxlab_put_str(struct ctxlab_line *l, const char *s)
{
	char *p = l->text + l->len, *end = l->text + l->size;

	while (*s && p < end)
		*p++ = *s++;
	ctxlab_advance(l, p);
	if (*s)
		l->full = true;
}

static unsigned int digits_of(u64 v)
{
	static const u64 powers[] = {
		1ULL, 10ULL, 100ULL, 1000ULL, 10000ULL, 100000ULL, 1000000ULL,
		10000000ULL, 100000000ULL, 1000000000ULL, 10000000000ULL,
		100000000000ULL, 1000000000000ULL, 10000000000000ULL,
		100000000000000ULL, 1000000000000000ULL,
		10000000000000000ULL, 100000000000000000ULL,
		1000000000000000000ULL, 10000000000000000000ULL,
	};
	/* Bits times the logarithm of 2 to the base 10, 1233/4096: as many, or one less. */
	unsigned int n = (fls64(v) * 1233) >> 12;

	return n + (v >= powers[n]);
}

char *ctxlab_format_dec(char *p, u64 v)
{
	unsigned int n = v ? digits_of(v) : 1;
	char *end = p + n;

	p = end;
	while (v >= 100) {
		unsigned int pair = v % 100;

		v /= 100;
		*--p = '0' + pair % 10;
		*--p = '0' + pair / 10;
	}
	*--p = '0' + v % 10;
	if (v >= 10)
		*--p = '0' + v / 10;
	return end;
}

void ctxlab_put_number(struct ctxlab_line *l, u64 v)
{
	if (ctxlab_has_room(l, CTXLAB_DIGITS))
		ctxlab_advance(l, ctxlab_format_dec(l->text + l->len, v));
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

/* Half an ID's digits at once: a nibble a byte, and then each byte's character. */
static u64 hex_of(u32 half)
{
	u64 v = half, letters;

	v = (v | v << 16) & 0x0000ffff0000ffffULL;
	v = (v | v << 8) & 0x00ff00ff00ff00ffULL;
	v = (v | v << 4) & 0x0f0f0f0f0f0f0f0fULL;
	letters = (v + 0x0606060606060606ULL) >> 4 & 0x0101010101010101ULL;
	return v + 0x3030303030303030ULL + letters * ('a' - '0' - 10);
}

void ctxlab_format_id(char text[CTXLAB_ID_LEN], u64 id)
{
	__be64 digits[] = {
		cpu_to_be64(hex_of(id >> 32)), cpu_to_be64(hex_of(id)),
	};

	memcpy(text, digits, CTXLAB_ID_LEN);
}

char *ctxlab_format_hex(char *p, u64 v)
{
	unsigned int n = v ? (fls64(v) + 3) / 4 : 1;

	ctxlab_format_id(p, v << 4 * (CTXLAB_HEX_DIGITS - n));
	return p + n;
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

char *ctxlab_format_name(char *p, const char *comm)
{
	for (; *comm; comm++) {
		if (*comm == '\n') {
			*p++ = '\\';
			*p++ = 'n';
		} else {
			if (*comm == '\\')
				*p++ = '\\';
			*p++ = *comm;
		}
	}
	return p;
}

void ctxlab_put_name(struct ctxlab_line *l, const char *comm)
{
	if (ctxlab_has_room(l, CTXLAB_NAME_LEN))
		ctxlab_advance(l, ctxlab_format_name(l->text + l->len, comm));
}

void ctxlab_put_blanks(struct ctxlab_line *l, unsigned int column)
{
	unsigned int n = l->len < column ? column - l->len : 1;
	char *p = l->text + l->len;

	if (!ctxlab_has_room(l, n))
		return;
	l->len += n;
	while (n--)
		*p++ = ' ';
}
