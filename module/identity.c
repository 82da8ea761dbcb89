// SPDX-License-Identifier: GPL-2.0-only
/* Kernel pointer -> opaque ID, under keys drawn at load: one for each kind. */
#include <linux/cache.h>
#include <linux/init.h>
#include <linux/random.h>
#include <linux/siphash.h>

#include "identity.h"

static siphash_key_t keys[CTXLAB_KINDS] __ro_after_init;

void __init ctxlab_identity_init(void)
{
	get_random_bytes(keys, sizeof(keys));
}

u64 ctxlab_id(enum ctxlab_kind kind, const void *object)
{
	if (!object)
		return 0;
	/* 0 means "none": the one object in 2^64 that hashes to it gets 1. */
	return siphash_1u64((uintptr_t)object, &keys[kind]) ?: 1;
}
