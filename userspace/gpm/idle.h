/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Waking an idle P for work, and falling asleep without missing any.
 *
 * Who makes a G ready puts it into a queue and then looks whether a P is idle;
 * who goes idle says so and then looks into the queues once more.  Between the
 * store and the load of each a full fence is needed: without it both may see
 * what was before, and the G waits though a P is idle.
 *
 * One M that spins (looks for work) is enough to find what is there, so no
 * second one is woken while there is one; it wakes the next when it finds
 * something.  The last to stop spinning looks again, since others relied on it.
 */
#ifndef GPM_IDLE_H
#define GPM_IDLE_H

#include <stdatomic.h>
#include <stdbool.h>

/*
 * After a G was put into a queue: whether an M has to be woken.  If so it is
 * counted as spinning from now on.
 */
static inline bool idle_must_wake(_Atomic unsigned int *nidle,
				  _Atomic unsigned int *nspinning)
{
	unsigned int none = 0;

	atomic_thread_fence(memory_order_seq_cst);
	if (!atomic_load_explicit(nidle, memory_order_relaxed))
		return false;
	if (atomic_load_explicit(nspinning, memory_order_relaxed))
		return false;
	return atomic_compare_exchange_strong(nspinning, &none, 1);
}

/*
 * May one more M spin?  At most half as many as there are busy Ps: many that
 * search the same few queues take more time than they win.
 */
static inline bool idle_may_spin(_Atomic unsigned int *nidle,
				 _Atomic unsigned int *nspinning,
				 unsigned int procs)
{
	unsigned int busy = procs - atomic_load_explicit(nidle,
							 memory_order_relaxed);

	if (2 * atomic_load_explicit(nspinning, memory_order_relaxed) >= busy)
		return false;
	atomic_fetch_add(nspinning, 1);
	return true;
}

/*
 * The P of an M that found nothing is idle: stop spinning.  The queues have to be
 * looked into once more afterwards if it is true.
 */
static inline bool idle_stop_spinning(_Atomic unsigned int *nspinning,
				      bool *spinning)
{
	bool was = *spinning;

	if (was) {
		*spinning = false;
		atomic_fetch_sub(nspinning, 1);
	}
	atomic_thread_fence(memory_order_seq_cst);
	return was;
}

#endif /* GPM_IDLE_H */
