/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Has what is included after it do the atomics of <stdatomic.h> in the model, on
 * objects of any size.  What includes it says how each is done, so that it can plant
 * mistakes there.
 */
#ifndef LOCKS_C11_H
#define LOCKS_C11_H

#include <stdatomic.h>

#include "model.h"

#define UNUSED __attribute__((unused))
static UNUSED uint64_t load(const void *at, unsigned int size);
static UNUSED uint64_t load_in_order(const void *at, unsigned int size);
static UNUSED void store(void *at, unsigned int size, uint64_t value, memory_order order);
static UNUSED bool cas(void *at, unsigned int size, uint64_t old, uint64_t value);
static UNUSED uint64_t swap(void *at, unsigned int size, uint64_t value);
static UNUSED uint64_t add(void *at, unsigned int size, uint64_t value);
static UNUSED void fence(void);

#define _Atomic
#define VALUE(v) ((uint64_t)(uintptr_t)(v))
#define AS(p, value) ((typeof(*(p)))(uintptr_t)(value))

#undef atomic_load
#undef atomic_load_explicit
#undef atomic_store
#undef atomic_store_explicit
#undef atomic_exchange
#undef atomic_exchange_explicit
#undef atomic_compare_exchange_strong
#undef atomic_compare_exchange_strong_explicit
#undef atomic_compare_exchange_weak_explicit
#undef atomic_fetch_add
#undef atomic_fetch_sub
#undef atomic_thread_fence

#define atomic_load(p) AS(p, load_in_order(p, sizeof(*(p))))
#define atomic_load_explicit(p, order) \
	AS(p, ((void)(order), load(p, sizeof(*(p)))))
#define atomic_store(p, v) store(p, sizeof(*(p)), VALUE(v), memory_order_seq_cst)
#define atomic_store_explicit(p, v, order) \
	store(p, sizeof(*(p)), VALUE(v), order)
#define atomic_exchange(p, v) AS(p, swap(p, sizeof(*(p)), VALUE(v)))
#define atomic_exchange_explicit(p, v, order) \
	((void)(order), atomic_exchange(p, v))
#define atomic_compare_exchange_strong(p, old, v) ({ \
	typeof(old) old_ = (old); \
	bool done_ = cas(p, sizeof(*(p)), VALUE(*old_), VALUE(v)); \
	if (!done_) \
		*old_ = atomic_load_explicit(p, memory_order_relaxed); \
	done_; })
#define atomic_compare_exchange_strong_explicit(p, old, v, yes, no) \
	((void)(yes), (void)(no), atomic_compare_exchange_strong(p, old, v))
#define atomic_compare_exchange_weak_explicit(p, old, v, yes, no) \
	((void)(yes), (void)(no), atomic_compare_exchange_strong(p, old, v))
#define atomic_fetch_add(p, n) \
	({ AS(p, add(p, sizeof(*(p)), (uint64_t)(n))); })
#define atomic_fetch_sub(p, n) \
	({ AS(p, add(p, sizeof(*(p)), -(uint64_t)(n))); })
#define atomic_thread_fence(order) ((void)(order), fence())

#endif /* LOCKS_C11_H */
