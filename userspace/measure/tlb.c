// SPDX-License-Identifier: GPL-2.0-only
/* Sizes of the data TLBs, decoded from CPUID. */
#include <stddef.h>

#include "machine.h"

/* Descriptors of CPUID leaf 2 that speak of data TLBs for 4 KiB pages. */
static const struct {
	unsigned char code;
	unsigned char level;
	short entries;
} descriptors[] = {
	{ 0x03, 1, 64 },   { 0x5b, 1, 64 },   { 0x5c, 1, 128 },
	{ 0x5d, 1, 256 },  { 0x57, 1, 16 },   { 0x59, 1, 16 },
	{ 0xa0, 1, 32 },   { 0xb3, 1, 128 },  { 0xb4, 1, 256 },
	{ 0xba, 1, 64 },   { 0xc0, 1, 8 },    { 0xc2, 1, 16 },
	{ 0x6b, 1, 256 },  { 0x64, 2, 512 },  { 0xca, 2, 512 },
	{ 0xc1, 2, 1024 }, { 0xc3, 2, 1536 },
};

static void larger(int *to, int entries)
{
	if (entries > *to)
		*to = entries;
}

static void descriptor(unsigned char code, int *l1, int *l2)
{
	size_t i;

	for (i = 0; i < sizeof(descriptors) / sizeof(*descriptors); i++)
		if (descriptors[i].code == code)
			larger(descriptors[i].level == 1 ? l1 : l2,
			       descriptors[i].entries);
}

/* Leaf 2: up to fifteen descriptors of a byte each. */
static void intel_descriptors(const struct cpuid_regs *r, int *l1, int *l2)
{
	const unsigned int regs[] = { r->eax & ~0xffu, r->ebx, r->ecx, r->edx };
	int i, byte;

	for (i = 0; i < 4; i++) {
		if (regs[i] & (1u << 31))
			continue;	/* reserved: no descriptors in it */
		for (byte = 0; byte < 32; byte += 8)
			descriptor(regs[i] >> byte, l1, l2);
	}
}

/* Leaf 0x18: one sub-leaf a TLB. */
static void intel_parameters(cpuid_fn cpuid, void *arg, int *l1, int *l2)
{
	struct cpuid_regs r;
	unsigned int last, sub, type, level;

	if (!cpuid(arg, 0x18, 0, &r))
		return;
	last = r.eax;
	for (sub = 0; sub <= last && sub < 32; sub++) {
		if (!cpuid(arg, 0x18, sub, &r))
			return;
		type = r.edx & 0x1f;	/* 1 data, 3 unified, 4 loads only */
		level = (r.edx >> 5) & 7;
		if ((type != 1 && type != 3 && type != 4) || !(r.ebx & 1))
			continue;
		larger(level == 1 ? l1 : l2, (int)((r.ebx >> 16) * r.ecx));
	}
}

/* The second level's size may be in units of 32 entries. */
static void amd(cpuid_fn cpuid, void *arg, int *l1, int *l2)
{
	struct cpuid_regs r;
	int unit = 1;

	if (cpuid(arg, 0x80000021, 0, &r) && r.eax & (1u << 14))
		unit = 32;
	if (cpuid(arg, 0x80000005, 0, &r))
		larger(l1, (r.ebx >> 16) & 0xff);
	if (cpuid(arg, 0x80000006, 0, &r))
		larger(l2, ((r.ebx >> 16) & 0xfff) * unit);
}

void machine_tlb(cpuid_fn cpuid, void *arg, bool is_amd, int *l1, int *l2)
{
	struct cpuid_regs r;

	*l1 = 0;
	*l2 = 0;
	if (is_amd) {
		amd(cpuid, arg, l1, l2);
	} else {
		intel_parameters(cpuid, arg, l1, l2);
		if (!*l2 && cpuid(arg, 2, 0, &r))
			intel_descriptors(&r, l1, l2);
	}
	if (!*l1)
		*l1 = -1;
	if (!*l2)
		*l2 = -1;
}
