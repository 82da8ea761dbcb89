/* SPDX-License-Identifier: GPL-2.0-only */
/* The programs of corpus/, each of which says what is true of it. */
#ifndef CTXLAB_PLAY_H
#define CTXLAB_PLAY_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#define PLAY_MAX 1024

/* What is said of a member; "" and 0 where nothing is. */
struct said {
	char waits[24], type[16];
	pid_t whom;
	int ends;
};

/* What a scene says of itself. */
struct truth {
	char verdict[32];
	pid_t tid[PLAY_MAX];
	struct said said[PLAY_MAX];
	size_t n;
};

struct play {
	pid_t pid;
	FILE *out;
};

/* Starts "@program @scene @n", which ends with this process. */
struct play play_begin(const char *program, const char *scene, size_t n);

/* Waits until it has come to its state; false where it does not. */
bool play_truth(struct play *play, struct truth *t);

void play_end(struct play *play);

#endif /* CTXLAB_PLAY_H */
