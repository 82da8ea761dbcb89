// SPDX-License-Identifier: GPL-2.0-only
/* The frame of the programs that hang. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "corpus.h"

void die(const char *what)
{
	fprintf(stderr, "corpus: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void nap(void)
{
	const struct timespec time = { .tv_nsec = 1000000 };

	nanosleep(&time, NULL);
}

static void *enter(void *arg)
{
	struct actor *a = arg;

	a->tid = syscall(SYS_gettid);
	a->act(a);
	return NULL;
}

void start(struct actor *a, void (*act)(struct actor *a), size_t number)
{
	pthread_attr_t small;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 128 * 1024);
	a->act = act;
	a->number = number;
	if (pthread_create(&a->thread, &small, enter, a))
		die("pthread_create");
	while (!a->tid)
		sched_yield();
}

void until_blocked(pid_t tid)
{
	char path[64], text[32];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/syscall", tid);
	for (;;) {
		f = fopen(path, "r");
		if (!f)
			die(path);
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
		if (n && text[0] >= '0' && text[0] <= '9')
			return;
		nap();
	}
}

pid_t fork_child(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
	}
	return pid;
}

void *shared_memory(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

void expect(const char *verdict, const pid_t *tids, size_t n)
{
	char *line = malloc(64 + 12 * n);
	int len = sprintf(line, "expect %s", verdict);
	size_t i;

	for (i = 0; i < n; i++)
		len += sprintf(line + len, " %d", tids[i]);
	line[len++] = '\n';
	/* stdio's locks may be part of the scene. */
	if (write(STDOUT_FILENO, line, len) != len)
		exit(1);
	for (;;)
		pause();
}

void expect_actors(const char *verdict, const struct actor *a, size_t n)
{
	pid_t *tids = calloc(n, sizeof(*tids));
	size_t i;

	for (i = 0; i < n; i++) {
		tids[i] = a[i].tid;
		until_blocked(tids[i]);
	}
	expect(verdict, tids, n);
}

/* What tests play; not where none of the C library's locks is of that kind. */
static const struct {
	const char *scene;
	size_t n;
	bool glibc;	/* other C libraries record no owner there */
	bool all;	/* the descriptors of all processes must be seen */
} tested[] = {
	{ "ring", 2, true, false },
	{ "ring", 3, true, false },
	{ "ring", 100, true, false },
	{ "ring", 1000, true, false },
	{ "ring-recursive", 2, false, false },
	{ "ring-errorcheck", 3, false, false },
	{ "ring-adaptive", 2, true, false },
	{ "ring-robust", 2, true, false },
	{ "ring-pi", 2, false, false },
	{ "ring-pi", 5, false, false },
	{ "self", 1, true, false },
	{ "dead-owner", 3, true, false },
	{ "rwlock-writers", 2, true, false },
	{ "rwlock-readers", 2, true, false },
	{ "stdio", 2, true, false },
	{ "join", 2, true, false },
	{ "cond-relock", 2, true, false },
	{ "loader", 2, true, false },
	{ "tail", 6, true, false },
	{ "shared", 2, true, false },
	{ "flocks", 2, false, true },
	{ "ofds", 2, false, true },
	{ "posix-lock", 2, false, true },
	{ "pipe-and-wait", 2, false, true },
	{ "pipes", 2, false, true },
	{ "fork-held", 1, true, false },
	{ "ring-own", 2, false, false },
	{ "ring-own", 100, false, false },
	{ "ring-own-fair", 3, false, false },
	{ "ring-own-rwlock", 3, false, false },
	{ "own-dead-owner", 2, false, false },
	{ "own-unknown", 2, false, false },
	{ "timed", 3, false, false },
	{ "chain", 5, false, false },
	{ "stack-sem", 2, false, false },
	{ "idle", 4, false, false },
	{ "pipe-with-reader", 2, false, false },
	{ "wait-for-one", 2, false, true },
	{ "wait-for-any", 2, false, false },
	{ "fifos", 2, false, false },
	{ "sockets", 2, false, false },
	{ "handed-over", 2, false, false },
	{ "traced", 2, true, false },
};

#ifdef __GLIBC__
#define HAS_OWNERS true
#else
#define HAS_OWNERS false
#endif

/* A line for each: "SCENE N own", or "all" where it takes all descriptors. */
static void list_tested(void)
{
	size_t i;

	for (i = 0; i < sizeof(tested) / sizeof(*tested); i++)
		if (HAS_OWNERS || !tested[i].glibc)
			printf("%s %zu %s\n", tested[i].scene, tested[i].n,
			       tested[i].all ? "all" : "own");
}

static void play(const struct scene *s, const char *name, size_t n)
{
	for (; s->name; s++)
		if (!strcmp(s->name, name))
			s->play(n);
}

int main(int argc, char **argv)
{
	size_t n = argc > 2 ? strtoul(argv[2], NULL, 10) : 2;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (argc < 2)
		return 2;
	if (!strcmp(argv[1], "--scenes")) {
		list_tested();
		return 0;
	}
	play(thread_scenes, argv[1], n);
	play(process_scenes, argv[1], n);
	play(healthy_scenes, argv[1], n);
	play(hostile_scenes, argv[1], n);
	play(own_scenes, argv[1], n);
	fprintf(stderr, "corpus: no scene '%s'\n", argv[1]);
	return 2;
}
