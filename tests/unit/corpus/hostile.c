// SPDX-License-Identifier: GPL-2.0-only
/* Programs that mislead those who look at them. */
#include <linux/futex.h>
#include <stdint.h>
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

static void lock_under_a_name(struct actor *a)
{
	prctl(PR_SET_NAME, a->number ? "\033[31m\n) S 1 1" : "\"\\ (x) \xff");
	pthread_mutex_lock(&mutex[a->number]);
	pthread_barrier_wait(&barrier);
	pthread_mutex_lock(&mutex[!a->number]);
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

const struct scene hostile_scenes[] = {
	{ "lies", lies },
	{ "handed-over", handed_over },
	{ "unreadable", unreadable },
	{ "names", names },
	{ "storm", storm },
	{}
};
