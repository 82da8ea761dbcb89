// SPDX-License-Identifier: GPL-2.0-only
/* Which function a call instruction calls. */
#include <stddef.h>
#include <string.h>

#include "called.h"
#include "process.h"

static bool read_code(struct process *p, uint64_t address, void *to, size_t len)
{
	struct piece piece = { address, to, len, false };

	process_read(p, &piece, 1);
	return piece.ok;
}

#ifdef __aarch64__
#define BTI_C 0xd503245f

/* bl: an offset of 26 bits, in instructions. */
static bool target_of_call(struct process *p, uint64_t address, uint64_t *target)
{
	uint64_t at = address - 4;
	int64_t offset;
	uint32_t code;

	if (!read_code(p, at, &code, sizeof(code)) || code >> 26 != 0x25)
		return false;
	offset = (int32_t)(code << 6) >> 6;
	*target = at + 4 * offset;
	return true;
}

/* adrp x16, page; ldr x17, [x16, offset]: the slot that has the address. */
static bool slot_of_stub(struct process *p, uint64_t at, uint64_t *slot)
{
	uint32_t words[3], *code = words;
	int64_t pages;

	if (!read_code(p, at, words, sizeof(words)))
		return false;
	if (*code == BTI_C) {
		code++;
		at += 4;
	}
	if ((code[0] & 0x9f00001f) != 0x90000010 ||
	    (code[1] & 0xffc003ff) != 0xf9400211)
		return false;
	pages = (int32_t)((code[0] & 0xffffe0) << 8) >> 11;
	pages = (pages & ~(int64_t)3) | (code[0] >> 29 & 3);
	*slot = (at & ~(uint64_t)0xfff) + 4096 * pages +
		8 * (code[1] >> 10 & 0xfff);
	return true;
}
#else
static int32_t offset_at(const unsigned char *code)
{
	int32_t offset;

	memcpy(&offset, code, sizeof(offset));
	return offset;
}

/* call function; or call *slot(%rip), where there is no procedure linkage table. */
static bool target_of_call(struct process *p, uint64_t address, uint64_t *target)
{
	unsigned char code[6];

	if (!read_code(p, address - sizeof(code), code, sizeof(code)))
		return false;
	*target = address + offset_at(code + 2);
	if (code[1] == 0xe8)
		return true;
	return code[0] == 0xff && code[1] == 0x15 &&
	       read_code(p, *target, target, sizeof(*target));
}

/* [endbr64;] [bnd] jmp *slot(%rip) */
static bool slot_of_stub(struct process *p, uint64_t at, uint64_t *slot)
{
	static const unsigned char endbr[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	unsigned char code[11];
	size_t i = 0;

	if (!read_code(p, at, code, sizeof(code)))
		return false;
	if (!memcmp(code, endbr, sizeof(endbr)))
		i += sizeof(endbr);
	if (code[i] == 0xf2)
		i++;
	if (code[i] != 0xff || code[i + 1] != 0x25)
		return false;
	*slot = at + i + 6 + offset_at(code + i + 2);
	return true;
}
#endif

/* An entry, where images_function() is asked for addresses behind calls. */
static enum libc_function at_entry(const struct process *p, uint64_t address)
{
	return images_function(p, address + 4, NULL);
}

bool called_before(struct process *p, uint64_t address,
		   enum libc_function *function)
{
	uint64_t target, slot, entry;

	if (!target_of_call(p, address, &target))
		return false;
	*function = at_entry(p, target);
	if (*function <= IN_OTHER && slot_of_stub(p, target, &slot) &&
	    read_code(p, slot, &entry, sizeof(entry)))
		*function = at_entry(p, entry);
	return true;
}
