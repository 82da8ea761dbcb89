// SPDX-License-Identifier: GPL-2.0-only
/*
 * 'ctxlab deadlock' on programs on libgpm: a cycle of Gs is found with its members,
 * and no Gs that only contend.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "deadlock/gs.h"
#include "deadlock/report.h"
#include "gpm/gpm.h"
#include "tap.h"

#define RING 3

static atomic_uint *ready;
static struct gpm_mutex mutex[RING];

static void lock_in_ring(void *arg)
{
	long i = (long)arg;

	gpm_lock(&mutex[i]);
	/* On a busy machine another may begin much later. */
	++*ready;
	while (*ready < RING)
		gpm_sleep(1000000);
	gpm_lock(&mutex[(i + 1) % RING]);
}

/* One waits for the ring; and one goes on: libgpm ends where all wait. */
static void ring(void *arg)
{
	char name[24];
	long i;

	(void)arg;
	for (i = 0; i < RING; i++) {
		snprintf(name, sizeof(name), "r%ld", i);
		gpm_go_named(name, lock_in_ring, (void *)i);
	}
	gpm_sleep(100000000);
	gpm_go_named("tail", lock_in_ring, (void *)0);
	for (;;)
		gpm_sleep(10000000);
}

#define CONTENDED 6
#define CONTENDERS 40

static struct gpm_mutex contended[CONTENDED];

/* Pairs in order, so that nobody waits for ever. */
static void contend(void *arg)
{
	unsigned int seed = (long)arg, first, second;

	for (;;) {
		first = rand_r(&seed) % (CONTENDED - 1);
		second = first + 1 + rand_r(&seed) % (CONTENDED - 1 - first);
		gpm_lock(&contended[first]);
		gpm_yield();
		gpm_lock(&contended[second]);
		gpm_unlock(&contended[second]);
		gpm_unlock(&contended[first]);
		++*ready;
	}
}

static void contenders(void *arg)
{
	long i;

	for (i = 0; i < CONTENDERS; i++)
		gpm_go(contend, (void *)i);
	gpm_recv(gpm_chan_new(1, 0), arg);
}

static pid_t begin(void (*scene)(void *arg))
{
	struct gpm_options o = { .procs = 2 };
	pid_t parent = getpid(), pid;

	*ready = 0;
	pid = fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent)
		gpm_run(&o, scene, NULL);
	_exit(1);
}

static struct scan *look(pid_t pid)
{
	struct scan *s = scan_new();

	if (scan_add(s, pid, true) || scan_read(s)) {
		scan_free(s);
		return NULL;
	}
	gs_find(s->process[0]);
	return s;
}

static size_t members(const struct gs *gs, const char *name)
{
	size_t i, n = 0;

	for (i = 0; gs && i < gs->n; i++)
		n += gs->row[i].finding && !strncmp(gs->row[i].name, name,
						    strlen(name));
	return n;
}

static void find_ring(void)
{
	pid_t pid = begin(ring);
	struct scan *s = look(pid);

	while (s && !deadlock_count(s)) {
		scan_free(s);
		usleep(10000);
		s = look(pid);
	}
	if (ok(s, "the Gs of a program are read")) {
		is_number(deadlock_count(s), 1, "one deadlock is there");
		is_number(members(s->process[0]->gs, "r"), RING,
			  "of those that wait for each other");
		is_number(members(s->process[0]->gs, ""), RING,
			  "and no others");
	}
	scan_free(s);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void find_nothing(void)
{
	pid_t pid = begin(contenders);
	unsigned int looks = 0, found = 0, waits = 0, i;
	size_t k;

	while (*ready < 1000)
		usleep(1000);
	for (i = 0; i < 200; i++) {
		struct scan *s = look(pid);

		if (!s)
			break;
		looks += !!s->process[0]->gs;
		found += deadlock_count(s);
		for (k = 0; s->process[0]->gs && k < s->process[0]->gs->n; k++)
			waits += !!s->process[0]->gs->row[k].owner;
		scan_free(s);
	}
	ok(looks && waits, "Gs that contend are seen to wait, in %u looks", looks);
	is_number(found, 0, "and are no deadlock");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

int main(void)
{
	ready = mmap(NULL, sizeof(*ready), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	alarm(300);
	find_ring();
	find_nothing();
	return tap_done();
}
