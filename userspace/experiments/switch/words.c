// SPDX-License-Identifier: GPL-2.0-only
/* The answer in words. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/words.h"
#include "switch.h"

/* Without pages: what an arm costs, and what it adds to its baseline. */
static const struct estimate *cost(const struct answers *a, int arm)
{
	return &a->cell[arm][0][Q_NS];
}

static const struct estimate *added(const struct answers *a, int arm,
				    int quantity)
{
	return &a->diff[arm][0][quantity];
}

/* Share of the counted switches that flushed the TLB by themselves; -1. */
static double flushing_share(const struct counts *c)
{
	return counts_each(c, COUNT_CR3_FLUSHED);
}

/* The register that names the page tables. */
static const char *tables_register(const struct machine *m)
{
	return strcmp(m->arch, "aarch64") ? "CR3" : "TTBR0";
}

static const char *process_remark(const struct run *run)
{
	double share = flushing_share(&run->counts[ARM_PROCESS]);

	if (share >= 0.5)
		return "written, TLB flushed";
	if (share >= 0)
		return "written, TLB entries kept";
	return "written";
}

/*
 * What happens to the register between threads: nothing, where the kernel has no
 * page-table isolation.  Where that is not known, nothing is claimed.
 */
static void thread_remark(const struct machine *m, char *buf, size_t size)
{
	const char *reg = tables_register(m), *what = NULL;

	if (m->pti == 0)
		what = "not written";
	else if (m->pti == 1 && m->pcid == 0)
		what = "written by system calls, TLB dropped";
	else if (m->pti == 1)
		what = "written by system calls alone";
	if (what)
		snprintf(buf, size, "same mm: %s %s", reg, what);
	else
		snprintf(buf, size, "same mm: writes of %s not known here", reg);
}

static void costs(FILE *out, const struct run *run, const struct answers *a)
{
	const char *reg = tables_register(&run->machine);
	char same[80], other[64];

	thread_remark(&run->machine, same, sizeof(same));
	snprintf(other, sizeof(other), "another mm: %s %s", reg,
		 process_remark(run));
	words_line(out, "between coroutines", cost(a, ARM_COROUTINE), false,
		   "no kernel, no mm");
	words_line(out, "  with FP control words", cost(a, ARM_COROUTINE_FP),
		   false, "");
	words_line(out, "  by swapcontext()", cost(a, ARM_UCONTEXT), false,
		   "system calls for the signal mask");
	words_line(out, "between threads", cost(a, ARM_THREAD), false, same);
	words_line(out, "between processes", added(a, ARM_PROCESS, Q_NS), true,
		   other);
	words_line(out, "with the TLB flushed", added(a, ARM_THREAD_FLUSH, Q_NS),
		   true, "this address space's entries, threads");
	words_line(out, "  in processes", added(a, ARM_PROCESS_FLUSH, Q_NS),
		   true, "");
	words_line(out, "  all of it", added(a, ARM_THREAD_FULL, Q_NS), true,
		   "global entries as well");
}

/* "the flush itself 205 ns", or nothing. */
static const char *itself(char *buf, size_t size, const struct estimate *e)
{
	char ns[REPORT_NS];

	*buf = '\0';
	if (e->n)
		snprintf(buf, size, "the flush itself %s",
			 report_ns(ns, e->value));
	return buf;
}

/* What a flush adds to the kernel's own part, and how much is it itself. */
static void flush_line(FILE *out, const struct answers *a, const char *what,
		       int arm)
{
	char remark[64];

	words_line(out, what, added(a, arm, Q_KERNEL_FLUSH), true,
		   itself(remark, sizeof(remark), added(a, arm, Q_FLUSH)));
}

/* Timed by the module, from leaving one to arriving at the other. */
static void kernel_parts(FILE *out, const struct answers *a)
{
	struct paragraph p = {};

	paragraph_add(&p, "The kernel's own part of a switch, which the module times");
	paragraph_add(&p, " from leaving one to arriving at the other: no system call, no");
	paragraph_add(&p, " choice of whom to run.");
	paragraph_print(out, &p);
	fputs("\n", out);
	words_line(out, "between threads",
		   &a->cell[ARM_THREAD_CONTROL][0][Q_KERNEL], false, "");
	words_line(out, "  again", added(a, ARM_CONTROL_AGAIN, Q_KERNEL_FLUSH),
		   true, "null test");
	words_line(out, "between processes",
		   added(a, ARM_PROCESS_CONTROL, Q_KERNEL_FLUSH), true, "");
	flush_line(out, a, "with the TLB flushed", ARM_THREAD_FLUSH);
	flush_line(out, a, "  in processes", ARM_PROCESS_FLUSH);
	flush_line(out, a, "  all of it", ARM_THREAD_FULL);
	fputs("\n", out);
}

/* The same in a sentence. */
static void kernel_part(FILE *out, const struct answers *a, const char *lead)
{
	const struct estimate *processes =
		added(a, ARM_PROCESS_CONTROL, Q_KERNEL_FLUSH);
	const struct estimate *flushed = added(a, ARM_THREAD_FLUSH, Q_KERNEL_FLUSH);
	const struct estimate *flush = added(a, ARM_THREAD_FLUSH, Q_FLUSH);
	struct paragraph p = {};

	paragraph_add(&p, "%s the kernel's own part, between threads", lead);
	words_estimate(&p, &a->cell[ARM_THREAD_CONTROL][0][Q_KERNEL]);
	if (processes->n) {
		paragraph_add(&p, ", between processes");
		words_estimate(&p, processes);
		paragraph_add(&p, " more");
	}
	if (flushed->n) {
		paragraph_add(&p, ", with the TLB flushed");
		words_estimate(&p, flushed);
		paragraph_add(&p, " more");
	}
	if (flushed->n && flush->n) {
		paragraph_add(&p, ", of which the flush itself is");
		words_estimate(&p, flush);
	}
	paragraph_add(&p, ".");
	paragraph_print(out, &p);
}

/* Why a process switch flushes here, or does not. */
static void flushing(FILE *out, const struct run *run)
{
	const struct counts *c = &run->counts[ARM_PROCESS];
	double share = flushing_share(c);
	int pcid = run->machine.pcid;
	struct paragraph p = {};

	if (share < 0)
		paragraph_add(&p, "Whether process switches flush the TLB here was not counted.");
	else
		paragraph_add(&p, "Process switches here %s: %.1f %% of %llu counted.",
			      share >= 0.5 ? "flush the TLB" :
					     "do not flush the TLB",
			      fmin(share, 1) * 100,
			      (unsigned long long)c->n[COUNT_EXPECTED]);
	if (pcid == 1 && share >= 0 && share < 0.5)
		paragraph_add(&p, " The CPU has PCID: entries carry the tag of %s",
			      "their address space, and stay.");
	else if (pcid == 0 && share >= 0.5)
		paragraph_add(&p, " The CPU has no PCID: writing CR3 drops %s",
			      "every entry that is not global.");
	paragraph_print(out, &p);
}

/*
 * Coroutines make no system call: what threads pay for each page more than they
 * do shows what the way through the kernel costs them.
 */
static void threads_refill(FILE *out, const struct run *run,
			   const struct answers *a, enum pattern i)
{
	const struct estimate *e = &a->finding[FOUND_THREAD_REFILL][i];
	struct paragraph p = {};

	if (!e->n || e->low <= 0 || run->machine.pti != 1 || run->machine.pcid)
		return;
	paragraph_add(&p, "Threads lose TLB entries, too: each page touched (%s) costs them",
		      run_variant_name(run, i));
	words_estimate(&p, e);
	paragraph_add(&p, " more than coroutines, which make no system call. With page-table");
	paragraph_add(&p, " isolation and without PCID each one drops the user's entries.");
	paragraph_print(out, &p);
}

/* What does not grow with the pages is a fixed cost; only the rest is refilling. */
static void processes_refill(FILE *out, const struct run *run,
			     const struct answers *a, enum pattern i)
{
	const struct estimate *e = &a->finding[FOUND_PROCESS_REFILL][i];
	const struct machine *m = &run->machine;
	struct paragraph p = {};

	if (!e->n)
		return;
	paragraph_add(&p, "Each page touched (%s) costs processes",
		      run_variant_name(run, i));
	words_estimate(&p, e);
	paragraph_add(&p, " more than threads");
	/* What is printed as 0.0 ns is not said to be anything. */
	if (e->low >= 0.05)
		paragraph_add(&p, ": that is refilling, the rest a fixed cost.");
	else
		paragraph_add(&p, ", which may be nothing: %s",
			      "what they cost more without any is a fixed cost.");
	if (e->low <= 0 && *m->hypervisor && !*m->emulator)
		paragraph_add(&p, " How much of it the hypervisor adds is not known here.");
	paragraph_print(out, &p);
}

static void refilling(FILE *out, const struct run *run,
		      const struct answers *a, enum pattern i)
{
	static const char *const how[PATTERNS] = {
		"in a chain (each address read from the page before)",
		"independently (loads overlap)",
	};
	struct paragraph p = {};

	if (!a->finding[FOUND_REFILL][i].n)
		return;
	if (a->finding[FOUND_REFILL][i].low <= 0) {
		paragraph_add(&p, "That pages touched again after the flush cost more %s (%s):",
			      "cannot be seen here", run_variant_name(run, i));
		words_estimate(&p, &a->finding[FOUND_REFILL][i]);
		paragraph_add(&p, " each.");
		paragraph_print(out, &p);
		return;
	}
	paragraph_add(&p, "After the flush each page touched again %s costs",
		      how[i]);
	words_estimate(&p, &a->finding[FOUND_REFILL][i]);
	paragraph_add(&p, " more");
	if (a->finding[FOUND_EXCEEDS][i].n)
		paragraph_add(&p, "; from %.0f pages on that outweighs what the flush adds at once",
			      ceil(a->finding[FOUND_EXCEEDS][i].value));
	if (a->finding[FOUND_ENDS][i].n)
		paragraph_add(&p, "; past %.0f pages a side the TLB would have missed anyway",
			      a->finding[FOUND_ENDS][i].value);
	paragraph_add(&p, ".");
	paragraph_print(out, &p);
}

static void ring(FILE *out, const struct run *run, const struct answers *a)
{
	double share = flushing_share(&run->counts[ARM_RING_PROCESS]);
	struct paragraph p = {};
	int i;

	if (!added(a, ARM_RING_PROCESS, Q_NS)->n)
		return;
	paragraph_add(&p, "In a ring of %u processes", (unsigned int)run->settings.value[SET_RING]);
	if (share >= 0)
		paragraph_add(&p, " %.0f %% of the switches flush by themselves%s,",
			      share * 100,
			      run->machine.pcid == 1 && share >= 0.5 ?
				      ", the kernel having fewer slots for tags" :
				      "");
	paragraph_add(&p, " a switch costs");
	words_estimate(&p, added(a, ARM_RING_PROCESS, Q_NS));
	paragraph_add(&p, " more than in a ring of threads");
	for (i = 0; i < PATTERNS; i++) {
		if (!a->finding[FOUND_RING_REFILL][i].n)
			continue;
		paragraph_add(&p, ", and");
		words_estimate(&p, &a->finding[FOUND_RING_REFILL][i]);
		paragraph_add(&p, " for each page touched (%s)",
			      run_variant_name(run, i));
	}
	paragraph_add(&p, ".");
	paragraph_print(out, &p);
}

static void rise(FILE *out, const struct run *run, const struct answers *a,
		 enum pattern i)
{
	char before[REPORT_NS], after[REPORT_NS];
	struct paragraph p = {};
	bool contradicts;

	if (!a->finding[FOUND_TLB][i].n)
		return;
	paragraph_add(&p, "Cost per page (%s) rises from %s to %s around",
		      run_variant_name(run, i),
		      report_ns(before, a->finding[FOUND_BEFORE][i].value),
		      report_ns(after, a->finding[FOUND_AFTER][i].value));
	paragraph_add(&p, " %.0f pages (both tasks together)",
		      a->finding[FOUND_TLB][i].value);
	switch_tlb(run, a, &contradicts);
	if (contradicts)
		paragraph_add(&p, ", which contradicts the %d entries that CPUID reports%s",
			      run->machine.tlb_l2,
			      *run->machine.hypervisor ?
				      " (here as the hypervisor has it)" : "");
	else if (run->machine.tlb_l2 > 0)
		paragraph_add(&p, "; CPUID reports a TLB of %d entries",
			      run->machine.tlb_l2);
	paragraph_add(&p, ".");
	paragraph_print(out, &p);
}

static void rises(FILE *out, const struct run *run, const struct answers *a)
{
	struct paragraph p = {};
	int i;

	for (i = 0; i < PATTERNS; i++)
		rise(out, run, a, i);
	if (run->settings.value[SET_HUGE])
		paragraph_add(&p, "In huge pages many of those touched have %s",
			      "one TLB entry: what each costs is not told.");
	else if (run->settings.points > 6 && !a->finding[FOUND_TLB][0].n &&
		 !a->finding[FOUND_TLB][1].n)
		paragraph_add(&p, "The sweep found no rise that could be %s",
			      "the TLB's size.");
	paragraph_print(out, &p);
}

static void null_test(FILE *out, const struct answers *a)
{
	struct paragraph p = {};

	words_null(&p, added(a, ARM_THREAD_AGAIN, Q_NS));
	if (added(a, ARM_THREAD_CONTROL, Q_NS)->n) {
		paragraph_add(&p, "The probe itself adds");
		words_estimate(&p, added(a, ARM_THREAD_CONTROL, Q_NS));
		paragraph_add(&p, ". ");
	}
	words_disturbed(&p, a);
	paragraph_print(out, &p);
}

void switch_say(FILE *out, const struct run *run, const struct answers *a)
{
	int p;

	if (a->reasons) {
		if (a->parts_ok)
			kernel_part(out, a, "What the module timed is steady all the same:");
		return;
	}
	fprintf(out, "A switch on this %s costs, ",
		*run->machine.emulator ? "emulated machine" : "machine");
	words_intervals(out, run);
	fputs(":\n\n", out);
	costs(out, run, a);
	fputs("\n", out);
	flushing(out, run);
	for (p = 0; p < PATTERNS; p++)
		threads_refill(out, run, a, p);
	for (p = 0; p < PATTERNS; p++)
		processes_refill(out, run, a, p);
	for (p = 0; p < PATTERNS; p++)
		refilling(out, run, a, p);
	rises(out, run, a);
	if (a->parts_ok)
		kernel_part(out, a, "The module times");
	null_test(out, a);
}

void switch_say_more(FILE *out, const struct run *run, const struct answers *a)
{
	if (a->parts_ok)
		kernel_parts(out, a);
	ring(out, run, a);
}
