// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which entries of the TLB do the probe's flushes drop?  Told by what is read,
 * not by how long that takes: a page is mapped and read, then another one is put
 * in its place behind the TLB's back.  Who still reads the first one does so
 * through an entry that was kept.
 *
 * Loading it looks; its parameters then say "kept" or "dropped".
 */
#include <linux/gfp.h>
#include <linux/module.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/vmalloc.h>

#include "tlb_x86.h"

static char *nothing = "";
module_param(nothing, charp, 0444);
MODULE_PARM_DESC(nothing, "without a flush: any entry");

static char *mm = "";
module_param(mm, charp, 0444);
MODULE_PARM_DESC(mm, "CTXLAB_FLUSH_MM: an entry that is not global");

static char *mm_global = "";
module_param(mm_global, charp, 0444);
MODULE_PARM_DESC(mm_global, "CTXLAB_FLUSH_MM: a global one");

static char *all = "";
module_param(all, charp, 0444);
MODULE_PARM_DESC(all, "CTXLAB_FLUSH_ALL: an entry that is not global");

static char *all_global = "";
module_param(all_global, charp, 0444);
MODULE_PARM_DESC(all_global, "CTXLAB_FLUSH_ALL: a global one");

static char *cr3_global = "";
module_param(cr3_global, charp, 0444);
MODULE_PARM_DESC(cr3_global, "writing CR3, as the kernel does: a global one");

static struct page *pages[2];

static void flush_nothing(void)
{
}

static void flush_mm(void)
{
	ctxlab_flush_mm();
}

static void flush_all(void)
{
	ctxlab_flush_all();
}

static void write_cr3_back(void)
{
	native_write_cr3(__native_read_cr3());
}

/*
 * Interrupts are off, so that nothing else flushes.  The mapping is this
 * function's alone, and vunmap() drops its entries before the address is used
 * for anything else.
 */
static int look(bool global, void (*flush)(void), char **what)
{
	pgprotval_t bits = pgprot_val(PAGE_KERNEL) & ~_PAGE_GLOBAL;
	pgprot_t prot = __pgprot(global ? bits | _PAGE_GLOBAL : bits);
	unsigned int *word = vmap(pages, 1, VM_MAP, prot);
	unsigned int before, after, level;
	unsigned long flags;
	pte_t *pte;

	if (!word)
		return -ENOMEM;
	pte = lookup_address((unsigned long)word, &level);
	local_irq_save(flags);
	before = READ_ONCE(*word);
	set_pte(pte, pfn_pte(page_to_pfn(pages[1]), prot));
	flush();
	after = READ_ONCE(*word);
	local_irq_restore(flags);
	vunmap(word);
	if (before)
		return -EIO;
	*what = after ? "dropped" : "kept";
	return 0;
}

static int __init look_at_all(void)
{
	return look(false, flush_nothing, &nothing) ?:
	       look(false, flush_mm, &mm) ?:
	       look(true, flush_mm, &mm_global) ?:
	       look(false, flush_all, &all) ?:
	       look(true, flush_all, &all_global) ?:
	       look(true, write_cr3_back, &cr3_global);
}

/* A page that is full of zeros, and one that is not. */
static int __init stale_init(void)
{
	int err = -ENOMEM;

	pages[0] = alloc_page(GFP_KERNEL | __GFP_ZERO);
	pages[1] = alloc_page(GFP_KERNEL);
	if (pages[0] && pages[1]) {
		memset(page_address(pages[1]), 0xff, PAGE_SIZE);
		err = look_at_all();
	}
	if (pages[1])
		__free_page(pages[1]);
	if (pages[0])
		__free_page(pages[0]);
	return err;
}

static void __exit stale_exit(void)
{
}

module_init(stale_init);
module_exit(stale_exit);
MODULE_DESCRIPTION("what the flushes of ctxlab's switch probe drop");
MODULE_LICENSE("GPL");
