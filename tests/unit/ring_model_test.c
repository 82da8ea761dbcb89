// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ring's own code in every interleaving of a writer and a reader that sleep: no
 * wake-up is lost, no message is overwritten or read twice, though the reader looks
 * for a sleeper only now and then.  And each mistake that is planted is found.
 */
#include "experiments/ipc/ring.h"

/* As few as show that a look is left out. */
#undef RING_SLOTS
#define RING_SLOTS 4U

#include "locks/atomics.h"

#include "experiments/ipc/ring.c"
#include "locks/model_tap.h"

#define MESSAGES 11U

/* As long as that no look is left out, and two of them fill the ring. */
#define LONG (RING_BYTES / 2)

static struct arena arena;
static uint32_t bytes;

/* Its words are all that decides what happens. */
static struct ring *const ring = &arena.ring[FORTH];

static const struct way sleeping = { .wait = ring_sleep, .wake = ring_wake };

void message_fill(struct side *s, uint8_t *buf, uint32_t length)
{
	(void)s;
	(void)buf;
	(void)length;
}

void message_check(struct side *s, const uint8_t *buf, uint32_t length)
{
	(void)s;
	(void)buf;
	(void)length;
}

void side_failed(struct side *s, int err)
{
	(void)s;
	(void)err;
}

static void run(unsigned int thread)
{
	struct side *s = &arena.side[thread];
	unsigned int i;

	for (i = 0; i < MESSAGES; i++) {
		if (thread == SIDE_FIRST) {
			ring_reserve(s, ring, bytes);
			if (i - ring->tail.n >= slots(bytes))
				model_wrong("overwritten");
			ring_commit(s, ring);
		} else {
			ring_peek(s, ring, bytes);
			if ((int32_t)(ring->head.n - i) <= 0)
				model_wrong("read twice");
			ring_release(s, ring, bytes);
		}
	}
}

static struct explored explore(enum mistake mistake)
{
	struct model m = {
		.threads = 2,
		.run = run,
		.memory = ring,
		.size = offsetof(struct ring, tail) + sizeof(ring->tail),
		.mistake = mistake,
	};

	return model_explore(&m);
}

static void play(const char *name, uint32_t length)
{
	static const struct {
		enum mistake mistake;
		const char *what;
	} planted[] = {
		{ MISTAKE_NO_FENCE, "a fence that is none" },
		{ MISTAKE_WAKE_LOST, "a wake-up that wakes nobody" },
		{ MISTAKE_WAIT_BLIND, "a sleep without a look" },
	};
	size_t i;

	bytes = length;
	model_well(name, explore(MISTAKE_NONE), 100);
	for (i = 0; i < sizeof(planted) / sizeof(*planted); i++)
		model_ill(name, explore(planted[i].mistake), planted[i].what);
}

int main(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		arena.side[i].arena = &arena;
		arena.side[i].way = sleeping;
	}
	ring->data = arena.room[FORTH];
	play("short messages", 1);
	play("long messages", LONG);
	return tap_done();
}
