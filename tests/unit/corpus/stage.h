/* SPDX-License-Identifier: GPL-2.0-only */
/* What the processes of a scene share. */
#ifndef STAGE_H
#define STAGE_H

#include "corpus.h"

struct stage {
	pthread_mutex_t mutex[2];
	pthread_barrier_t barrier;
	volatile pid_t tid[2];
	volatile bool holds;
};

extern struct stage *stage;

void make_stage(unsigned int members);

/* Starts a child for each of two parts, which wait so, for each other. */
void play_two(const char *waits, const char *other, void (*act)(int part));

void nap_for_ever(struct actor *a);

/* Returns once a process has written its ID there. */
pid_t tid_on_stage(int part);

#endif /* STAGE_H */
