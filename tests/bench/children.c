// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: children WAY N PROGRAM
 *
 * A plain loop around the calls that 'ctxlab create' times: N children, each made
 * and waited for.  WAY is thread, fork or posix_spawn (of PROGRAM).  Prints the
 * nanoseconds that one took.
 */
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* About what the tool has written by the time at which it measures. */
static char written[256 * 1024];

static void *nothing(void *arg)
{
	return arg;
}

static int thread(void)
{
	pthread_t t;
	int err = pthread_create(&t, NULL, nothing, NULL);

	return err ? err : pthread_join(t, NULL);
}

static int reap(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return errno;
	return status ? ECHILD : 0;
}

static int process(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	return reap(pid);
}

static int program(char *path)
{
	char *const argv[] = { path, NULL };
	pid_t pid;
	int err = posix_spawn(&pid, path, NULL, NULL, argv, environ);

	return err ? err : reap(pid);
}

static int one(const char *way, char *path)
{
	if (!strcmp(way, "thread"))
		return thread();
	if (!strcmp(way, "fork"))
		return process();
	return program(path);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

int main(int argc, char **argv)
{
	double start;
	long n, i;
	int err = 0;

	if (argc != 4)
		return 2;
	n = atol(argv[2]);
	memset(written, 1, sizeof(written));
	for (i = 0; i < n / 10 && !err; i++)
		err = one(argv[1], argv[3]);
	start = now();
	for (i = 0; i < n && !err; i++)
		err = one(argv[1], argv[3]);
	if (err) {
		fprintf(stderr, "children: %s: %s\n", argv[1], strerror(err));
		return 1;
	}
	printf("%.0f\n", (now() - start) / n);
	return 0;
}
