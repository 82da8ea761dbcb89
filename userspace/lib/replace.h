/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writes a file so that it is either complete or as it was before: the new one is
 * written beside it and takes its place in the end.
 */
#ifndef CTXLAB_REPLACE_H
#define CTXLAB_REPLACE_H

#include <stdio.h>

struct replace {
	FILE *file;	/* what to write to */
	char *path;	/* of the file that is replaced, links followed */
	char *beside;	/* of the new one; NULL for a pipe or a device */
};

/* Return 0 or a negative errno; replace_end() or replace_drop() is due after 0. */
int replace_begin(struct replace *r, const char *path);

/*
 * Put what was written in place.  Return: 0, or a negative errno where it could
 * not be written; the old file is then as it was.
 */
int replace_end(struct replace *r);

/* Leave the old file as it is. */
void replace_drop(struct replace *r);

/* Whether @path could be written now: 0 or a negative errno. */
int replace_check(const char *path);

#endif /* CTXLAB_REPLACE_H */
