/* SPDX-License-Identifier: GPL-2.0-only */
/* The clock and the flush of this CPU's TLB, on x86-64. */
#ifndef CTXLAB_TLB_X86_H
#define CTXLAB_TLB_X86_H

#include <linux/bits.h>
#include <linux/irqflags.h>

#include <asm/cpufeature.h>
#include <asm/invpcid.h>
#include <asm/processor-flags.h>
#include <asm/special_insns.h>
#include <asm/tlbflush.h>
#include <asm/tsc.h>

#include <linux/ctxlab.h>

static inline u64 ctxlab_clock(void)
{
	return rdtsc_ordered();
}

static inline u64 ctxlab_clock_khz(void)
{
	return tsc_khz;
}

/* The kernel clears the features that it was told not to use (nopcid, nopti). */
static inline u32 ctxlab_cpu(void)
{
	u32 cpu = 0;

	if (boot_cpu_has(X86_FEATURE_PCID))
		cpu |= CTXLAB_CPU_PCID;
	if (boot_cpu_has(X86_FEATURE_INVPCID))
		cpu |= CTXLAB_CPU_INVPCID;
	if (boot_cpu_has(X86_FEATURE_PTI))
		cpu |= CTXLAB_CPU_PTI;
	if (boot_cpu_has(X86_FEATURE_XENPV))
		cpu |= CTXLAB_CPU_XEN_PV;
	return cpu;
}

/*
 * In a Xen PV guest CR3 and CR4 are the hypervisor's.  With PCID and isolation
 * the user's half has a PCID of its own, which only INVPCID reaches from here:
 * loading it into CR3 for a moment would leave kernel entries under it, and the
 * kernel's own note of halves to flush is not a module's to write.
 */
static inline u32 ctxlab_flush_modes(void)
{
	u32 cpu = ctxlab_cpu();
	u32 modes = BIT(CTXLAB_FLUSH_NONE);

	if (cpu & CTXLAB_CPU_XEN_PV)
		return modes;
	modes |= BIT(CTXLAB_FLUSH_ALL);
	if (!(cpu & CTXLAB_CPU_PCID) || !(cpu & CTXLAB_CPU_PTI) ||
	    cpu & CTXLAB_CPU_INVPCID)
		modes |= BIT(CTXLAB_FLUSH_MM);
	return modes;
}

static inline void flush_user_half(unsigned long cr3)
{
#ifdef X86_CR3_PTI_PCID_USER_BIT
	if (static_cpu_has(X86_FEATURE_PTI) && static_cpu_has(X86_FEATURE_PCID))
		invpcid_flush_single_context((cr3 & X86_CR3_PCID_MASK) |
					     BIT(X86_CR3_PTI_PCID_USER_BIT));
#endif
}

/*
 * Reading CR3 never gives the bit that would keep the entries, so writing back
 * what was read drops those of the current PCID, or without PCID all that are
 * not global.  CR3 stays what the kernel thinks it is, and to flush more than
 * the kernel knows of is harmless; interrupts stay off since one of them may
 * change CR3.  The native instructions: no paravirt layer but Xen PV, which is
 * refused, has its own.
 */
static inline void ctxlab_flush_mm(void)
{
	unsigned long flags, cr3;

	local_irq_save(flags);
	cr3 = __native_read_cr3();
	flush_user_half(cr3);
	native_write_cr3(cr3);
	local_irq_restore(flags);
}

/* Every PCID, global entries too.  Called with preemption off. */
static inline void ctxlab_flush_all(void)
{
	__flush_tlb_all();
}

#endif /* CTXLAB_TLB_X86_H */
