// SPDX-License-Identifier: GPL-2.0-only
/* The scripted loads. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "gpm/gpm.h"
#include "scripts.h"

/* Allocation or a descriptor failed: the run ends with that. */
static void check(int err)
{
	if (err < 0)
		gpm_stop(err);
}

static void nothing(void *arg)
{
	(void)arg;
}

static void yields(void *arg)
{
	long n = (long)arg;

	while (n--)
		gpm_yield();
}

static void spawn(const char *name, void (*fn)(void *arg), long n, long arg)
{
	while (n--)
		check(gpm_go_named(name, fn, (void *)arg));
}

/* 300 Gs at once: the queue of 256 gives half of it to the global one. */
static void overflow(void *arg)
{
	(void)arg;
	spawn("small", nothing, 300, 0);
}

/* One G waits in the global queue while two keep the local one busy. */
static void goes_global(void *arg)
{
	(void)arg;
	gpm_yield_global();
}

static void sixty_first(void *arg)
{
	(void)arg;
	spawn("local", yields, 2, 100);
	spawn("global", goes_global, 1, 0);
}

/* One P has all the work. */
static void work(void *arg)
{
	volatile unsigned int i;

	(void)arg;
	for (i = 0; i < 20000; i++)
		;
	gpm_yield();
}

static void steal(void *arg)
{
	(void)arg;
	spawn("work", work, 60, 0);
	yields((void *)100);
}

/* A pipe: the reader is left to epoll until the writer has slept. */
static int ends[2];

static void reader(void *arg)
{
	char b;

	(void)arg;
	while (gpm_read(ends[0], &b, 1) == 1)
		;
	gpm_close(ends[0]);
}

static void netpoll(void *arg)
{
	int i;

	(void)arg;
	check(pipe(ends) ? -errno : 0);
	spawn("reader", reader, 1, 0);
	for (i = 0; i < 3; i++) {
		gpm_sleep(1000000);
		gpm_write(ends[1], "x", 1);
	}
	gpm_close(ends[1]);
}

/* A call blocks a thread: the P goes on with another. */
static void sleep_in_kernel(void *arg)
{
	(void)arg;
	usleep(3000);
}

static void hand_over(void *arg)
{
	(void)arg;
	spawn("other", yields, 2, 50);
	gpm_block(sleep_in_kernel, NULL);
	spawn("other", yields, 2, 50);
	sleep_in_kernel(NULL);
	gpm_yield();
}

/* Two Gs take two mutexes in opposite order. */
static struct gpm_mutex fork_a, fork_b;

static void philosopher(void *arg)
{
	gpm_lock(arg ? &fork_a : &fork_b);
	gpm_yield();
	gpm_sleep(1000000);
	gpm_lock(arg ? &fork_b : &fork_a);
	gpm_unlock(&fork_a);
	gpm_unlock(&fork_b);
}

static void deadlock(void *arg)
{
	(void)arg;
	fork_a = (struct gpm_mutex){};
	fork_b = (struct gpm_mutex){};
	spawn("Kant", philosopher, 1, 0);
	spawn("Hegel", philosopher, 1, 1);
}

const struct sched_script sched_scripts[] = {
	{ "overflow", "300 Gs at once: half of a full queue moves to the global one",
	  1, false, 0, overflow },
	{ "61st", "two Gs keep a queue busy, each 61st look finds the global one",
	  1, false, 0, sixty_first },
	{ "steal", "one P has 60 Gs, the others take half of them, and half again",
	  3, false, 0, steal },
	{ "netpoll", "a G waits for a pipe in epoll",
	  1, true, 0, netpoll },
	{ "hand-over", "a thread blocks, announced and not, and its P goes on",
	  1, true, 0, hand_over },
	{ "deadlock", "two Gs wait for each other's mutex",
	  2, false, -EDEADLK, deadlock },
	{}
};

const struct sched_script *sched_script_find(const char *name)
{
	const struct sched_script *l;

	for (l = sched_scripts; l->name; l++)
		if (!strcmp(l->name, name))
			return l;
	return NULL;
}
