// SPDX-License-Identifier: GPL-2.0-only
/* Programs that mislead those who look at them. */
#include <linux/futex.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "corpus.h"

static struct actor actor[4];

/* What glibc's mutex looks like, locked and waited for. */
struct forgery {
	uint32_t lock, count, owner, users, kind, pad[5];
};

static struct forgery forged[2];

static void wait_for_forgery(struct actor *a)
{
	struct forgery *f = &forged[a->number];

	syscall(SYS_futex, &f->lock, FUTEX_WAIT_PRIVATE, 2, NULL, NULL, 0);
}

/* Two threads wait for words that name the other one as owner: no mutex is there. */
static void lies(size_t n)
{
	size_t i;

	(void)n;
	for (i = 0; i < 2; i++) {
		forged[i] = (struct forgery){ .lock = 2, .users = 1 };
		start(&actor[i], wait_for_forgery, i);
	}
	forged[0].owner = actor[1].tid;
	forged[1].owner = actor[0].tid;
	expect_actors("none", actor, 2);
}

static uint32_t pi_word;

static void hold_pi(struct actor *a)
{
	(void)a;
	syscall(SYS_futex, &pi_word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0);
	pause();
}

static void wait_pi(struct actor *a)
{
	(void)a;
	syscall(SYS_futex, &pi_word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0);
	pause();
}

/*
 * A PI mutex between unlock and wake-up, which lasts while the CPU of who unlocks
 * is stopped: the kernel has written the new owner, who is still asleep.
 */
static void handed_over(size_t n)
{
	(void)n;
	start(&actor[0], hold_pi, 0);
	until_blocked(actor[0].tid);
	start(&actor[1], wait_pi, 1);
	until_blocked(actor[1].tid);
	__atomic_store_n(&pi_word, actor[1].tid | FUTEX_WAITERS, __ATOMIC_SEQ_CST);
	expect("none", NULL, 0);
}

#if defined(__x86_64__)
static long wait_here(uint32_t *word, uint32_t value)
{
	register const void *timeout __asm__("r10") = NULL;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"((long)SYS_futex), "D"(word),
			   "S"((long)FUTEX_WAIT_PRIVATE), "d"((long)value),
			   "r"(timeout)
			 : "rcx", "r11", "memory");
	return result;
}
#else
static long wait_here(uint32_t *word, uint32_t value)
{
	return syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}
#endif

/* Waits with the stack of one that pthread_mutex_lock() has called. */
static void wait_as_if_called(struct actor *a)
{
	volatile uintptr_t frame[16];
	size_t i;

	for (i = 0; i < 16; i++)
		frame[i] = (uintptr_t)pthread_mutex_lock + 20;
	while (frame[0] && wait_here(&forged[a->number].lock, 2))
		;
}

/* As lies, with more to be believed: only who waits is not the C library. */
static void lies_on_stacks(size_t n)
{
	size_t i;

	(void)n;
	for (i = 0; i < 2; i++) {
		forged[i] = (struct forgery){ .lock = 2, .users = 1 };
		start(&actor[i], wait_as_if_called, i);
	}
	forged[0].owner = actor[1].tid;
	forged[1].owner = actor[0].tid;
	expect_actors("none", actor, 2);
}

static uint32_t *page;

static void wait_on_page(struct actor *a)
{
	syscall(SYS_futex, page + a->number, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

/* Waits for words that cannot be read any more. */
static void unreadable(size_t n)
{
	size_t i;

	(void)n;
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		die("mmap");
	for (i = 0; i < 4; i++) {
		start(&actor[i], wait_on_page, i);
		until_blocked(actor[i].tid);
	}
	mprotect(page, 4096, PROT_NONE);
	expect_actors("none", actor, 4);
}

static pthread_mutex_t mutex[2] = { PTHREAD_MUTEX_INITIALIZER,
				    PTHREAD_MUTEX_INITIALIZER };
static pthread_barrier_t barrier;

/* As a compiler of C++ calls what it has specialised. */
static void lock_under_a_name(struct actor *a)
	__asm__("_Z17lock_under_a_nameP5actor.constprop.0");
static void lock_under_a_name(struct actor *a)
{
	prctl(PR_SET_NAME, a->number ? "\033[31m\n) S 1 1" : "\"\\ (x) \xff");
	pthread_mutex_lock(&mutex[a->number]);
	pthread_barrier_wait(&barrier);
	pthread_mutex_lock(&mutex[!a->number]);
}

static pthread_mutex_t *edge[2];

static void lock_at_edges(struct actor *a)
{
	pthread_mutex_lock(edge[a->number]);
	pthread_barrier_wait(&barrier);
	pthread_mutex_lock(edge[!a->number]);
}

/* Mutexes at both ends of a page that lies between two that cannot be read. */
static void edges(size_t n)
{
	char *pages = mmap(NULL, 3 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	size_t i;

	(void)n;
	if (pages == MAP_FAILED || mprotect(pages + 4096, 4096,
					    PROT_READ | PROT_WRITE))
		die("mmap");
	edge[0] = (pthread_mutex_t *)(pages + 4096);
	edge[1] = (pthread_mutex_t *)(pages + 2 * 4096) - 1;
	pthread_barrier_init(&barrier, NULL, 2);
	for (i = 0; i < 2; i++) {
		pthread_mutex_init(edge[i], NULL);
		start(&actor[i], lock_at_edges, i);
	}
	expect_actors("deadlock", actor, 2);
}

static void names(size_t n)
{
	(void)n;
	pthread_barrier_init(&barrier, NULL, 2);
	start(&actor[0], lock_under_a_name, 0);
	start(&actor[1], lock_under_a_name, 1);
	expect_actors("deadlock", actor, 2);
}

static void churn(struct actor *a)
{
	pid_t pid;

	for (;;) {
		pid = fork_child();
		if (!pid && a->number % 2)
			execl("/bin/true", "true", NULL);
		if (!pid)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
}

/* Processes come, become others, and go. */
static void storm(size_t n)
{
	size_t i;

	(void)n;
	for (i = 0; i < 4; i++)
		start(&actor[i], churn, i);
	expect("none", NULL, 0);
}

static void come_and_go(struct actor *a)
{
	pid_t pid = fork_child();

	(void)a;
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
}

/* A program that forks, has threads that end, and becomes itself again. */
static void reborn(size_t n)
{
	size_t i;

	if (n)
		dprintf(STDOUT_FILENO, "expect none\n");
	for (i = 0; i < 4; i++)
		start(&actor[i], come_and_go, i);
	pthread_join(actor[0].thread, NULL);
	execl("/proc/self/exe", "corpus", "reborn", "0", NULL);
	die("execl");
}

const struct scene hostile_scenes[] = {
	{ "lies", lies },
	{ "lies-on-stacks", lies_on_stacks },
	{ "edges", edges },
	{ "reborn", reborn },
	{ "handed-over", handed_over },
	{ "unreadable", unreadable },
	{ "names", names },
	{ "storm", storm },
	{}
};
