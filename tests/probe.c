// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

int probe_open(void)
{
	return open(PROBE, O_RDWR | O_CLOEXEC);
}

int probe_ioctl(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) < 0 ? errno : 0;
}

static int plain(int fd, unsigned long cmd)
{
	struct ctxlab_switch_none arg = { .size = sizeof(arg) };

	return probe_ioctl(fd, cmd, &arg);
}

int probe_attach(int fd)
{
	return plain(fd, CTXLAB_SWITCH_ATTACH);
}

int probe_detach(int fd)
{
	return plain(fd, CTXLAB_SWITCH_DETACH);
}

int probe_reset(int fd)
{
	return plain(fd, CTXLAB_SWITCH_RESET);
}

int probe_flush(int fd, enum ctxlab_flush mode)
{
	struct ctxlab_switch_flush arg = { .size = sizeof(arg), .mode = mode };

	return probe_ioctl(fd, CTXLAB_SWITCH_FLUSH, &arg);
}

int probe_info(int fd, struct ctxlab_switch_info *info)
{
	*info = (struct ctxlab_switch_info) { .size = sizeof(*info) };
	return probe_ioctl(fd, CTXLAB_SWITCH_INFO, info);
}

int probe_read(int fd, struct ctxlab_switch_read *read)
{
	*read = (struct ctxlab_switch_read) { .size = sizeof(*read) };
	return probe_ioctl(fd, CTXLAB_SWITCH_READ, read);
}

int probe_hist(int fd, enum ctxlab_hist hist, __u64 *buckets)
{
	struct ctxlab_switch_hist arg = {
		.size = sizeof(arg),
		.hist = hist,
		.buckets = (uintptr_t)buckets,
		.nr_buckets = CTXLAB_HIST_BUCKETS,
	};

	return probe_ioctl(fd, CTXLAB_SWITCH_HIST, &arg);
}

int probe_is_attached(int fd)
{
	struct ctxlab_switch_info info;

	return probe_info(fd, &info) ? -1 : (int)info.attached;
}

int probe_nr_attached(int fd)
{
	struct ctxlab_switch_read read;

	return probe_read(fd, &read) ? -1 : (int)read.attached;
}

bool probe_wait_attached(int fd, int nr)
{
	int tries;

	for (tries = 0; tries < 1000; tries++) {
		if (probe_nr_attached(fd) == nr)
			return true;
		usleep(10 * 1000);
	}
	return false;
}

long long probe_hist_sum(int fd, enum ctxlab_hist hist)
{
	__u64 buckets[CTXLAB_HIST_BUCKETS];
	long long sum = 0;
	int i;

	if (probe_hist(fd, hist, buckets))
		return -1;
	for (i = 0; i < CTXLAB_HIST_BUCKETS; i++)
		sum += buckets[i];
	return sum;
}

long long probe_hist_median(int fd, enum ctxlab_hist hist)
{
	long long half = probe_hist_sum(fd, hist) / 2, sum = 0;
	__u64 buckets[CTXLAB_HIST_BUCKETS];
	int i;

	if (probe_hist(fd, hist, buckets))
		return -1;
	for (i = 0; i < CTXLAB_HIST_BUCKETS; i++) {
		sum += buckets[i];
		if (sum > half)
			return ctxlab_hist_floor(i);
	}
	return -1;
}

int last_cpu(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN) - 1;
}

int pin(int cpu, bool fifo)
{
	struct sched_param param = { .sched_priority = 1 };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return errno;
	if (fifo && sched_setscheduler(0, SCHED_FIFO, &param))
		return errno;
	return 0;
}

/* All players see it, whether they share their memory or not. */
struct table {
	struct ring *ring;
	pthread_barrier_t barrier;
	struct player {
		struct table *table;
		int error;
		long left;
	} players[RING_MAX];
};

static long times_left(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nvcsw + usage.ru_nivcsw;
}

static void yield_in_turn(struct ring *r, int number)
{
	unsigned int i;

	for (i = 0; i < r->rounds; i++) {
		if (r->turn)
			r->turn(r->data, number, i);
		sched_yield();
	}
}

/*
 * Nobody fails half way: the others would wait at the barrier forever.  Between
 * the barriers all are alone on their CPU.
 */
static void *play(void *arg)
{
	struct player *p = arg;
	int number = p - p->table->players;
	int fd = p->table->ring->fds[number];

	p->error = pin(last_cpu(), true);
	if (!p->error && fd >= 0)
		p->error = probe_attach(fd);
	pthread_barrier_wait(&p->table->barrier);
	p->left = -times_left();
	yield_in_turn(p->table->ring, number);
	p->left += times_left();
	pthread_barrier_wait(&p->table->barrier);
	if (!p->error && fd >= 0)
		p->error = probe_detach(fd);
	return NULL;
}

static void play_threads(struct table *t)
{
	pthread_t threads[RING_MAX];
	int i;

	for (i = 0; i < t->ring->nr; i++)
		if (pthread_create(&threads[i], NULL, play, &t->players[i]))
			abort();
	for (i = 0; i < t->ring->nr; i++)
		pthread_join(threads[i], NULL);
}

static void play_processes(struct table *t)
{
	pid_t pids[RING_MAX];
	int i, status;

	for (i = 0; i < t->ring->nr; i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		play(&t->players[i]);
		_exit(0);
	}
	for (i = 0; i < t->ring->nr; i++)
		if (waitpid(pids[i], &status, 0) != pids[i] || status)
			t->players[i].error = ECHILD;
}

static void set_table(struct table *t, struct ring *r)
{
	pthread_barrierattr_t attr;
	int i;

	t->ring = r;
	for (i = 0; i < r->nr; i++)
		t->players[i].table = t;
	pthread_barrierattr_init(&attr);
	pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&t->barrier, &attr, r->nr);
}

int ring_run(struct ring *r)
{
	struct table *t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int i;

	if (t == MAP_FAILED)
		return r->error = errno;
	set_table(t, r);
	if (r->processes)
		play_processes(t);
	else
		play_threads(t);
	r->error = 0;
	r->left = 0;
	for (i = 0; i < r->nr; i++) {
		r->error = r->error ?: t->players[i].error;
		r->left += t->players[i].left;
	}
	munmap(t, sizeof(*t));
	return r->error;
}
