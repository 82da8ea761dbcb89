// SPDX-License-Identifier: GPL-2.0-only
/* The frame of the programs that hang. */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "corpus.h"

void die(const char *what)
{
	fprintf(stderr, "corpus: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void nap(long ms)
{
	const struct timespec time = { .tv_nsec = ms * 1000000 };

	nanosleep(&time, NULL);
}

static void *enter(void *arg)
{
	struct actor *a = arg;

	__atomic_store_n(&a->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	syscall(SYS_futex, &a->tid, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	a->act(a);
	return NULL;
}

void begin(struct actor *a, void (*act)(struct actor *a), size_t number)
{
	pthread_attr_t small;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 128 * 1024);
	a->act = act;
	a->number = number;
	if (pthread_create(&a->thread, &small, enter, a))
		die("pthread_create");
}

/* Asleep: where CPUs are wanted by others, who yields gives the thread none. */
static pid_t tid_of(struct actor *a)
{
	pid_t tid;

	while (!(tid = __atomic_load_n(&a->tid, __ATOMIC_ACQUIRE)))
		syscall(SYS_futex, &a->tid, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	return tid;
}

void start(struct actor *a, void (*act)(struct actor *a), size_t number)
{
	begin(a, act, number);
	tid_of(a);
}

/* Takes no memory: the lock of malloc() may be part of the scene. */
static size_t read_text(pid_t tid, const char *name, char *text, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", tid, name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		die(path);
	n = read(fd, text, size);
	close(fd);
	return n < 0 ? 0 : n;
}

void until_blocked(pid_t tid)
{
	char first;

	while (!read_text(tid, "syscall", &first, 1) || first < '0' || first > '9')
		nap(1);
}

/* How often it has run stands there last. */
void until_quiet(pid_t tid)
{
	char before[64] = "", now[64] = "";

	do {
		memcpy(before, now, sizeof(before));
		until_blocked(tid);
		nap(100);
		memset(now, 0, sizeof(now));
		read_text(tid, "schedstat", now, sizeof(now) - 1);
	} while (strcmp(before, now));
	until_blocked(tid);
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

void fill(int fd)
{
	char block[4096] = "";

	while (write(fd, block, sizeof(block)) > 0)
		;
}

/* Where the scene says no more than the ID, that alone. */
static int print_member(char *to, const struct member *m)
{
	int n = sprintf(to, " %d", m->tid);

	if (!m->waits)
		return n;
	n += sprintf(to + n, ":%s:%s", m->waits, m->type ? m->type : "-");
	n += m->whom ? sprintf(to + n, ":%d", m->whom) : sprintf(to + n, ":-");
	if (m->ends)
		n += sprintf(to + n, ":%d", m->ends);
	return n;
}

void expect_members(const char *verdict, const struct member *m, size_t n)
{
	char *line = malloc(64 + 80 * n);
	int len = sprintf(line, "expect %s", verdict);
	size_t i;

	for (i = 0; i < n; i++)
		len += print_member(line + len, &m[i]);
	line[len++] = '\n';
	/* stdio's locks may be part of the scene. */
	if (write(STDOUT_FILENO, line, len) != len)
		exit(1);
	for (;;)
		pause();
}

void expect(const char *verdict, const pid_t *tids, size_t n)
{
	struct member *m = calloc(n + 1, sizeof(*m));
	size_t i;

	for (i = 0; i < n; i++)
		m[i].tid = tids[i];
	expect_members(verdict, m, n);
}

void expect_actors(const char *verdict, struct actor *a, size_t n)
{
	struct member *m = calloc(n + 1, sizeof(*m));
	size_t i;

	for (i = 0; i < n; i++) {
		m[i] = (struct member){
			.tid = tid_of(&a[i]),
			.waits = a[i].waits,
			.type = a[i].type,
			.whom = a[i].whom ? tid_of(a[i].whom) : 0,
			.ends = a[i].ends,
		};
		until_blocked(m[i].tid);
	}
	expect_members(verdict, m, n);
}

/* What a scene takes. */
enum {
	OWNERS = 1,	/* a C library whose locks record their owner: glibc */
	ALL = 2,	/* the descriptors of all processes are seen */
	URING = 4,	/* a kernel that lets programs have an io_uring */
	TCP = 8,	/* connections within this host */
	INET6 = 16,	/* likewise, by IPv6 */
	NAMESPACES = 32,	/* the right to make pid namespaces */
};

static const struct {
	const char *scene;
	size_t n;
	unsigned int takes;
} tested[] = {
	{ "ring", 2, OWNERS },
	{ "ring", 3, OWNERS },
	{ "ring", 100, OWNERS },
	{ "ring", 1000, OWNERS },
	{ "ring-recursive", 2, 0 },
	{ "ring-errorcheck", 3, 0 },
	{ "ring-adaptive", 2, OWNERS },
	{ "ring-robust", 2, 0 },
	{ "ring-pi", 2, 0 },
	{ "ring-pi", 5, 0 },
	{ "self", 1, OWNERS },
	{ "dead-owner", 3, OWNERS },
	{ "rwlock-writers", 2, OWNERS },
	{ "rwlock-readers", 2, OWNERS },
	{ "stdio", 2, 0 },
	{ "join", 2, 0 },
	{ "malloc", 2, OWNERS },
	{ "cond-relock", 2, OWNERS },
	{ "loader", 2, OWNERS },
	{ "tail", 6, OWNERS },
	{ "shared", 2, OWNERS | ALL },
	{ "flocks", 2, ALL },
	{ "ofds", 2, ALL },
	{ "posix-lock", 2, ALL },
	{ "pipe-and-wait", 2, ALL },
	{ "pipes", 2, ALL },
	{ "fork-held", 1, OWNERS },
	{ "ring-own", 2, 0 },
	{ "ring-own", 100, 0 },
	{ "ring-own-fair", 3, 0 },
	{ "ring-own-rwlock", 3, 0 },
	{ "own-dead-owner", 2, 0 },
	{ "own-unknown", 2, 0 },
	{ "timed", 3, 0 },
	{ "chain", 5, 0 },
	{ "stack-sem", 2, 0 },
	{ "idle", 4, 0 },
	{ "once", 3, 0 },
	{ "barrier", 3, 0 },
	{ "pipe-with-reader", 2, 0 },
	{ "wait-for-one", 2, ALL },
	{ "wait-for-any", 2, 0 },
	{ "wait-for-only", 2, ALL },
	{ "wait-for-group", 2, ALL },
	{ "waitid", 2, ALL },
	{ "waitid-any", 2, 0 },
	{ "waitid-group", 2, ALL },
	{ "waitid-pidfd", 2, ALL },
	{ "wait-beside", 2, OWNERS },
	{ "wait-as-tracer", 2, 0 },
	{ "wait-as-tracer-of-thread", 2, 0 },
	{ "own-descriptors", 2, 0 },
	{ "pipes-beside", 2, 0 },
	{ "vfork", 2, ALL },
	{ "vfork-lock", 2, OWNERS },
	{ "fifos", 2, 0 },
	{ "sockets", 2, 0 },
	{ "tcp-read", 2, TCP },
	{ "tcp-write", 2, TCP },
	{ "tcp-mapped", 2, INET6 },
	{ "uring", 2, URING },
	{ "pipes-and-uring", 2, ALL | URING },
	{ "sleepers", 1, 0 },
	{ "handed-over", 2, 0 },
	{ "traced", 2, OWNERS },
	{ "all-wait", 2, 0 },
	{ "self-pipe", 1, 0 },
	{ "stopped-writer", 2, 0 },
	{ "inherited", 1, OWNERS },
	{ "inherited-by-daemon", 1, OWNERS },
	{ "not-meant-shared", 1, OWNERS },
	{ "namespaces", 1, OWNERS | NAMESPACES },
	{ "shared-descriptors", 2, 0 },
};

int open_uring(void)
{
	struct io_uring_params params = {};

	return syscall(SYS_io_uring_setup, 1, &params);
}

static bool has_uring(void)
{
	int fd = open_uring();

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool has_tcp(bool mapped)
{
	int fd[2];

	if (!tcp_pair(fd, mapped))
		return false;
	close(fd[0]);
	close(fd[1]);
	return true;
}

static bool has_namespaces(void)
{
	pid_t child = fork();
	int status;

	if (!child)
		_exit(unshare(CLONE_NEWPID) ? 1 : 0);
	return waitpid(child, &status, 0) == child && !status;
}

/* A line for each: "SCENE N own", or "all" where it takes all descriptors. */
static void list_tested(void)
{
	unsigned int lacks = 0;
	size_t i;

#ifndef __GLIBC__
	lacks |= OWNERS;
#endif
	if (!has_uring())
		lacks |= URING;
	if (!has_tcp(false))
		lacks |= TCP;
	if (!has_tcp(true))
		lacks |= INET6;
	if (!has_namespaces())
		lacks |= NAMESPACES;
	for (i = 0; i < sizeof(tested) / sizeof(*tested); i++)
		if (!(tested[i].takes & lacks))
			printf("%s %zu %s\n", tested[i].scene, tested[i].n,
			       tested[i].takes & ALL ? "all" : "own");
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
	play(wait_scenes, argv[1], n);
	play(process_scenes, argv[1], n);
	play(file_scenes, argv[1], n);
	play(child_scenes, argv[1], n);
	play(healthy_scenes, argv[1], n);
	play(hostile_scenes, argv[1], n);
	play(own_scenes, argv[1], n);
	play(overlooked_scenes, argv[1], n);
	play(socket_scenes, argv[1], n);
	fprintf(stderr, "corpus: no scene '%s'\n", argv[1]);
	return 2;
}
