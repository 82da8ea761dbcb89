/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A ring of messages in shared memory, with one writer and one reader.  A message is
 * written and read where it lies: nothing is copied.
 *
 * The writer alone counts @head up, the reader alone @tail.  Who has to wait for the
 * other's word does so by the way's wait(), who counts a word up looks whether
 * anybody sleeps for it; both store one word, and then, past a fence, read the
 * other's, so that at least one sees what the other has stored.
 *
 * The fence costs most where nobody sleeps.  The reader leaves most of its looks out: a
 * writer sleeps for room only while the ring is full, so there is a message for each
 * count up to the next at which the reader looks, and need not be woken before.
 */
#ifndef IPC_RING_H
#define IPC_RING_H

#include <stdint.h>

#include "lib/compiler.h"

#define RING_BYTES (2U << 20)
#define RING_SLOTS 64U

/**
 * struct ring_word - a number that one side counts up and the other waits for
 * @n: the number
 * @sleeps: the other sleeps until it changes, or is about to: a futex
 */
struct ring_word {
	uint32_t n;
	uint32_t sleeps;
} __aligned(128);

/* @data: RING_BYTES of it. */
struct ring {
	struct ring_word head;
	struct ring_word tail;
	uint8_t *data;
};

struct side;

/* Each is for messages of @bytes, the same for all that are in the ring. */
uint8_t *ring_reserve(struct side *s, struct ring *r, uint32_t bytes);
void ring_commit(struct side *s, struct ring *r);
const uint8_t *ring_peek(struct side *s, struct ring *r, uint32_t bytes);
void ring_release(struct side *s, struct ring *r, uint32_t bytes);

/* Ways to wait until @w is no longer @seen. */
void ring_spin(struct side *s, struct ring_word *w, uint32_t seen);
void ring_sleep(struct side *s, struct ring_word *w, uint32_t seen);
void ring_spin_sleep(struct side *s, struct ring_word *w, uint32_t seen);
void ring_listen(struct side *s, struct ring_word *w, uint32_t seen);

/* How to wake who waits by ring_sleep() and ring_spin_sleep(), and by ring_listen(). */
void ring_wake(struct side *s, struct ring_word *w);
void ring_ring(struct side *s, struct ring_word *w);

/* Ways to send and receive by a ring alone. */
void ring_send(struct side *s, uint32_t bytes);
void ring_receive(struct side *s, uint32_t bytes);

#endif /* IPC_RING_H */
