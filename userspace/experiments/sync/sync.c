// SPDX-License-Identifier: GPL-2.0-only
/* The tables of the experiment: what sharing memory costs. */
#include "sync.h"

#define OWN(p, w)                   \
	{                           \
		p, &(w), true, true \
	}
#define LIBC(w)                                  \
	{                                        \
		PLACE_THREADS, &(w), false, true \
	}
/* Several threads may have it at once. */
#define BESIDE(w, own)                          \
	{                                       \
		PLACE_THREADS, &(w), own, false \
	}

const struct sync_arm sync_arms[ARMS] = {
	[ARM_RACE] = {PLACE_THREADS, &way_race, false, false},
	[ARM_RACE_ONE_CPU] = {PLACE_ONE_CPU, &way_race, false, false},
	[ARM_ATOMIC] = {PLACE_THREADS, &way_atomic, false, false},
	[ARM_CAS] = {PLACE_THREADS, &way_cas, false, false},
	[ARM_MUTEX] = OWN(PLACE_THREADS, way_mutex),
	[ARM_MUTEX_AGAIN] = OWN(PLACE_THREADS, way_mutex),
	[ARM_MUTEX_PROCESS] = OWN(PLACE_PROCESSES, way_mutex),
	[ARM_FAIR] = OWN(PLACE_THREADS, way_fair),
	[ARM_TAS] = OWN(PLACE_THREADS, way_tas),
	[ARM_TTAS] = OWN(PLACE_THREADS, way_ttas),
	[ARM_TICKET] = OWN(PLACE_THREADS, way_ticket),
	[ARM_MCS] = OWN(PLACE_THREADS, way_mcs),
	[ARM_SEMAPHORE] = OWN(PLACE_THREADS, way_semaphore),
	[ARM_SEMAPHORE_2] = BESIDE(way_semaphore_2, true),
	[ARM_RWLOCK] = OWN(PLACE_THREADS, way_rwlock),
	[ARM_RWLOCK_READ] = BESIDE(way_rwlock_read, true),
	[ARM_RWLOCK_MIXED] = BESIDE(way_rwlock_mixed, true),
	[ARM_COLOCK] = {PLACE_ONE_CPU, &way_colock, false, true},
	[ARM_PTHREAD] = LIBC(way_pthread),
	[ARM_PTHREAD_ADAPTIVE] = LIBC(way_pthread_adaptive),
	[ARM_PTHREAD_PI] = LIBC(way_pthread_pi),
	[ARM_PTHREAD_SPIN] = LIBC(way_pthread_spin),
	[ARM_PTHREAD_RWLOCK] = LIBC(way_pthread_rwlock),
	[ARM_PTHREAD_RWLOCK_READ] = BESIDE(way_pthread_rwlock_read, false),
	[ARM_PTHREAD_RWLOCK_MIXED] = BESIDE(way_pthread_rwlock_mixed, false),
	[ARM_SEM_T] = LIBC(way_sem_t),
	[ARM_SEM_T_2] = BESIDE(way_sem_t_2, false),
};

/* What waits by spinning enters the kernel for nothing. */
static const struct claim without_futex[] = {
	{ COUNT_FUTEX, 0, 0.05 },
	{}
};

#define ARM(id, n, what, on, l, c, ...)                                 \
	{                                                               \
		.name = n, .brief = what, .against = on, .sweep = true, \
		.pace = id, .first = 500, .least = 200, .letter = l,    \
		.colour = c, __VA_ARGS__                                \
	}

static const struct arm arms[] = {
	[ARM_RACE] = ARM(ARM_RACE, "race", "load, add, store: no lock", NULL, 0,
			 "#000000"),
	[ARM_RACE_ONE_CPU] =
		ARM(ARM_RACE_ONE_CPU, "race-one-cpu",
		    "the same, all on one CPU", "race", 0, "#666666"),
	[ARM_ATOMIC] = ARM(ARM_ATOMIC, "atomic", "an atomic add", "race", 0,
			   "#999999"),
	[ARM_CAS] = ARM(ARM_CAS, "cas", "compare-and-swap until it succeeds",
			"atomic", 0, "#999933"),
	[ARM_MUTEX] = ARM(ARM_MUTEX, "mutex",
			  "compare-and-swap, futex where fought for", NULL, 'm',
			  "#0072b2"),
	[ARM_MUTEX_AGAIN] = {
			.name = "mutex-again",
			.brief = "null test: as 'mutex'",
			.against = "mutex",
			.twin = true,
			.pace = ARM_MUTEX,
			.first = 500,
			.least = 200,
			.colour = "#56b4e9",
		},
	[ARM_MUTEX_PROCESS] =
		ARM(ARM_MUTEX_PROCESS, "mutex-process",
		    "the same between processes", "mutex", 'M', "#88ccee"),
	[ARM_FAIR] =
		ARM(ARM_FAIR, "fair", "mutex, handed to who waited for long",
		    "mutex", 'f', "#009e73"),
	[ARM_TAS] = ARM(ARM_TAS, "tas", "spinlock, test-and-set", "mutex", 'x',
			"#d55e00"),
	[ARM_TTAS] = ARM(ARM_TTAS, "ttas", "spinlock, test, and test-and-set",
			 "tas", 'y', "#e69f00", .claims = without_futex),
	[ARM_TICKET] =
		ARM(ARM_TICKET, "ticket", "spinlock, first come, first served",
		    "tas", 't', "#882255", .claims = without_futex),
	[ARM_MCS] = ARM(ARM_MCS, "mcs", "the same, each spins on its own word",
			"ticket", 'q', "#cc6677", .claims = without_futex),
	[ARM_SEMAPHORE] =
		ARM(ARM_SEMAPHORE, "semaphore", "counting semaphore of 1",
		    "mutex", 's', "#cc79a7"),
	[ARM_SEMAPHORE_2] =
		ARM(ARM_SEMAPHORE_2, "semaphore-2", "counting semaphore of 2",
		    "semaphore", '2', "#b66dff"),
	[ARM_RWLOCK] = ARM(ARM_RWLOCK, "rwlock", "reader-writer lock, to write",
			   "mutex", 'r', "#332288"),
	[ARM_RWLOCK_READ] =
		ARM(ARM_RWLOCK_READ, "rwlock-read", "the same, to read",
		    "rwlock", 'd', "#6a51a3"),
	[ARM_RWLOCK_MIXED] =
		ARM(ARM_RWLOCK_MIXED, "rwlock-mixed",
		    "the same, to read 10 times, then to write", "rwlock-read",
		    'w', "#9e9ac8"),
	[ARM_COLOCK] =
		ARM(ARM_COLOCK, "coroutine", "lock of coroutines, no atomics",
		    NULL, 'c', "#661100"),
	[ARM_PTHREAD] = ARM(ARM_PTHREAD, "pthread", "C library's mutex",
			    "mutex", 'p', "#aa4499"),
	[ARM_PTHREAD_ADAPTIVE] =
		ARM(ARM_PTHREAD_ADAPTIVE, "pthread-adaptive",
		    "spins for a while", "pthread", 'a', "#ddcc77"),
	[ARM_PTHREAD_PI] =
		ARM(ARM_PTHREAD_PI, "pthread-pi", "lends its waiter's priority",
		    "pthread", 'i', "#117733"),
	[ARM_PTHREAD_SPIN] =
		ARM(ARM_PTHREAD_SPIN, "pthread-spin", "C library's spinlock",
		    "tas", 'S', "#44aa99", .claims = without_futex),
	[ARM_PTHREAD_RWLOCK] =
		ARM(ARM_PTHREAD_RWLOCK, "pthread-rwlock",
		    "C library's, to write", "rwlock", 'R', "#6699cc"),
	[ARM_PTHREAD_RWLOCK_READ] =
		ARM(ARM_PTHREAD_RWLOCK_READ, "pthread-rwlock-read",
		    "C library's, to read", "rwlock-read", 'D', "#9ecae1"),
	[ARM_PTHREAD_RWLOCK_MIXED] =
		ARM(ARM_PTHREAD_RWLOCK_MIXED, "pthread-rwlock-mixed",
		    "C library's, to read 10 times, then to write",
		    "rwlock-mixed", 'W', "#3182bd"),
	[ARM_SEM_T] = ARM(ARM_SEM_T, "sem_t", "C library's semaphore of 1",
			  "semaphore", 'e', "#aa4466"),
	[ARM_SEM_T_2] = ARM(ARM_SEM_T_2, "sem_t-2", "C library's semaphore of 2",
			    "semaphore-2", 'E', "#dd77aa"),
	{}};

static const struct quantity quantities[] = {
	[Q_NS] = {"ns", "ns", "an acquisition, of all threads together",
		  BAR_NONE},
	[Q_LOST] = {"lost_percent", "%", "additions that were lost", BAR_NONE},
	[Q_FAST] = {"fast_percent", "%", "acquisitions at the first try",
		    BAR_NONE},
	[Q_FUTEX] = {"futex_per_1000", "", "futex calls in 1,000 acquisitions",
		     BAR_NONE},
	[Q_VAIN] = {"vain_per_1000", "",
		    "those of them that waited or woke in vain", BAR_NONE},
	[Q_HANDOFFS] = {"handoffs_per_1000", "",
			"acquisitions in 1,000 by another one than before",
			BAR_NONE},
	[Q_STREAK] = {"streak", "", "most acquisitions in a row by one",
		      BAR_NONE},
	[Q_JAIN] = {"jain", "", "Jain's index over 1,000 acquisitions",
		    BAR_NONE},
	[Q_WAIT_50] = {"wait_p50_ns", "ns", "wait, median", BAR_NONE},
	[Q_WAIT_99] = {"wait_p99_ns", "ns",
		       "wait, 99th percentile of all rounds together", BAR_NONE},
	[Q_WAIT_999] = {"wait_p999_ns", "ns",
			"wait, 99.9th percentile of all rounds together",
			BAR_NONE},
	[Q_WAITS] = {"waits", "", "waits that were timed, of all rounds",
		     BAR_NONE},
	[Q_WAIT_LONGEST] = {"wait_longest_ns", "ns", "longest wait of a round",
			    BAR_NONE},
	[Q_PASSED_999] = {"passed_p999", "",
		 "acquisitions by others before one's own, 99.9th percentile",
		 BAR_NONE},
	[Q_PASSED_MOST] = {"passed_most", "",
			   "most acquisitions by others before one's own",
			   BAR_NONE},
	[Q_CPU] = {"cpu_ns", "ns", "CPU time of all threads for one", BAR_NONE},
	[Q_VOLUNTARY] = {"voluntary_per_1000", "",
			 "voluntary switches in 1,000 acquisitions", BAR_NONE},
	[Q_INVOLUNTARY] = {"involuntary_per_1000", "",
			   "involuntary switches in 1,000 acquisitions",
			   BAR_NONE},
	[Q_SECTION] = {"section_ns", "ns", "length of the section", BAR_NONE},
	{}};

static const struct pooled pooled[] = {
	{ Q_WAIT_99, 0.99 }, { Q_WAIT_999, 0.999 }, { Q_WAITS, 0 }, {}
};

static const struct setting settings[] = {
	[SET_OUTSIDE] = {
			.key = "outside_ns",
			.label = "time outside the section",
			.opt = {CTXLAB_LONG_ONLY, "outside", "NS",
				"CPU time between two sections (default 100)"},
			.kind = SETTING_NUMBER,
			.most = 1000000,
			.unit = "ns",
		},
	[SET_LIMIT] = {
			.key = "limit_ms",
			.label = "time limit of a round",
			.opt = {CTXLAB_LONG_ONLY, "limit", "MS",
				"end a round that takes longer (default 30)"},
			.kind = SETTING_NUMBER,
			.least = 1,
			.most = 10000,
			.unit = "ms",
		},
	{}};

static const struct finding findings[] = {{}};

static const enum count counted[] = {
	COUNT_EXPECTED, COUNT_RUSAGE,  COUNT_SWITCHES, COUNT_FUTEX_OWN,
	COUNT_FUTEX,	COUNT_ENTRIES, COUNT_NONE};

const struct experiment experiment_sync = {
	.name = "sync",
	.brief = "what a lock costs, when free and when fought for",
	.about = "Have threads add to one number: without a lock, which loses additions, with\n"
		 "atomic instructions, and under locks of ours and the C library's.  Report what\n"
		 "an acquisition costs, who waits for how long, and how often the kernel is\n"
		 "entered for it, with as many threads and as long a section as asked for.\n",
	.operation = "an acquisition",
	.operations = "acquisitions",
	.histogram =
		"the wait for the lock, two threads a CPU, 100 ns sections",
	.strip = "who had the lock, two threads a CPU, 100 ns sections",
	.arms = arms,
	.axis = {
			.key = "threads",
			.label = "threads that want the lock",
			.first = "1 thread, nothing but the addition in the section",
			.apart = true,
			.letter = 't',
			.help = "threads, separated by commas",
			.least = 1,
			.most = LOCK_USERS,
			.variant = "section",
			.variants = {
					[SECTION_0] = "0ns",
					[SECTION_100] = "100ns",
					[SECTION_1000] = "1us",
					[SECTION_10000] = "10us",
				},
			.across = "length of the section",
		},
	.quantities = quantities,
	.pooled = pooled,
	.settings = settings,
	.findings = findings,
	.counted = counted,
	.counted_least = 20000,
	.plan = sync_plan,
	.open = sync_open,
	.round = sync_round,
	.tasks = sync_tasks,
	.renew = sync_renew,
	.close = sync_close,
	.doubt = sync_doubt,
	.say = sync_say,
	.say_more = sync_say_more,
};
