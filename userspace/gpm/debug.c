// SPDX-License-Identifier: GPL-2.0-only
/* What the library tells those who look at it from outside. */
#include <stddef.h>

#include "debug.h"
#include "internal.h"

extern const struct gpm_debug gpm_debug HIDDEN;

const struct gpm_debug gpm_debug = {
	.version = GPM_DEBUG_VERSION,
	.size = sizeof(gpm_debug),
	.slabs = &sched.stacks.slabs,
	.stack_size = &sched.stacks.size,
	.machines = &sched.ms,
	.slab_next = offsetof(struct co_slab, next),
	.slab_base = offsetof(struct co_slab, base),
	.slab_used = offsetof(struct co_slab, used),
	.g_size = sizeof(struct g),
	.colours = COLOURS,
	.colour_bytes = COLOUR_BYTES,
	.g_id = offsetof(struct g, id),
	.g_state = offsetof(struct g, state),
	.g_why = offsetof(struct g, why),
	.g_what = offsetof(struct g, what),
	.g_parks = offsetof(struct g, parks),
	.g_name = offsetof(struct g, name),
	.m_next = offsetof(struct m, all),
	.m_tid = offsetof(struct m, tid),
	.m_current = offsetof(struct m, current),
	.mutex_owner = offsetof(struct gpm_mutex, owner),
};

/* The compiler has no way to write a note whose content is a distance. */
__asm__(".pushsection .note.gpm, \"a\", %note\n"
	".balign 4\n"
	".long 2f - 1f, 4f - 3f, 1\n"	/* GPM_NOTE_DEBUG */
	"1: .asciz \"" GPM_NOTE_OWNER "\"\n"
	"2: .balign 4\n"
	"3: .quad gpm_debug - .\n"
	"4: .balign 4\n"
	".popsection\n");

/* The struct lies at the end of its stack, on a page that is touched anyway. */
struct g *g_of_stack(char *end)
{
	return (struct g *)gpm_debug_g(&gpm_debug, sched.stacks.size,
				       (uintptr_t)end);
}
