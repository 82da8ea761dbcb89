/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tool as it is used, on one file with any content at all.  What it writes
 * is looked at: a terminal must be safe from it, JSON must be JSON.
 */
#ifndef CTXLAB_TARGET_H
#define CTXLAB_TARGET_H

#include <stdbool.h>
#include <stddef.h>

/* A command, the file that it reads, and a good one to begin with. */
struct target {
	const char *file;	/* in the folder that stands for /proc/ctxlab */
	const char *fixture;
	bool json;		/* the file is JSON */
	unsigned int weight;	/* how often it is tried */
	int command;
};

extern const struct target targets[];
extern const size_t target_count;

/* One of them for any number, by their weights. */
const struct target *target_pick(unsigned int number);

/* Makes a folder that stands for /proc/ctxlab; returns its name. */
const char *target_open(void);

/* Removes it. */
void target_close(void);

/* Ways to call a command: for people, JSON, raw, and so on. */
#define TARGET_WAYS 4

/*
 * Runs the command of @t with @bytes in its file.  Returns NULL, or what it did
 * wrong.
 */
const char *target_run(const struct target *t, size_t way, const char *bytes,
		       size_t len);

#endif /* CTXLAB_TARGET_H */
