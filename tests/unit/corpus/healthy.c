// SPDX-License-Identifier: GPL-2.0-only
/* Programs that contend for locks and never hang. */
#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "corpus.h"

#define LOCKS 20
#define MAX_THREADS 200

static pthread_mutex_t mutex[LOCKS];
static pthread_rwlock_t rwlock[LOCKS];
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t sem[2];
static FILE *file;
static struct actor actor[MAX_THREADS];
static size_t threads;
static volatile unsigned long work;

static void spend(unsigned int turns)
{
	while (turns--)
		work++;
}

/* Two locks by chance, the lower one first: no cycle can close. */
static void take_pairs(struct actor *a)
{
	unsigned int seed = a->number, low, high;

	for (;;) {
		low = rand_r(&seed) % (LOCKS - 1);
		high = low + 1 + rand_r(&seed) % (LOCKS - 1 - low);
		if (pthread_mutex_lock(&mutex[low]) == EOWNERDEAD)
			exit(1);
		spend(50);
		pthread_mutex_lock(&mutex[high]);
		spend(50);
		pthread_mutex_unlock(&mutex[high]);
		pthread_mutex_unlock(&mutex[low]);
	}
}

static void take_rwlocks(struct actor *a)
{
	unsigned int seed = a->number, low, high;

	for (;;) {
		low = rand_r(&seed) % (LOCKS - 1);
		high = low + 1 + rand_r(&seed) % (LOCKS - 1 - low);
		pthread_rwlock_wrlock(&rwlock[low]);
		spend(50);
		if (seed & 1)
			pthread_rwlock_rdlock(&rwlock[high]);
		else
			pthread_rwlock_wrlock(&rwlock[high]);
		pthread_rwlock_unlock(&rwlock[high]);
		pthread_rwlock_unlock(&rwlock[low]);
	}
}

/* Each philosopher takes the lower fork first. */
static void dine(struct actor *a)
{
	size_t left = a->number, right = (a->number + 1) % threads;
	size_t low = left < right ? left : right, high = left + right - low;

	for (;;) {
		pthread_mutex_lock(&mutex[low]);
		pthread_mutex_lock(&mutex[high]);
		spend(100);
		pthread_mutex_unlock(&mutex[high]);
		pthread_mutex_unlock(&mutex[low]);
	}
}

static void print(struct actor *a)
{
	for (;;) {
		fprintf(file, "%zu\n", a->number);
		pthread_mutex_lock(&mutex[0]);
		fputs("text\n", file);
		pthread_mutex_unlock(&mutex[0]);
	}
}

/* A baton goes round: each waits for its turn by a condition variable. */
static void pass(struct actor *a)
{
	static size_t turn;

	for (;;) {
		pthread_mutex_lock(&mutex[0]);
		while (turn % threads != a->number)
			pthread_cond_wait(&cond, &mutex[0]);
		turn++;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&mutex[0]);
	}
}

static void alternate(struct actor *a)
{
	for (;;) {
		sem_wait(&sem[a->number % 2]);
		pthread_mutex_lock(&mutex[0]);
		spend(100);
		pthread_mutex_unlock(&mutex[0]);
		sem_post(&sem[!(a->number % 2)]);
	}
}

static void do_nothing(struct actor *a)
{
	pthread_mutex_lock(&mutex[a->number % LOCKS]);
	spend(100);
	pthread_mutex_unlock(&mutex[a->number % LOCKS]);
}

/* Threads come and go, with IDs and stacks used again. */
static void start_and_join(struct actor *a)
{
	struct actor child;

	for (;;) {
		child = (struct actor){};
		start(&child, do_nothing, a->number);
		pthread_join(child.thread, NULL);
	}
}

static void run(size_t n, void (*act)(struct actor *a), int protocol, int robust)
{
	pthread_mutexattr_t attr;
	size_t i;

	threads = n < MAX_THREADS ? n : MAX_THREADS;
	pthread_mutexattr_init(&attr);
	if (protocol)
		pthread_mutexattr_setprotocol(&attr, protocol);
	if (robust)
		pthread_mutexattr_setrobust(&attr, robust);
	for (i = 0; i < LOCKS; i++) {
		pthread_mutex_init(&mutex[i], &attr);
		pthread_rwlock_init(&rwlock[i], NULL);
	}
	sem_init(&sem[0], 0, 1);
	sem_init(&sem[1], 0, 1);
	file = fopen("/dev/null", "w");
	for (i = 0; i < threads; i++)
		start(&actor[i], act, i);
	expect("none", NULL, 0);
}

static void pairs(size_t n)
{
	run(n, take_pairs, 0, 0);
}

static void pairs_pi(size_t n)
{
	run(n, take_pairs, PTHREAD_PRIO_INHERIT, 0);
}

static void pairs_robust(size_t n)
{
	run(n, take_pairs, 0, PTHREAD_MUTEX_ROBUST);
}

static void rwlocks(size_t n)
{
	run(n, take_rwlocks, 0, 0);
}

static void philosophers(size_t n)
{
	run(n < LOCKS ? n : LOCKS, dine, 0, 0);
}

static void printers(size_t n)
{
	run(n, print, 0, 0);
}

static void baton(size_t n)
{
	run(n, pass, 0, 0);
}

static void semaphores(size_t n)
{
	run(n, alternate, 0, 0);
}

static void joins(size_t n)
{
	run(n, start_and_join, 0, 0);
}

const struct scene healthy_scenes[] = {
	{ "pairs", pairs },
	{ "pairs-pi", pairs_pi },
	{ "pairs-robust", pairs_robust },
	{ "rwlocks", rwlocks },
	{ "philosophers", philosophers },
	{ "printers", printers },
	{ "baton", baton },
	{ "semaphores", semaphores },
	{ "joins", joins },
	{}
};
