// SPDX-License-Identifier: GPL-2.0-only
/*
 * The scheduler's own queue.h and idle.h in every interleaving, with x86's store
 * buffers: a queue with its thief loses no G and gives none twice, is never empty
 * spuriously, and no G waits while a P sleeps.  And each planted mistake is found.
 *
 * What is modelled beside them is what machine.c does with its answers: take the
 * idle P, wake its M, look again, sleep.
 */
#include <stdatomic.h>

#include "locks/model.h"

enum plant {
	PLANT_NONE,
	PLANT_RELEASE,		/* a store with release is seen before those before it */
	PLANT_LOOK_ONCE,	/* queue_empty() does not look at the tail again */
	PLANT_NO_RECHECK,	/* who stops to spin does not look into the queues again */
	PLANT_NO_DUTY,		/* a waker without a P to wake leaves no duty to spin */
};

static enum plant plant;

/* Atomics of <stdatomic.h> on the model's words: values stay below 2^32. */
#define _Atomic
#define WORD(p) ((uint32_t *)(p))
#define VALUE(v) ((uint32_t)(uintptr_t)(v))
#define AS(p, word) ((typeof(*(p)))(uintptr_t)(word))

#undef atomic_load
#undef atomic_load_explicit
#undef atomic_store_explicit
#undef atomic_exchange_explicit
#undef atomic_compare_exchange_strong
#undef atomic_compare_exchange_strong_explicit
#undef atomic_fetch_add
#undef atomic_fetch_sub
#undef atomic_thread_fence

#define atomic_load(p) AS(p, load_in_order(WORD(p)))
#define atomic_load_explicit(p, order) AS(p, ((void)(order), word_load(WORD(p))))
#define atomic_store_explicit(p, v, order) store(WORD(p), VALUE(v), order)
#define atomic_exchange_explicit(p, v, order) \
	AS(p, ((void)(order), word_swap(WORD(p), VALUE(v))))
#define atomic_compare_exchange_strong(p, old, v) ({ \
	typeof(old) old_ = (old); \
	bool done_ = word_cas(WORD(p), VALUE(*old_), VALUE(v)); \
	if (!done_) \
		*old_ = atomic_load_explicit(p, memory_order_relaxed); \
	done_; })
#define atomic_compare_exchange_strong_explicit(p, old, v, yes, no) \
	((void)(yes), (void)(no), atomic_compare_exchange_strong(p, old, v))
#define atomic_fetch_add(p, n) word_add(WORD(p), n)
#define atomic_fetch_sub(p, n) word_add(WORD(p), -(n))
#define atomic_thread_fence(order) ((void)(order), word_fence())

static uint32_t load_in_order(uint32_t *word);
static void store(uint32_t *word, uint32_t value, memory_order order);

#define QUEUE_SIZE 4U
#include "gpm/idle.h"
#include "gpm/queue.h"

#include "tap.h"

#define GS 7

static struct {
	struct queue victim, thief;
	uint32_t taken[GS + 1];
	uint32_t done;
	uint32_t lock, nidle, nspinning, must_spin, wake;
	/* What planted mistakes keep back. */
	struct {
		uint32_t *word, value;
	} late[2][QUEUE_SIZE];
	uint32_t nlate[2];
	uint32_t tail_seen, tail_known;
} mem;

/* Each queue's words are stored to by its owner alone. */
static int late_of(const uint32_t *word)
{
	return word >= WORD(&mem.thief) && word < WORD(&mem.thief + 1);
}

static void store(uint32_t *word, uint32_t value, memory_order order)
{
	int i = late_of(word);
	uint32_t n;

	if (plant == PLANT_RELEASE && order == memory_order_relaxed) {
		n = mem.nlate[i]++;
		mem.late[i][n].word = word;
		mem.late[i][n].value = value;
		return;
	}
	word_store(word, value);
	for (n = 0; n < mem.nlate[i]; n++)
		word_store(mem.late[i][n].word, mem.late[i][n].value);
	mem.nlate[i] = 0;
}

static uint32_t load_in_order(uint32_t *word)
{
	if (plant != PLANT_LOOK_ONCE || word != WORD(&mem.victim.tail))
		return word_load(word);
	if (!mem.tail_known)
		mem.tail_seen = word_load(word);
	mem.tail_known = !mem.tail_known;
	return mem.tail_seen;
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

static void lock_words(void)
{
	while (!word_cas(&mem.lock, 0, 1))
		while (word_load(&mem.lock))
			;
}

static void unlock_words(void)
{
	word_store(&mem.lock, 0);
}

/* With the lock held. */
static bool idle_p_take(void)
{
	if (!word_load(&mem.nidle))
		return false;
	word_add(&mem.nidle, -1);
	return true;
}

static void wake_counted(void)
{
	bool p;

	lock_words();
	p = idle_p_take();
	if (!p && plant != PLANT_NO_DUTY)
		word_store(&mem.must_spin, 1);
	unlock_words();
	if (!p) {
		word_add(&mem.nspinning, -1);
		return;
	}
	word_store_fenced(&mem.wake, 1);
	word_wake(NULL, &mem.wake, 1, ANY_BITS);
}

static void wake_machine(void)
{
	if (idle_must_wake(&mem.nidle, &mem.nspinning))
		wake_counted();
}

#define READY 2

static void busy(void)
{
	struct queue_batch batch;
	uint32_t n;

	for (n = 1; n <= READY; n++) {
		queue_put(&mem.victim, g_number(n), &batch);
		wake_machine();
	}
}

static void start_spinning(bool *spinning)
{
	if (!*spinning)
		word_add(&mem.nspinning, 1);
	*spinning = true;
}

/* True: it has a P, without having been woken. */
static bool go_idle(bool *spinning)
{
	bool p;

	lock_words();
	if (!*spinning && word_load(&mem.must_spin)) {
		word_store(&mem.must_spin, 0);
		start_spinning(spinning);
		unlock_words();
		return true;
	}
	word_add(&mem.nidle, 1);
	unlock_words();
	if (!idle_stop_spinning(&mem.nspinning, spinning) ||
	    plant == PLANT_NO_RECHECK || queue_empty(&mem.victim))
		return false;
	lock_words();
	p = idle_p_take();
	unlock_words();
	if (p)
		start_spinning(spinning);
	return p;
}

static void stop_spinning(bool *spinning)
{
	if (!*spinning)
		return;
	*spinning = false;
	if (word_add(&mem.nspinning, -1) == 1 && word_cas(&mem.nspinning, 0, 1))
		wake_counted();
}

/* As search() has it: who may not spin does not steal. */
static struct g *search(bool *spinning)
{
	uint32_t position, n;

	if (!*spinning)
		*spinning = idle_may_spin(&mem.nidle, &mem.nspinning, 2);
	return *spinning ? queue_steal(&mem.thief, &mem.victim, &position, &n) :
			   NULL;
}

static void searching(void)
{
	bool spinning = true;
	uint32_t found = 0;
	struct g *g;

	while (found < READY) {
		g = search(&spinning);
		if (g) {
			take(g);
			found++;
			stop_spinning(&spinning);
			continue;
		}
		if (go_idle(&spinning))
			continue;
		while (!word_load(&mem.wake))
			word_wait(NULL, &mem.wake, 0, ANY_BITS, 0);
		word_store(&mem.wake, 0);
		spinning = true;
	}
}

static void start_searching(void)
{
	start_before_wrap();
	mem.nspinning = 1;
}

static void parking_run(unsigned int thread)
{
	if (thread)
		searching();
	else
		busy();
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
	struct explored found = explore(p, PLANT_NONE, MISTAKE_NONE);

	ok(!found.wrong && !found.full && found.states > 10,
	   "%s: %zu states, all is well", p->name, found.states);
	if (found.wrong)
		printf("# %s\n", found.wrong);
}

static void ill(const struct play *p, enum plant planted, enum mistake mistake,
		const char *what)
{
	struct explored found = explore(p, planted, mistake);

	ok(found.wrong, "%s: %s is found: %s", p->name, what,
	   found.wrong ? found.wrong : "no");
}

int main(void)
{
	static const struct play queue = { "queue and thief", queue_run,
					   start_before_wrap };
	static const struct play empty = { "an empty queue", empty_run,
					   start_with_one };
	static const struct play parking = { "parking", parking_run,
					     start_searching };

	well(&queue);
	ill(&queue, PLANT_NONE, MISTAKE_CAS_IN_TWO, "a head moved in two steps");
	ill(&queue, PLANT_RELEASE, MISTAKE_NONE, "a tail before its slot");
	ill(&queue, PLANT_NONE, MISTAKE_STORE_LOST, "a store that is lost");
	well(&empty);
	ill(&empty, PLANT_LOOK_ONCE, MISTAKE_NONE, "a tail looked at once");
	well(&parking);
	ill(&parking, PLANT_NONE, MISTAKE_NO_FENCE, "a fence that is none");
	ill(&parking, PLANT_NONE, MISTAKE_WAKE_LOST, "a wake-up that wakes nobody");
	ill(&parking, PLANT_NO_RECHECK, MISTAKE_NONE, "no second look");
	ill(&parking, PLANT_NO_DUTY, MISTAKE_NONE,
	    "a waker that finds no P and leaves it at that");
	return tap_done();
}
