// SPDX-License-Identifier: GPL-2.0-only
/* Times a loop in a thread of its own, which is pinned. */
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cpus.h"
#include "lib/xalloc.h"
#include "speed.h"
#include "workers.h"

/* Some 100 us; the shortest of several is what nobody came between. */
#define STEPS 100000
#define TRIES 5

/* Where a task with a higher priority has the CPU it is not waited for. */
#define WAIT_SECONDS 2

/* How often, and for how long each time, a released thread is waited for. */
#define RELEASES 10
#define RELEASE_MS 200

struct loop {
	unsigned int cpu;
	int priority;
	pid_t tid;
	double ns;
	int left;		/* by the thread or by who waits; the second frees */
};

static void leave(struct loop *l)
{
	if (__atomic_exchange_n(&l->left, 1, __ATOMIC_ACQ_REL))
		free(l);
}

/* Each step needs what the one before has calculated. */
static uint64_t calculate(uint64_t x)
{
	int i;

	for (i = 0; i < STEPS; i++) {
		x = x * 6364136223846793005ULL + 1442695040888963407ULL;
		/* Or the compiler would find a shorter way. */
		__asm__ volatile("" : "+r"(x));
	}
	return x;
}

static void time_loop(struct loop *l)
{
	const struct sched_param param = { .sched_priority = l->priority };
	double best = -1;
	uint64_t start, ns, x = 1;
	int i;

	if (cpus_bind(0, l->cpu))
		return;
	if (l->priority)
		sched_setscheduler(0, SCHED_FIFO, &param);
	for (i = 0; i < TRIES; i++) {
		start = worker_now();
		x = calculate(x);
		ns = worker_now() - start;
		if (best < 0 || ns < best)
			best = ns;
	}
	l->ns = best;
}

static void *thread_main(void *arg)
{
	struct loop *l = arg;

	__atomic_store_n(&l->tid, gettid(), __ATOMIC_RELEASE);
	time_loop(l);
	leave(l);
	return NULL;
}

/* Return: whether @thread has ended within @ms. */
static bool joined(pthread_t thread, int ms)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += ms % 1000 * 1000000L;
	until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	return !pthread_timedjoin_np(thread, NULL, &until);
}

/*
 * A process does not end before its last thread, and one that is pinned to a
 * CPU which it does not get cannot even be killed: it is freed from that CPU.
 * More than once, since it may be about to pin itself.
 */
static void end_thread(pthread_t thread, const struct loop *l)
{
	pid_t tid;
	int i;

	for (i = 0; i < RELEASES; i++) {
		tid = __atomic_load_n(&l->tid, __ATOMIC_ACQUIRE);
		if (tid)
			cpus_release(tid);
		if (joined(thread, RELEASE_MS))
			return;
	}
	pthread_detach(thread);
}

double speed_ns(unsigned int cpu, int priority)
{
	struct loop *l = xcalloc(1, sizeof(*l));
	pthread_t thread;
	double ns = -1;

	*l = (struct loop){ .cpu = cpu, .priority = priority, .ns = -1 };
	if (pthread_create(&thread, NULL, thread_main, l)) {
		free(l);
		return -1;
	}
	if (joined(thread, WAIT_SECONDS * 1000))
		ns = l->ns;
	else
		end_thread(thread, l);
	leave(l);
	return ns;
}
