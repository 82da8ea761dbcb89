/* SPDX-License-Identifier: GPL-2.0-only */
/* Work of a given length that does nothing else: for loads of experiments. */
#ifndef MEASURE_BUSY_H
#define MEASURE_BUSY_H

#include <stdint.h>

/* Uses CPU time, and no memory. */
static inline void busy(uint32_t turns)
{
	while (turns--)
		__asm__ volatile("");
}

/* Turns of busy() in a nanosecond, on the CPU that the caller is on. */
double busy_speed(void);

#endif /* MEASURE_BUSY_H */
