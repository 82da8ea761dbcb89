// SPDX-License-Identifier: GPL-2.0-only
/* Names of tasks: any bytes but NUL, on their way to people and programs. */
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "escape.h"
#include "xalloc.h"

void escape_undo(char *text)
{
	char *to = text;

	while (*text) {
		if (text[0] == '\\' && text[1] == 'n') {
			*to++ = '\n';
			text += 2;
		} else if (text[0] == '\\' && text[1] == '\\') {
			*to++ = '\\';
			text += 2;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

void escape_undo_octal(char *text)
{
	char *to = text;

	while (*text) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' &&
		    is_octal(text[2]) && is_octal(text[3])) {
			*to++ = (text[1] - '0') << 6 | (text[2] - '0') << 3 |
				(text[3] - '0');
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

/* Marks and overrides of the direction of writing can forge a line. */
static bool turns_writing(wchar_t wc)
{
	return wc == 0x061c || wc == 0x200e || wc == 0x200f ||
	       (wc >= 0x2028 && wc <= 0x202e) ||
	       (wc >= 0x2066 && wc <= 0x2069);
}

/* Length of the printable character at @s, 0 where its first byte is not. */
static size_t printable(const char *s)
{
	mbstate_t state = {};
	wchar_t wc;
	size_t len = mbrtowc(&wc, s, strlen(s), &state);

	if (len == (size_t)-1 || len == (size_t)-2 || !len)
		return 0;
	if (!iswprint(wc) || wcwidth(wc) < 0 || turns_writing(wc))
		return 0;
	return len;
}

char *escape_terminal(const char *bytes)
{
	char *out = xcalloc(4 * strlen(bytes) + 1, 1), *o = out;
	size_t len;

	while (*bytes) {
		if (*bytes == '\\' || *bytes == '\n') {
			*o++ = '\\';
			*o++ = *bytes == '\n' ? 'n' : '\\';
			bytes++;
			continue;
		}
		len = printable(bytes);
		if (!len) {
			o += sprintf(o, "\\x%02x", (unsigned char)*bytes++);
			continue;
		}
		memcpy(o, bytes, len);
		o += len;
		bytes += len;
	}
	return out;
}

void escape_print(FILE *f, const char *fmt, ...)
{
	char *raw, *safe;
	va_list ap;

	va_start(ap, fmt);
	raw = xvasprintf(fmt, ap);
	va_end(ap);
	safe = escape_terminal(raw);
	fputs(safe, f);
	free(safe);
	free(raw);
}

/* Length of the UTF-8 character at @s, 0 where there is none. */
static size_t utf8_char(const char *s)
{
	size_t left = strnlen(s, 4), len;
	json_t *probe;

	/* jansson, which has to take the string, is also the judge. */
	for (len = 1; len <= left; len++) {
		probe = json_stringn(s, len);
		if (probe) {
			json_decref(probe);
			return len;
		}
	}
	return 0;
}

char *escape_utf8(const char *bytes)
{
	char *out = xcalloc(3 * strlen(bytes) + 1, 1), *o = out;
	size_t len;

	while (*bytes) {
		len = utf8_char(bytes);
		if (len) {
			memcpy(o, bytes, len);
			o += len;
			bytes += len;
		} else {
			memcpy(o, "\xef\xbf\xbd", 3);
			o += 3;
			bytes++;
		}
	}
	return out;
}
