/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a debugger, or any other process, reads to see the Gs of a program that is
 * linked with libgpm.
 *
 * An ELF note of owner "gpm" and type GPM_NOTE_DEBUG, in a segment of type PT_NOTE,
 * tells such a program from others; strip(1) leaves it alone.  Its eight bytes are
 * the distance from themselves to the one struct gpm_debug, which is also the
 * symbol gpm_debug.  That struct says where things are in this build; gpm/inspect.h
 * reads them.
 *
 * All of it changes while it is read.  A G waits as it did before if it waits, and
 * @g_parks has not changed.
 */
#ifndef GPM_DEBUG_H
#define GPM_DEBUG_H

#include <stdint.h>

#define GPM_NOTE_OWNER "gpm"
#define GPM_NOTE_DEBUG 1
#define GPM_DEBUG_VERSION 1

/* The state of a G, one byte. */
enum g_state {
	G_FREE,
	G_READY,
	G_RUNNING,
	G_WAITING,
	G_BLOCKED,		/* in a call, without a P */
};

/**
 * struct gpm_debug - where a running scheduler's parts are
 * @version: GPM_DEBUG_VERSION; of another one nothing else is known
 * @size: of this struct; later versions only add to it
 * @slabs: address of the pointer to the first slab of stacks
 * @stack_size: address of the size_t that is the distance from stack to stack
 * @machines: address of the pointer to the first M
 * @slab_next, @slab_base, @slab_used: offsets in a slab: the next one, the first
 *	stack, and (size_t) how many stacks have a G
 * @g_size, @colours, @colour_bytes: for gpm_debug_g()
 * @g_id: (uint32_t) its number
 * @g_state: (uint8_t) enum g_state
 * @g_why: (uint8_t) enum gpm_wait_reason, while it waits
 * @g_what: (pointer) what it waits in, or the descriptor
 * @g_parks: (uint32_t) how often it has waited
 * @g_name: (16 bytes) ends with a zero
 * @m_next, @m_tid, @m_current: the next M, its (pid_t) thread, and the G that it
 *	runs, whose number is 0 where it runs none
 * @mutex_owner: (uint64_t) in a mutex, the number of the G that has it
 */
struct gpm_debug {
	uint32_t version;
	uint32_t size;
	const void *slabs;
	const void *stack_size;
	const void *machines;
	uint16_t slab_next, slab_base, slab_used;
	uint16_t g_size, colours, colour_bytes;
	uint16_t g_id, g_state, g_why, g_what, g_parks, g_name;
	uint16_t m_next, m_tid, m_current;
	uint16_t mutex_owner;
};

/*
 * Where the G is whose stack ends at @end: at the end of it, and not at the same
 * place of each page, as they would all share a few sets of the cache.
 */
static inline uint64_t gpm_debug_g(const struct gpm_debug *d,
				   uint64_t stack_size, uint64_t end)
{
	uint64_t colour = end / stack_size % d->colours;

	return (end - d->g_size - colour * d->colour_bytes) & ~(uint64_t)63;
}

#endif /* GPM_DEBUG_H */
