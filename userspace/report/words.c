// SPDX-License-Identifier: GPL-2.0-only
/* Words that all experiments use: the machine, notes, reasons, lines with values. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/escape.h"
#include "measure/experiment.h"
#include "report.h"
#include "words.h"

const char *report_ns(char buf[REPORT_NS], double ns)
{
	if (fabs(ns) < 0.05)
		snprintf(buf, REPORT_NS, "0.0 ns");
	else if (fabs(ns) < 9.95)
		snprintf(buf, REPORT_NS, "%.1f ns", ns);
	else if (fabs(ns) < 999.5)
		snprintf(buf, REPORT_NS, "%.0f ns", ns);
	else if (fabs(ns) < 99.95e3)
		snprintf(buf, REPORT_NS, "%.2f us", ns / 1e3);
	else if (fabs(ns) < 9.995e6)
		snprintf(buf, REPORT_NS, "%.0f us", ns / 1e3);
	else
		snprintf(buf, REPORT_NS, "%.1f ms", ns / 1e6);
	return buf;
}

const char *report_emulated(const struct machine *m)
{
	return *m->emulator ?
		"EMULATED: this CPU is a program; its times say nothing about hardware." :
		"";
}

const char *report_variant(char buf[REPORT_VARIANT], const struct run *run,
			   int variant)
{
	const char *name = run_variant_name(run, variant);

	*buf = '\0';
	if (*name)
		snprintf(buf, REPORT_VARIANT, " (%s)", name);
	return buf;
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
		{ "bhyve bhyve", "bhyve guest" },
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

/* "; mechanism yield, ring 12": what the user may set, but what is off. */
static void report_settings(FILE *out, const struct run *run)
{
	const struct setting *def = run->experiment->settings;
	const char *comma = "; ";
	long value;
	int i;

	for (i = 0; def[i].key; i++) {
		value = run->settings.value[i];
		if (!def[i].opt.name || (def[i].kind != SETTING_ONE_OF && !value))
			continue;
		fprintf(out, "%s%s", comma, def[i].label);
		if (def[i].kind == SETTING_ONE_OF)
			fprintf(out, " %s", def[i].names[value]);
		else if (def[i].kind == SETTING_NUMBER)
			fprintf(out, " %ld%s%s", value, def[i].unit ? " " : "",
				def[i].unit ? def[i].unit : "");
		comma = ", ";
	}
}

void report_machine(FILE *out, const struct run *run)
{
	const struct machine *m = &run->machine;
	const struct settings *s = &run->settings;
	double moved;

	fprintf(out, "%s, %s, PCID %s, page-table isolation %s\n", m->cpu,
		where(m), on_off(m->pcid), on_off(m->pti));
	fprintf(out, "Linux %s %s, CPU %u of %d", m->kernel, m->arch, s->cpu,
		m->cpus);
	if (m->tlb_l2 > 0)
		fprintf(out, ", data TLB %d + %d entries", m->tlb_l1,
			m->tlb_l2);
	if (*m->governor)
		fprintf(out, ", governor %s", m->governor);
	fprintf(out, "\n%u passes in %u blocks", run->passes, run->blocks);
	if (run_repeats(run) > 1)
		fprintf(out, " of %u runs", run_repeats(run));
	fprintf(out, " under %s", s->fifo ? "SCHED_FIFO" : "the default policy");
	if (*m->emulator)
		fputs(", lower quartiles", out);
	report_settings(out, run);
	moved = run_speed_range(run);
	if (moved >= 0.02)
		fprintf(out, "; the CPU's speed moved by %.0f %%", moved * 100);
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

void words_intervals(FILE *out, const struct run *run)
{
	unsigned int repeats = run_repeats(run);

	if (repeats > 1)
		fprintf(out, "with 95 %% intervals over %u runs", repeats);
	else
		fputs("with 95 % intervals of this run alone", out);
}

void words_line(FILE *out, const char *what, const struct estimate *e,
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

void words_estimate(struct paragraph *p, const struct estimate *e)
{
	char value[REPORT_NS], low[REPORT_NS], high[REPORT_NS];

	paragraph_add(p, " %s [%s, %s]", report_ns(value, e->value),
		      report_ns(low, e->low), report_ns(high, e->high));
}

void words_null(struct paragraph *p, const struct estimate *e)
{
	if (!e->n)
		return;
	paragraph_add(p, "Null test, two arms that differ in nothing:");
	words_estimate(p, e);
	paragraph_add(p, ". ");
}

void words_disturbed(struct paragraph *p, const struct answers *a)
{
	paragraph_add(p, "%.1f %% of all rounds were disturbed and left out",
		      a->disturbed * 100);
	if (a->waited >= 0)
		paragraph_add(p, "; other tasks had the CPU for %.1f %% of the rounds' time",
			      a->waited * 100);
	paragraph_add(p, ".");
}

void report_refusal(FILE *out, const struct answers *a)
{
	unsigned int i;

	fputs("No verdict: what was measured here does not allow one.\n", out);
	for (i = 0; i < a->reasons; i++)
		fprintf(out, "  - %s\n", a->reason[i]);
	fputs("\n", out);
}

void report_advice(FILE *out, const struct answers *a)
{
	struct paragraph p = {};

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
