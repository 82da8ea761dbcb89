// SPDX-License-Identifier: GPL-2.0-only
/* The ring, and the ways to wait for it. */
#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "arena.h"
#include "lib/futex.h"

/*
 * Looks before sleeping: some 50 us, which is longer than it takes to wake a task on
 * an idle CPU.  A side that has been woken finds its peer still looking, and from
 * then on neither sleeps.
 */
#define LOOKS 2000

static inline void pause_once(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("isb" ::: "memory");
#endif
}

static uint32_t now(const struct ring_word *w)
{
	return __atomic_load_n(&w->n, __ATOMIC_SEQ_CST);
}

/* By the side that alone writes it. */
static uint32_t own(const struct ring_word *w)
{
	return __atomic_load_n(&w->n, __ATOMIC_RELAXED);
}

void ring_spin(struct side *s, struct ring_word *w, uint32_t seen)
{
	(void)s;
	while (now(w) == seen)
		pause_once();
}

/*
 * Sleeps on the flag, not on the number: who takes the flag back wakes, and a waiter
 * that is only about to sleep then finds it gone.
 */
void ring_sleep(struct side *s, struct ring_word *w, uint32_t seen)
{
	for (;;) {
		__atomic_store_n(&w->sleeps, 1, __ATOMIC_SEQ_CST);
		if (now(w) != seen)
			break;
		s->entries++;
		futex_wait(&w->sleeps, 1, 0);
		if (now(w) != seen)
			break;
	}
	__atomic_store_n(&w->sleeps, 0, __ATOMIC_RELAXED);
}

void ring_wake(struct side *s, struct ring_word *w)
{
	s->entries++;
	futex_wake(&w->sleeps, 1);
}

/* The eventfd by which the one that waits for that word is woken. */
static int doorbell(struct side *s, const struct ring_word *w)
{
	int d;

	for (d = 0; d < DIRECTIONS; d++)
		if (w == &s->arena->ring[d].head)
			return s->link.out[d];
	return s->link.in[w == &s->arena->ring[BACK].tail];
}

/* As ring_sleep(); one that rang too early only has it look once more. */
void ring_listen(struct side *s, struct ring_word *w, uint32_t seen)
{
	uint64_t rung;

	for (;;) {
		__atomic_store_n(&w->sleeps, 1, __ATOMIC_SEQ_CST);
		if (now(w) != seen)
			break;
		s->entries++;
		if (read(doorbell(s, w), &rung, sizeof(rung)) < 0)
			side_failed(s, -errno);
		else
			s->copied += sizeof(rung);
		if (now(w) != seen || s->error)
			break;
	}
	__atomic_store_n(&w->sleeps, 0, __ATOMIC_RELAXED);
}

void ring_ring(struct side *s, struct ring_word *w)
{
	const uint64_t one = 1;

	s->entries++;
	if (write(doorbell(s, w), &one, sizeof(one)) < 0)
		side_failed(s, -errno);
	else
		s->copied += sizeof(one);
}

static bool look(const struct ring_word *w, uint32_t seen, int times)
{
	while (times--) {
		if (now(w) != seen)
			return true;
		pause_once();
	}
	return false;
}

static void note_cpu(struct side *s)
{
	uint32_t cpu = sched_getcpu() + 1;

	if (s->cpu != cpu)
		__atomic_store_n(&s->cpu, cpu, __ATOMIC_RELAXED);
}

/*
 * To look out for a peer that has no other CPU than this one is in vain.  Each side
 * says where it is as it begins and before it sleeps: where they part, one sleep is
 * too early; where they meet, one look is too long.
 */
void ring_spin_sleep(struct side *s, struct ring_word *w, uint32_t seen)
{
	const struct side *first = &s->arena->side[SIDE_FIRST];
	const struct side *peer = s == first ? first + 1 : first;

	if (__atomic_load_n(&peer->cpu, __ATOMIC_RELAXED) != s->cpu &&
	    look(w, seen, LOOKS))
		return;
	note_cpu(s);
	ring_sleep(s, w, seen);
}

/* Makes the next number known to who looks. */
static void count_up(struct ring_word *w)
{
	__atomic_store_n(&w->n, own(w) + 1, __ATOMIC_RELEASE);
}

/*
 * Makes the next number known, and wakes who sleeps for it.  The fence comes after:
 * the number is on its way with what was written before, not after all of it.
 */
static void count_up_and_wake(struct side *s, struct ring_word *w)
{
	count_up(w);
	if (!s->way.wake)
		return;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&w->sleeps, __ATOMIC_RELAXED) &&
	    __atomic_exchange_n(&w->sleeps, 0, __ATOMIC_SEQ_CST))
		s->way.wake(s, w);
}

static uint32_t stride(uint32_t bytes)
{
	return (bytes + 63) & ~63U;
}

static uint32_t slots(uint32_t bytes)
{
	uint32_t n = RING_BYTES / stride(bytes);

	return n < RING_SLOTS ? n : RING_SLOTS;
}

static uint8_t *slot(struct ring *r, uint32_t number, uint32_t bytes)
{
	return r->data + (size_t)(number % slots(bytes)) * stride(bytes);
}

uint8_t *ring_reserve(struct side *s, struct ring *r, uint32_t bytes)
{
	uint32_t tail;

	while (own(&r->head) - (tail = now(&r->tail)) >= slots(bytes))
		s->way.wait(s, &r->tail, tail);
	return slot(r, own(&r->head), bytes);
}

void ring_commit(struct side *s, struct ring *r)
{
	count_up_and_wake(s, &r->head);
}

const uint8_t *ring_peek(struct side *s, struct ring *r, uint32_t bytes)
{
	uint32_t tail = own(&r->tail);

	while (now(&r->head) == tail)
		s->way.wait(s, &r->head, tail);
	return slot(r, tail, bytes);
}

/*
 * Whether the reader looks for a sleeper as it counts up to @n: twice for each time
 * that a ring of all its slots is emptied, and always where messages are too long for
 * all of them.
 */
static bool is_look(uint32_t n, uint32_t bytes)
{
	return !(n % (RING_SLOTS / 2)) || slots(bytes) < RING_SLOTS;
}

void ring_release(struct side *s, struct ring *r, uint32_t bytes)
{
	if (is_look(own(&r->tail) + 1, bytes))
		count_up_and_wake(s, &r->tail);
	else
		count_up(&r->tail);
}

void ring_send(struct side *s, uint32_t bytes)
{
	struct ring *r = &s->arena->ring[s->out];

	message_fill(s, ring_reserve(s, r, bytes), bytes);
	ring_commit(s, r);
}

void ring_receive(struct side *s, uint32_t bytes)
{
	struct ring *r = &s->arena->ring[s->in];

	message_check(s, ring_peek(s, r, bytes), bytes);
	ring_release(s, r, bytes);
}
