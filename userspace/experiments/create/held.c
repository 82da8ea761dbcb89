// SPDX-License-Identifier: GPL-2.0-only
/* Children that wait: at a futex, or, where a program was started, at a pipe. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

#include "held.h"
#include "raw.h"

/* A child that nobody lets end does so by itself. */
#define MOST_SECONDS 60

struct gate *gate_map(void)
{
	struct gate *g = mmap(NULL, sizeof(*g), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return g == MAP_FAILED ? NULL : g;
}

void gate_unmap(struct gate *g)
{
	munmap(g, sizeof(*g));
}

/*
 * One second at a time: a child that shares its maker's memory, but not its
 * death, looks whether it was forgotten.
 */
static CHILD_CODE void wait_at(void *arg)
{
	struct timespec second = { .tv_sec = 1 };
	struct gate *g = arg;
	int i;

	g->first = ticks();
	raw_syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0);
	g->tid = raw_syscall(SYS_gettid, 0, 0, 0, 0);
	g->sp = (uintptr_t)__builtin_frame_address(0);
	__atomic_store_n(&g->ready, 1, __ATOMIC_RELEASE);
	raw_syscall(SYS_futex, (long)&g->ready, FUTEX_WAKE, INT_MAX, 0);
	for (i = 0; i < MOST_SECONDS; i++) {
		if (__atomic_load_n(&g->open, __ATOMIC_ACQUIRE))
			return;
		raw_syscall(SYS_futex, (long)&g->open, FUTEX_WAIT, 0,
			    (long)&second);
	}
}

int gate_ready(struct gate *g, int seconds)
{
	struct timespec limit = { .tv_sec = 1 };

	while (!__atomic_load_n(&g->ready, __ATOMIC_ACQUIRE)) {
		if (!seconds--)
			return -ETIMEDOUT;
		syscall(SYS_futex, &g->ready, FUTEX_WAIT, 0, &limit, NULL, 0);
	}
	return 0;
}

void gate_open(struct gate *g)
{
	__atomic_store_n(&g->open, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &g->open, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* The program says that it runs by its clock, and waits for the pipe's end. */
static int hold_program(const struct way *w, struct maker *m, struct gate *g,
			struct child *c)
{
	int fd[2], err;

	if (pipe2(fd, O_CLOEXEC))
		return -errno;
	/* The program keeps the end it reads; only its maker has the other. */
	if (fcntl(fd[0], F_SETFD, 0)) {
		err = -errno;
		goto close_both;
	}
	m->hold = fd[0];
	err = way_make(w, m, wait_at, g, c);
	m->hold = -1;
	if (err)
		goto close_both;
	close(fd[0]);
	c->release = fd[1];
	if (read(m->pipe[0], &g->first, sizeof(g->first)) !=
	    sizeof(g->first)) {
		held_end(w, g, c);
		return -EIO;
	}
	g->tid = c->tid;
	__atomic_store_n(&g->ready, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &g->ready, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
	return 0;

close_both:
	close(fd[0]);
	close(fd[1]);
	return err;
}

int held_make(const struct way *w, struct maker *m, struct gate *g,
	      struct child *c)
{
	int err;

	*g = (struct gate){};
	if (!way_is_task(w))
		return -EOPNOTSUPP;
	if (way_execs(w))
		return hold_program(w, m, g, c);
	err = way_make(w, m, wait_at, g, c);
	if (err)
		return err;
	err = gate_ready(g, MOST_SECONDS);
	if (err)
		held_end(w, g, c);
	return err;
}

int held_end(const struct way *w, struct gate *g, struct child *c)
{
	gate_open(g);
	if (way_execs(w))
		close(c->release);
	return way_reap(w, c);
}
