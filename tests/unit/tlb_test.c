// SPDX-License-Identifier: GPL-2.0-only
/* TLB sizes from CPUID as real machines have it. */
#include "measure/machine.h"
#include "tap.h"

struct leaf {
	unsigned int leaf, sub;
	struct cpuid_regs regs;
};

static bool table(void *arg, unsigned int leaf, unsigned int sub,
		  struct cpuid_regs *r)
{
	const struct leaf *l;

	for (l = arg; l->leaf; l++) {
		if (l->leaf == leaf && l->sub == sub) {
			*r = l->regs;
			return true;
		}
	}
	return false;
}

static void check(const char *what, const struct leaf *leaves, bool amd,
		  int l1, int l2)
{
	int got1, got2;

	machine_tlb(table, (void *)leaves, amd, &got1, &got2);
	if (!ok(got1 == l1 && got2 == l2, "%s", what))
		printf("# got %d and %d, not %d and %d\n", got1, got2, l1, l2);
}

int main(void)
{
	static const struct leaf cascade_lake[] = {
		{ 2, 0, { 0x76036301, 0x00f0b5ff, 0, 0x00c30000 } },
		{}
	};
	static const struct leaf reserved[] = {
		{ 2, 0, { 0x76036301, 0x80c3b5ff, 0, 0 } },
		{}
	};
	/* A data TLB of 16 x 4, a unified one of 8 ways by 256 sets. */
	static const struct leaf deterministic[] = {
		{ 0x18, 0, { 3, 0, 0, 0 } },
		{ 0x18, 1, { 0, 0x00080007, 8, 0x22 } },
		{ 0x18, 2, { 0, 0x00040001, 16, 0x21 } },
		{ 0x18, 3, { 0, 0x00080001, 256, 0x43 } },
		{}
	};
	static const struct leaf zen[] = {
		{ 0x80000005, 0, { 0, 0xff48ff40, 0, 0 } },
		{ 0x80000006, 0, { 0, 0x5c002200, 0, 0 } },
		{}
	};
	static const struct leaf zen5[] = {
		{ 0x80000005, 0, { 0, 0xff60ff40, 0, 0 } },
		{ 0x80000006, 0, { 0, 0x60804040, 0, 0 } },
		{ 0x80000021, 0, { 1u << 14, 0, 0, 0 } },
		{}
	};
	static const struct leaf zen5_guest[] = {
		{ 0x80000005, 0, { 0, 0xff60ff40, 0, 0 } },
		{ 0x80000006, 0, { 0, 0x60804040, 0, 0 } },
		{ 0x80000021, 0, { 0, 0, 0, 0 } },
		{}
	};
	static const struct leaf nothing[] = { {} };

	check("AMD's units of 32 entries", zen5, true, 96, 4096);
	check("which a hypervisor may hide", zen5_guest, true, 96, 128);
	check("Intel's descriptors", cascade_lake, false, 64, 1536);
	check("a register marked as reserved is skipped", reserved, false, 64,
	      -1);
	check("Intel's deterministic parameters", deterministic, false, 64,
	      2048);
	check("AMD's extended leaves", zen, true, 72, 3072);
	check("a CPU that does not tell", nothing, false, -1, -1);
	return tap_done();
}
