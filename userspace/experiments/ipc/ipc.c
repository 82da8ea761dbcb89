// SPDX-License-Identifier: GPL-2.0-only
/* The tables of the experiment: what a message costs. */
#include "ipc.h"
#include "measure/cpus.h"

/* System calls for a message of one byte, where one answers the other. */
static const struct claim no_calls[] = {{COUNT_CALLS, 0, 0}, {}};
static const struct claim two_calls[] = {{COUNT_CALLS, 2, 2}, {}};
/* Who finds the message there does not wait, and need not be woken. */
static const struct claim up_to_two[] = {{COUNT_CALLS, 0, 2}, {}};
/*
 * Of a request and its answer: written and read by the client, waited for, read and
 * written by the server, whose threads wait for each other and wake each other.
 */
static const struct claim of_a_call[] = {{COUNT_CALLS, 2.5, 4.5}, {}};

#define PACE(mech, place) ((int)(mech) * PLACES + (int)(place))

#define ARM(m, p, n, what, on, l, c, calls)                             \
	{                                                               \
		.name = n, .brief = what, .against = on,                \
		.sweep = MECH_##m != MECH_SIGNAL,                       \
		.pace = PACE(MECH_##m, PLACE_##p), .first = 20,         \
		.least = 8, .letter = l, .colour = c, .claims = calls   \
	}

static const struct arm arms[] = {
	ARM(COROUTINE, ALONE, "coroutine", "a channel of two coroutines", NULL,
	    'k', "#000000", no_calls),
	ARM(SPIN, ALONE, "spin-alone",
	    "shared memory, spinning, one task alone",
	    NULL, 0, "#666666", no_calls),
	ARM(SPIN, THREADS_2, "spin-threads-2cpu",
	    "shared memory, spinning, threads on two CPUs",
	    "spin-alone", 0, "#666666", no_calls),
	ARM(SPIN, PROCESSES_2, "spin-processes-2cpu",
	    "shared memory, spinning, processes on two CPUs",
	    "spin-threads-2cpu", 's', "#666666", no_calls),
	ARM(SPIN, PROCESSES_SMT, "spin-processes-smt",
	    "shared memory, spinning, processes on one core",
	    "spin-processes-2cpu", 0, "#666666", no_calls),
	ARM(SPIN_FUTEX, THREADS, "spin-futex-threads",
	    "shared memory, spinning, then a futex, threads on one CPU",
	    NULL, 0, "#56b4e9", up_to_two),
	ARM(SPIN_FUTEX, PROCESSES, "spin-futex-processes",
	    "shared memory, spinning, then a futex, processes on one CPU",
	    "spin-futex-threads", 0, "#56b4e9", up_to_two),
	ARM(SPIN_FUTEX, THREADS_2, "spin-futex-threads-2cpu",
	    "shared memory, spinning, then a futex, threads on two CPUs",
	    "spin-futex-threads", 0, "#56b4e9", up_to_two),
	ARM(SPIN_FUTEX, PROCESSES_2, "spin-futex-processes-2cpu",
	    "shared memory, spinning, then a futex, processes on two CPUs",
	    "spin-futex-threads-2cpu", 'x', "#56b4e9", up_to_two),
	ARM(SPIN_FUTEX, PROCESSES_SMT, "spin-futex-processes-smt",
	    "shared memory, spinning, then a futex, processes on one core",
	    "spin-futex-processes-2cpu", 0, "#56b4e9", up_to_two),
	ARM(FUTEX, THREADS, "futex-threads",
	    "shared memory and a futex, threads on one CPU",
	    NULL, 0, "#0072b2", up_to_two),
	ARM(FUTEX, PROCESSES, "futex-processes",
	    "shared memory and a futex, processes on one CPU",
	    "futex-threads", 'f', "#0072b2", up_to_two),
	ARM(FUTEX, THREADS_2, "futex-threads-2cpu",
	    "shared memory and a futex, threads on two CPUs",
	    "futex-threads", 0, "#0072b2", up_to_two),
	ARM(FUTEX, PROCESSES_2, "futex-processes-2cpu",
	    "shared memory and a futex, processes on two CPUs",
	    "futex-threads-2cpu", 0, "#0072b2", up_to_two),
	ARM(FUTEX, PROCESSES_SMT, "futex-processes-smt",
	    "shared memory and a futex, processes on one core",
	    "futex-processes-2cpu", 0, "#0072b2", up_to_two),
	ARM(EVENTFD, THREADS, "eventfd-threads",
	    "shared memory and an eventfd, threads on one CPU",
	    NULL, 0, "#88ccee", up_to_two),
	ARM(EVENTFD, PROCESSES, "eventfd-processes",
	    "shared memory and an eventfd, processes on one CPU",
	    "eventfd-threads", 0, "#88ccee", up_to_two),
	ARM(EVENTFD, THREADS_2, "eventfd-threads-2cpu",
	    "shared memory and an eventfd, threads on two CPUs",
	    "eventfd-threads", 0, "#88ccee", up_to_two),
	ARM(EVENTFD, PROCESSES_2, "eventfd-processes-2cpu",
	    "shared memory and an eventfd, processes on two CPUs",
	    "eventfd-threads-2cpu", 0, "#88ccee", up_to_two),
	ARM(EVENTFD, PROCESSES_SMT, "eventfd-processes-smt",
	    "shared memory and an eventfd, processes on one core",
	    "eventfd-processes-2cpu", 0, "#88ccee", up_to_two),
	ARM(PIPE, ALONE, "pipe-alone",
	    "a pipe, one task alone",
	    NULL, 0, "#009e73", two_calls),
	ARM(PIPE, THREADS, "pipe-threads",
	    "a pipe, threads on one CPU",
	    "pipe-alone", 0, "#009e73", two_calls),
	ARM(PIPE, PROCESSES, "pipe-processes",
	    "a pipe, processes on one CPU",
	    "pipe-threads", 'p', "#009e73", two_calls),
	ARM(PIPE, THREADS_2, "pipe-threads-2cpu",
	    "a pipe, threads on two CPUs",
	    "pipe-threads", 0, "#009e73", two_calls),
	ARM(PIPE, PROCESSES_2, "pipe-processes-2cpu",
	    "a pipe, processes on two CPUs",
	    "pipe-threads-2cpu", 'P', "#009e73", two_calls),
	ARM(PIPE, PROCESSES_SMT, "pipe-processes-smt",
	    "a pipe, processes on one core",
	    "pipe-processes-2cpu", 0, "#009e73", two_calls),
	ARM(UNIX, ALONE, "unix-alone",
	    "a unix stream, one task alone",
	    NULL, 0, "#882255", two_calls),
	ARM(UNIX, THREADS, "unix-threads",
	    "a unix stream, threads on one CPU",
	    "unix-alone", 0, "#882255", two_calls),
	ARM(UNIX, PROCESSES, "unix-processes",
	    "a unix stream, processes on one CPU",
	    "unix-threads", 'u', "#882255", two_calls),
	ARM(UNIX, THREADS_2, "unix-threads-2cpu",
	    "a unix stream, threads on two CPUs",
	    "unix-threads", 0, "#882255", two_calls),
	ARM(UNIX, PROCESSES_2, "unix-processes-2cpu",
	    "a unix stream, processes on two CPUs",
	    "unix-threads-2cpu", 0, "#882255", two_calls),
	ARM(UNIX, PROCESSES_SMT, "unix-processes-smt",
	    "a unix stream, processes on one core",
	    "unix-processes-2cpu", 0, "#882255", two_calls),
	ARM(DGRAM, ALONE, "dgram-alone",
	    "unix datagrams, one task alone",
	    NULL, 0, "#cc6677", two_calls),
	ARM(DGRAM, THREADS, "dgram-threads",
	    "unix datagrams, threads on one CPU",
	    "dgram-alone", 0, "#cc6677", two_calls),
	ARM(DGRAM, PROCESSES, "dgram-processes",
	    "unix datagrams, processes on one CPU",
	    "dgram-threads", 0, "#cc6677", two_calls),
	ARM(DGRAM, THREADS_2, "dgram-threads-2cpu",
	    "unix datagrams, threads on two CPUs",
	    "dgram-threads", 0, "#cc6677", two_calls),
	ARM(DGRAM, PROCESSES_2, "dgram-processes-2cpu",
	    "unix datagrams, processes on two CPUs",
	    "dgram-threads-2cpu", 0, "#cc6677", two_calls),
	ARM(DGRAM, PROCESSES_SMT, "dgram-processes-smt",
	    "unix datagrams, processes on one core",
	    "dgram-processes-2cpu", 0, "#cc6677", two_calls),
	ARM(SEQPACKET, ALONE, "seqpacket-alone",
	    "unix seqpacket, one task alone",
	    NULL, 0, "#aa4499", two_calls),
	ARM(SEQPACKET, THREADS, "seqpacket-threads",
	    "unix seqpacket, threads on one CPU",
	    "seqpacket-alone", 0, "#aa4499", two_calls),
	ARM(SEQPACKET, PROCESSES, "seqpacket-processes",
	    "unix seqpacket, processes on one CPU",
	    "seqpacket-threads", 0, "#aa4499", two_calls),
	ARM(SEQPACKET, THREADS_2, "seqpacket-threads-2cpu",
	    "unix seqpacket, threads on two CPUs",
	    "seqpacket-threads", 0, "#aa4499", two_calls),
	ARM(SEQPACKET, PROCESSES_2, "seqpacket-processes-2cpu",
	    "unix seqpacket, processes on two CPUs",
	    "seqpacket-threads-2cpu", 0, "#aa4499", two_calls),
	ARM(SEQPACKET, PROCESSES_SMT, "seqpacket-processes-smt",
	    "unix seqpacket, processes on one core",
	    "seqpacket-processes-2cpu", 0, "#aa4499", two_calls),
	ARM(TCP, ALONE, "tcp-alone",
	    "TCP over loopback, one task alone",
	    NULL, 0, "#d55e00", two_calls),
	ARM(TCP, THREADS, "tcp-threads",
	    "TCP over loopback, threads on one CPU",
	    "tcp-alone", 0, "#d55e00", two_calls),
	ARM(TCP, PROCESSES, "tcp-processes",
	    "TCP over loopback, processes on one CPU",
	    "tcp-threads", 't', "#d55e00", two_calls),
	ARM(TCP, THREADS_2, "tcp-threads-2cpu",
	    "TCP over loopback, threads on two CPUs",
	    "tcp-threads", 0, "#d55e00", two_calls),
	ARM(TCP, PROCESSES_2, "tcp-processes-2cpu",
	    "TCP over loopback, processes on two CPUs",
	    "tcp-threads-2cpu", 0, "#d55e00", two_calls),
	ARM(TCP, PROCESSES_SMT, "tcp-processes-smt",
	    "TCP over loopback, processes on one core",
	    "tcp-processes-2cpu", 0, "#d55e00", two_calls),
	ARM(MQ, ALONE, "mq-alone",
	    "a POSIX message queue, one task alone",
	    NULL, 0, "#cc79a7", two_calls),
	ARM(MQ, THREADS, "mq-threads",
	    "a POSIX message queue, threads on one CPU",
	    "mq-alone", 0, "#cc79a7", two_calls),
	ARM(MQ, PROCESSES, "mq-processes",
	    "a POSIX message queue, processes on one CPU",
	    "mq-threads", 0, "#cc79a7", two_calls),
	ARM(MQ, THREADS_2, "mq-threads-2cpu",
	    "a POSIX message queue, threads on two CPUs",
	    "mq-threads", 0, "#cc79a7", two_calls),
	ARM(MQ, PROCESSES_2, "mq-processes-2cpu",
	    "a POSIX message queue, processes on two CPUs",
	    "mq-threads-2cpu", 0, "#cc79a7", two_calls),
	ARM(MQ, PROCESSES_SMT, "mq-processes-smt",
	    "a POSIX message queue, processes on one core",
	    "mq-processes-2cpu", 0, "#cc79a7", two_calls),
	ARM(SYSV, ALONE, "sysv-alone",
	    "a System V message queue, one task alone",
	    NULL, 0, "#332288", two_calls),
	ARM(SYSV, THREADS, "sysv-threads",
	    "a System V message queue, threads on one CPU",
	    "sysv-alone", 0, "#332288", two_calls),
	ARM(SYSV, PROCESSES, "sysv-processes",
	    "a System V message queue, processes on one CPU",
	    "sysv-threads", 0, "#332288", two_calls),
	ARM(SYSV, THREADS_2, "sysv-threads-2cpu",
	    "a System V message queue, threads on two CPUs",
	    "sysv-threads", 0, "#332288", two_calls),
	ARM(SYSV, PROCESSES_2, "sysv-processes-2cpu",
	    "a System V message queue, processes on two CPUs",
	    "sysv-threads-2cpu", 0, "#332288", two_calls),
	ARM(SYSV, PROCESSES_SMT, "sysv-processes-smt",
	    "a System V message queue, processes on one core",
	    "sysv-processes-2cpu", 0, "#332288", two_calls),
	ARM(SIGNAL, ALONE, "signal-alone",
	    "a queued signal, one task alone",
	    NULL, 0, "#661100", two_calls),
	ARM(SIGNAL, THREADS, "signal-threads",
	    "a queued signal, threads on one CPU",
	    "signal-alone", 0, "#661100", two_calls),
	ARM(SIGNAL, PROCESSES, "signal-processes",
	    "a queued signal, processes on one CPU",
	    "signal-threads", 0, "#661100", two_calls),
	ARM(SIGNAL, THREADS_2, "signal-threads-2cpu",
	    "a queued signal, threads on two CPUs",
	    "signal-threads", 0, "#661100", two_calls),
	ARM(SIGNAL, PROCESSES_2, "signal-processes-2cpu",
	    "a queued signal, processes on two CPUs",
	    "signal-threads-2cpu", 0, "#661100", two_calls),
	ARM(SIGNAL, PROCESSES_SMT, "signal-processes-smt",
	    "a queued signal, processes on one core",
	    "signal-processes-2cpu", 0, "#661100", two_calls),
	ARM(RPC_UNIX, THREADS, "rpc-unix-threads",
	    "a call over a unix stream, threads on one CPU",
	    NULL, 0, "#999933", of_a_call),
	ARM(RPC_UNIX, PROCESSES, "rpc-unix-processes",
	    "a call over a unix stream, processes on one CPU",
	    "rpc-unix-threads", 'r', "#999933", of_a_call),
	ARM(RPC_UNIX, THREADS_2, "rpc-unix-threads-2cpu",
	    "a call over a unix stream, threads on two CPUs",
	    "rpc-unix-threads", 0, "#999933", of_a_call),
	ARM(RPC_UNIX, PROCESSES_2, "rpc-unix-processes-2cpu",
	    "a call over a unix stream, processes on two CPUs",
	    "rpc-unix-threads-2cpu", 0, "#999933", of_a_call),
	ARM(RPC_UNIX, PROCESSES_SMT, "rpc-unix-processes-smt",
	    "a call over a unix stream, processes on one core",
	    "rpc-unix-processes-2cpu", 0, "#999933", of_a_call),
	ARM(RPC_TCP, THREADS, "rpc-tcp-threads",
	    "a call over TCP, threads on one CPU",
	    NULL, 0, "#ddcc77", of_a_call),
	ARM(RPC_TCP, PROCESSES, "rpc-tcp-processes",
	    "a call over TCP, processes on one CPU",
	    "rpc-tcp-threads", 0, "#ddcc77", of_a_call),
	ARM(RPC_TCP, THREADS_2, "rpc-tcp-threads-2cpu",
	    "a call over TCP, threads on two CPUs",
	    "rpc-tcp-threads", 0, "#ddcc77", of_a_call),
	ARM(RPC_TCP, PROCESSES_2, "rpc-tcp-processes-2cpu",
	    "a call over TCP, processes on two CPUs",
	    "rpc-tcp-threads-2cpu", 0, "#ddcc77", of_a_call),
	ARM(RPC_TCP, PROCESSES_SMT, "rpc-tcp-processes-smt",
	    "a call over TCP, processes on one core",
	    "rpc-tcp-processes-2cpu", 0, "#ddcc77", of_a_call),
	{
		.name = "pipe-processes-again",
		.brief = "null test: as 'pipe-processes'",
		.against = "pipe-processes",
		.twin = true,
		.pace = PACE(MECH_PIPE, PLACE_PROCESSES),
		.first = 20,
		.least = 8,
		.colour = "#117733",
		.claims = two_calls,
	},
	{}};

static const struct quantity quantities[] = {
	[Q_NS] = {"ns", "ns", "a message", BAR_NONE},
	[Q_TRIP_50] = {"trip_p50_ns", "ns", "a round trip, median", BAR_NONE},
	[Q_TRIP_99] = {"trip_p99_ns", "ns", "a round trip, 99th percentile",
		       BAR_NONE},
	[Q_RATE] = {"messages_per_s", "", "messages in a second", BAR_NONE},
	[Q_BYTES] = {"mb_per_s", "MB/s", "megabytes in a second", BAR_NONE},
	[Q_CALLS] = {"calls", "", "system calls for a message", BAR_NONE},
	[Q_COPIED] = {"copied_bytes", "",
		      "bytes that they copied into the kernel and out of it",
		      BAR_NONE},
	[Q_CPU] = {"cpu_ns", "ns", "CPU time of both sides for a message",
		   BAR_NONE},
	[Q_VOLUNTARY_1] = {"voluntary_first", "",
			   "voluntary switches of the first side", BAR_NONE},
	[Q_INVOLUNTARY_1] = {"involuntary_first", "",
			     "involuntary switches of the first side",
			     BAR_NONE},
	[Q_VOLUNTARY_2] = {"voluntary_second", "",
			   "voluntary switches of the second side", BAR_NONE},
	[Q_INVOLUNTARY_2] = {"involuntary_second", "",
			     "involuntary switches of the second side",
			     BAR_NONE},
	{}};

/* In the order of enum mechanism, which has the coroutines first. */
static const char *const ways[] = {
	"all",	"spin", "spin-futex", "futex", "eventfd", "pipe",
	"unix", "dgram", "seqpacket", "tcp", "mq", "sysv",
	"signal", "rpc-unix", "rpc-tcp", NULL};

static const struct setting settings[] = {
	[SET_WAY] = {
			.key = "way",
			.label = "way",
			.opt = {'w', "way", "NAME",
				"measure one way, beside pipes between processes"},
			.kind = SETTING_ONE_OF,
			.names = ways,
		},
	[SET_OTHER] = {
			.key = "other_cpu",
			.label = "the second CPU",
			.kind = SETTING_NUMBER,
			.most = CPUS_MOST,
		},
	[SET_SIBLING] = {
			.key = "sibling_cpu",
			.label = "the other CPU of the first one's core",
			.kind = SETTING_NUMBER,
			.most = CPUS_MOST,
		},
	{}};

static const struct finding findings[] = {{}};

static const enum count counted[] = {
	COUNT_EXPECTED, COUNT_CALLS,  COUNT_ENTRIES, COUNT_RUSAGE,
	COUNT_SWITCHES, COUNT_FOREIGN, COUNT_VOLUNTARY, COUNT_WAKEUPS,
	COUNT_NONE};

static bool is(const struct arm *arm, enum mechanism mech, enum place place)
{
	return arm->pace == PACE(mech, place) && !arm->twin;
}

enum mechanism ipc_mech(const struct run *run, int arm)
{
	return run->experiment->arms[arm].pace / PLACES;
}

enum place ipc_place(const struct run *run, int arm)
{
	return run->experiment->arms[arm].pace % PLACES;
}

int ipc_arm(const struct run *run, enum mechanism mech, enum place place)
{
	int arm;

	for (arm = 0; arm < run_arms(run); arm++)
		if (is(&run->experiment->arms[arm], mech, place))
			return run->settings.arm[arm] ? arm : -1;
	return -1;
}

const struct experiment experiment_ipc = {
	.name = "ipc",
	.brief = "what a message costs, between processes, threads, coroutines",
	.about = "Have two tasks send each other messages, by all the ways that Linux has and by\n"
		 "shared memory; on one CPU and on two.  Report what a message costs, how often\n"
		 "the kernel is entered for it, who is switched and woken, and which part of the\n"
		 "cost is the calls'.  Both sides check every message.\n",
	.operation = "a message",
	.operations = "messages",
	.arms = arms,
	.axis = {
			.key = "bytes",
			.label = "bytes of a message",
			.first = "1 byte, there and back",
			.letter = 'b',
			.help = "sizes of messages, separated by commas",
			.least = 1,
			.most = MESSAGE_MOST,
			.variant = "pattern",
			.variants = {
					[VARIANT_TRIPS] = "round-trip",
					[VARIANT_STREAM] = "stream",
				},
		},
	.quantities = quantities,
	.settings = settings,
	.findings = findings,
	.counted = counted,
	.counted_least = 4000,
	.plan = ipc_plan,
	.open = ipc_open,
	.round = ipc_round,
	.tasks = ipc_tasks,
	.renew = ipc_renew,
	.close = ipc_close,
	.doubt = ipc_doubt,
	.say = ipc_say,
};
