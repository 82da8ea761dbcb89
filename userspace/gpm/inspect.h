/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads the Gs of a program that is linked with libgpm, from outside: debug.h. */
#ifndef GPM_INSPECT_H
#define GPM_INSPECT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "debug.h"
#include "trace.h"

/**
 * struct gpm_memory - the memory of another process
 * @read: all of @n bytes from @from: 0 or a negative errno
 */
struct gpm_memory {
	int (*read)(void *arg, uint64_t from, void *to, size_t n);
	void *arg;
};

/**
 * struct gpm_seen - a G, as it was at one moment
 * @id: its number, as gpm_self() returns it
 * @parks: how often it has waited: the same number, the same wait
 * @what: what it waits in, or the descriptor
 * @owner: of the mutex that it waits for; 0: none, or it waits for no mutex
 */
struct gpm_seen {
	uint32_t id;
	uint32_t parks;
	enum g_state state;
	enum gpm_wait_reason why;
	uint64_t what;
	uint64_t owner;
	char name[16];
};

/* A thread and the number of the G that it runs, or that it blocks in; 0: none. */
struct gpm_seen_thread {
	pid_t tid;
	uint32_t g;
};

/* Both in no order; free them by gpm_view_free(). */
struct gpm_view {
	struct gpm_seen *g;
	size_t gs;
	struct gpm_seen_thread *thread;
	size_t threads;
};

/*
 * Look for the note in the ELF image whose first byte is at @image.  0 and the
 * address of the struct gpm_debug, -ENOENT if it has none, -EPROTO if this one is
 * of another version, or what reading returned.
 */
int gpm_inspect_find(const struct gpm_memory *mem, uint64_t image,
		     uint64_t *debug);

/* All Gs that have not ended: 0, -ENOMEM, or what reading returned. */
int gpm_inspect(const struct gpm_memory *mem, uint64_t debug,
		struct gpm_view *view);

void gpm_view_free(struct gpm_view *view);

#endif /* GPM_INSPECT_H */
