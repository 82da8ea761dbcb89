/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes to good text, on the level of its lines and words, or of its tree
 * where it is JSON: what a module of another version, a cut or a malicious
 * hand may make of it.
 */
#ifndef CTXLAB_MUTATE_H
#define CTXLAB_MUTATE_H

#include <stddef.h>

#define MUTATE_MAX (128 * 1024)

/* Text that changes; it never grows beyond MUTATE_MAX. */
struct mutant {
	unsigned short random[3];	/* state of nrand48() */
	size_t len;
	char bytes[MUTATE_MAX];
};

void mutant_seed(struct mutant *m, unsigned long seed);
void mutant_set(struct mutant *m, const char *bytes, size_t len);

/* A number from 0 on, smaller than @n. */
size_t mutant_below(struct mutant *m, size_t n);

/* Makes one change. */
void mutate_text(struct mutant *m);
void mutate_json(struct mutant *m);

#endif /* CTXLAB_MUTATE_H */
