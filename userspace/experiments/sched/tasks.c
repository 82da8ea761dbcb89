// SPDX-License-Identifier: GPL-2.0-only
/* The loads of threads and processes, and of one task alone. */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "load.h"
#include "lib/futex.h"
#include "lib/xalloc.h"
#include "measure/cpus.h"

/* A thread that knows what it is for needs no more stack. */
#define STACK_SIZE (64 << 10)

static void yields(struct arena *a, unsigned int index)
{
	uint32_t n = load_each(a, a->tasks);

	(void)index;
	while (n--)
		sched_yield();
}

static void wait_sem(sem_t *sem)
{
	while (sem_wait(sem))
		;
}

static void wakes(struct arena *a, unsigned int index)
{
	uint32_t n = load_each(a, a->tasks);

	while (n--) {
		if (index & 1)
			wait_sem(&a->sem[index]);
		sem_post(&a->sem[index ^ 1]);
		if (!(index & 1))
			wait_sem(&a->sem[index]);
	}
}

static void takes_mutex(struct arena *a, unsigned int index)
{
	uint32_t n = load_each(a, a->tasks);

	(void)index;
	while (n--) {
		pthread_mutex_lock(&a->mutex);
		sched_yield();
		pthread_mutex_unlock(&a->mutex);
	}
}

static bool move(struct arena *a, ssize_t did)
{
	if (did != 1)
		load_failed(a, did < 0 ? -errno : -EPIPE);
	return did == 1;
}

static void echoes(struct arena *a, unsigned int index)
{
	struct connection *c = &a->connection[index / 2];
	uint32_t n = load_each(a, a->tasks / 2);
	int side = index & 1;
	char byte = 0;

	while (n--) {
		if (side && !move(a, read(c->in[side], &byte, 1)))
			return;
		if (!move(a, write(c->out[side], &byte, 1)))
			return;
		if (!side && !move(a, read(c->in[side], &byte, 1)))
			return;
	}
}

/* The calls of both sides, none of which has to wait. */
static void echoes_alone(struct arena *a, unsigned int index)
{
	struct connection *c = &a->connection[index / 2];
	uint32_t n = load_each(a, 1);
	char byte = 0;
	int side;

	while (n--)
		for (side = 0; side < 2; side++)
			if (!move(a, write(c->out[side], &byte, 1)) ||
			    !move(a, read(c->in[!side], &byte, 1)))
				return;
}

static void sleep_until(uint64_t when)
{
	const struct timespec t = { .tv_sec = when / 1000000000,
				    .tv_nsec = when % 1000000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL))
		;
}

/* The second one never waits, but lets others run. */
static void times(struct arena *a, unsigned int index)
{
	uint64_t when;
	uint32_t n;

	if (index) {
		while (!__atomic_load_n(&a->over, __ATOMIC_RELAXED)) {
			load_work(a);
			sched_yield();
		}
		return;
	}
	for (n = a->ops; n; n--) {
		when = load_now() + SLEEP_NS;
		sleep_until(when);
		load_late(a, when);
	}
	__atomic_store_n(&a->over, 1, __ATOMIC_RELAXED);
}

/* The second one sees when it runs while the first waits in the kernel. */
static void blocks(struct arena *a, unsigned int index)
{
	uint64_t now;
	uint32_t n;

	if (index) {
		while (!__atomic_load_n(&a->over, __ATOMIC_RELAXED)) {
			load_look(a);
			sched_yield();
		}
		return;
	}
	for (n = a->ops; n; n--) {
		now = load_now();
		__atomic_store_n(&a->began, now, __ATOMIC_RELEASE);
		sleep_until(now + SLEEP_NS);
	}
	__atomic_store_n(&a->over, 1, __ATOMIC_RELAXED);
}

static void works_half(struct arena *a, unsigned int index)
{
	unsigned int n = load_pieces(a) / 2;

	(void)index;
	while (n--)
		load_work(a);
}

static void live(struct arena *a, unsigned int index)
{
	static void (*const lives[LOADS])(struct arena *a,
					  unsigned int index) = {
		[LOAD_YIELD] = yields,
		[LOAD_SEMAPHORE] = wakes,
		[LOAD_MUTEX] = takes_mutex,
		[LOAD_PIPE] = echoes,
		[LOAD_UNIX] = echoes,
		[LOAD_TCP] = echoes,
		[LOAD_TIMER] = times,
		[LOAD_BLOCK] = blocks,
		[LOAD_FAN_OUT] = works_half,
	};

	if (a->error)
		return;
	if (a->kind == KIND_ALONE && a->load != LOAD_FAN_OUT)
		echoes_alone(a, index);
	else
		lives[a->load](a, index);
}

/* Threads that a worker makes. */
struct threads {
	struct arena *arena;
	unsigned int first;	/* the index of the first one */
	unsigned int n;
	unsigned int next;
	pthread_t *thread;
	void *(*fn)(void *arg);
};

static int threads_start(struct threads *t, unsigned int n)
{
	pthread_attr_t attr;
	int err;

	err = -pthread_attr_init(&attr);
	if (err)
		return err;
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	while (!err && t->n < n) {
		err = -pthread_create(&t->thread[t->n], &attr, t->fn, t);
		t->n += !err;
	}
	pthread_attr_destroy(&attr);
	return err;
}

static void threads_join(struct threads *t)
{
	while (t->n)
		pthread_join(t->thread[--t->n], NULL);
}

static void threads_init(struct threads *t, struct arena *a,
			 void *(*fn)(void *arg), unsigned int most)
{
	*t = (struct threads){ .arena = a, .fn = fn };
	t->thread = xcalloc(most + 1, sizeof(*t->thread));
}

static void wait_ready(struct arena *a)
{
	while (!__atomic_load_n(&a->ready, __ATOMIC_ACQUIRE))
		futex_wait(&a->ready, 0, 0);
}

static void be_ready(struct arena *a)
{
	__atomic_store_n(&a->ready, 1, __ATOMIC_RELEASE);
	futex_wake(&a->ready, INT_MAX);
}

static void *live_as_thread(void *arg)
{
	struct threads *t = arg;
	unsigned int i = __atomic_fetch_add(&t->next, 1, __ATOMIC_RELAXED);

	wait_ready(t->arena);
	live(t->arena, t->first + i);
	return NULL;
}

static void *end_at_once(void *arg)
{
	return arg;
}

static void *work_once(void *arg)
{
	load_work(((struct threads *)arg)->arena);
	return NULL;
}

static void *wait_at_gate(void *arg)
{
	wait_ready(((struct threads *)arg)->arena);
	return NULL;
}

static void create_threads(struct arena *a, struct worker *w)
{
	struct threads t;
	int err;

	threads_init(&t, a, end_at_once, a->tasks);
	load_begin(a, w);
	do {
		err = threads_start(&t, a->tasks);
		threads_join(&t);
		a->made += a->tasks;
	} while (!err && a->made < a->ops);
	load_end(a, w);
	if (err)
		load_failed(a, err);
	free(t.thread);
}

static void create_processes(struct arena *a, struct worker *w)
{
	unsigned int i;
	pid_t pid = 0;

	load_begin(a, w);
	do {
		for (i = 0; i < a->tasks && pid >= 0; i++) {
			pid = fork();
			if (!pid)
				_exit(0);
		}
		if (pid < 0)
			load_failed(a, -errno);
		while (wait(NULL) > 0)
			;
		a->made += a->tasks;
	} while (pid >= 0 && a->made < a->ops);
	load_end(a, w);
}

static void fan_out(struct arena *a, struct worker *w)
{
	unsigned int n = load_pieces(a);
	struct threads t;
	int err;

	threads_init(&t, a, work_once, n);
	load_begin(a, w);
	err = threads_start(&t, n);
	threads_join(&t);
	load_end(a, w);
	if (err)
		load_failed(a, err);
	a->made = n;
	free(t.thread);
}

/* Their memory is looked at while all wait; that takes no part in the time. */
static void park(struct arena *a, struct worker *w)
{
	double before = load_resident(), now;
	uint64_t start, looked;
	struct threads t;
	int err;

	threads_init(&t, a, wait_at_gate, a->tasks);
	load_begin(a, w);
	err = threads_start(&t, a->tasks);
	start = worker_now();
	now = load_resident();
	looked = worker_now() - start;
	be_ready(a);
	threads_join(&t);
	load_end(a, w);
	w->slot->start_ns += looked;
	a->bytes = before && now > before ? now - before : 0;
	if (err)
		load_failed(a, err);
	a->made = a->tasks;
	free(t.thread);
}

typedef void (*make_fn)(struct arena *a, struct worker *w);

/* Of loads in which the worker makes the tasks. */
static make_fn maker(const struct arena *a)
{
	switch (a->load) {
	case LOAD_CREATE:
		return a->kind == KIND_PROCESS ? create_processes :
						 create_threads;
	case LOAD_FAN_OUT:
		return a->kind == KIND_ALONE ? NULL : fan_out;
	case LOAD_PARK:
		return park;
	default:
		return NULL;
	}
}

/* Whom the controller did not make as a worker. */
static void make_rest(struct arena *a, struct worker *w, struct threads *t)
{
	unsigned int n = a->tasks > w->n ? a->tasks - w->n : 0;
	int err;

	threads_init(t, a, live_as_thread, n);
	t->first = w->n;
	err = a->kind == KIND_ALONE ? 0 : threads_start(t, n);
	if (err)
		load_failed(a, err);
}

static int init_locks(struct arena *a)
{
	pthread_mutexattr_t attr;
	unsigned int i;
	int err;

	for (i = 0; i < a->tasks && i < THREADS_MOST; i++)
		if (sem_init(&a->sem[i], 1, 0))
			return -errno;
	err = -pthread_mutexattr_init(&attr);
	if (err)
		return err;
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	err = -pthread_mutex_init(&a->mutex, &attr);
	pthread_mutexattr_destroy(&attr);
	return err;
}

/* The first worker's part: it makes all that the others need. */
static void first(struct arena *a, struct worker *w)
{
	struct threads rest = {};
	int err = load_connect(a);

	if (!err)
		err = init_locks(a);
	if (err)
		load_failed(a, err);
	make_rest(a, w, &rest);
	worker_meet(w);
	load_begin(a, w);
	be_ready(a);
	live(a, w->index);
	threads_join(&rest);
	load_end(a, w);
	a->made = load_made(a);
	worker_part(w);
	load_disconnect(a);
	free(rest.thread);
}

static void other(struct arena *a, struct worker *w)
{
	worker_meet(w);
	load_begin(a, w);
	live(a, w->index);
	load_end(a, w);
	worker_part(w);
}

static void make(struct arena *a, struct worker *w)
{
	if (a->kind == KIND_THREAD_2)
		cpus_bind_two(0, a->cpu);
	worker_meet(w);
	maker(a)(a, w);
	if (a->kind == KIND_THREAD_2)
		cpus_bind(0, a->cpu[0]);
	worker_part(w);
}

void tasks_round(struct arena *a, struct worker *w)
{
	if (maker(a))
		make(a, w);
	else if (w->index)
		other(a, w);
	else
		first(a, w);
}
