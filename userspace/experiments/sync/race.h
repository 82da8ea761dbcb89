/* SPDX-License-Identifier: GPL-2.0-only */
/* Ways to add one to a number that others add to. */
#ifndef SYNC_RACE_H
#define SYNC_RACE_H

#include <stdint.h>

/* Each adds one, so many times, and returns that number. */

/* A load, an addition and a store: what others add between them is lost. */
uint64_t race_plain(uint64_t *n, uint64_t times);

/* One instruction, or a load and a store that know of each other. */
uint64_t race_atomic(uint64_t *n, uint64_t times);

/* A load, and a compare-and-swap until it succeeds. */
uint64_t race_cas(uint64_t *n, uint64_t times);

#endif /* SYNC_RACE_H */
