// SPDX-License-Identifier: GPL-2.0-only
/* What the loads of all kinds need: time, use, memory, connections. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "load.h"
#include "measure/busy.h"

#define EACH_LEAST 10

uint64_t load_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static uint64_t ns_of(const struct timeval *t)
{
	return t->tv_sec * 1000000000ULL + t->tv_usec * 1000ULL;
}

/* Of this process with all its threads, and of children that were waited for. */
static struct use use_now(void)
{
	struct rusage own, children;
	struct timespec t;

	getrusage(RUSAGE_SELF, &own);
	getrusage(RUSAGE_CHILDREN, &children);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (struct use){
		.cpu_ns = t.tv_sec * 1000000000ULL + t.tv_nsec +
			  ns_of(&children.ru_utime) + ns_of(&children.ru_stime),
		.voluntary = own.ru_nvcsw + children.ru_nvcsw,
		.involuntary = own.ru_nivcsw + children.ru_nivcsw,
	};
}

void load_begin(struct arena *a, struct worker *w)
{
	a->use[w->index] = use_now();
	w->slot->start_ns = worker_now();
}

void load_end(struct arena *a, struct worker *w)
{
	struct use *use = &a->use[w->index], now;

	w->slot->end_ns = worker_now();
	now = use_now();
	use->cpu_ns = now.cpu_ns - use->cpu_ns;
	use->voluntary = now.voluntary - use->voluntary;
	use->involuntary = now.involuntary - use->involuntary;
}

uint32_t load_each(const struct arena *a, unsigned int n)
{
	return fmax(a->ops / n, EACH_LEAST);
}

uint64_t load_made(const struct arena *a)
{
	unsigned int pairs = a->tasks / 2;

	switch (a->load) {
	case LOAD_PIPE:
	case LOAD_UNIX:
	case LOAD_TCP:
		if (a->kind == KIND_ALONE)
			return load_each(a, 1);
		return (uint64_t)load_each(a, pairs) * pairs;
	case LOAD_FAN_OUT:
		return load_pieces(a);
	case LOAD_TIMER:
	case LOAD_BLOCK:
	case LOAD_BLOCK_UNSAID:
		return a->ops;
	default:
		return (uint64_t)load_each(a, a->tasks) * a->tasks;
	}
}

void load_failed(struct arena *a, int err)
{
	int none = 0;

	__atomic_compare_exchange_n(&a->error, &none, err, false,
				    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

void load_late(struct arena *a, uint64_t when)
{
	uint64_t now = load_now();

	if (a->times < TIMES)
		a->late_ns[a->times++] = now > when ? now - when : 0;
}

void load_look(struct arena *a)
{
	uint64_t began = __atomic_load_n(&a->began, __ATOMIC_ACQUIRE);

	if (!began)
		return;
	load_late(a, began);
	__atomic_store_n(&a->began, 0, __ATOMIC_RELEASE);
}

void load_work(const struct arena *a)
{
	busy(WORK_NS * a->turns);
}

/* Even, so that two can share them. */
unsigned int load_pieces(const struct arena *a)
{
	return a->ops > WORK_LEAST ? a->ops & ~1U : WORK_LEAST;
}

double load_resident(void)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "re");
	unsigned long kb = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Rss: %lu kB", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb * 1024.0;
}

static int connect_pipes(struct connection *c)
{
	int fd[2], side;

	for (side = 0; side < 2; side++) {
		if (pipe2(fd, O_CLOEXEC))
			return -errno;
		c->in[!side] = fd[0];
		c->out[side] = fd[1];
	}
	return 0;
}

static void both_ways(struct connection *c, const int fd[2])
{
	int side;

	for (side = 0; side < 2; side++) {
		c->in[side] = fd[side];
		c->out[side] = fd[side];
	}
}

/* By a listener on a port of the loopback that the kernel chooses. */
static int connect_tcp(int listener, const struct sockaddr_in *to, int fd[2])
{
	const int one = 1;
	int side;

	fd[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd[0] < 0)
		return -errno;
	if (connect(fd[0], (const struct sockaddr *)to, sizeof(*to)))
		return -errno;
	fd[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd[1] < 0)
		return -errno;
	for (side = 0; side < 2; side++)
		setsockopt(fd[side], IPPROTO_TCP, TCP_NODELAY, &one,
			   sizeof(one));
	return 0;
}

static int listen_tcp(struct sockaddr_in *at)
{
	socklen_t size = sizeof(*at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*at = (struct sockaddr_in){ .sin_family = AF_INET };
	at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		return -errno;
	if (!bind(fd, (struct sockaddr *)at, size) && !listen(fd, 1) &&
	    !getsockname(fd, (struct sockaddr *)at, &size))
		return fd;
	close(fd);
	return -errno;
}

static int connect_one(const struct arena *a, struct connection *c,
		       int listener, const struct sockaddr_in *to)
{
	int fd[2] = { -1, -1 }, err;

	if (a->load == LOAD_PIPE)
		return connect_pipes(c);
	if (a->load == LOAD_UNIX)
		err = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) ?
			      -errno : 0;
	else
		err = connect_tcp(listener, to, fd);
	both_ways(c, fd);
	return err;
}

static bool talks(const struct arena *a)
{
	return a->load == LOAD_PIPE || a->load == LOAD_UNIX ||
	       a->load == LOAD_TCP;
}

static unsigned int connections(const struct arena *a)
{
	return talks(a) ? a->tasks / 2 : 0;
}

int load_connect(struct arena *a)
{
	const struct connection none = { { -1, -1 }, { -1, -1 } };
	unsigned int i, n = connections(a);
	struct sockaddr_in at;
	int listener = -1, err = 0;

	for (i = 0; i < n; i++)
		a->connection[i] = none;
	if (a->load == LOAD_TCP) {
		listener = listen_tcp(&at);
		if (listener < 0)
			return listener;
	}
	for (i = 0; i < n && !err; i++)
		err = connect_one(a, &a->connection[i], listener, &at);
	if (listener >= 0)
		close(listener);
	return err;
}

void load_disconnect(struct arena *a)
{
	struct connection *c;
	unsigned int i;
	int side;

	for (i = 0; i < connections(a); i++) {
		c = &a->connection[i];
		for (side = 0; side < 2; side++) {
			if (c->out[side] >= 0 && c->out[side] != c->in[side])
				close(c->out[side]);
			if (c->in[side] >= 0)
				close(c->in[side]);
		}
	}
}
