// SPDX-License-Identifier: GPL-2.0-only
/* The tables of the experiment: what it costs to schedule tasks, by what they are. */
#include "measure/cpus.h"
#include "sched.h"

/* Of the thread that runs the coroutines, with what beginning and ending takes. */
static const struct claim no_calls[] = {{COUNT_ENTRIES, 0, 0.05}, {}};
static const struct claim four_calls[] = {{COUNT_ENTRIES, 4, 4.05}, {}};
static const struct claim one_call[] = {{COUNT_ENTRIES, 1, 1.05}, {}};

#define PACE(load, kind) ((int)(load) * KINDS + (int)(kind))

#define ARM(l, k, n, what, on, sw, jd, lt, c, cl)                       \
	{                                                               \
		.name = n, .brief = what, .against = on, .sweep = sw,   \
		.judged = jd, .pace = PACE(LOAD_##l, KIND_##k),         \
		.first = FIRST(k), .least = 8, .letter = lt,            \
		.colour = c, .claims = cl                               \
	}

/* So many that what they begin with, on cold caches, shows little beside them. */
#define FIRST(kind) (KIND_##kind == KIND_COROUTINE ? 2000 : 50)

#define YES true
#define NO false

static const struct arm arms[] = {
	ARM(YIELD, COROUTINE, "yield-coroutine",
	    "a coroutine lets the next one run, by its P's own queue", NULL,
	    YES, YES, 'y', "#0072b2", no_calls),
	{
		.name = "yield-coroutine-again",
		.brief = "the same once more: a null test",
		.against = "yield-coroutine",
		.twin = true,
		.pace = PACE(LOAD_YIELD, KIND_COROUTINE),
		.first = FIRST(COROUTINE),
		.least = 8,
		.claims = no_calls,
	},
	ARM(YIELD_GLOBAL, COROUTINE, "yield-global-coroutine",
	    "likewise, by the global queue, as Go's Gosched()",
	    "yield-coroutine", YES, NO, 0, "#56b4e9", no_calls),
	ARM(YIELD_TRACED, COROUTINE, "yield-traced-coroutine",
	    "likewise, by the own queue, and every decision is traced",
	    "yield-coroutine", NO, NO, 0, "#999999", no_calls),
	ARM(YIELD, THREAD, "yield-thread", "threads on one CPU, sched_yield()",
	    "yield-coroutine", YES, YES, 'Y', "#d55e00", one_call),
	ARM(YIELD, PROCESS, "yield-process",
	    "processes on one CPU, sched_yield()", "yield-thread", NO, NO, 0,
	    "#882255", one_call),
	ARM(CREATE, COROUTINE, "create-coroutine",
	    "coroutines are made, run, and end", NULL, YES, YES, 'c',
	    "#009e73", no_calls),
	ARM(CREATE, THREAD, "create-thread",
	    "threads are made, run, end, and are joined", "create-coroutine",
	    YES, YES, 'C', "#e69f00", NULL),
	ARM(CREATE, PROCESS, "create-process",
	    "processes are made, run, end, and are waited for",
	    "create-thread", NO, NO, 0, "#882255", NULL),
	ARM(SEMAPHORE, COROUTINE, "wake-coroutine",
	    "two coroutines wake each other in turn, by semaphores", NULL, YES,
	    YES, 's', "#000000", no_calls),
	ARM(SEMAPHORE, COROUTINE_2, "wake-coroutine-2cpu",
	    "likewise, where two Ps on two CPUs may run them",
	    "wake-coroutine", NO, NO, 0, "#666666", NULL),
	ARM(SEMAPHORE, THREAD, "wake-thread",
	    "two threads on one CPU wake each other, by sem_t",
	    "wake-coroutine", YES, YES, 'S', "#cc79a7", NULL),
	ARM(SEMAPHORE, THREAD_2, "wake-thread-2cpu",
	    "likewise, on two CPUs", "wake-thread", NO, NO, 0, "#cc79a7",
	    NULL),
	ARM(SEMAPHORE, PROCESS, "wake-process",
	    "two processes on one CPU wake each other, by sem_t",
	    "wake-thread", NO, NO, 0, "#882255", NULL),
	ARM(CHANNEL, COROUTINE, "channel-coroutine",
	    "a value goes through a channel without a buffer",
	    "wake-coroutine", YES, NO, 0, "#0072b2", no_calls),
	ARM(CHANNEL, COROUTINE_2, "channel-coroutine-2cpu",
	    "likewise, where two Ps on two CPUs may run the sides",
	    "channel-coroutine", NO, NO, 0, "#0072b2", NULL),
	ARM(MUTEX, COROUTINE, "mutex-coroutine",
	    "coroutines want one mutex, whose owner yields", NULL, NO, NO, 0,
	    "#009e73", no_calls),
	ARM(MUTEX, THREAD, "mutex-thread",
	    "threads on one CPU want one pthread mutex, whose owner yields",
	    "mutex-coroutine", NO, NO, 0, "#e69f00", NULL),
	ARM(PIPE, ALONE, "pipe-alone",
	    "the four calls of an echo by a pipe, made by one task", NULL, NO,
	    NO, 0, "#666666", four_calls),
	ARM(PIPE, COROUTINE, "pipe-coroutine",
	    "an echo by a pipe, coroutines", "pipe-alone", NO, NO, 0,
	    "#0072b2", four_calls),
	ARM(PIPE, THREAD, "pipe-thread", "an echo by a pipe, threads on one CPU",
	    "pipe-alone", NO, NO, 0, "#d55e00", four_calls),
	ARM(PIPE, PROCESS, "pipe-process",
	    "an echo by a pipe, processes on one CPU", "pipe-thread", NO, NO,
	    0, "#882255", four_calls),
	ARM(UNIX, ALONE, "unix-alone",
	    "the four calls of an echo by a unix stream, made by one task",
	    NULL, NO, NO, 0, "#666666", four_calls),
	ARM(UNIX, COROUTINE, "unix-coroutine",
	    "an echo by a unix stream, coroutines", "unix-alone", NO, NO, 0,
	    "#0072b2", four_calls),
	ARM(UNIX, THREAD, "unix-thread",
	    "an echo by a unix stream, threads on one CPU", "unix-alone", NO,
	    NO, 0, "#d55e00", four_calls),
	ARM(TCP, ALONE, "tcp-alone",
	    "the four calls of an echo by TCP, made by one task", NULL, NO, NO,
	    0, "#666666", four_calls),
	ARM(TCP, COROUTINE, "tcp-coroutine", "an echo by TCP, coroutines",
	    "tcp-alone", YES, NO, 't', "#117733", four_calls),
	ARM(TCP, THREAD, "tcp-thread", "an echo by TCP, threads on one CPU",
	    "tcp-alone", YES, NO, 'T', "#aa4499", four_calls),
	ARM(TIMER, COROUTINE, "timer-coroutine",
	    "a sleep of 1 ms ends late, beside a coroutine that yields each 20 us",
	    NULL, NO, NO, 0, "#0072b2", NULL),
	ARM(TIMER, THREAD, "timer-thread",
	    "likewise, beside a thread that yields each 20 us",
	    "timer-coroutine", NO, NO, 0, "#d55e00", NULL),
	ARM(BLOCK, COROUTINE, "block-coroutine",
	    "until another runs, where one announces that it blocks its thread",
	    NULL, NO, NO, 0, "#0072b2", NULL),
	ARM(BLOCK_UNSAID, COROUTINE, "block-unsaid-coroutine",
	    "likewise, not announced: the monitor sees it", "block-coroutine",
	    NO, NO, 0, "#56b4e9", NULL),
	ARM(BLOCK, THREAD, "block-thread",
	    "until another thread runs, where one blocks", "block-coroutine",
	    NO, NO, 0, "#d55e00", NULL),
	ARM(FAN_OUT, ALONE, "fan-out-split",
	    "work of 20 us each, a half of it given to each of two CPUs", NULL,
	    NO, NO, 0, "#666666", NULL),
	ARM(FAN_OUT, COROUTINE_2, "fan-out-coroutine-2cpu",
	    "likewise, all of it made by one coroutine: the other P steals",
	    "fan-out-split", NO, NO, 0, "#0072b2", NULL),
	ARM(FAN_OUT, THREAD_2, "fan-out-thread-2cpu",
	    "likewise, all of it made by one thread, as a thread for each",
	    "fan-out-split", NO, NO, 0, "#d55e00", NULL),
	ARM(PARK, COROUTINE, "park-coroutine",
	    "coroutines are made, wait all at once, and end", NULL, YES, NO, 0,
	    "#0072b2", NULL),
	ARM(PARK, THREAD, "park-thread",
	    "threads are made, wait all at once, and end", "park-coroutine",
	    YES, NO, 0, "#d55e00", NULL),
	{}};

static const struct quantity quantities[] = {
	[Q_NS] = {"ns", "ns", "cost, or lateness, of an operation", BAR_NONE},
	[Q_CPU] = {"cpu_ns", "ns", "CPU time of all tasks for an operation",
		   BAR_NONE},
	[Q_LATE_50] = {"late_p50", "ns", "how late, half of them", BAR_NONE},
	[Q_LATE_99] = {"late_p99", "ns", "how late, 99 of 100", BAR_NONE},
	[Q_BYTES] = {"bytes", "bytes", "resident memory of a task that waits",
		     BAR_NONE},
	[Q_VOLUNTARY] = {"voluntary", "",
			 "switches because a task waited", BAR_NONE},
	[Q_INVOLUNTARY] = {"involuntary", "",
			   "switches because another task had the CPU",
			   BAR_NONE},
	{}};

/* In the order of enum load, after the word for all of them. */
static const char *const loads[] = {
	"all",	"yield", "yield-global", "yield-traced", "create",
	"wake", "mutex", "channel",	 "pipe",	 "unix",
	"tcp",	"timer", "block",	 "block-unsaid", "fan-out",
	"park", NULL};

static const struct setting settings[] = {
	[SET_LOAD] = {
			.key = "load",
			.label = "load",
			.opt = {'l', "load", "NAME",
				"measure one load, beside yielding coroutines"},
			.kind = SETTING_ONE_OF,
			.names = loads,
		},
	[SET_OTHER] = {
			.key = "other_cpu",
			.label = "the second CPU",
			.kind = SETTING_NUMBER,
			.most = CPUS_MOST,
		},
	{}};

static const struct finding findings[] = {{}};

static const enum count counted[] = {
	COUNT_EXPECTED, COUNT_ENTRIES, COUNT_FUTEX, COUNT_RUSAGE,
	COUNT_VOLUNTARY, COUNT_NONE};

enum load sched_arm_load(const struct run *run, int arm)
{
	return run->experiment->arms[arm].pace / KINDS;
}

enum kind sched_arm_kind(const struct run *run, int arm)
{
	return run->experiment->arms[arm].pace % KINDS;
}

int sched_arm(const struct run *run, enum load load, enum kind kind)
{
	const struct arm *a = run->experiment->arms;
	int arm;

	for (arm = 0; arm < run_arms(run); arm++)
		if (a[arm].pace == PACE(load, kind) && !a[arm].twin)
			return run->settings.arm[arm] ? arm : -1;
	return -1;
}

const struct experiment experiment_sched = {
	.name = "sched",
	.brief = "what scheduling costs: coroutines on G, P and M, and threads",
	.about = "Have coroutines of libgpm, threads and processes do the same: yield, wake each\n"
		 "other, be made and end, answer over pipes and sockets, sleep, block, spread\n"
		 "over CPUs, wait in great number.  Report what each costs, and how often the\n"
		 "kernel is entered and switches for it.\n"
		 "\n"
		 "With --trace nothing is measured: event by event it shows which coroutine (G)\n"
		 "runs on which context (P), and why this one.  WHAT is the trace that a program\n"
		 "linked with libgpm wrote, having run with GPM_TRACE=FILE, or a scripted load:\n"
		 "  overflow   300 Gs at once: half of a full queue moves to the global one\n"
		 "  61st       two Gs keep a queue busy, each 61st look finds the global one\n"
		 "  steal      one P has 60 Gs, the others take half of them, and half again\n"
		 "  netpoll    a G waits for a pipe in epoll\n"
		 "  hand-over  a thread blocks, announced and not, and its P goes on\n"
		 "  deadlock   two Gs wait for each other's mutex\n",
	.operation = "an operation",
	.operations = "operations",
	.arms = arms,
	.axis = {
			.key = "tasks",
			.label = "tasks at the same time",
			.first = "2 tasks",
			.letter = 't',
			.help = "numbers of tasks, separated by commas",
			.least = 2,
			.most = 2000000,
		},
	.quantities = quantities,
	.settings = settings,
	.findings = findings,
	.counted = counted,
	.counted_least = 4000,
	.plan = sched_plan,
	.open = sched_open,
	.round = sched_round,
	.tasks = sched_tasks,
	.renew = sched_renew,
	.close = sched_close,
	.say = sched_say,
};
