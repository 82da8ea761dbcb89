// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which function a call instruction calls.
 *
 * On arm64 a function that calls none keeps the address that it returns to in a
 * register, which nobody outside sees.  glibc waits in such a function for an
 * rwlock, so the stack begins with the frame of pthread_rwlock_wrlock(), which has
 * where that returns to: to behind a call of it.
 */
#include <stdbool.h>
#include <stddef.h>

#include "called.h"
#include "process.h"

#ifdef __aarch64__
#define BTI_C 0xd503245f

static bool read_words(struct process *p, uint64_t address, uint32_t *to, size_t n)
{
	struct piece piece = { address, to, n * sizeof(*to), false };

	process_read(p, &piece, 1);
	return piece.ok;
}

/* bl: an offset of 26 bits, in instructions. */
static bool target_of_bl(uint64_t at, uint32_t code, uint64_t *target)
{
	int64_t offset = (int32_t)(code << 6) >> 6;

	*target = at + 4 * offset;
	return code >> 26 == 0x25;
}

/* adrp x16, page; ldr x17, [x16, offset]: the slot that has the address. */
static bool slot_of_stub(uint64_t at, const uint32_t code[2], uint64_t *slot)
{
	int64_t pages = (int32_t)((code[0] & 0xffffe0) << 8) >> 11;

	if ((code[0] & 0x9f00001f) != 0x90000010 ||
	    (code[1] & 0xffc003ff) != 0xf9400211)
		return false;
	pages = (pages & ~(int64_t)3) | (code[0] >> 29 & 3);
	*slot = (at & ~(uint64_t)0xfff) + 4096 * pages +
		8 * (code[1] >> 10 & 0xfff);
	return true;
}

/* An entry, where images_function() is asked for addresses behind calls. */
static enum libc_function at_entry(const struct process *p, uint64_t address)
{
	return images_function(p, address + 4, NULL);
}

enum libc_function called_before(struct process *p, uint64_t address)
{
	enum libc_function function;
	uint32_t code[3], call;
	uint64_t target, slot, entry;
	struct piece piece;
	size_t skip;

	if (!read_words(p, address - 4, &call, 1) ||
	    !target_of_bl(address - 4, call, &target))
		return IN_NOTHING;
	function = at_entry(p, target);
	if (function > IN_OTHER)
		return function;
	if (!read_words(p, target, code, 3))
		return IN_NOTHING;
	skip = code[0] == BTI_C;
	if (!slot_of_stub(target + 4 * skip, code + skip, &slot))
		return IN_NOTHING;
	piece = (struct piece){ slot, &entry, sizeof(entry), false };
	process_read(p, &piece, 1);
	return piece.ok ? at_entry(p, entry) : IN_NOTHING;
}
#else
enum libc_function called_before(struct process *p, uint64_t address)
{
	(void)p;
	(void)address;
	return IN_NOTHING;
}
#endif
