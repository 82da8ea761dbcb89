/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a futex lock of ours records its owner, so that it can be recognised in the
 * memory of another process (deadlock/futex.c).  Who has to wait does so, by
 * FUTEX_WAIT_BITSET, at @word or at the word right behind the struct.
 */
#ifndef CTXLAB_OWNED_H
#define CTXLAB_OWNED_H

#include <stdint.h>

/* No text, no pointer, and no number that is likely to stand in memory. */
#define OWNED_MARK 0x9e6bc37a1f50d2e4ULL

/**
 * struct owned - what such a lock begins with
 * @word: the futex; 0 only while nobody holds the lock
 * @owner: thread ID of the holder as itself sees it; 0 where nobody holds it, or
 *	the holder has not written it yet
 * @mark: OWNED_MARK
 */
struct owned {
	uint32_t word;
	uint32_t owner;
	uint64_t mark;
};

#endif /* CTXLAB_OWNED_H */
