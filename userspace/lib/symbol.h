/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of symbols as people write them. */
#ifndef CTXLAB_SYMBOL_H
#define CTXLAB_SYMBOL_H

/*
 * "transfer(Account&)" of "_Z8transferR7Account"; other names, and all where there is
 * no C++ library, as they are.  The caller frees it.
 */
char *symbol_name(const char *name);

#endif /* CTXLAB_SYMBOL_H */
