// SPDX-License-Identifier: GPL-2.0-only
/* The tables of the experiment: what a switch costs, and how much is the TLB. */
#include "switch.h"

/* Coroutines cost too little, and swapcontext() too much, for one pace. */
enum { PACE_PAIR, PACE_RING, PACE_COROUTINE, PACE_COROUTINE_FP, PACE_UCONTEXT };

const struct switch_arm switch_arms[ARMS] = {
	[ARM_COROUTINE] = { KIND_COROUTINES, CO_BARE, .group = 0 },
	[ARM_COROUTINE_FP] = { KIND_COROUTINES, CO_FP, .group = 0 },
	[ARM_UCONTEXT] = { KIND_COROUTINES, CO_UCONTEXT, .group = 0 },
	[ARM_THREAD] = { KIND_THREADS, .group = 1 },
	[ARM_THREAD_AGAIN] = { KIND_THREADS, .group = 1 },
	[ARM_THREAD_CONTROL] = { KIND_THREADS, .probe = PROBE_CONTROL,
				 .group = 1 },
	[ARM_CONTROL_AGAIN] = { KIND_THREADS, .probe = PROBE_CONTROL,
				.group = 1 },
	[ARM_THREAD_FLUSH] = { KIND_THREADS, .probe = PROBE_FLUSH_MM,
			       .group = 1 },
	[ARM_THREAD_FULL] = { KIND_THREADS, .probe = PROBE_FLUSH_ALL,
			      .group = 1 },
	[ARM_PROCESS] = { KIND_PROCESSES, .group = 2 },
	[ARM_PROCESS_CONTROL] = { KIND_PROCESSES, .probe = PROBE_CONTROL,
				  .group = 2 },
	[ARM_PROCESS_FLUSH] = { KIND_PROCESSES, .probe = PROBE_FLUSH_MM,
				.group = 2 },
	[ARM_RING_THREAD] = { KIND_THREADS, .ring = true, .group = 3 },
	[ARM_RING_PROCESS] = { KIND_PROCESSES, .ring = true, .group = 4 },
};

#define EACH(what) { what, 1, 1 }
#define NEVER(what) { what, 0, 0 }

/* Now and then the scheduler's clock gets in. */
static const struct claim coroutines[] = { { COUNT_RUSAGE, 0, 0.001 }, {} };

/* What the kernel makes of a switch. */
static const struct claim threads[] = {
	EACH(COUNT_RUSAGE), EACH(COUNT_SWITCHES), NEVER(COUNT_OTHER_MM),
	NEVER(COUNT_CR3_FLUSHED), {}
};

static const struct claim processes[] = {
	EACH(COUNT_RUSAGE), EACH(COUNT_SWITCHES), NEVER(COUNT_SAME_MM), {}
};

/* The probe counts attached workers only, and its own flushes. */
static const struct claim threads_probed[] = {
	EACH(COUNT_RUSAGE), EACH(COUNT_SWITCHES), NEVER(COUNT_OTHER_MM),
	NEVER(COUNT_CR3_FLUSHED), EACH(COUNT_PROBE),
	NEVER(COUNT_PROBE_MIGRATIONS), EACH(COUNT_PROBE_SAME_MM),
	NEVER(COUNT_PROBE_FLUSHES), {}
};

static const struct claim threads_flushed[] = {
	EACH(COUNT_RUSAGE), EACH(COUNT_SWITCHES), NEVER(COUNT_OTHER_MM),
	NEVER(COUNT_CR3_FLUSHED), EACH(COUNT_PROBE),
	NEVER(COUNT_PROBE_MIGRATIONS), EACH(COUNT_PROBE_SAME_MM),
	EACH(COUNT_PROBE_FLUSHES), {}
};

static const struct claim processes_probed[] = {
	EACH(COUNT_RUSAGE), EACH(COUNT_SWITCHES), NEVER(COUNT_SAME_MM),
	EACH(COUNT_PROBE), NEVER(COUNT_PROBE_MIGRATIONS),
	EACH(COUNT_PROBE_OTHER_MM), NEVER(COUNT_PROBE_FLUSHES), {}
};

static const struct claim processes_flushed[] = {
	EACH(COUNT_RUSAGE), EACH(COUNT_SWITCHES), NEVER(COUNT_SAME_MM),
	EACH(COUNT_PROBE), NEVER(COUNT_PROBE_MIGRATIONS),
	EACH(COUNT_PROBE_OTHER_MM), EACH(COUNT_PROBE_FLUSHES), {}
};

static const struct arm arms[] = {
	[ARM_COROUTINE] = {
		.name = "coroutine", .brief = "no kernel, no mm",
		.sweep = true, .pace = PACE_COROUTINE, .first = 1000,
		.least = 10, .letter = 'c', .colour = "#000000",
		.claims = coroutines,
	},
	[ARM_COROUTINE_FP] = {
		.name = "coroutine+fp", .brief = "and FP control words",
		.against = "coroutine", .pace = PACE_COROUTINE_FP,
		.first = 1000, .least = 10, .colour = "#666666",
		.claims = coroutines,
	},
	[ARM_UCONTEXT] = {
		.name = "swapcontext", .brief = "glibc's, with signal mask",
		.against = "coroutine", .pace = PACE_UCONTEXT, .first = 1000,
		.least = 10, .colour = "#999999",
		.claims = coroutines,
	},
	[ARM_THREAD] = {
		.name = "thread", .brief = "same mm",
		.judged = true, .sweep = true, .first = 20, .least = 10,
		.letter = 't', .colour = "#0072b2", .claims = threads,
	},
	[ARM_THREAD_AGAIN] = {
		.name = "thread-again", .brief = "null test: as 'thread'",
		.against = "thread", .twin = true, .first = 20, .least = 10,
		.colour = "#56b4e9", .claims = threads,
	},
	[ARM_THREAD_CONTROL] = {
		.name = "thread+control", .brief = "same mm, probed",
		.against = "thread", .parts_against = "", .judged = true,
		.sweep = true, .first = 20, .least = 10, .letter = 'T',
		.colour = "#56b4e9",
		.claims = threads_probed,
	},
	[ARM_CONTROL_AGAIN] = {
		.name = "thread+again", .brief = "null test: as 'thread+control'",
		.against = "thread+control", .twin = true, .first = 20,
		.least = 10, .colour = "#88ccee",
		.claims = threads_probed,
	},
	[ARM_THREAD_FLUSH] = {
		.name = "thread+flush", .brief = "same mm, its entries flushed",
		.against = "thread+control", .judged = true, .sweep = true,
		.first = 20, .least = 10, .letter = 'f', .colour = "#d55e00",
		.claims = threads_flushed,
	},
	[ARM_THREAD_FULL] = {
		.name = "thread+full", .brief = "same mm, whole TLB flushed",
		.against = "thread+control", .sweep = true, .first = 20,
		.least = 10, .letter = 'F', .colour = "#882255",
		.claims = threads_flushed,
	},
	[ARM_PROCESS] = {
		.name = "process", .brief = "another mm",
		.against = "thread", .judged = true, .sweep = true,
		.first = 20, .least = 10, .letter = 'p', .colour = "#009e73",
		.claims = processes,
	},
	[ARM_PROCESS_CONTROL] = {
		.name = "process+control", .brief = "another mm, probed",
		.against = "process", .parts_against = "thread+control",
		.sweep = true, .first = 20, .least = 10, .letter = 'P',
		.colour = "#999933",
		.claims = processes_probed,
	},
	[ARM_PROCESS_FLUSH] = {
		.name = "process+flush", .brief = "another mm, and flushed",
		.against = "process+control", .sweep = true, .first = 20,
		.least = 10, .letter = 'g', .colour = "#e69f00",
		.claims = processes_flushed,
	},
	[ARM_RING_THREAD] = {
		.name = "ring-thread", .brief = "a ring, same mm",
		.sweep = true, .pace = PACE_RING, .first = 20, .least = 2,
		.letter = 'r', .colour = "#cc79a7", .claims = threads,
	},
	[ARM_RING_PROCESS] = {
		.name = "ring-process", .brief = "a ring, each its own mm",
		.against = "ring-thread", .judged = true, .sweep = true,
		.pace = PACE_RING, .first = 20, .least = 2, .letter = 'R',
		.colour = "#661100", .claims = processes,
	},
	{}
};

static const struct quantity quantities[] = {
	[Q_NS] = { "ns", "ns", "a switch, touching included", BAR_NONE },
	[Q_KERNEL] = { "kernel_ns", "ns", "the kernel's own part",
		       BAR_PART },
	[Q_FLUSH] = { "flush_ns", "ns",
		      "the flush, or an empty interval (control)", BAR_NONE },
	[Q_KERNEL_FLUSH] = { "kernel_and_flush_ns", "ns",
			     "and the flush after it, or an empty interval (control)",
			     BAR_WHOLE },
	{}
};

static const char *const mechanisms[] = {
	[MECH_YIELD] = "yield",
	[MECH_FUTEX] = "futex",
	[MECH_PIPE] = "pipe",
	[MECH_PERF_PIPE] = "perf-pipe",
	NULL
};

static const struct setting settings[] = {
	[SET_MECHANISM] = {
		.key = "mechanism", .label = "mechanism",
		.opt = { 'm', "mechanism", "NAME",
			 "how to switch: yield, futex, pipe or perf-pipe" },
		.kind = SETTING_ONE_OF, .names = mechanisms,
	},
	[SET_HUGE] = {
		.key = "huge", .label = "huge pages",
		.opt = { CTXLAB_LONG_ONLY, "huge-pages", NULL,
			 "put the touched pages in huge pages" },
		.kind = SETTING_YES_NO,
	},
	[SET_RING] = {
		.key = "ring", .label = "ring",
		.opt = { CTXLAB_LONG_ONLY, "ring", "N",
			 "members of the rings (default 12; 0: none)" },
		.kind = SETTING_NUMBER, .most = RING_MAX,
	},
	[SET_RING_PAGES] = {
		.key = "ring_pages", .label = "ring pages",
		.kind = SETTING_NUMBER, .most = 1 << 24,
	},
	{}
};

static const struct finding findings[] = {
	[FOUND_REFILL] = { "refill_ns_per_page", "ns",
			   "each page touched after a flush", true },
	[FOUND_RING_REFILL] = { "ring_refill_ns_per_page", "ns",
				"each page touched in a ring of processes",
				true },
	[FOUND_EXCEEDS] = { "refill_exceeds_flush_at", "pages",
			    "pages from which refilling exceeds the flush",
			    true },
	[FOUND_ENDS] = { "flush_effect_ends_at", "pages",
			 "pages past which the flush adds nothing", true },
	[FOUND_TLB] = { "tlb_capacity", "pages",
			"pages of both together where the cost of each rises",
			true },
	[FOUND_BEFORE] = { "page_ns_before", "ns", "each page before that",
			   true },
	[FOUND_AFTER] = { "page_ns_after", "ns", "each page after that",
			  true },
	[FOUND_THREAD_REFILL] = { "thread_refill_ns_per_page", "ns",
				  "each page touched, thread - coroutine", true },
	[FOUND_PROCESS_REFILL] = { "process_refill_ns_per_page", "ns",
				   "each page touched, process - thread", true },
	{}
};

static const enum count counted[] = {
	COUNT_EXPECTED, COUNT_RUSAGE, COUNT_SWITCHES, COUNT_SAME_MM,
	COUNT_OTHER_MM, COUNT_CR3_KEPT, COUNT_CR3_FLUSHED, COUNT_PROBE,
	COUNT_PROBE_FLUSHES, COUNT_NONE
};

const struct experiment experiment_switch = {
	.name = "switch",
	.brief = "what a switch costs, and how much of it is the TLB",
	.about =
	"Have coroutines, threads and processes switch on one CPU, in short rounds\n"
	"taken in turn, and tell what a switch costs between each, what flushing the\n"
	"TLB adds, and how sure that is.  With the module loaded (and as root) the\n"
	"flush alone is switched on and off between the same two threads.\n",
	.operation = "a switch",
	.operations = "switches",
	.histogram = "the kernel's own part of a switch",
	.arms = arms,
	.axis = {
		.key = "pages",
		.label = "pages touched by each between switches",
		.first = "no pages touched",
		.letter = 'p',
		.help = "pages to touch, separated by commas",
		.most = 65536,	/* 256 MiB for each worker */
		.variant = "pattern",
		.variants = {
			[PATTERN_CHAIN] = "chain",
			[PATTERN_INDEPENDENT] = "independent",
		},
	},
	.quantities = quantities,
	.settings = settings,
	.findings = findings,
	.counted = counted,
	.counted_least = 2500,
	.plan = switch_plan,
	.open = switch_open,
	.round = switch_round,
	.tasks = switch_tasks,
	.renew = switch_renew,
	.close = switch_close,
	.conclude = switch_conclude,
	.marks = switch_marks,
	.say = switch_say,
	.say_more = switch_say_more,
};
