// SPDX-License-Identifier: GPL-2.0-only
/* The answer in words. */
#include "lib/compiler.h"
#include "report/words.h"
#include "sched.h"

static const struct row {
	enum load load;
	const char *words;
} rows[] = {
	{ LOAD_YIELD, "let the next one run" },
	{ LOAD_YIELD_GLOBAL, "by the global queue" },
	{ LOAD_SEMAPHORE, "wake the other, and wait" },
	{ LOAD_CHANNEL, "a value by a channel" },
	{ LOAD_MUTEX, "a mutex that others want" },
	{ LOAD_CREATE, "be made, run, and end" },
	{ LOAD_PIPE, "a byte there and back, pipe" },
	{ LOAD_UNIX, "likewise, unix stream" },
	{ LOAD_TCP, "likewise, TCP" },
};

static const struct column {
	enum kind kind;
	const char *words[2];
} columns[] = {
	{ KIND_ALONE, { "the calls", "alone" } },
	{ KIND_COROUTINE, { "coroutines", "1 CPU" } },
	{ KIND_COROUTINE_2, { "coroutines", "2 CPUs" } },
	{ KIND_THREAD, { "threads", "1 CPU" } },
	{ KIND_THREAD_2, { "threads", "2 CPUs" } },
	{ KIND_PROCESS, { "processes", "1 CPU" } },
};

static const struct estimate *value(const struct run *run,
				    const struct answers *a, enum load what,
				    enum kind kind, int point, int quantity)
{
	static const struct estimate none;
	int arm = sched_arm(run, what, kind);

	if (arm < 0 || point < 0 || !run_has(run, arm, point))
		return &none;
	return &a->cell[arm][point][quantity];
}

static double each(const struct run *run, enum load what, enum kind kind,
		   enum count count)
{
	int arm = sched_arm(run, what, kind);

	return arm < 0 ? -1 : counts_each(&run->counts[arm], count);
}

static bool any(const struct run *run, const struct answers *a, enum kind kind)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (value(run, a, rows[i].load, kind, 0, Q_NS)->n)
			return true;
	return false;
}

static void head(FILE *out, const struct run *run, const struct answers *a)
{
	size_t i;
	int line;

	for (line = 0; line < 2; line++) {
		fprintf(out, "  %-27s", "");
		for (i = 0; i < ARRAY_SIZE(columns); i++)
			if (any(run, a, columns[i].kind))
				fprintf(out, " %10s", columns[i].words[line]);
		fputc('\n', out);
	}
}

static void row(FILE *out, const struct run *run, const struct answers *a,
		const struct row *r)
{
	const struct estimate *e;
	char ns[REPORT_NS];
	size_t i;

	fprintf(out, "  %-27s", r->words);
	for (i = 0; i < ARRAY_SIZE(columns); i++) {
		e = value(run, a, r->load, columns[i].kind, 0, Q_NS);
		if (any(run, a, columns[i].kind))
			fprintf(out, " %10s",
				e->n ? report_ns(ns, e->value) : "-");
	}
	fputc('\n', out);
}

static void table(FILE *out, const struct run *run, const struct answers *a)
{
	size_t i;

	fprintf(out, "Two tasks on this %s, what an operation takes:\n\n",
		*run->machine.emulator ? "emulated machine" : "machine");
	head(out, run, a);
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		row(out, run, a, &rows[i]);
	fputc('\n', out);
}

/* " and 1.00 system calls", where they were counted. */
static void calls(struct paragraph *p, double n)
{
	if (n < 0)
		return;
	/* What a thread of coroutines makes is made where they begin and end. */
	if (n < 0.05)
		paragraph_add(p, " and no system call");
	else
		paragraph_add(p, " and %.2f system calls", n);
}

/* That it gives way, goes to the queue, and runs. */
#define EVENTS_OF_YIELD 3

static void tracing(struct paragraph *p, const struct run *run,
		    const struct answers *a)
{
	int arm = sched_arm(run, LOAD_YIELD_TRACED, KIND_COROUTINE);
	char b[REPORT_NS];

	if (arm < 0 || !a->diff[arm][0][Q_NS].n)
		return;
	paragraph_add(p, " Each of its %d events adds %s where it is traced.",
		      EVENTS_OF_YIELD,
		      report_ns(b, a->diff[arm][0][Q_NS].value / EVENTS_OF_YIELD));
}

static void yielding(FILE *out, const struct run *run, const struct answers *a)
{
	const struct estimate *c =
		value(run, a, LOAD_YIELD, KIND_COROUTINE, 0, Q_NS);
	const struct estimate *t =
		value(run, a, LOAD_YIELD, KIND_THREAD, 0, Q_NS);
	struct paragraph p = {};
	char b[2][REPORT_NS];

	if (!c->n || !t->n)
		return;
	paragraph_add(&p, "Letting the next one run takes a coroutine %s",
		      report_ns(b[0], c->value));
	calls(&p, each(run, LOAD_YIELD, KIND_COROUTINE, COUNT_ENTRIES));
	paragraph_add(&p, ", a thread %s", report_ns(b[1], t->value));
	calls(&p, each(run, LOAD_YIELD, KIND_THREAD, COUNT_ENTRIES));
	paragraph_add(&p, ": %.0f times as long.", t->value / c->value);
	tracing(&p, run, a);
	paragraph_print(out, &p);
}

/* What waiting and being woken add to the calls that carry the byte. */
static void echoing(FILE *out, const struct run *run, const struct answers *a)
{
	int c = sched_arm(run, LOAD_PIPE, KIND_COROUTINE);
	int t = sched_arm(run, LOAD_PIPE, KIND_THREAD);
	const struct estimate *alone =
		value(run, a, LOAD_PIPE, KIND_ALONE, 0, Q_NS);
	struct paragraph p = {};
	char b[3][REPORT_NS];
	double n;

	if (!alone->n || c < 0 || t < 0 || !a->diff[c][0][Q_NS].n ||
	    !a->diff[t][0][Q_NS].n)
		return;
	paragraph_add(&p, "A byte there and back by a pipe: the calls alone are %s;",
		      report_ns(b[0], alone->value));
	paragraph_add(&p, " coroutines add %s,",
		      report_ns(b[1], a->diff[c][0][Q_NS].value));
	paragraph_add(&p, " threads, which wait in the kernel, %s",
		      report_ns(b[2], a->diff[t][0][Q_NS].value));
	n = each(run, LOAD_PIPE, KIND_THREAD, COUNT_RUSAGE);
	if (n >= 0)
		paragraph_add(&p, " and %.1f switches", n);
	paragraph_add(&p, ".");
	n = each(run, LOAD_PIPE, KIND_COROUTINE, COUNT_ENTRIES);
	if (n >= 0)
		paragraph_add(&p, " Both sides of the coroutines make %.2f system calls.",
			      n);
	paragraph_print(out, &p);
}

static void lateness(struct paragraph *p, const struct run *run,
		     const struct answers *a, enum load what, enum kind kind)
{
	const struct estimate *half = value(run, a, what, kind, 0, Q_LATE_50);
	const struct estimate *most = value(run, a, what, kind, 0, Q_LATE_99);
	char b[2][REPORT_NS];

	paragraph_add(p, " %s (p99 %s)", report_ns(b[0], half->value),
		      report_ns(b[1], most->value));
}

static bool has(const struct run *run, const struct answers *a, enum load what,
		enum kind kind)
{
	return value(run, a, what, kind, 0, Q_LATE_99)->n;
}

static void waiting(FILE *out, const struct run *run, const struct answers *a)
{
	struct paragraph p = {};

	if (has(run, a, LOAD_TIMER, KIND_COROUTINE) &&
	    has(run, a, LOAD_TIMER, KIND_THREAD)) {
		paragraph_add(&p, "Beside a task that yields each 20 us,");
		paragraph_add(&p, " a sleep of 1 ms ends late by");
		lateness(&p, run, a, LOAD_TIMER, KIND_COROUTINE);
		paragraph_add(&p, " for a coroutine,");
		lateness(&p, run, a, LOAD_TIMER, KIND_THREAD);
		paragraph_add(&p, " for a thread. ");
	}
	if (has(run, a, LOAD_BLOCK, KIND_COROUTINE) &&
	    has(run, a, LOAD_BLOCK_UNSAID, KIND_COROUTINE)) {
		paragraph_add(&p, "When a coroutine blocks its thread, the next one runs after");
		lateness(&p, run, a, LOAD_BLOCK, KIND_COROUTINE);
		paragraph_add(&p, " where that was announced, after");
		lateness(&p, run, a, LOAD_BLOCK_UNSAID, KIND_COROUTINE);
		paragraph_add(&p, " where the monitor has to see it.");
	}
	paragraph_print(out, &p);
}

static void spreading(FILE *out, const struct run *run, const struct answers *a)
{
	const struct estimate *split =
		value(run, a, LOAD_FAN_OUT, KIND_ALONE, 0, Q_NS);
	const struct estimate *c =
		value(run, a, LOAD_FAN_OUT, KIND_COROUTINE_2, 0, Q_NS);
	const struct estimate *t =
		value(run, a, LOAD_FAN_OUT, KIND_THREAD_2, 0, Q_NS);
	struct paragraph p = {};

	if (!split->n || !c->n || !t->n)
		return;
	paragraph_add(&p, "Work in pieces of 20 us, made by one task for two CPUs,");
	paragraph_add(&p, " takes %.2f times what it takes split beforehand where each is a",
		      c->value / split->value);
	paragraph_add(&p, " coroutine, %.2f times where each is a thread.",
		      t->value / split->value);
	paragraph_print(out, &p);
}

/* Of the most tasks that both kinds have been measured with. */
static void memory(FILE *out, const struct run *run, const struct answers *a)
{
	const struct estimate *c = NULL, *t;
	unsigned int p, at = 0;
	struct paragraph para = {};

	for (p = 0; p < run->settings.points; p++) {
		if (value(run, a, LOAD_PARK, KIND_COROUTINE, p, Q_BYTES)->n &&
		    value(run, a, LOAD_PARK, KIND_THREAD, p, Q_BYTES)->n)
			at = p;
	}
	c = value(run, a, LOAD_PARK, KIND_COROUTINE, at, Q_BYTES);
	t = value(run, a, LOAD_PARK, KIND_THREAD, at, Q_BYTES);
	if (!c->n || !t->n)
		return;
	paragraph_add(&para, "Of %u that wait, a coroutine has %.1f kB of resident memory,",
		      run->settings.point[at].x, c->value / 1024);
	paragraph_add(&para, " a thread %.1f kB, and what the kernel keeps for it.",
		      t->value / 1024);
	paragraph_print(out, &para);
}

void sched_say(FILE *out, const struct run *run, const struct answers *a)
{
	int twin = run_find_arm(run, "yield-coroutine-again");
	struct paragraph p = {};

	if (a->reasons)
		return;
	table(out, run, a);
	yielding(out, run, a);
	echoing(out, run, a);
	waiting(out, run, a);
	spreading(out, run, a);
	memory(out, run, a);
	words_null(&p, &a->diff[twin][0][Q_NS]);
	words_disturbed(&p, a);
	paragraph_print(out, &p);
}
