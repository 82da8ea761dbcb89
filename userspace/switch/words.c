// SPDX-License-Identifier: GPL-2.0-only
/* The answer in words. */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "report.h"

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
	if (s->huge)
		fputs(", pages in huge pages", out);
	if (m->steal >= 0.05)
		fprintf(out, "; the hypervisor took %.0f %% of the CPU's time",
			m->steal * 100);
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
	fprintf(out, "  %-26s %s%-9s %-22s %s\n", what,
		extra && e->value >= 0 ? "+" : " ", value, span, remark);
}

static const char *process_remark(const struct run *run)
{
	double share = answers_flushing(&run->counts[ARM_PROCESS]);
	const struct machine *m = &run->machine;

	if (share >= 0.5)
		return "another mm: CR3 written, TLB flushed each time";
	if (share >= 0)
		return "another mm: CR3 written, TLB entries kept";
	if (m->pcid == 1)
		return "another mm: CR3 written, with PCID no flush needed";
	if (m->pcid == 0)
		return "another mm: CR3 written, which flushes without PCID";
	return "another mm";
}

static void costs(FILE *out, const struct run *run, const struct answers *a)
{
	line(out, "between coroutines", &a->empty[ARM_COROUTINE], false,
	     "no kernel, no mm");
	line(out, "  with FP control words", &a->empty[ARM_COROUTINE_FP],
	     false, "");
	line(out, "  by swapcontext()", &a->empty[ARM_UCONTEXT], false,
	     "a system call for the signal mask each time");
	line(out, "between threads", &a->empty[ARM_THREAD], false,
	     "same mm: CR3 not written");
	line(out, "between processes", &a->process, true, process_remark(run));
	line(out, "with the TLB flushed", &a->flush, true,
	     "this address space's entries, threads");
	line(out, "  in processes", &a->process_flush, true, "");
	line(out, "  all of it", &a->full, true, "global entries as well");
}

/* Why a process switch flushes here, or does not. */
static void flushing(FILE *out, const struct run *run)
{
	const struct counts *c = &run->counts[ARM_PROCESS];
	const struct machine *m = &run->machine;
	double share = answers_flushing(c);

	if (share < 0) {
		fprintf(out, "Whether process switches flush the TLB here was not counted; ");
		if (m->pcid < 0)
			fprintf(out, "this machine does not tell.\n");
		else
			fprintf(out, "the CPU has %s, so they should%s.\n",
				m->pcid ? "PCID" : "no PCID",
				m->pcid ? " not while there are slots" : "");
		return;
	}
	fprintf(out, "Process switches here %s: %.1f %% of %llu counted. ",
		share >= 0.5 ? "flush the TLB" : "do not flush the TLB",
		share * 100, (unsigned long long)c->expected);
	if (m->pcid == 1)
		fprintf(out, "The CPU has PCID: entries carry the tag of their address space.\n");
	else if (m->pcid == 0)
		fprintf(out, "The CPU has no PCID: writing CR3 drops every entry that is not global.\n");
	else
		fprintf(out, "\n");
}

static void refilling(FILE *out, const struct run *run, const struct answers *a)
{
	static const char *const how[PATTERNS] = {
		"one after the other (each address read from the last page)",
		"independently (loads overlap)",
	};
	char value[REPORT_NS], low[REPORT_NS], high[REPORT_NS];
	const struct estimate *e;
	int p;

	for (p = 0; p < PATTERNS; p++) {
		e = &a->refill[p];
		if (!e->n)
			continue;
		fprintf(out, "After the flush each page touched again %s costs %s [%s, %s] more",
			how[p], report_ns(value, e->value),
			report_ns(low, e->low), report_ns(high, e->high));
		if (a->dominate[p])
			fprintf(out, "; from %.0f pages on that outweighs the flush itself",
				ceil(a->dominate[p]));
		if (a->vanish[p])
			fprintf(out, "; past %.0f pages a side the TLB would have missed anyway",
				a->vanish[p]);
		fputs(".\n", out);
	}
	(void)run;
}

static void ring(FILE *out, const struct run *run, const struct answers *a)
{
	double share = answers_flushing(&run->counts[ARM_RING_PROCESS]);
	char value[REPORT_NS], low[REPORT_NS], high[REPORT_NS];
	int p;

	if (!a->ring.n)
		return;
	fprintf(out, "A ring of %u processes, past the kernel's slots for address spaces: ",
		run->settings.ring);
	if (share >= 0)
		fprintf(out, "%.0f %% of its switches flush by themselves; ",
			share * 100);
	fprintf(out, "it costs %s [%s, %s] more a switch than a ring of threads",
		report_ns(value, a->ring.value), report_ns(low, a->ring.low),
		report_ns(high, a->ring.high));
	for (p = 0; p < PATTERNS; p++)
		if (a->ring_refill[p].n)
			fprintf(out, "%s%s a page (%s)", p ? ", " : ", and ",
				report_ns(value, a->ring_refill[p].value),
				pattern_name(p));
	fputs(".\n", out);
}

static void knees(FILE *out, const struct run *run, const struct answers *a)
{
	const struct machine *m = &run->machine;
	char before[REPORT_NS], after[REPORT_NS];
	const struct knee *k;
	int p;

	for (p = 0; p < PATTERNS; p++) {
		k = &a->knee[p];
		if (!k->found)
			continue;
		fprintf(out, "Touching pages (%s) bends upwards at %.0f pages of both together: %s a page before, %s after",
			pattern_name(p), k->pages,
			report_ns(before, k->before),
			report_ns(after, k->after));
		if (m->tlb_l2 > 0)
			fprintf(out, "; CPUID tells of %d entries", m->tlb_l2);
		fputs(".\n", out);
	}
	if (run->settings.points > 6 && !a->knee[0].found && !a->knee[1].found)
		fputs("The sweep found no bend that could be the TLB's size.\n",
		      out);
}

static void null_test(FILE *out, const struct run *run,
		      const struct answers *a)
{
	char value[REPORT_NS], low[REPORT_NS], high[REPORT_NS];

	if (a->null.n)
		fprintf(out, "Null test, two arms that differ in nothing: %s [%s, %s].",
			report_ns(value, a->null.value),
			report_ns(low, a->null.low),
			report_ns(high, a->null.high));
	if (a->probe.n)
		fprintf(out, " The probe itself adds %s [%s, %s].",
			report_ns(value, a->probe.value),
			report_ns(low, a->probe.low),
			report_ns(high, a->probe.high));
	fprintf(out, "\n%.1f %% of all rounds were disturbed and left out.\n",
		a->disturbed * 100);
	(void)run;
}

void report_words(FILE *out, const struct run *run, const struct answers *a)
{
	fprintf(out, "A switch on this %s costs, with 95 %% intervals:\n\n",
		*run->machine.emulator ? "emulated machine" : "machine");
	costs(out, run, a);
	fputs("\n", out);
	flushing(out, run);
	refilling(out, run, a);
	ring(out, run, a);
	knees(out, run, a);
	null_test(out, run, a);
}

void report_refusal(FILE *out, const struct run *run, const struct answers *a)
{
	unsigned int i;

	fputs("No verdict: what was measured here does not allow one.\n", out);
	for (i = 0; i < a->reasons; i++)
		fprintf(out, "  - %s\n", a->reason[i]);
	fprintf(out, "%.1f %% of all rounds were disturbed. A quiet machine, another CPU (--cpu) or\n"
		"more time (--seconds) may help; --json has every sample all the same.\n",
		a->disturbed * 100);
	(void)run;
}

void report_notes(FILE *out, const struct run *run)
{
	unsigned int i;

	for (i = 0; i < run->notes; i++)
		fprintf(out, "Note: %s.\n", run->note[i]);
}
