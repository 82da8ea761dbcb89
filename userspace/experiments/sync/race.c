// SPDX-License-Identifier: GPL-2.0-only
/* Adding to a number, with and without care. */
#include <stdbool.h>

#include "race.h"

/*
 * The value passes through a register that the compiler knows nothing of, twice:
 * neither can it add to memory in one instruction, nor keep the number in a
 * register for longer.  The accesses themselves are ordinary ones, so tools that
 * look for races find this one.
 */
uint64_t race_plain(uint64_t *n, uint64_t times)
{
	uint64_t i, value;

	for (i = 0; i < times; i++) {
		value = *n;
		__asm__ volatile("" : "+r"(value) : : "memory");
		value++;
		__asm__ volatile("" : "+r"(value) : : "memory");
		*n = value;
	}
	return times;
}

uint64_t race_atomic(uint64_t *n, uint64_t times)
{
	uint64_t i;

	for (i = 0; i < times; i++)
		__atomic_fetch_add(n, 1, __ATOMIC_RELAXED);
	return times;
}

uint64_t race_cas(uint64_t *n, uint64_t times)
{
	uint64_t i, value;

	for (i = 0; i < times; i++) {
		value = __atomic_load_n(n, __ATOMIC_RELAXED);
		while (!__atomic_compare_exchange_n(n, &value, value + 1, false,
						    __ATOMIC_RELAXED,
						    __ATOMIC_RELAXED))
			;
	}
	return times;
}
