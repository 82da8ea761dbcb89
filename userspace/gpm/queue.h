/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The local queue of a P: its owner puts and gets without a lock, and other Ps
 * may steal from it.
 *
 * Positions only grow, modulo 2^32.  The owner alone moves @tail, by a store with
 * release; whoever takes moves @head, by compare-and-swap.  @next is a slot of
 * its own before the queue: the G that was made ready last runs next, while what
 * it was handed is still in the cache, and a pair that talks to each other needs
 * no queue at all.
 */
#ifndef GPM_QUEUE_H
#define GPM_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef QUEUE_SIZE
#define QUEUE_SIZE 256
#endif

struct g;

/* Cache lines of its own: what follows it is not disturbed by thieves. */
struct queue {
	_Alignas(64) _Atomic uint32_t head;
	_Atomic uint32_t tail;
	struct g *_Atomic next;
	struct g *_Atomic slot[QUEUE_SIZE];
};

/* A run of positions that was taken at once. */
struct queue_batch {
	uint32_t position;
	uint32_t n;
	struct g *g[QUEUE_SIZE / 2];
};

/* A length that was true at some moment, without the slot. */
static inline uint32_t queue_length(struct queue *q)
{
	uint32_t head = atomic_load_explicit(&q->head, memory_order_acquire);

	return atomic_load_explicit(&q->tail, memory_order_acquire) - head;
}

static inline void store_slot(struct queue *q, uint32_t position, struct g *g)
{
	atomic_store_explicit(&q->slot[position % QUEUE_SIZE], g,
			      memory_order_relaxed);
}

static inline struct g *load_slot(struct queue *q, uint32_t position)
{
	return atomic_load_explicit(&q->slot[position % QUEUE_SIZE],
				    memory_order_relaxed);
}

/* Take the Gs before @to, which was read before: fails if @*head has moved. */
static inline bool advance_head(struct queue *q, uint32_t *head, uint32_t to)
{
	return atomic_compare_exchange_strong_explicit(&q->head, head, to,
						       memory_order_acq_rel,
						       memory_order_acquire);
}

static inline bool take_half(struct queue *q, uint32_t head, uint32_t tail,
			     struct queue_batch *batch)
{
	uint32_t i, n = (tail - head) / 2;

	for (i = 0; i < n; i++)
		batch->g[i] = load_slot(q, head + i);
	batch->position = head;
	batch->n = n;
	return advance_head(q, &head, head + n);
}

/* Owner: append @g, if there is room. */
static inline bool queue_try_put(struct queue *q, struct g *g)
{
	uint32_t tail = atomic_load_explicit(&q->tail, memory_order_relaxed);
	/* Acquire: a slot is written again only when it was read. */
	uint32_t head = atomic_load_explicit(&q->head, memory_order_acquire);

	if (tail - head >= QUEUE_SIZE)
		return false;
	store_slot(q, tail, g);
	atomic_store_explicit(&q->tail, tail + 1, memory_order_release);
	return true;
}

/*
 * Owner: append @g.  A full queue loses its first half to @batch instead, and the
 * answer is false: the caller brings the batch and @g to the global queue.  Half,
 * so that the next 128 need no lock.
 */
static inline bool queue_put(struct queue *q, struct g *g,
			     struct queue_batch *batch)
{
	while (!queue_try_put(q, g)) {
		uint32_t head = atomic_load_explicit(&q->head,
						     memory_order_acquire);
		uint32_t tail = atomic_load_explicit(&q->tail,
						     memory_order_relaxed);

		if (tail - head == QUEUE_SIZE && take_half(q, head, tail, batch))
			return false;
		/* A thief was faster, so there is room now. */
	}
	return true;
}

/* Owner: take the first; NULL if empty.  @position: where it stood. */
static inline struct g *queue_get(struct queue *q, uint32_t *position)
{
	uint32_t head = atomic_load_explicit(&q->head, memory_order_acquire);
	uint32_t tail = atomic_load_explicit(&q->tail, memory_order_relaxed);

	while (head != tail) {
		struct g *g = load_slot(q, head);

		*position = head;
		if (advance_head(q, &head, head + 1))
			return g;
	}
	return NULL;
}

/*
 * The owner of @to, which is empty, moves the first half of @from to it, but
 * for the last of them, which is returned to run at once; NULL if there is
 * nothing.  Half, so that thief and victim have as much to do.
 */
static inline struct g *queue_steal(struct queue *to, struct queue *from,
				    uint32_t *position, uint32_t *n)
{
	uint32_t tail = atomic_load_explicit(&to->tail, memory_order_relaxed);
	uint32_t head = atomic_load_explicit(&from->head, memory_order_acquire);

	for (;;) {
		uint32_t end = atomic_load_explicit(&from->tail,
						    memory_order_acquire);
		uint32_t i, half = end - head - (end - head) / 2;

		if (!half)
			return NULL;
		/* Head and tail were read at two moments and do not fit. */
		if (half > QUEUE_SIZE / 2) {
			head = atomic_load_explicit(&from->head,
						    memory_order_acquire);
			continue;
		}
		for (i = 0; i < half; i++)
			store_slot(to, tail + i, load_slot(from, head + i));
		*position = head;
		*n = half;
		if (advance_head(from, &head, head + half)) {
			struct g *last = load_slot(to, tail + half - 1);

			atomic_store_explicit(&to->tail, tail + half - 1,
					      memory_order_release);
			return last;
		}
	}
}

/* Owner: put @g into the slot; returns the one that has to make way. */
static inline struct g *queue_put_next(struct queue *q, struct g *g)
{
	return atomic_exchange_explicit(&q->next, g, memory_order_acq_rel);
}

/* Anybody: take what is in the slot. */
static inline struct g *queue_get_next(struct queue *q)
{
	struct g *g = atomic_load_explicit(&q->next, memory_order_relaxed);

	if (g && atomic_compare_exchange_strong_explicit(&q->next, &g, NULL,
							 memory_order_acq_rel,
							 memory_order_relaxed))
		return g;
	return NULL;
}

/*
 * The same where nobody can steal, as there is one P only: what is atomic above is a
 * load and a store here.
 */
static inline struct g *queue_get_alone(struct queue *q, uint32_t *position)
{
	uint32_t head = atomic_load_explicit(&q->head, memory_order_relaxed);

	if (head == atomic_load_explicit(&q->tail, memory_order_relaxed))
		return NULL;
	*position = head;
	atomic_store_explicit(&q->head, head + 1, memory_order_relaxed);
	return load_slot(q, head);
}

static inline struct g *queue_put_next_alone(struct queue *q, struct g *g)
{
	struct g *old = atomic_load_explicit(&q->next, memory_order_relaxed);

	atomic_store_explicit(&q->next, g, memory_order_relaxed);
	return old;
}

static inline struct g *queue_get_next_alone(struct queue *q)
{
	return queue_put_next_alone(q, NULL);
}

/*
 * Whether there is nothing to run, at one moment: never spuriously.  The owner
 * moves a G from the slot to the tail when another takes its place: with the
 * tail unchanged after slot and head were read, none was in between.
 */
static inline bool queue_empty(struct queue *q)
{
	for (;;) {
		uint32_t head = atomic_load(&q->head);
		uint32_t tail = atomic_load(&q->tail);
		struct g *next = atomic_load(&q->next);

		if (tail == atomic_load(&q->tail))
			return head == tail && !next;
	}
}

#endif /* GPM_QUEUE_H */
