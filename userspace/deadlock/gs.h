/* SPDX-License-Identifier: GPL-2.0-only */
/* The Gs of a program on libgpm, which wait for each other and not their threads. */
#ifndef CTXLAB_DEADLOCK_GS_H
#define CTXLAB_DEADLOCK_GS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <jansson.h>

struct process;

/**
 * struct g_row - a G, as it was at one moment
 * @id: its number
 * @name: which it was given, or ""
 * @does: "runs", or what it waits for, in words
 * @waits: for another one or for an event
 * @what: address of the mutex or channel, or the descriptor
 * @owner: number of the G that has the mutex; 0: none, or it waits for no mutex
 * @tid: of the thread that it runs on; 0: none
 * @finding: number of its deadlock, from 1 on; 0: none
 */
struct g_row {
	uint32_t id;
	char name[16];
	const char *does;
	bool waits;
	uint64_t what, owner;
	pid_t tid;
	size_t finding;
};

/* By @id; @deadlocks: of Gs that wait for each other's mutexes. */
struct gs {
	struct g_row *row;
	size_t n, deadlocks;
};

/* Reads memory of a process: 0 or a negative errno. */
typedef int (*gs_reader)(void *process, uint64_t from, void *to, size_t n);

/*
 * Looks for libgpm in the image whose first byte is at @image, and reads its Gs
 * twice: those of a deadlock waited in between, for mutexes that kept their owners.
 * NULL where there is none.
 */
struct gs *gs_read(void *process, gs_reader read, uint64_t image);
void gs_free(struct gs *gs);

/* Of a process: sets @p->gs. */
void gs_find(struct process *p);

void gs_words(const struct process *p, FILE *out);
json_t *gs_json(const struct gs *gs);

#endif /* CTXLAB_DEADLOCK_GS_H */
