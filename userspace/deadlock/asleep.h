/* SPDX-License-Identifier: GPL-2.0-only */
/* For how long threads have not run. */
#ifndef CTXLAB_DEADLOCK_ASLEEP_H
#define CTXLAB_DEADLOCK_ASLEEP_H

#include <stdbool.h>

struct thread;

/* The clocks of the CPUs, each read at most once. */
struct cpu_clocks;

struct cpu_clocks *cpu_clocks_new(void);
void cpu_clocks_free(struct cpu_clocks *c);

/*
 * Seconds for which @t has not run, or less: never more.  False where the kernel
 * does not tell, or @t runs.
 */
bool thread_asleep(struct cpu_clocks *c, const struct thread *t, double *seconds);

#endif /* CTXLAB_DEADLOCK_ASLEEP_H */
