// SPDX-License-Identifier: GPL-2.0-only
/* Uses CPU time, and finds how fast it does. */
#include "busy.h"
#include "workers.h"

/* Some 3 us, beside which reading the clock is little. */
#define TURNS 10000
/* The shortest of several is what nobody came between. */
#define TRIES 5

__attribute__((noinline)) void busy_turns(uint32_t turns)
{
	while (turns--)
		__asm__ volatile("");
}

double busy_speed(void)
{
	uint64_t best = UINT64_MAX, start, ns;
	int i;

	for (i = 0; i < TRIES; i++) {
		start = worker_now();
		busy(TURNS);
		ns = worker_now() - start;
		best = ns && ns < best ? ns : best;
	}
	return (double)TURNS / best;
}
