// SPDX-License-Identifier: GPL-2.0-only
/* The answer in words. */
#include <math.h>
#include <stdlib.h>

#include "ipc.h"
#include "report/words.h"

static const enum place shown[] = {
	PLACE_ALONE, PLACE_THREADS, PLACE_PROCESSES, PLACE_THREADS_2,
	PLACE_PROCESSES_2, PLACE_PROCESSES_SMT,
};

static const struct estimate *cost(const struct run *run,
				   const struct answers *a, enum mechanism mech,
				   enum place place, int point)
{
	static const struct estimate none;
	int arm = ipc_arm(run, mech, place);

	if (arm < 0 || point < 0 || !run_has(run, arm, point))
		return &none;
	return &a->cell[arm][point][Q_NS];
}

static bool any(const struct run *run, const struct answers *a,
		enum place place)
{
	enum mechanism mech;

	for (mech = MECH_SPIN; mech < MECHS; mech++)
		if (cost(run, a, mech, place, 0)->n)
			return true;
	return false;
}

static void head(FILE *out, const struct run *run, const struct answers *a)
{
	static const char *const names[PLACES][2] = {
		[PLACE_ALONE] = { "one", "task" },
		[PLACE_THREADS] = { "threads", "1 CPU" },
		[PLACE_PROCESSES] = { "processes", "1 CPU" },
		[PLACE_THREADS_2] = { "threads", "2 CPUs" },
		[PLACE_PROCESSES_2] = { "processes", "2 CPUs" },
		[PLACE_PROCESSES_SMT] = { "processes", "1 core" },
	};
	size_t i;
	int line;

	for (line = 0; line < 2; line++) {
		fprintf(out, "  %-10s", "");
		for (i = 0; i < ARRAY_SIZE(shown); i++)
			if (any(run, a, shown[i]))
				fprintf(out, " %9s", names[shown[i]][line]);
		fputs(line ? "    calls switches wake-ups\n" : "   system\n",
		      out);
	}
}

/* Of two processes, on one CPU where that can be. */
static void counts(FILE *out, const struct run *run, enum mechanism mech)
{
	static const enum count what[] = { COUNT_CALLS, COUNT_RUSAGE,
					   COUNT_WAKEUPS };
	int arm = ipc_arm(run, mech, PLACE_PROCESSES);
	double each;
	size_t i;

	if (arm < 0)
		arm = ipc_arm(run, mech, PLACE_PROCESSES_2);
	if (arm < 0)
		arm = ipc_arm(run, mech, PLACE_ALONE);
	for (i = 0; i < ARRAY_SIZE(what); i++) {
		each = arm < 0 ? -1 : counts_each(&run->counts[arm], what[i]);
		if (each < 0)
			fprintf(out, " %8s", "-");
		else
			fprintf(out, " %8.2f", each);
	}
	fputc('\n', out);
}

static void row(FILE *out, const struct run *run, const struct answers *a,
		enum mechanism mech)
{
	const struct estimate *e;
	char ns[REPORT_NS];
	size_t i;
	int n = 0;

	for (i = 0; i < ARRAY_SIZE(shown); i++)
		n += cost(run, a, mech, shown[i], 0)->n > 0;
	if (!n)
		return;
	fprintf(out, "  %-10s", ipc_ways[mech].name);
	for (i = 0; i < ARRAY_SIZE(shown); i++) {
		e = cost(run, a, mech, shown[i], 0);
		if (any(run, a, shown[i]))
			fprintf(out, " %9s",
				e->n ? report_ns(ns, e->value) : "-");
	}
	counts(out, run, mech);
}

static void table(FILE *out, const struct run *run, const struct answers *a)
{
	struct paragraph p = {};
	enum mechanism mech;

	fputs("A message of 1 byte, half of the way there and back, on this ",
	      out);
	fprintf(out, "%s:\n\n",
		*run->machine.emulator ? "emulated machine" : "machine");
	head(out, run, a);
	for (mech = MECH_COROUTINE; mech < MECHS; mech++)
		row(out, run, a, mech);
	paragraph_add(&p, "Calls, switches and wake-ups are those of processes on one CPU;");
	paragraph_add(&p, " of spinning, on two; of coroutines, in their thread.");
	paragraph_print(out, &p);
	fputc('\n', out);
}

/* The way between two processes on one CPU with the fewest counted calls. */
static int least_calls(const struct run *run)
{
	int best = -1, arm;
	enum mechanism mech;

	for (mech = MECH_SPIN; mech < MECHS; mech++) {
		arm = ipc_arm(run, mech, PLACE_PROCESSES);
		if (arm < 0 || counts_each(&run->counts[arm], COUNT_CALLS) < 0)
			continue;
		if (best < 0 ||
		    counts_each(&run->counts[arm], COUNT_CALLS) <
			    counts_each(&run->counts[best], COUNT_CALLS))
			best = arm;
	}
	return best;
}

static void least(struct paragraph *p, const struct run *run)
{
	int arm = least_calls(run);
	const struct counts *c = &run->counts[arm < 0 ? 0 : arm];
	double switches = counts_each(c, COUNT_RUSAGE);

	if (arm < 0 || switches < 0)
		return;
	paragraph_add(p, "Of the ways measured between two processes that take turns on one CPU,");
	paragraph_add(p, " %s makes the fewest system calls: %.2f a message, and %.2f switches,",
		      ipc_ways[ipc_mech(run, arm)].name,
		      counts_each(c, COUNT_CALLS), switches);
	paragraph_add(p, c->has[COUNT_ENTRIES] && c->has[COUNT_SWITCHES] ?
			      " by its own count, which the kernel's events confirm." :
			      " by its own count.");
}

/* By how much processes differ from threads, by a pipe. */
static void pipe_processes(struct paragraph *p, const struct run *run,
			   const struct answers *a)
{
	const struct estimate *e = cost(run, a, MECH_PIPE, PLACE_PROCESSES, 0);
	int arm = ipc_arm(run, MECH_PIPE, PLACE_PROCESSES);
	const struct estimate *more = &a->diff[arm < 0 ? 0 : arm][0][Q_NS];
	char ns[REPORT_NS];

	if (arm < 0 || !e->n || !more->n)
		return;
	paragraph_add(p, " Between processes it takes %s; in paired rounds the difference is",
		      report_ns(ns, e->value));
	words_estimate(p, more);
	paragraph_add(p, more->low <= 0 && more->high >= 0 ?
			      ": none is shown." : ".");
}

/* What the same calls cost one task that never waits, and what is left. */
static void parts(struct paragraph *p, const struct run *run,
		  const struct answers *a)
{
	const struct estimate *alone =
		cost(run, a, MECH_PIPE, PLACE_ALONE, 0);
	const struct estimate *threads =
		cost(run, a, MECH_PIPE, PLACE_THREADS, 0);
	struct estimate more = stats_difference(threads, alone);
	char b[2][REPORT_NS];

	if (!more.n || more.low <= 0)
		return;
	paragraph_add(p,
		      " By a pipe between threads a message takes %s: the calls, made by one task",
		      report_ns(b[0], threads->value));
	paragraph_add(p, " that never waits, are %s of it; waiting, waking and the switch add",
		      report_ns(b[1], alone->value));
	words_estimate(p, &more);
	paragraph_add(p, ".");
	pipe_processes(p, run, a);
}

static void in_one_thread(struct paragraph *p, const struct run *run,
			  const struct answers *a)
{
	const struct estimate *e =
		cost(run, a, MECH_COROUTINE, PLACE_ALONE, 0);
	int arm = ipc_arm(run, MECH_COROUTINE, PLACE_ALONE);
	char ns[REPORT_NS];

	if (!e->n)
		return;
	paragraph_add(p, " Between coroutines a message takes %s%s.", report_ns(ns, e->value),
		      counts_each(&run->counts[arm], COUNT_CALLS) == 0 ?
			      " and no system call" : "");
}

/* Whether each way that takes turns on one CPU was counted to enter the kernel. */
static bool all_enter(const struct run *run)
{
	enum mechanism mech;
	bool any = false;
	int arm;

	for (mech = MECH_SPIN_FUTEX; mech < MECHS; mech++) {
		arm = ipc_arm(run, mech, PLACE_PROCESSES);
		if (arm < 0)
			continue;
		any = true;
		if (counts_each(&run->counts[arm], COUNT_CALLS) < 0.9)
			return false;
	}
	return any;
}

static void spinning(FILE *out, const struct run *run, const struct answers *a)
{
	int arm = ipc_arm(run, MECH_SPIN, PLACE_PROCESSES_2);
	const struct estimate *e = a->cell[arm < 0 ? 0 : arm][0];
	struct paragraph p = {};
	char b[2][REPORT_NS];

	if (arm < 0 || !all_enter(run) || !e[Q_NS].n || !e[Q_CPU].n ||
	    counts_each(&run->counts[arm], COUNT_CALLS) != 0)
		return;
	paragraph_add(&p, "Between processes on one CPU every way measured enters the kernel");
	paragraph_add(&p, " for each message. Spinning on shared memory, from two CPUs, does");
	paragraph_add(&p, " not: a message takes %s and no system call, but %s of CPU time,",
		      report_ns(b[0], e[Q_NS].value),
		      report_ns(b[1], e[Q_CPU].value));
	paragraph_add(&p, " and both CPUs stay busy while no message comes.");
	paragraph_print(out, &p);
}

static void explain_wakeups(struct paragraph *p, const double wakes[2])
{
	paragraph_add(p, ": it wakes a task %.2f times a message, the other one %.2f times.",
		      wakes[0], wakes[1]);
	paragraph_add(p, " Each read from it also wakes the sender, as if that waited for room.");
}

/*
 * Says why the stream is dearer than @other, where it is: whoever reads from it wakes
 * its writer.  Return: whether it is.
 */
static bool compare_stream(FILE *out, const struct run *run,
			   const struct answers *a, enum mechanism other,
			   enum place place)
{
	int u = ipc_arm(run, MECH_UNIX, place), o = ipc_arm(run, other, place);
	struct paragraph p = {};
	struct estimate more;
	double wakes[2];

	if (u < 0 || o < 0)
		return false;
	more = stats_difference(&a->cell[u][0][Q_NS], &a->cell[o][0][Q_NS]);
	wakes[0] = counts_each(&run->counts[u], COUNT_WAKEUPS);
	wakes[1] = counts_each(&run->counts[o], COUNT_WAKEUPS);
	if (!more.n || more.low <= 0 || wakes[0] < 0 || wakes[1] < 0)
		return false;
	paragraph_add(&p, "Between processes on %s the unix stream costs more than %s, by",
		      place == PLACE_PROCESSES ? "one CPU" : "two CPUs",
		      other == MECH_TCP ? "TCP" : "seqpacket");
	words_estimate(&p, &more);
	if (wakes[0] > wakes[1] + 0.25)
		explain_wakeups(&p, wakes);
	else
		paragraph_add(&p, "; wake-ups, %.2f a message and %.2f, do not explain it.",
			      wakes[0], wakes[1]);
	paragraph_print(out, &p);
	return true;
}

static void dear_stream(FILE *out, const struct run *run,
			const struct answers *a)
{
	static const enum place places[] = { PLACE_PROCESSES_2,
					     PLACE_PROCESSES };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(places); i++)
		if (compare_stream(out, run, a, MECH_TCP, places[i]))
			return;
	for (i = ARRAY_SIZE(places); i-- > 0;)
		if (compare_stream(out, run, a, MECH_SEQPACKET, places[i]))
			return;
}

/* Long messages: carried by the kernel, or written and read where they lie. */
static void long_messages(FILE *out, const struct run *run,
			  const struct answers *a)
{
	int point = ipc_point(run, MESSAGE_MOST, VARIANT_TRIPS);
	int pipe = ipc_arm(run, MECH_PIPE, PLACE_PROCESSES);
	int futex = ipc_arm(run, MECH_FUTEX, PLACE_PROCESSES);
	const struct estimate *e, *f;
	struct paragraph p = {};
	char b[2][REPORT_NS];

	if (point < 0 || pipe < 0 || futex < 0)
		return;
	e = a->cell[pipe][point];
	f = a->cell[futex][point];
	if (!e[Q_NS].n || !f[Q_NS].n)
		return;
	paragraph_add(&p, "A message of 1 MB, a byte of each cache line written and checked,");
	paragraph_add(&p, " takes %s by a pipe, which copies %.1f MB,",
		      report_ns(b[0], e[Q_NS].value),
		      e[Q_COPIED].value / MESSAGE_MOST);
	paragraph_add(&p, " and %s where it lies in shared memory and is handed over by a futex:",
		      report_ns(b[1], f[Q_NS].value));
	paragraph_add(&p, " the pipe takes %.1f times as long.",
		      e[Q_NS].value / f[Q_NS].value);
	paragraph_print(out, &p);
}

/* Of a message: of the two that a call is. */
static struct estimate twice(struct estimate e)
{
	e.value *= 2;
	e.low *= 2;
	e.high *= 2;
	return e;
}

/* What a call adds to the bare stream, if it does. */
static void call_adds(struct paragraph *p, const struct estimate *more,
		      double calls)
{
	if (more->low <= 0 && more->high >= 0) {
		paragraph_add(p, " The call is not shown to cost more time or less:");
		words_estimate(p, more);
		paragraph_add(p, ".");
		return;
	}
	paragraph_add(p, " The frames, epoll and the hand-over to a thread make a difference of");
	words_estimate(p, more);
	paragraph_add(p, " and %.1f calls.", calls);
}

static void calls(FILE *out, const struct run *run, const struct answers *a)
{
	int rpc = ipc_arm(run, MECH_RPC_UNIX, PLACE_PROCESSES);
	int raw = ipc_arm(run, MECH_UNIX, PLACE_PROCESSES);
	struct paragraph p = {};
	struct estimate more;
	char b[2][REPORT_NS];
	double each[2];

	if (rpc < 0 || raw < 0)
		return;
	more = twice(stats_difference(&a->cell[rpc][0][Q_NS],
				      &a->cell[raw][0][Q_NS]));
	each[0] = 2 * counts_each(&run->counts[rpc], COUNT_CALLS);
	each[1] = 2 * counts_each(&run->counts[raw], COUNT_CALLS);
	if (!more.n || each[0] < 0 || each[1] < 0)
		return;
	paragraph_add(&p, "A remote procedure call over a unix stream, request and answer,");
	paragraph_add(&p, " takes %s and %.1f system calls;",
		      report_ns(b[0], 2 * a->cell[rpc][0][Q_NS].value), each[0]);
	paragraph_add(&p, " the bare stream, there and back, %s and %.1f.",
		      report_ns(b[1], 2 * a->cell[raw][0][Q_NS].value), each[1]);
	call_adds(&p, &more, each[0] - each[1]);
	paragraph_print(out, &p);
}

void ipc_say(FILE *out, const struct run *run, const struct answers *a)
{
	int twin = run_find_arm(run, "pipe-processes-again");
	struct paragraph p = {};

	if (a->reasons)
		return;
	table(out, run, a);
	least(&p, run);
	parts(&p, run, a);
	in_one_thread(&p, run, a);
	paragraph_print(out, &p);
	spinning(out, run, a);
	dear_stream(out, run, a);
	long_messages(out, run, a);
	calls(out, run, a);
	words_null(&p, &a->diff[twin][0][Q_NS]);
	words_disturbed(&p, a);
	paragraph_print(out, &p);
}
