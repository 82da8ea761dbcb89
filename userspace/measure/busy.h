/* SPDX-License-Identifier: GPL-2.0-only */
/* Work of a given length that does nothing else: for loads of experiments. */
#ifndef MEASURE_BUSY_H
#define MEASURE_BUSY_H

#include <stdint.h>

/* One function for all: a copy of its loop elsewhere in memory may be slower. */
void busy_turns(uint32_t turns);

/* Uses CPU time, and no memory. */
static inline void busy(uint32_t turns)
{
	if (turns)
		busy_turns(turns);
}

/*
 * Turns of busy() in a nanosecond, on the CPU that the caller is on, at the moment:
 * takes some 20 us, so that each round can ask.
 */
double busy_speed(void);

#endif /* MEASURE_BUSY_H */
