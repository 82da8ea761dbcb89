/* SPDX-License-Identifier: GPL-2.0-only */
/* The clock and the flush of this CPU's TLB, on x86-64. */
#ifndef CTXLAB_TLB_X86_H
#define CTXLAB_TLB_X86_H

#include <linux/bits.h>
#include <linux/irqflags.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include <asm/cpufeature.h>
#include <asm/invpcid.h>
#include <asm/paravirt.h>
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

/*
 * Does the kernel itself write CR3 and CR4?  Under a paravirtual MMU, Xen's or
 * another's, they are the hypervisor's, and to write them is a fault.  The kernel
 * keeps a pointer to the function that writes CR3; which one that is, only its
 * name says, and a kernel without names is taken for such a guest.
 */
static inline bool ctxlab_mmu_is_native(void)
{
#ifdef CONFIG_PARAVIRT_XXL
	char name[KSYM_SYMBOL_LEN];

	snprintf(name, sizeof(name), "%ps", pv_ops.mmu.write_cr3);
	return strstr(name, "native_write_cr3");
#else
	return true;
#endif
}

/* The kernel clears the features that it was told not to use (nopcid, nopti). */
static inline u32 ctxlab_cpu(void)
{
	u32 cpu = 0;

	if (cpu_feature_enabled(X86_FEATURE_PCID))
		cpu |= CTXLAB_CPU_PCID;
	if (cpu_feature_enabled(X86_FEATURE_INVPCID))
		cpu |= CTXLAB_CPU_INVPCID;
	if (cpu_feature_enabled(X86_FEATURE_PTI))
		cpu |= CTXLAB_CPU_PTI;
	if (!ctxlab_mmu_is_native())
		cpu |= CTXLAB_CPU_PV_MMU;
	return cpu;
}

/*
 * With PCID and isolation the user's half has a PCID of its own, which only
 * INVPCID reaches from here: loading it into CR3 for a moment would leave kernel
 * entries under it, and the kernel's own note of halves to flush is not a
 * module's to write.
 */
static inline u32 ctxlab_flush_modes(void)
{
	u32 cpu = ctxlab_cpu();
	u32 modes = BIT(CTXLAB_FLUSH_NONE);

	if (cpu & CTXLAB_CPU_PV_MMU)
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
	if (cpu_feature_enabled(X86_FEATURE_PTI) &&
	    cpu_feature_enabled(X86_FEATURE_PCID))
		invpcid_flush_single_context((cr3 & X86_CR3_PCID_MASK) |
					     BIT(X86_CR3_PTI_PCID_USER_BIT));
#endif
}

/*
 * Reading CR3 never gives the bit that would keep the entries, so writing back
 * what was read drops those of the current PCID, or without PCID all that are
 * not global.  CR3 stays what the kernel thinks it is, and to flush more than
 * the kernel knows of is harmless; interrupts stay off since one of them may
 * change CR3.  What else is in CR3 is written back as it was: the encryption bit
 * of SME and SEV, the address masks of LAM, and a PCID that is one mm's on all
 * CPUs (INVLPGB).  The native instructions: where the kernel uses others, see
 * ctxlab_mmu_is_native(), no flush is allowed.
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

/* A change of CR4.PGE, either way, drops every entry of every PCID. */
static inline void toggle_global_pages(void)
{
	unsigned long flags, cr4;

	local_irq_save(flags);
	cr4 = native_read_cr4();
	asm volatile("mov %0, %%cr4" : : "r" (cr4 ^ X86_CR4_PGE) : "memory");
	asm volatile("mov %0, %%cr4" : : "r" (cr4) : "memory");
	local_irq_restore(flags);
}

/*
 * Every PCID, global entries too.  Called with preemption off.  As the kernel's
 * own __flush_tlb_all() does it, which is not for every module to call.
 */
static inline void ctxlab_flush_all(void)
{
	if (cpu_feature_enabled(X86_FEATURE_INVPCID))
		invpcid_flush_all();
	else
		toggle_global_pages();
}

#endif /* CTXLAB_TLB_X86_H */
