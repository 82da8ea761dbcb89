/* SPDX-License-Identifier: GPL-2.0-only */
/* The switch probe's ioctls, and tasks that switch to one another. */
#ifndef CTXLAB_TEST_PROBE_H
#define CTXLAB_TEST_PROBE_H

#include <stdbool.h>
#include <sys/types.h>

#include <linux/ctxlab.h>

#include "slow_kernel.h"

#define PROBE "/proc/ctxlab/switch"

/* The clock that the probe counts in. */
static inline __u64 probe_clock(void)
{
#ifdef __aarch64__
	__u64 ticks;

	asm volatile("isb; mrs %0, cntvct_el0" : "=r" (ticks) : : "memory");
	return ticks;
#else
	__builtin_ia32_lfence();
	return __builtin_ia32_rdtsc();
#endif
}

/* Each gives 0 or an errno; probe_open() a descriptor, or -1 with errno. */
int probe_open(void);
int probe_ioctl(int fd, unsigned long cmd, void *arg);
int probe_attach(int fd);
int probe_detach(int fd);
int probe_reset(int fd);
int probe_flush(int fd, enum ctxlab_flush mode);
int probe_info(int fd, struct ctxlab_switch_info *info);
int probe_read(int fd, struct ctxlab_switch_read *read);
int probe_hist(int fd, enum ctxlab_hist hist, __u64 *buckets);

/* What INFO says of the caller, and READ of all; -1: error. */
int probe_is_attached(int fd);
int probe_nr_attached(int fd);

/* Waits, at most some seconds, until that many are attached: whether they are. */
bool probe_wait_attached(int fd, int nr);

/* Sum of the buckets; -1: error. */
long long probe_hist_sum(int fd, enum ctxlab_hist hist);

/* The value below which half of a histogram lies; -1: error or empty. */
long long probe_hist_median(int fd, enum ctxlab_hist hist);

/* Where rings run: the last CPU, which has least else to do. */
int last_cpu(void);

/* The caller on one CPU, alone there under SCHED_FIFO if @fifo: an errno. */
int pin(int cpu, bool fifo);

#define RING_MAX 4

/**
 * struct ring - tasks on one CPU that yield to one another in turn
 * @nr: how many
 * @fds: the session that each attaches to, or -1
 * @processes: processes with a memory map each, not threads
 * @rounds: how often each yields
 * @turn: called before each yield, with @data; NULL: nothing to do
 * @data: see @turn; the processes have each a copy unless it was mapped shared
 * @error: out: the first errno of any, or 0
 * @left: out: how often any of them was switched away from while they
 *	yielded, as getrusage(2) counts it
 */
struct ring {
	int nr;
	int fds[RING_MAX];
	bool processes;
	unsigned int rounds;
	void (*turn)(void *data, int player, unsigned int round);
	void *data;
	int error;
	long left;
};

/* Runs it to its end, all detached again.  Return: @error. */
int ring_run(struct ring *r);

#endif /* CTXLAB_TEST_PROBE_H */
