// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: children WAY N PROGRAM MAPPINGS PAGES
 *
 * A plain loop around the calls that 'ctxlab create' times: N children, each made
 * and waited for, by a process with so many mappings and private pages, if it has
 * not more by itself.  WAY is thread, fork or posix_spawn (of PROGRAM).  Prints
 * the nanoseconds that one took.
 */
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long count_mappings(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	long n = 0;
	int c;

	while (f && (c = getc(f)) != EOF)
		n += c == '\n';
	if (f)
		fclose(f);
	return n;
}

static long count_pages(void)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "re");
	char line[128];
	long kb = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Anonymous: %ld", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb * 1024 / sysconf(_SC_PAGESIZE);
}

/* Neighbours that differ in what is allowed are not merged. */
static int grow(long mappings, long pages)
{
	size_t page = sysconf(_SC_PAGESIZE);
	long have = count_mappings();
	char *p;

	for (; have < mappings; have++)
		if (mmap(NULL, page, have & 1 ? PROT_READ : PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
			return errno;
	for (have = count_pages(); have < pages; have++) {
		p = malloc(page);
		if (!p)
			return errno;
		memset(p, 1, page);
	}
	return 0;
}

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
	int err;

	if (argc != 6)
		return 2;
	n = atol(argv[2]);
	err = grow(atol(argv[4]), atol(argv[5]));
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
