/* SPDX-License-Identifier: GPL-2.0-only */
/* Text that is put together in pieces and printed in lines that fit. */
#ifndef CTXLAB_PARAGRAPH_H
#define CTXLAB_PARAGRAPH_H

#include <stdio.h>

#include "lib/compiler.h"

struct paragraph {
	char *text;		/* NULL: nothing yet */
};

/* Adds to the end. */
__printf(2, 3)
void paragraph_add(struct paragraph *p, const char *fmt, ...);

/* Prints it in lines of at most 79 columns, and empties it. */
void paragraph_print(FILE *out, struct paragraph *p);

#endif /* CTXLAB_PARAGRAPH_H */
