// SPDX-License-Identifier: GPL-2.0-only
/*
 * Concurrency Kit's programs for spinlocks, with our locks: the one that CK_PROGRAM
 * names, in a folder of theirs.
 */
#include "shim.h"

#define LOCK_NAME "ctxlab"
#define LOCK_DEFINE static int unused_lock __attribute__((unused))
#define LOCK shim_take(&shim_lock)
#define UNLOCK shim_leave(&shim_lock)

#include CK_PROGRAM
