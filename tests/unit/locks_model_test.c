// SPDX-License-Identifier: GPL-2.0-only
/*
 * The locks' own code in every interleaving: nobody is where it must not be, no
 * wake-up is lost, nobody overtakes who queues for the fair mutex.  And each
 * mistake that is planted in an operation is found.
 */
#include "locks/model.h"

#include "experiments/sync/fair.c"
#include "experiments/sync/mutex.c"
#include "experiments/sync/rwlock.c"
#include "experiments/sync/semaphore.c"
#include "experiments/sync/spin.c"
#include "locks/model_tap.h"

/* All that the threads write. */
static struct world {
	union {
		struct mutex mutex;	/* ours */
		struct fair fair;
		struct spin spin;
		struct ticket ticket;
		struct mcs mcs;
		struct semaphore semaphore;
		struct rwlock rwlock;
	};
	struct lock_user user[MODEL_THREADS];
	unsigned int inside, readers;
	uint32_t drawn;			/* numbers, as after() last saw them */
	unsigned int queued;		/* threads that queue, as bits */
	unsigned int overtaken[MODEL_THREADS];
} world;

/**
 * struct scene - a lock, and what threads do with it
 * @times: that each takes it; the first thread takes it once more
 * @most: may have it at once
 * @readers: threads, the first ones, that only read
 * @after: notes who queues
 * @mistakes: that have to be found in it, as bits
 */
struct scene {
	const char *name;
	void (*init)(void);
	void (*lock)(struct lock_user *u);
	void (*unlock)(struct lock_user *u);
	unsigned int threads;
	unsigned int times;
	unsigned int most;
	unsigned int readers;
	void (*after)(unsigned int thread);
	unsigned int mistakes;
};

#define BIT(n) (1U << (n))

static const struct scene *scene;

/* Who queues is overtaken by each other one, once at most. */
static void overtake(unsigned int thread)
{
	unsigned int i;

	for (i = 0; i < scene->threads; i++)
		if (i != thread && world.queued & BIT(i) &&
		    ++world.overtaken[i] >= scene->threads)
			model_wrong("overtaken");
	world.queued &= ~BIT(thread);
	world.overtaken[thread] = 0;
}

static void section(unsigned int thread)
{
	bool reads = thread < scene->readers;

	overtake(thread);
	world.inside++;
	world.readers += reads;
	if (world.inside > scene->most && world.inside > world.readers)
		model_wrong("exclusion");
	model_step();
	world.inside--;
	world.readers -= reads;
}

static void run(unsigned int thread)
{
	struct lock_user *u = &world.user[thread];
	unsigned int i;

	u->index = thread;
	u->tid = thread + 1;
	for (i = 0; i < scene->times + !thread; i++) {
		scene->lock(u);
		section(thread);
		scene->unlock(u);
	}
}

static void init_mutex(void)
{
	mutex_init(&world.mutex);
}

static void lock_mutex(struct lock_user *u)
{
	mutex_lock(&world.mutex, u);
}

static void unlock_mutex(struct lock_user *u)
{
	mutex_unlock(&world.mutex, u);
}

static void init_fair(void)
{
	fair_init(&world.fair);
}

static void lock_fair(struct lock_user *u)
{
	fair_lock(&world.fair, u);
}

static void unlock_fair(struct lock_user *u)
{
	fair_unlock(&world.fair, u);
}

/* Who draws a number queues from then on. */
static void note_drawn(unsigned int thread, uint32_t drawn)
{
	if (drawn != world.drawn)
		world.queued |= BIT(thread);
	world.drawn = drawn;
}

static void after_fair(unsigned int thread)
{
	note_drawn(thread, FAIR_NUMBER(world.fair.lock.word));
}

static void after_ticket(unsigned int thread)
{
	note_drawn(thread, world.ticket.next);
}

/* As if who does not get this lock at once were in a queue. */
static void after_tas(unsigned int thread)
{
	note_drawn(thread, world.user[0].slow + world.user[1].slow);
}

static void lock_tas(struct lock_user *u)
{
	tas_lock(&world.spin, u);
}

static void lock_ttas(struct lock_user *u)
{
	ttas_lock(&world.spin, u);
}

static void unlock_spin(struct lock_user *u)
{
	(void)u;
	spin_unlock(&world.spin);
}

static void lock_ticket(struct lock_user *u)
{
	ticket_lock(&world.ticket, u);
}

static void unlock_ticket(struct lock_user *u)
{
	(void)u;
	ticket_unlock(&world.ticket);
}

static void lock_mcs(struct lock_user *u)
{
	mcs_lock(&world.mcs, u);
}

static void unlock_mcs(struct lock_user *u)
{
	mcs_unlock(&world.mcs, u);
}

static void init_semaphore(void)
{
	semaphore_init(&world.semaphore, scene->most);
}

static void lock_semaphore(struct lock_user *u)
{
	semaphore_down(&world.semaphore, u);
}

static void unlock_semaphore(struct lock_user *u)
{
	semaphore_up(&world.semaphore, u);
}

static void lock_rwlock(struct lock_user *u)
{
	if (u->index < scene->readers)
		rwlock_read(&world.rwlock, u);
	else
		rwlock_write(&world.rwlock, u);
}

static void unlock_rwlock(struct lock_user *u)
{
	if (u->index < scene->readers)
		rwlock_read_end(&world.rwlock, u);
	else
		rwlock_write_end(&world.rwlock, u);
}

#define IN_TWO(what) BIT(MISTAKE_##what##_IN_TWO)
#define SLEEPS (BIT(MISTAKE_WAIT_BLIND) | BIT(MISTAKE_WAKE_LOST))

static const struct scene scenes[] = {
	{ "mutex, 2 threads",
	  init_mutex, lock_mutex, unlock_mutex,
	  2, 2, 1, 0, NULL,
	  IN_TWO(CAS) | IN_TWO(SWAP) | SLEEPS },
	{ "mutex, 3 threads",
	  init_mutex, lock_mutex, unlock_mutex,
	  3, 1, 1, 0, NULL,
	  IN_TWO(CAS) | IN_TWO(SWAP) | SLEEPS },
	{ "fair mutex, 2 threads",
	  init_fair, lock_fair, unlock_fair,
	  2, 1, 1, 0, after_fair,
	  IN_TWO(CAS) | SLEEPS | BIT(MISTAKE_STORE_LOST) },
	{ "fair mutex, 3 threads",
	  init_fair, lock_fair, unlock_fair,
	  3, 1, 1, 0, after_fair, 0 },
	{ "test-and-set", NULL, lock_tas, unlock_spin, 3, 1, 1, 0, NULL,
	  IN_TWO(SWAP) | BIT(MISTAKE_STORE_LOST) },
	{ "test and test-and-set", NULL, lock_ttas, unlock_spin, 3, 1, 1, 0,
	  NULL, IN_TWO(SWAP) | BIT(MISTAKE_STORE_LOST) },
	{ "ticket", NULL, lock_ticket, unlock_ticket, 3, 1, 1, 0, after_ticket,
	  IN_TWO(ADD) | BIT(MISTAKE_STORE_LOST) },
	{ "mcs", NULL, lock_mcs, unlock_mcs, 3, 1, 1, 0, NULL,
	  IN_TWO(SWAP) | IN_TWO(CAS) | BIT(MISTAKE_STORE_LOST) },
	{ "semaphore of 1",
	  init_semaphore, lock_semaphore, unlock_semaphore,
	  3, 1, 1, 0, NULL,
	  IN_TWO(CAS) | IN_TWO(ADD) | SLEEPS },
	{ "semaphore of 2",
	  init_semaphore, lock_semaphore, unlock_semaphore,
	  3, 1, 2, 0, NULL,
	  IN_TWO(CAS) | IN_TWO(ADD) },
	{ "rwlock, 2 writers",
	  NULL, lock_rwlock, unlock_rwlock,
	  2, 2, 1, 0, NULL,
	  IN_TWO(CAS) | IN_TWO(SWAP) | SLEEPS },
	{ "rwlock, 2 readers and a writer",
	  NULL, lock_rwlock, unlock_rwlock,
	  3, 1, 1, 2, NULL,
	  IN_TWO(CAS) | IN_TWO(SWAP) | IN_TWO(ADD) | SLEEPS },
	{ "rwlock, a reader and 2 writers",
	  NULL, lock_rwlock, unlock_rwlock,
	  3, 1, 1, 1, NULL,
	  IN_TWO(CAS) | IN_TWO(SWAP) | SLEEPS | BIT(MISTAKE_WAKE_ONE) },
	{}
};

static const char *const mistakes[MISTAKES] = {
	[MISTAKE_CAS_IN_TWO] = "a compare-and-swap in two steps",
	[MISTAKE_SWAP_IN_TWO] = "an exchange in two steps",
	[MISTAKE_ADD_IN_TWO] = "an addition in two steps",
	[MISTAKE_WAIT_BLIND] = "a sleep without a look",
	[MISTAKE_WAKE_LOST] = "a wake-up that wakes nobody",
	[MISTAKE_WAKE_ONE] = "a wake-up of one for all",
	[MISTAKE_STORE_LOST] = "a store that is not done",
	[MISTAKE_NO_FENCE] = "a fence that is none",
};

static struct explored explore(const struct scene *s, enum mistake mistake)
{
	struct model m = {
		.threads = s->threads,
		.run = run,
		.init = s->init,
		.memory = &world,
		.size = sizeof(world),
		.after = s->after,
		.mistake = mistake,
	};

	scene = s;
	return model_explore(&m);
}

static void play(const struct scene *s)
{
	int i;

	model_well(s->name, explore(s, MISTAKE_NONE), 100);
	for (i = 1; i < MISTAKES; i++)
		if (s->mistakes & BIT(i))
			model_ill(s->name, explore(s, i), mistakes[i]);
}

/* The check of the bound sees a lock that has none. */
static void unbounded(void)
{
	static const struct scene s = {
		"test-and-set", NULL, lock_tas, unlock_spin, 2, 3, 1, 0,
		after_tas, 0
	};

	is(explore(&s, MISTAKE_NONE).wrong, "overtaken",
	   "who waits for test-and-set is overtaken more than once");
}

int main(void)
{
	const struct scene *s;

	for (s = scenes; s->name; s++)
		play(s);
	unbounded();
	return tap_done();
}
