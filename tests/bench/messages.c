// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: messages WAY N
 *
 * A plain loop around the calls that 'ctxlab ipc' times: N rounds of TRIPS round trips
 * of a byte between two processes, that both sides check.  WAY is pipe or futex.
 * Prints the nanoseconds of a trip, for each round.
 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TRIPS 20

static int pipes[2][2];

/* Shared by both: a page with a word for each way, and a page for its message. */
#define PAGE 4096

static char *memory;

static uint32_t *word(int way)
{
	return (uint32_t *)(memory + 128 * way);
}

static char *message(int way)
{
	return memory + PAGE * (1 + way);
}

static void fail(const char *what)
{
	fprintf(stderr, "messages: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void pipe_send(int way, uint32_t n)
{
	char c = n;

	if (write(pipes[way][1], &c, 1) != 1)
		fail("write");
}

static void pipe_receive(int way, uint32_t n)
{
	char c;

	if (read(pipes[way][0], &c, 1) != 1 || c != (char)n)
		fail("read");
}

/* Whether the one that waits for that word sleeps, or is about to. */
static uint32_t *sleeps(int way)
{
	return word(way) + 1;
}

/* Wakes who sleeps, and enters the kernel for nobody else. */
static void futex_send(int way, uint32_t n)
{
	*message(way) = n;
	__atomic_store_n(word(way), n, __ATOMIC_SEQ_CST);
	if (__atomic_exchange_n(sleeps(way), 0, __ATOMIC_SEQ_CST))
		syscall(SYS_futex, sleeps(way), FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void futex_receive(int way, uint32_t n)
{
	while (__atomic_load_n(word(way), __ATOMIC_SEQ_CST) != n) {
		__atomic_store_n(sleeps(way), 1, __ATOMIC_SEQ_CST);
		if (__atomic_load_n(word(way), __ATOMIC_SEQ_CST) != n)
			syscall(SYS_futex, sleeps(way), FUTEX_WAIT, 1, NULL,
				NULL, 0);
	}
	if (*message(way) != (char)n)
		fail("another message");
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void set_up(void)
{
	memory = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED || pipe(pipes[0]) || pipe(pipes[1]))
		fail("cannot prepare");
}

/* The trips from @i on, of one side. */
static void exchange(int is_pipe, int first, uint32_t i)
{
	void (*send)(int, uint32_t) = is_pipe ? pipe_send : futex_send;
	void (*receive)(int, uint32_t) = is_pipe ? pipe_receive : futex_receive;
	uint32_t end = i + TRIPS;

	for (; i < end; i++) {
		if (first) {
			send(0, i);
			receive(1, i);
		} else {
			receive(0, i);
			send(1, i);
		}
	}
}

int main(int argc, char **argv)
{
	int is_pipe = argc == 3 && !strcmp(argv[1], "pipe");
	uint32_t i, n = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	double start;
	pid_t peer;

	if (!n || (!is_pipe && strcmp(argv[1], "futex"))) {
		fputs("usage: messages pipe|futex N\n", stderr);
		return 2;
	}
	set_up();
	peer = fork();
	if (peer < 0)
		fail("fork");
	/* The first round is to get both going. */
	for (i = 0; i <= n; i++) {
		start = now();
		exchange(is_pipe, peer != 0, 1 + i * TRIPS);
		if (peer && i)
			printf("%.1f\n", (now() - start) / TRIPS);
	}
	return peer && waitpid(peer, NULL, 0) != peer;
}
