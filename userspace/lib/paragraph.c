// SPDX-License-Identifier: GPL-2.0-only
/* Fills lines with words. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "paragraph.h"

#define WIDTH 79

void paragraph_add(struct paragraph *p, const char *fmt, ...)
{
	char *piece, *all;
	va_list ap;

	va_start(ap, fmt);
	piece = xvasprintf(fmt, ap);
	va_end(ap);
	all = xasprintf("%s%s", p->text ? p->text : "", piece);
	free(piece);
	free(p->text);
	p->text = all;
}

void paragraph_print(FILE *out, struct paragraph *p)
{
	size_t column = 0, len;
	char *word, *rest = p->text;

	while ((word = strsep(&rest, " "))) {
		len = strlen(word);
		if (column && column + 1 + len > WIDTH) {
			fputc('\n', out);
			column = 0;
		}
		column += fprintf(out, "%s%s", column ? " " : "", word);
	}
	if (column)
		fputc('\n', out);
	free(p->text);
	*p = (struct paragraph){};
}
