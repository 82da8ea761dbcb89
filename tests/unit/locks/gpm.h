/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The scheduler's own sched.c, life.c, timer.c, idle.c, monitor.c and polled.c in the
 * model, and what is played around them: futexes, epoll and its eventfd, threads that
 * start and that sleep in the kernel, the time, and stealing, of which queue.h is the
 * library's.
 */
#ifndef LOCKS_GPM_H
#define LOCKS_GPM_H

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "coroutine/coroutine.h"
#include "coroutine/fiber.h"
#include "coroutine/stack.h"
#include "c11.h"

/* Who goes on in another G does so on the same stack. */
#define co_switch_start(save, end, entry, arg) ((void)(save), (arg))
#define co_switch_return(save, to, message) ((void)(save), (message))

#define QUEUE_SIZE 4U
#include "gpm/internal.h"

#include "gpm/idle.h"

enum plant {
	PLANT_NONE,
	PLANT_NO_RECHECK,	/* who stops to spin does not look into the queues again */
	PLANT_NO_DUTY,		/* a waker without a P to wake leaves no duty to spin */
	PLANT_NO_BREAK,		/* nobody ends the poller's sleep */
	PLANT_EARLY_COUNT,	/* a polled G is counted off before it is in a queue */
	PLANT_NO_MARK,		/* the monitor does not mark the P that it looks at */
	PLANT_NO_LOOK,		/* nor look whether the thread sleeps */
	PLANT_NOT_INSIDE,	/* nor whether it does so in the library */
	PLANT_NO_LENGTH,	/* an M without a P does not look at the global queue */
};

static enum plant plant;

#define THREADS 3
#define GS 4
#define SOON 10
#define LATE 1000

static struct {
	struct p p[2];
	struct m m[THREADS];
	struct g g[GS];
	struct timer timer[2];
	struct timer *heap[2][4];
	uint32_t taken[GS], used[2];
	uint32_t left;		/* Gs that are to be taken */
	uint32_t ms;		/* threads that run as Ms or may start as such */
	uint32_t event;		/* eventfd and epoll's own: something has come */
	uint32_t input;		/* a descriptor of g[0] is ready */
	uint32_t asleep;	/* the thread of m[0], in the kernel */
	uint32_t started;	/* the second M */
	bool patient;		/* who needs a thread waits for one */
	int64_t now;
} mem;

/*
 * Each access is made by some M, whose thread that is from then on; what only
 * watchers read is stored at once.  A look at the timers is always due.
 */
static uint64_t by_this_thread(uint64_t value)
{
	unsigned int i = model_running();

	machine_set(i < mem.ms ? &mem.m[i] : NULL);
	for (i = 0; i < 2; i++)
		mem.p[i].clock_checked = 0;
	return value;
}

static bool for_watchers(const void *at)
{
	int i;

	for (i = 0; i < GS; i++)
		if (at == &mem.g[i].state)
			return true;
	for (i = 0; i < 2; i++)
		if (at == &mem.p[i].runs || at == &mem.p[i].alive)
			return true;
	return at == &sched.polled || at == &sched.monitor_word;
}

static uint64_t load(const void *at, unsigned int size)
{
	uint64_t value = 0;

	if (!for_watchers(at))
		return by_this_thread(model_load(at, size));
	memcpy(&value, at, size);
	return value;
}

static uint64_t load_in_order(const void *at, unsigned int size)
{
	uint64_t value = load(at, size);

	if (plant == PLANT_NOT_INSIDE && at == &mem.m[0].inside)
		return false;
	if (plant == PLANT_NO_LENGTH && at == &sched.length)
		return 0;
	return value;
}

static void store(void *at, unsigned int size, uint64_t value, memory_order order)
{
	if (for_watchers(at))
		memcpy(at, &value, size);
	else if (order == memory_order_seq_cst)
		model_store_fenced(at, size, value);
	else
		model_store(at, size, value);
	by_this_thread(0);
}

static bool cas(void *at, unsigned int size, uint64_t old, uint64_t value)
{
	if (plant == PLANT_NO_MARK && value == P_RETAKING)
		value = old;
	return by_this_thread(model_cas(at, size, old, value));
}

static uint64_t swap(void *at, unsigned int size, uint64_t value)
{
	return by_this_thread(model_swap(at, size, value));
}

static uint64_t add(void *at, unsigned int size, uint64_t value)
{
	return by_this_thread(model_add(at, size, value));
}

static void fence(void)
{
	word_fence();
	by_this_thread(0);
}

/* The parts of the library, and what is another here. */
#define lock_slow library_lock_slow
#define cycles() (1ULL << 32)
#define idle_stop_spinning(nspinning, spinning) \
	(idle_stop_spinning(nspinning, spinning) && plant != PLANT_NO_RECHECK)

#include "gpm/sched.c"
#undef lock_slow
#include "gpm/life.c"

#define clock_now library_clock_now
#include "gpm/timer.c"
#undef clock_now

#include "gpm/idle.c"
#include "gpm/monitor.c"
#include "gpm/polled.c"

#include "../tap.h"
#include "untraced.h"

/* What is played. */

void lock_slow(struct lock *l)
{
	unsigned int free;

	do {
		while (atomic_load_explicit(&l->word, memory_order_relaxed))
			;
		free = 0;
	} while (!atomic_compare_exchange_strong(&l->word, &free, 1));
}

int64_t clock_now(void)
{
	return mem.now;
}

void futex_wait(uint32_t *word, uint32_t value, int64_t ns)
{
	(void)ns;
	word_wait(NULL, word, value, ANY_BITS, 0);
	by_this_thread(0);
}

void futex_wake(uint32_t *word)
{
	atomic_store(word, 1);
	if (word == &sched.monitor_word)
		return;
	word_wake(NULL, word, THREADS, ANY_BITS);
	by_this_thread(0);
}

/* epoll: an edge of the descriptor that g[0] waits for comes once. */
static struct g *input(unsigned int *n)
{
	uint32_t ready = 1;

	*n = atomic_compare_exchange_strong(&mem.input, &ready, 0);
	if (!*n)
		return NULL;
	if (plant == PLANT_EARLY_COUNT)
		atomic_fetch_sub(&sched.waiting_fds, 1);
	mem.g[0].link = NULL;
	return &mem.g[0];
}

static void sleep_in_epoll(void)
{
	while (!atomic_load(&mem.event))
		futex_wait(&mem.event, 0, -1);
	atomic_store(&mem.event, 0);
}

struct g *poller_poll(int64_t timeout, unsigned int *n)
{
	struct g *g = input(n);

	if (!timeout || g)
		return g;
	if (timeout > 0 && mem.now + timeout <= SOON) {
		mem.now += timeout;
		return NULL;
	}
	sleep_in_epoll();
	return input(n);
}

void poller_break(void)
{
	if (plant != PLANT_NO_BREAK)
		futex_wake(&mem.event);
}

/*
 * A thread more: there may be one to spare.  After that none is to be had; or, where
 * nobody else would look for the work, it is the one that is about to park, which is
 * no other in what it does.
 */
bool add_machine(struct p *p, bool spinning)
{
	struct m *m = &mem.m[1];

	if (!atomic_exchange(&mem.started, 1)) {
		lock(&sched.lock);
		m->id = sched.nms++;
	} else if (mem.patient) {
		while (!atomic_load(&sched.parked))
			;
		lock(&sched.lock);
		m = sched.parked;
		sched.parked = m->link;
		sched.nparked--;
	} else {
		return false;
	}
	m->given = p;
	m->spinning = spinning;
	unlock(&sched.lock);
	futex_wake(&m->wake);
	return true;
}

/* The kernel's lock of the run queue orders it. */
bool machine_sleeps(struct m *m, unsigned int *call)
{
	*call = 0;
	(void)m;
	return atomic_fetch_add(&mem.asleep, 0) || plant == PLANT_NO_LOOK;
}

/* As steal.c has it, but for its order and its patience. */
struct g *steal(struct m *m, struct p *p)
{
	struct p *from = &sched.p[!p->id];
	uint32_t position, n;
	struct g *g;

	(void)m;
	g = queue_steal(&p->queue, &from->queue, &position, &n);
	if (!g && atomic_load(&from->timers.next) <= clock_now()) {
		timers_run(&from->timers, clock_now());
		g = pick(p);
	}
	return g ? g : queue_get_next(&from->queue);
}

void report_deadlock(void)
{
	model_wrong("a deadlock that is none");
}

/* Never called here. */
struct g *g_of_stack(char *end)
{
	return (struct g *)end;
}

void overflow_canary(const struct g *g)
{
	(void)g;
	abort();
}

void wait_begin(struct m *m, struct g *g)
{
	(void)m;
	(void)g;
}

int wait_claimed(struct m *m, enum gpm_wait_reason why, const void *what,
		 void (*unlock_all)(void *arg), void *arg)
{
	(void)m;
	(void)why;
	(void)what;
	(void)unlock_all;
	(void)arg;
	return 0;
}

bool claim(struct g *g, uint64_t ticket)
{
	return atomic_compare_exchange_strong(&g->ticket, &ticket, ticket + 1);
}

#endif /* LOCKS_GPM_H */
