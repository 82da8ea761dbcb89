/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory that a group of workers and the controller share; for workers.c and
 * worker.c alone.  It is mapped shared also where the workers share their whole
 * mm, and its futexes are of the shared kind, so that nothing but the mm differs.
 */
#ifndef MEASURE_SHARED_H
#define MEASURE_SHARED_H

#include <stdint.h>

#include "lib/compiler.h"
#include "workers.h"

struct shared {
	uint32_t seq;		/* futex: the number of the order */
	struct workers_spec spec;
	struct order order;
	/* Counted up by workers while others look: a cache line of its own. */
	__aligned(128) uint32_t arrived;
	uint32_t finished;	/* futex */
	struct slot slot[MAX_WORKERS];
};

/* What a worker does until it is killed. */
__noreturn void worker_live(struct shared *shared, unsigned int index);

/* Says that a worker has done its round, or its beginning. */
void worker_finish(struct shared *shared);

#endif /* MEASURE_SHARED_H */
