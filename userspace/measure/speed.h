/* SPDX-License-Identifier: GPL-2.0-only */
/* How fast a CPU is at the moment. */
#ifndef MEASURE_SPEED_H
#define MEASURE_SPEED_H

/*
 * Nanoseconds that a fixed loop of plain instructions takes on @cpu, under
 * SCHED_FIFO of @priority (0: the default policy); -1 where it cannot be had.
 */
double speed_ns(unsigned int cpu, int priority);

#endif /* MEASURE_SPEED_H */
