/* SPDX-License-Identifier: GPL-2.0-only */
/* Allocation that ends the program when there is no memory. */
#ifndef CTXLAB_XALLOC_H
#define CTXLAB_XALLOC_H

#include <stdarg.h>
#include <stddef.h>

#include "compiler.h"

void *xcalloc(size_t n, size_t size);
/* Grows @p to hold @n elements; the new ones are not cleared. */
void *xrealloc(void *p, size_t n, size_t size);
char *xstrdup(const char *s);

__printf(1, 2)
char *xasprintf(const char *fmt, ...);
__printf(1, 0)
char *xvasprintf(const char *fmt, va_list ap);

#endif /* CTXLAB_XALLOC_H */
