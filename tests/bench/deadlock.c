// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: deadlock PROGRAM
 *
 * What it takes ctxlab to find a cycle of N threads, from nothing to the verdict,
 * and what the longest pause of a thread in the same process is meanwhile.
 * PROGRAM is the one of tests/unit/corpus.  Each line: what, N, figure, unit.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "deadlock/confirm.h"

#define PAUSE_SECONDS 5

struct target {
	pid_t pid;
	FILE *out;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static struct target begin(const char *program, const char *scene, unsigned int n)
{
	struct target t;
	char number[16];
	int fd[2];

	snprintf(number, sizeof(number), "%u", n);
	if (pipe(fd))
		exit(1);
	t.pid = fork();
	if (!t.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fd[1], STDOUT_FILENO);
		close(fd[0]);
		execl(program, program, scene, number, NULL);
		_exit(127);
	}
	close(fd[1]);
	t.out = fdopen(fd[0], "r");
	return t;
}

static void end(struct target *t)
{
	kill(t->pid, SIGKILL);
	waitpid(t->pid, NULL, 0);
	fclose(t->out);
}

/* One look as the first one of a process; false where nothing is found. */
static bool look(pid_t pid, double *us)
{
	double before = now();
	struct scan *s = scan_new();
	bool found;

	if (!scan_add(s, pid, true) && !scan_read(s))
		confirm(s);
	found = s->findings;
	*us = now() - before;
	scan_free(s);
	return found;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void measure(const char *program, unsigned int n, size_t times)
{
	struct target t = begin(program, "ring", n);
	double *us = calloc(times, sizeof(*us));
	char line[65536];
	size_t i = 0;

	if (!us || !fgets(line, sizeof(line), t.out))
		exit(1);
	while (i < times)
		i += look(t.pid, &us[i]);
	qsort(us, times, sizeof(*us), by_value);
	printf("verdict %u %.0f us\n", n, us[times / 2]);
	printf("verdict-p10 %u %.0f us\n", n, us[times / 10]);
	free(us);
	end(&t);
}

/* The median of the longest pauses of a second each, which the target prints. */
static double pauses(struct target *t, bool looking)
{
	double us[PAUSE_SECONDS], unused;
	char line[64];
	size_t i;
	pid_t looker;

	looker = looking ? fork() : -1;
	while (!looker) {
		look(t->pid, &unused);
		usleep(10000);
	}
	for (i = 0; i < PAUSE_SECONDS; i++)
		if (!fgets(line, sizeof(line), t->out) ||
		    sscanf(line, "pause %lf", &us[i]) != 1)
			exit(1);
	if (looking) {
		kill(looker, SIGKILL);
		waitpid(looker, NULL, 0);
	}
	qsort(us, PAUSE_SECONDS, sizeof(*us), by_value);
	return us[PAUSE_SECONDS / 2];
}

static void measure_pauses(const char *program, unsigned int n)
{
	struct target t = begin(program, "ticker", n);

	printf("pause-alone %u %.0f us\n", n, pauses(&t, false));
	printf("pause-looked-at %u %.0f us\n", n, pauses(&t, true));
	end(&t);
}

static double syscall_us(void)
{
	double before = now();
	int i;

	for (i = 0; i < 100000; i++)
		getppid();
	return (now() - before) / 100000;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("getppid 1 %.2f us\n", syscall_us());
	measure(argv[1], 100, 201);
	measure(argv[1], 1000, 31);
	measure_pauses(argv[1], 100);
	return 0;
}
