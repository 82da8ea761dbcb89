/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * On which CPU the workers run and under which policy: what the kernel permits,
 * and why it does not.  Nothing here changes the caller's own affinity or policy.
 */
#ifndef MEASURE_CPUS_H
#define MEASURE_CPUS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The highest CPU number that an option may name. */
#define CPUS_MOST (1 << 16)

/**
 * cpus_allowed() - the CPUs that the caller may run on
 * @cpu: gets their numbers, the highest first, of @most of them
 *
 * Return: how many they are, or a negative errno.
 */
int cpus_allowed(unsigned int *cpu, unsigned int most);

/* The highest of them, or a negative errno. */
int cpus_last_allowed(void);

/* Whether @cpu is a number that this kernel can have; true if unknown. */
bool cpus_possible(unsigned int cpu);

/* Bind thread @tid (0: the caller) to @cpu: 0 or a negative errno. */
int cpus_bind(pid_t tid, unsigned int cpu);

/* Likewise to two, on either of which it may run. */
int cpus_bind_two(pid_t tid, const unsigned int cpu[2]);

/*
 * Let thread @tid run on every CPU of its cpuset under the default policy, so
 * that one that was killed can end even where its CPU is taken by another task.
 */
void cpus_release(pid_t tid);

/*
 * Kill a child and wait for it, but not for ever: a task with a higher priority
 * may have its CPU.  It is freed from that; else it ends when it is let, as
 * nobody's child.
 */
void cpus_end(pid_t child);

/* Why no thread can be bound to @cpu, in words; the caller frees. */
char *cpus_problem(unsigned int cpu);

/**
 * cpus_fifo() - find the SCHED_FIFO priority that the workers may have
 * @want: the priority wished for
 * @why: where there is none, the reason in words (the caller frees)
 *
 * A child tries it, as the permission depends on capabilities, RLIMIT_RTPRIO,
 * the cgroup's real-time budget and security modules.
 *
 * Return: @want, or what RLIMIT_RTPRIO leaves of it; 0 if no priority is permitted.
 */
int cpus_fifo(int want, char **why);

/*
 * The task that has used @cpu most during the last moments, in words: "pid 12
 * (name), SCHED_FIFO 50".  NULL if procfs shows none.  The caller frees.
 */
char *cpus_holder(unsigned int cpu);

/*
 * CPU time of a thread of the caller's process or of another, single-threaded
 * process, in ns; 0 if the kernel does not tell.
 */
uint64_t cpus_time(pid_t tid, bool own_process);

#endif /* MEASURE_CPUS_H */
