/* SPDX-License-Identifier: GPL-2.0-only */
/* What a thread is in while it sleeps. */
#ifndef CTXLAB_WAIT_H
#define CTXLAB_WAIT_H

#include <linux/sched.h>
#include <linux/types.h>

#include "registers.h"

struct ctxlab_reader;

/**
 * struct ctxlab_wait - one thread at one moment
 * @nvcsw: voluntary switches
 * @nivcsw: involuntary ones
 * @runs: how often it was given a CPU, 0 where the kernel does not count
 * @tid: in the reader's pid namespace
 * @state: its letter; 'R' for one that is not asleep
 * @asleep: it was asleep all the while that this was taken
 * @known: @registers are set
 * @withheld: the reader may not be shown what @registers would have
 * @registers: its system call and registers, of the moment of the counts
 */
struct ctxlab_wait {
	u64 nvcsw;
	u64 nivcsw;
	u64 runs;
	pid_t tid;
	char state;
	bool asleep;
	bool known;
	bool withheld;
	char comm[TASK_COMM_LEN];
	struct ctxlab_registers registers;
};

/**
 * ctxlab_take_wait - for ctxlab_threads_begin(): rows are struct ctxlab_wait
 *
 * Nothing keeps a thread from being woken meanwhile.  So whether it sleeps, and how
 * often it had run, is read before its registers and after: where both are the
 * same, it slept all the while.
 */
int ctxlab_take_wait(const struct ctxlab_reader *who, struct task_struct *thread,
		     void *rows, int i);

#endif /* CTXLAB_WAIT_H */
