/* SPDX-License-Identifier: GPL-2.0-only */
/* Samples of what the module writes, for the parsers to take over. */
#ifndef CTXLAB_SAMPLE_H
#define CTXLAB_SAMPLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* @len bytes and a NUL in a block of just that size, so that ASan sees more. */
static inline char *sample(const char *bytes, size_t len)
{
	char *buf = malloc(len + 1);

	if (!buf)
		abort();
	memcpy(buf, bytes, len);
	buf[len] = '\0';
	return buf;
}

/* The text of a file below fixtures/, likewise. */
static inline char *read_fixture(const char *name, size_t *len)
{
	static char bytes[1 << 16];
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", FIXTURES, name);
	f = fopen(path, "r");
	if (!f) {
		printf("Bail out! no fixture %s\n", path);
		exit(1);
	}
	*len = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	return sample(bytes, *len);
}

#endif /* CTXLAB_SAMPLE_H */
