/* SPDX-License-Identifier: GPL-2.0-only */
/* The clock and the flush of this CPU's TLB, on arm64. */
#ifndef CTXLAB_TLB_ARM64_H
#define CTXLAB_TLB_ARM64_H

#include <linux/bits.h>
#include <linux/sched.h>
#include <linux/timex.h>

#include <asm/arch_timer.h>
#include <asm/cpufeature.h>
#include <asm/mmu.h>
#include <asm/tlbflush.h>

#include <linux/ctxlab.h>

static inline u64 ctxlab_clock(void)
{
	return get_cycles();
}

static inline u64 ctxlab_clock_khz(void)
{
	return arch_timer_get_cntfrq() / 1000;
}

/* Every entry has its ASID, and can be dropped by it. */
static inline u32 ctxlab_cpu(void)
{
	u32 cpu = CTXLAB_CPU_PCID | CTXLAB_CPU_INVPCID;

	if (arm64_kernel_unmapped_at_el0())
		cpu |= CTXLAB_CPU_PTI;
	return cpu;
}

static inline u32 ctxlab_flush_modes(void)
{
	return BIT(CTXLAB_FLUSH_NONE) | BIT(CTXLAB_FLUSH_MM) |
	       BIT(CTXLAB_FLUSH_ALL);
}

/*
 * As the kernel's flush_tlb_mm(), but on this CPU alone.  The ASID in use here
 * outlives a rollover: an address space that runs keeps its number.  With isolation
 * the user's half has one of its own.  What the kernel makes such operands with is
 * no longer for others since Linux 7.3: the ASID is in the upper 16 bits.
 */
static inline void ctxlab_flush_mm(void)
{
	u64 asid = (u64)ASID(current->active_mm) << 48;

	dsb(nshst);
	__tlbi(aside1, asid);
	if (arm64_kernel_unmapped_at_el0())
		__tlbi(aside1, asid | USER_ASID_FLAG);
	dsb(nsh);
	isb();
}

static inline void ctxlab_flush_all(void)
{
	local_flush_tlb_all();
}

#endif /* CTXLAB_TLB_ARM64_H */
