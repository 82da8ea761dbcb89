/* SPDX-License-Identifier: GPL-2.0-only */
/* What is known of a descriptor: poller.c keeps it, the calls of io.c go by it. */
#ifndef GPM_DESCRIPTOR_H
#define GPM_DESCRIPTOR_H

#include "internal.h"

enum { IN, OUT };

struct direction {
	struct gpm_waiters waiters;	/* under the descriptor's lock */
	bool ready;			/* an edge came since the last try */
	bool drained;			/* the last call took all there was */
};

struct descriptor {
	struct lock lock;
	uint32_t generation;		/* counts the files under this number */
	bool known;			/* the rest is of the file open now */
	bool registered;
	bool socket;
	bool stream;			/* a short read means that it is empty */
	bool file;			/* epoll does not know its kind: it blocks */
	bool hangup;			/* no further edge may come */
	atomic_uint misses;		/* reads tried in vain, in a row */
	unsigned int skipped;
	struct direction side[2];
};

/* Written under the lock; a guess is good enough for who does not hold it. */
static inline unsigned int misses_of(const struct descriptor *d)
{
	return atomic_load_explicit(&d->misses, memory_order_relaxed);
}

static inline void set_misses(struct descriptor *d, unsigned int n)
{
	atomic_store_explicit(&d->misses, n, memory_order_relaxed);
}

/* The entry of @fd, whatever is known of it; NULL with errno. */
struct descriptor *descriptor_lookup(int fd);

/*
 * @fd, whose entry is @d, is open and does not block from then on.
 * Return: 0 with the lock held, or a negative errno.
 */
int descriptor_get(struct descriptor *d, int fd);

/*
 * Forget the file that had this number.  Context: with its lock.
 * Return: all that waited for it, linked; they have -EBADF, and are in no queue.
 */
struct g *descriptor_forget(struct descriptor *d, int fd);

/*
 * The G of @m waits for an edge of @side, IN or OUT.  Context: with the lock, which
 * is released.  Return: 0 once there is one, or a negative errno.
 */
int descriptor_wait(struct m *m, struct descriptor *d, int fd, int side);

#endif /* GPM_DESCRIPTOR_H */
