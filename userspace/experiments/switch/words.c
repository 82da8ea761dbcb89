// SPDX-License-Identifier: GPL-2.0-only
/* The answer in words. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/escape.h"
#include "lib/paragraph.h"
#include "report/report.h"

const char *report_ns(char buf[REPORT_NS], double ns)
{
	if (fabs(ns) < 9.95)
		snprintf(buf, REPORT_NS, "%.1f ns", ns);
	else if (fabs(ns) < 999.5)
		snprintf(buf, REPORT_NS, "%.0f ns", ns);
	else if (fabs(ns) < 99.95e3)
		snprintf(buf, REPORT_NS, "%.2f us", ns / 1e3);
	else
		snprintf(buf, REPORT_NS, "%.0f us", ns / 1e3);
	return buf;
}

const char *report_emulated(const struct machine *m)
{
	return *m->emulator ?
		"EMULATED TLB: this CPU is a program; its times tell nothing of hardware." :
		"";
}

static const char *on_off(int x)
{
	return x < 0 ? "unknown" : x ? "on" : "off";
}

/* The hypervisor's name, where its signature is one of those known. */
static const char *where(const struct machine *m)
{
	static const char *const known[][2] = {
		{ "KVMKVMKVM", "KVM guest" },
		{ "Microsoft Hv", "Hyper-V guest" },
		{ "VMwareVMware", "VMware guest" },
		{ "XenVMMXenVMM", "Xen guest" },
		{ "", "bare metal" },
	};
	size_t i;

	if (*m->emulator)
		return m->emulator;
	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (!strcmp(m->hypervisor, known[i][0]))
			return known[i][1];
	return m->hypervisor;
}

void report_machine(FILE *out, const struct run *run)
{
	const struct machine *m = &run->machine;
	const struct settings *s = &run->settings;

	fprintf(out, "%s, %s, PCID %s, page-table isolation %s\n", m->cpu,
		where(m), on_off(m->pcid), on_off(m->pti));
	fprintf(out, "Linux %s %s, CPU %u of %d", m->kernel, m->arch, s->cpu,
		m->cpus);
	if (m->tlb_l2 > 0)
		fprintf(out, ", data TLB %d + %d entries", m->tlb_l1,
			m->tlb_l2);
	if (*m->governor)
		fprintf(out, ", governor %s", m->governor);
	fprintf(out, "\nSwitched by %s under %s, %u passes",
		mechanism_name(s->mechanism),
		s->fifo ? "SCHED_FIFO" : "the default policy", run->passes);
	if (*m->emulator)
		fputs(", lower quartiles", out);
	if (s->huge)
		fputs(", pages in huge pages", out);
	if (m->steal >= 0.05)
		fprintf(out, "; the hypervisor took %.0f %% of the CPU's time",
			m->steal * 100);
	if (m->others >= 0.05)
		fprintf(out, "; other tasks used %.0f %% of the CPU's time",
			m->others * 100);
	if (m->throttled > 0)
		fprintf(out, "; the cgroup's CPU quota stopped the run %lld times",
			m->throttled);
	fputs("\n", out);
}

/* One line of the answer: what, the value, its interval, a remark. */
static void line(FILE *out, const char *what, const struct estimate *e,
		 bool extra, const char *remark)
{
	char value[REPORT_NS], low[REPORT_NS], high[REPORT_NS], span[80];

	if (!e->n)
		return;
	report_ns(value, e->value);
	snprintf(span, sizeof(span), "[%s, %s]", report_ns(low, e->low),
		 report_ns(high, e->high));
	fprintf(out, "  %-26s %s%-9s %-*s%s\n", what,
		extra && e->value >= 0 ? "+" : " ", value, *remark ? 24 : 0,
		span, remark);
}

/* The register that names the page tables. */
static const char *tables_register(const struct machine *m)
{
	return strcmp(m->arch, "aarch64") ? "CR3" : "TTBR0";
}

static const char *process_remark(const struct run *run)
{
	double share = answers_flushing(&run->counts[ARM_PROCESS]);
	const struct machine *m = &run->machine;

	if (share >= 0.5)
		return "written, TLB flushed";
	if (share >= 0)
		return "written, TLB entries kept";
	if (m->pcid == 1)
		return "written; PCID: entries kept";
	if (m->pcid == 0)
		return "written; no PCID: flushed";
	return "written";
}

static void costs(FILE *out, const struct run *run, const struct answers *a)
{
	const char *reg = tables_register(&run->machine);
	char same[64], other[64];

	snprintf(same, sizeof(same), "same mm: %s not written", reg);
	snprintf(other, sizeof(other), "another mm: %s %s", reg,
		 process_remark(run));
	line(out, "between coroutines", &a->empty[ARM_COROUTINE], false,
	     "no kernel, no mm");
	line(out, "  with FP control words", &a->empty[ARM_COROUTINE_FP],
	     false, "");
	line(out, "  by swapcontext()", &a->empty[ARM_UCONTEXT], false,
	     "system calls for the signal mask");
	line(out, "between threads", &a->empty[ARM_THREAD], false, same);
	line(out, "between processes", &a->process, true, other);
	line(out, "with the TLB flushed", &a->flush, true,
	     "this address space's entries, threads");
	line(out, "  in processes", &a->process_flush, true, "");
	line(out, "  all of it", &a->full, true, "global entries as well");
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

/* Timed by the module, from leaving one to arriving at the other. */
static void kernel_part(FILE *out, const struct answers *a, const char *lead)
{
	const struct estimate *diff = a->part_diff;
	struct paragraph p = {};
	char remark[64];

	paragraph_add(&p, "%s the kernel's own part of it, from leaving one to", lead);
	paragraph_add(&p, " arriving at the other: no system call, no choice of whom to run.");
	paragraph_print(out, &p);
	fputs("\n", out);
	line(out, "between threads", &a->own[ARM_THREAD_CONTROL], false, "");
	line(out, "  again", &diff[ARM_CONTROL_AGAIN], true, "null test");
	line(out, "between processes", &diff[ARM_PROCESS_CONTROL], true, "");
	line(out, "with the TLB flushed", &diff[ARM_THREAD_FLUSH], true,
	     itself(remark, sizeof(remark),
		    &a->flush_itself[ARM_THREAD_FLUSH]));
	line(out, "  in processes", &diff[ARM_PROCESS_FLUSH], true,
	     itself(remark, sizeof(remark),
		    &a->flush_itself[ARM_PROCESS_FLUSH]));
	line(out, "  all of it", &diff[ARM_THREAD_FULL], true,
	     itself(remark, sizeof(remark),
		    &a->flush_itself[ARM_THREAD_FULL]));
	fputs("\n", out);
}

/* Why a process switch flushes here, or does not. */
static void flushing(FILE *out, const struct run *run)
{
	const struct counts *c = &run->counts[ARM_PROCESS];
	double share = answers_flushing(c);
	int pcid = run->machine.pcid;
	struct paragraph p = {};

	if (share < 0)
		paragraph_add(&p, "Whether process switches flush the TLB here was not counted.");
	else
		paragraph_add(&p, "Process switches here %s: %.1f %% of %llu counted.",
			      share >= 0.5 ? "flush the TLB" :
					     "do not flush the TLB",
			      share * 100, (unsigned long long)c->expected);
	if (pcid == 1)
		paragraph_add(&p, " The CPU has PCID: entries carry the tag of %s",
			      "their address space, and stay.");
	else if (pcid == 0)
		paragraph_add(&p, " The CPU has no PCID: writing CR3 drops %s",
			      "every entry that is not global.");
	paragraph_print(out, &p);
}

/* " 12 ns [11 ns, 13 ns]" */
static void add_estimate(struct paragraph *p, const struct estimate *e)
{
	char value[REPORT_NS], low[REPORT_NS], high[REPORT_NS];

	paragraph_add(p, " %s [%s, %s]", report_ns(value, e->value),
		      report_ns(low, e->low), report_ns(high, e->high));
}

static void refilling(FILE *out, const struct answers *a, enum pattern i)
{
	static const char *const how[PATTERNS] = {
		"in a chain (each address read from the page before)",
		"independently (loads overlap)",
	};
	struct paragraph p = {};

	if (!a->refill[i].n)
		return;
	if (a->refill[i].low <= 0) {
		paragraph_add(&p, "That pages touched again after the flush cost more %s (%s):",
			      "cannot be seen here", pattern_name(i));
		add_estimate(&p, &a->refill[i]);
		paragraph_add(&p, " each.");
		paragraph_print(out, &p);
		return;
	}
	paragraph_add(&p, "After the flush each page touched again %s costs",
		      how[i]);
	add_estimate(&p, &a->refill[i]);
	paragraph_add(&p, " more");
	if (a->dominate[i])
		paragraph_add(&p, "; from %.0f pages on that outweighs what the flush adds at once",
			      ceil(a->dominate[i]));
	if (a->vanish[i])
		paragraph_add(&p, "; past %.0f pages a side the TLB would have missed anyway",
			      a->vanish[i]);
	paragraph_add(&p, ".");
	paragraph_print(out, &p);
}

static void ring(FILE *out, const struct run *run, const struct answers *a)
{
	double share = answers_flushing(&run->counts[ARM_RING_PROCESS]);
	struct paragraph p = {};
	int i;

	if (!a->ring.n)
		return;
	paragraph_add(&p, "In a ring of %u processes", run->settings.ring);
	if (share >= 0)
		paragraph_add(&p, " %.0f %% of the switches flush by themselves%s,",
			      share * 100,
			      run->machine.pcid == 1 && share >= 0.5 ?
				      ", the kernel having fewer slots for tags" :
				      "");
	paragraph_add(&p, " a switch costs");
	add_estimate(&p, &a->ring);
	paragraph_add(&p, " more than in a ring of threads");
	for (i = 0; i < PATTERNS; i++) {
		if (!a->ring_refill[i].n)
			continue;
		paragraph_add(&p, ", and");
		add_estimate(&p, &a->ring_refill[i]);
		paragraph_add(&p, " for each page touched (%s)",
			      pattern_name(i));
	}
	paragraph_add(&p, ".");
	paragraph_print(out, &p);
}

static void knee(FILE *out, const struct run *run, const struct answers *a,
		 enum pattern i)
{
	char before[REPORT_NS], after[REPORT_NS];
	const struct knee *k = &a->knee[i];
	struct paragraph p = {};

	if (!k->found)
		return;
	paragraph_add(&p, "A page's own cost (%s) rises from %s to %s, half way",
		      pattern_name(i), report_ns(before, k->before),
		      report_ns(after, k->after));
	paragraph_add(&p, " at %.0f pages of both together", k->pages);
	if (run->machine.tlb_l2 > 0)
		paragraph_add(&p, "; CPUID tells of a TLB of %d entries",
			      run->machine.tlb_l2);
	paragraph_add(&p, ".");
	paragraph_print(out, &p);
}

static void knees(FILE *out, const struct run *run, const struct answers *a)
{
	struct paragraph p = {};
	int i;

	for (i = 0; i < PATTERNS; i++)
		knee(out, run, a, i);
	if (run->settings.huge)
		paragraph_add(&p, "In huge pages many of those touched have %s",
			      "one TLB entry: what each costs is not told.");
	else if (run->settings.points > 6 && !a->knee[0].found &&
		 !a->knee[1].found)
		paragraph_add(&p, "The sweep found no rise that could be %s",
			      "the TLB's size.");
	paragraph_print(out, &p);
}

static void null_test(FILE *out, const struct answers *a)
{
	struct paragraph p = {};

	if (a->null.n) {
		paragraph_add(&p, "Null test, two arms that differ in nothing:");
		add_estimate(&p, &a->null);
		paragraph_add(&p, ". ");
	}
	if (a->probe.n) {
		paragraph_add(&p, "The probe itself adds");
		add_estimate(&p, &a->probe);
		paragraph_add(&p, ". ");
	}
	paragraph_add(&p, "%.1f %% of all rounds were disturbed and left out",
		      a->disturbed * 100);
	if (a->waited >= 0)
		paragraph_add(&p, "; other tasks had the CPU for %.1f %% of the rounds' time",
			      a->waited * 100);
	paragraph_add(&p, ".");
	paragraph_print(out, &p);
}

void report_words(FILE *out, const struct run *run, const struct answers *a)
{
	int p;

	fprintf(out, "A switch on this %s costs, with 95 %% intervals:\n\n",
		*run->machine.emulator ? "emulated machine" : "machine");
	costs(out, run, a);
	fputs("\n", out);
	if (a->steady)
		kernel_part(out, a, "The module times");
	flushing(out, run);
	for (p = 0; p < PATTERNS; p++)
		refilling(out, a, p);
	ring(out, run, a);
	knees(out, run, a);
	null_test(out, a);
}

void report_refusal(FILE *out, const struct answers *a)
{
	struct paragraph p = {};
	unsigned int i;

	fputs("No verdict: what was measured here does not allow one.\n", out);
	for (i = 0; i < a->reasons; i++)
		fprintf(out, "  - %s\n", a->reason[i]);
	fputs("\n", out);
	if (a->steady)
		kernel_part(out, a, "What the module timed is steady all the same:");
	paragraph_add(&p, "%.1f %% of all rounds were disturbed. A quiet machine,",
		      a->disturbed * 100);
	paragraph_add(&p, " another CPU (--cpu) or more time (--seconds) may help;");
	paragraph_add(&p, " --json has every sample all the same.");
	paragraph_print(out, &p);
}

void report_notes(FILE *out, const struct run *run)
{
	struct paragraph p = {};
	unsigned int i;
	char *note;

	for (i = 0; i < run->notes; i++) {
		note = escape_terminal(run->note[i]);
		paragraph_add(&p, "Note: %s.", note);
		paragraph_print(out, &p);
		free(note);
	}
}
