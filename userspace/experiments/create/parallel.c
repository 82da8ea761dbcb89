// SPDX-License-Identifier: GPL-2.0-only
/* Lets threads, processes and coroutines calculate side by side. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "apart.h"
#include "coroutine/coroutine.h"
#include "parallel.h"

#define MOST	64
/* How long a coroutine calculates before it hands on. */
#define SLICE_US	200

struct load {
	enum workload what;
	unsigned int n;
	unsigned int ms;
	uint64_t end_us;
	struct busy busy;
};

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000ULL + t.tv_nsec / 1000;
}

static uint64_t cpu_us(int who)
{
	struct rusage u;

	getrusage(who, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000ULL +
	       u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static void calculate(uint64_t until_us)
{
	volatile unsigned int x = 1;
	int i;

	do {
		for (i = 0; i < 1000; i++)
			x = x * 1664525u + 1013904223u;
	} while (now_us() < until_us);
}

static void *calculate_thread(void *arg)
{
	calculate(((struct load *)arg)->end_us);
	return NULL;
}

static int threads(struct load *l)
{
	pthread_t thread[MOST];
	unsigned int i;
	int err = 0;

	for (i = 0; i < l->n && !err; i++)
		err = pthread_create(&thread[i], NULL, calculate_thread, l);
	if (err)
		i--;
	while (i--)
		pthread_join(thread[i], NULL);
	return -err;
}

static int calculate_process(void *arg)
{
	calculate(((struct load *)arg)->end_us);
	return 0;
}

static int processes(struct load *l)
{
	pid_t pid[MOST];
	unsigned int i, n;
	int err = 0, died;

	for (n = 0; n < l->n && !err; n++) {
		pid[n] = run_apart(calculate_process, l);
		if (pid[n] < 0)
			err = pid[n--];
	}
	for (i = 0; i < n; i++) {
		died = wait_apart(pid[i]);
		err = err ? err : died;
	}
	return err;
}

/* A ring: each coroutine goes on in the next, the last one in the thread. */
struct ring {
	struct co co[MOST];
	void *thread;
	unsigned int n;
	unsigned int at;
};

static void calculate_coroutine(void *arg)
{
	struct ring *r = arg;
	unsigned int own = r->at;

	for (;;) {
		calculate(now_us() + SLICE_US);
		r->at = own + 1;
		if (r->at < r->n)
			co_switch(&r->co[own].sp, r->co[r->at].sp);
		else
			co_switch(&r->co[own].sp, r->thread);
	}
}

static int coroutines(struct load *l)
{
	struct ring r = {};
	int err = 0;

	while (r.n < l->n && !err) {
		err = co_init(&r.co[r.n], calculate_coroutine, &r);
		r.n += !err;
	}
	while (!err && now_us() < l->end_us) {
		r.at = 0;
		co_switch(&r.thread, r.co[0].sp);
	}
	while (r.n--)
		co_destroy(&r.co[r.n]);
	return err;
}

static int work(struct load *l)
{
	switch (l->what) {
	case ONE_THREAD:
		calculate(l->end_us);
		return 0;
	case N_THREADS:
		return threads(l);
	case N_PROCESSES:
		return processes(l);
	default:
		return coroutines(l);
	}
}

static int measure_load(void *arg)
{
	struct load *l = arg;
	uint64_t start = now_us(), cpu;
	int err;

	l->end_us = start + l->ms * 1000ULL;
	cpu = cpu_us(RUSAGE_SELF) + cpu_us(RUSAGE_CHILDREN);
	err = work(l);
	l->busy.wall_us = now_us() - start;
	l->busy.cpu_us = cpu_us(RUSAGE_SELF) + cpu_us(RUSAGE_CHILDREN) - cpu;
	return err;
}

int parallel_measure(enum workload what, unsigned int n, unsigned int ms,
		     struct busy *b)
{
	struct load *l = mmap(NULL, sizeof(*l), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;
	int err;

	if (l == MAP_FAILED)
		return -errno;
	*l = (struct load){
		.what = what,
		.n = n < MOST ? n : MOST,
		.ms = ms,
	};
	pid = run_apart(measure_load, l);
	err = pid < 0 ? pid : wait_apart(pid);
	*b = l->busy;
	munmap(l, sizeof(*l));
	return err;
}
