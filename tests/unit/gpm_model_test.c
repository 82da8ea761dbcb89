// SPDX-License-Identifier: GPL-2.0-only
/*
 * The scheduler's own queue.h in every interleaving, with x86's store buffers: a queue
 * with its thief loses no G and gives none twice, and is never empty spuriously.  And
 * each planted mistake is found.
 */
#include "locks/c11.h"

enum plant {
	PLANT_NONE,
	PLANT_RELEASE,		/* a store with release is seen before those before it */
	PLANT_LOOK_ONCE,	/* queue_empty() does not look at the tail again */
};

static enum plant plant;

#define QUEUE_SIZE 4U
#include "gpm/queue.h"

#include "locks/model_tap.h"

#define GS 7

static struct {
	struct queue victim, thief;
	uint32_t taken[GS + 1];
	uint32_t done;
	/* What planted mistakes keep back. */
	struct {
		void *at;
		unsigned int size;
		uint64_t value;
	} late[2][QUEUE_SIZE];
	uint32_t nlate[2];
	uint32_t tail_seen, tail_known;
} mem;

/* Each queue's words are stored to by its owner alone. */
static int late_of(const void *at)
{
	return at >= (void *)&mem.thief && at < (void *)(&mem.thief + 1);
}

static void store(void *at, unsigned int size, uint64_t value, memory_order order)
{
	int i = late_of(at);
	uint32_t n;

	if (plant == PLANT_RELEASE && order == memory_order_relaxed) {
		n = mem.nlate[i]++;
		mem.late[i][n].at = at;
		mem.late[i][n].size = size;
		mem.late[i][n].value = value;
		return;
	}
	model_store(at, size, value);
	for (n = 0; n < mem.nlate[i]; n++)
		model_store(mem.late[i][n].at, mem.late[i][n].size,
			    mem.late[i][n].value);
	mem.nlate[i] = 0;
}

static uint64_t load(const void *at, unsigned int size)
{
	return model_load(at, size);
}

static uint64_t load_in_order(const void *at, unsigned int size)
{
	if (plant != PLANT_LOOK_ONCE || at != &mem.victim.tail)
		return model_load(at, size);
	if (!mem.tail_known)
		mem.tail_seen = model_load(at, size);
	mem.tail_known = !mem.tail_known;
	return mem.tail_seen;
}

static bool cas(void *at, unsigned int size, uint64_t old, uint64_t value)
{
	return model_cas(at, size, old, value);
}

static uint64_t swap(void *at, unsigned int size, uint64_t value)
{
	return model_swap(at, size, value);
}

static uint64_t add(void *at, unsigned int size, uint64_t value)
{
	return model_add(at, size, value);
}

static void fence(void)
{
	word_fence();
}

static struct g *g_number(uint32_t n)
{
	return (struct g *)(uintptr_t)n;
}

static void take(const struct g *g)
{
	uint32_t n = VALUE(g);

	if (!n || n > GS)
		model_wrong("no G");
	else if (mem.taken[n]++)
		model_wrong("taken twice");
}

/* Positions wrap on the way. */
static void start_before_wrap(void)
{
	mem.victim.head = UINT32_MAX - 2;
	mem.victim.tail = UINT32_MAX - 2;
	mem.thief.head = UINT32_MAX;
	mem.thief.tail = UINT32_MAX;
}

static uint32_t left(const struct queue *q)
{
	return q->tail - q->head;
}

/* By both as the last thing; an addition comes after all that a thread has stored. */
static void count_all(void)
{
	uint32_t i, n;

	if (word_add(&mem.done, 1) != 1)
		return;
	n = left(&mem.victim) + left(&mem.thief);
	for (i = 1; i <= GS; i++)
		n += mem.taken[i];
	if (n != GS)
		model_wrong("a G is lost");
}

static void put(uint32_t n)
{
	struct queue_batch batch;
	uint32_t i;

	if (queue_put(&mem.victim, g_number(n), &batch))
		return;
	if (batch.n != QUEUE_SIZE / 2)
		model_wrong("not half");
	for (i = 0; i < batch.n; i++)
		take(batch.g[i]);
	take(g_number(n));
}

static void owner(void)
{
	uint32_t n, position;
	struct g *g;

	for (n = 1; n <= GS; n++) {
		put(n);
		if (n != 2 && n != GS)
			continue;
		g = queue_get(&mem.victim, &position);
		if (g)
			take(g);
	}
}

static void thief(void)
{
	uint32_t position, n, i;
	struct g *g;

	for (i = 0; i < 2; i++) {
		g = queue_steal(&mem.thief, &mem.victim, &position, &n);
		if (!g)
			continue;
		if (n > QUEUE_SIZE / 2)
			model_wrong("more than half");
		take(g);
		while ((g = queue_get(&mem.thief, &position)))
			take(g);
	}
}

static void queue_run(unsigned int thread)
{
	if (thread)
		thief();
	else
		owner();
	count_all();
}

/* There is a G in the slot or in the queue all the time. */
static void start_with_one(void)
{
	start_before_wrap();
	mem.victim.next = g_number(1);
}

static void empty_run(unsigned int thread)
{
	struct queue_batch batch;
	struct g *old;

	if (thread) {
		if (queue_empty(&mem.victim))
			model_wrong("empty spuriously");
		return;
	}
	old = queue_put_next(&mem.victim, g_number(2));
	queue_put(&mem.victim, old, &batch);
	queue_get_next(&mem.victim);
}

struct play {
	const char *name;
	void (*run)(unsigned int thread);
	void (*init)(void);
};

static struct explored explore(const struct play *p, enum plant planted,
			       enum mistake mistake)
{
	struct model m = {
		.threads = 2,
		.run = p->run,
		.init = p->init,
		.memory = &mem,
		.size = sizeof(mem),
		.mistake = mistake,
	};

	plant = planted;
	return model_explore(&m);
}

static void well(const struct play *p)
{
	model_well(p->name, explore(p, PLANT_NONE, MISTAKE_NONE), 10);
}

static void ill(const struct play *p, enum plant planted, enum mistake mistake,
		const char *what)
{
	model_ill(p->name, explore(p, planted, mistake), what);
}

int main(void)
{
	static const struct play queue = { "queue and thief", queue_run,
					   start_before_wrap };
	static const struct play empty = { "an empty queue", empty_run,
					   start_with_one };
	well(&queue);
	ill(&queue, PLANT_NONE, MISTAKE_CAS_IN_TWO, "a head moved in two steps");
	ill(&queue, PLANT_RELEASE, MISTAKE_NONE, "a tail before its slot");
	ill(&queue, PLANT_NONE, MISTAKE_STORE_LOST, "a store that is lost");
	well(&empty);
	ill(&empty, PLANT_LOOK_ONCE, MISTAKE_NONE, "a tail looked at once");
	return tap_done();
}
