// SPDX-License-Identifier: GPL-2.0-only
/* Ms: threads that run Gs, and calls that block them. */
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

void futex_wait(_Atomic uint32_t *word, uint32_t value, int64_t ns)
{
	struct timespec t = { ns / 1000000000, ns % 1000000000 };

	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, ns < 0 ? NULL : &t,
		NULL, 0);
}

void futex_wake(_Atomic uint32_t *word)
{
	atomic_store(word, 1);
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static void *thread_main(void *arg)
{
	struct m *m = arg;

	pthread_sigmask(SIG_SETMASK, &sched.mask, NULL);
	machine_loop(m);
	return NULL;
}

struct m *new_machine(void)
{
	struct m *m = aligned_alloc(64, (sizeof(*m) + 63) / 64 * 64);

	if (!m)
		return NULL;
	*m = (struct m){ .inside = true, .call_fd = -1 };
	if (overflow_open(m)) {
		free(m);
		return NULL;
	}
	lock(&sched.lock);
	m->id = sched.nms++;
	m->all = sched.ms;
	sched.ms = m;
	unlock(&sched.lock);
	m->random = (m->id + 1) * 0x9e3779b97f4a7c15 ^ sched.options.seed;
	m->current = &m->idle;
	return m;
}

void free_machine(struct m *m)
{
	overflow_close(m);
	if (m->call_fd >= 0)
		close(m->call_fd);
	free(m);
}

/*
 * Whether the kernel has the thread asleep: its file then shows the call, for
 * one that runs or waits for a CPU only the word "running".  Reading it takes
 * the lock of the thread's run queue, which orders all that the thread did
 * before it fell asleep before, and what it does when it wakes up after.
 */
bool machine_sleeps(struct m *m, unsigned int *call)
{
	char text[32], name[64];
	ssize_t n;

	if (m->call_fd == -1) {
		snprintf(name, sizeof(name), "/proc/self/task/%d/syscall",
			 m->tid);
		m->call_fd = open(name, O_RDONLY | O_CLOEXEC);
		if (m->call_fd < 0)
			return false;
	}
	n = pread(m->call_fd, text, sizeof(text) - 1, 0);
	if (n <= 0)
		return false;
	text[n] = '\0';
	/* "-1": asleep in the kernel, but not in a call: a page fault. */
	*call = strtoul(text, NULL, 10) & UINT16_MAX;
	return text[0] != 'r';
}

static bool start_thread(struct m *m)
{
	sigset_t all, old;
	int err;

	/* No handler may run before the thread has its stack for signals. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&m->thread, NULL, thread_main, m);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return !err;
}

/* Undo new_machine(): the last one made, or another that never ran. */
static void forget_machine(struct m *m)
{
	struct m **at;

	lock(&sched.lock);
	for (at = &sched.ms; *at != m;)
		at = &(*at)->all;
	*at = m->all;
	sched.nms--;
	unlock(&sched.lock);
	free_machine(m);
}

bool add_machine(struct p *p, bool spinning)
{
	struct m *m;
	bool started;

	m = new_machine();
	if (!m)
		return false;
	m->given = p;
	m->spinning = spinning;
	started = start_thread(m);
	if (!started)
		forget_machine(m);
	return started;
}

void machine_loop(struct m *m)
{
	struct g *g;

	m->tid = gettid();
	machine_set(m);
	fiber_begin(&m->idle.fiber, true);
	overflow_install(m);
	while ((g = find_g(m)))
		switch_to(m, g);
	overflow_restore(m);
	machine_set(NULL);
}

void gpm_stop(int status)
{
	struct m *m = enter();

	if (!m)
		abort();
	stop_all(status);
	m->after = AFTER_DROP;
	switch_to(m, &m->idle);
	abort();
}

int gpm_block(void (*fn)(void *arg), void *arg)
{
	struct m *m = enter();
	struct g *g;
	struct p *p;

	if (!m)
		return -EPERM;
	g = m->current;
	p = my_p(m);
	if (sched.step) {
		leave();
		fn(arg);
		return 0;
	}
	lock(&sched.lock);
	set_state(g, G_BLOCKED);
	trace(p->ring, TRACE_BLOCK, g->id, 0, 0);
	atomic_store(&m->p, NULL);
	atomic_store(&p->m, NULL);
	unlock(&sched.lock);
	hand_over(p);
	leave();
	fn(arg);
	m = enter();
	leave();
	return m ? 0 : -EPERM;
}
