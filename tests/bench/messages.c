// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: messages WAY N
 *
 * A plain loop around the calls that 'ctxlab ipc' times: N round trips of a byte
 * between two processes.  WAY is pipe or futex.  Prints the nanoseconds that one
 * took.
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

static int pipes[2][2];
static uint32_t *words;		/* two lines of memory that both share */

static uint32_t *word(int i)
{
	return words + 32 * i;
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

static void futex_send(int way, uint32_t n)
{
	__atomic_store_n(word(way), n, __ATOMIC_RELEASE);
	syscall(SYS_futex, word(way), FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void futex_receive(int way, uint32_t n)
{
	while (__atomic_load_n(word(way), __ATOMIC_ACQUIRE) != n)
		syscall(SYS_futex, word(way), FUTEX_WAIT, n - 1, NULL, NULL, 0);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void set_up(void)
{
	words = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (words == MAP_FAILED || pipe(pipes[0]) || pipe(pipes[1]))
		fail("cannot prepare");
}

int main(int argc, char **argv)
{
	int is_pipe = argc == 3 && !strcmp(argv[1], "pipe");
	void (*send)(int, uint32_t) = is_pipe ? pipe_send : futex_send;
	void (*receive)(int, uint32_t) = is_pipe ? pipe_receive : futex_receive;
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
	start = now();
	for (i = 1; i <= n; i++) {
		if (!peer) {
			receive(0, i);
			send(1, i);
		} else {
			send(0, i);
			receive(1, i);
		}
	}
	if (!peer)
		_exit(0);
	printf("%.1f\n", (now() - start) / n);
	return waitpid(peer, NULL, 0) != peer;
}
