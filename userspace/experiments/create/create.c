// SPDX-License-Identifier: GPL-2.0-only
/*
 * ctxlab create: what a process, a thread, a coroutine costs to set up.  The
 * tables, and the choice of parents for this machine.
 */
#include <stdlib.h>
#include <sys/resource.h>

#include "create.h"
#include "lib/xalloc.h"
#include "measure/cpus.h"
#include "parent.h"

/* Above ordinary tasks, below whatever a user gives real-time priority to. */
#define FIFO_PRIORITY 10

/* Arms of one pace cost about the same. */
enum { PACE_POOL = 1, PACE_FRESH, PACE_THREAD, PACE_FORK, PACE_NS, PACE_NET };

static const struct claim no_task[] = { { COUNT_FORKS, 0, 0 }, {} };
static const struct claim one_task[] = { { COUNT_FORKS, 1, 1 }, {} };

#define TASK	.claims = one_task
#define THREAD	.pace = PACE_THREAD, .first = 10, .least = 8, TASK
#define FORK	.pace = PACE_FORK, .first = 2, .least = 1, TASK
#define NEW	.against = "clone", .pace = PACE_NS, .first = 1, .least = 1, TASK

static const struct arm arms[WAYS + 1] = {
	[WAY_ID_POOL] = {
		.name = "coroutine", .brief = "a stack from a pool",
		.judged = true, .pace = PACE_POOL, .first = 1000, .least = 1000,
		.claims = no_task,
	},
	[WAY_ID_FRESH] = {
		.name = "coroutine-fresh", .brief = "its stack mapped, unmapped",
		.pace = PACE_FRESH, .first = 20, .least = 8,
		.claims = no_task,
	},
	[WAY_ID_PTHREAD] = {
		.name = "thread", .brief = "pthread_create, join",
		.judged = true, .sweep = true, .letter = 't',
		.colour = "#0072b2", THREAD,
	},
	[WAY_ID_PTHREAD_AGAIN] = {
		.name = "thread-again", .brief = "null test: as 'thread'",
		.against = "thread", .twin = true, THREAD,
	},
	[WAY_ID_FORK] = {
		.name = "fork", .brief = "fork, wait",
		.judged = true, .sweep = true, .letter = 'f',
		.colour = "#d55e00", FORK,
	},
	[WAY_ID_VFORK] = {
		.name = "vfork", .brief = "mm shared until it exits",
		.sweep = true, .letter = 'v', .colour = "#009e73", THREAD,
	},
	[WAY_ID_SPAWN] = {
		.name = "posix_spawn", .brief = "a static program",
		.judged = true, .sweep = true, .letter = 's',
		.colour = "#cc79a7", FORK,
	},
	[WAY_ID_EXEC] = {
		.name = "fork+exec", .brief = "a static program",
		.against = "fork", .sweep = true, .letter = 'x',
		.colour = "#e69f00", FORK,
	},
	[WAY_ID_CLONE] = {
		.name = "clone", .brief = "nothing shared",
		.against = "fork", FORK,
	},
	[WAY_ID_FILES] = {
		.name = "clone+files", .brief = "file table",
		.against = "clone", FORK,
	},
	[WAY_ID_FS] = {
		.name = "clone+fs", .brief = "directory, umask",
		.against = "clone", FORK,
	},
	[WAY_ID_FILES_FS] = {
		.name = "clone+files+fs", .brief = "file table, directory",
		.against = "clone+files", FORK,
	},
	[WAY_ID_VM] = {
		.name = "clone+vm", .brief = "mm",
		.against = "clone", .sweep = true, .letter = 'm',
		.colour = "#56b4e9", THREAD,
	},
	[WAY_ID_VM_FILES] = {
		.name = "clone+vm+files", .brief = "mm, file table",
		.against = "clone+vm", .sweep = true, .letter = 'c',
		.colour = "#999999", THREAD,
	},
	[WAY_ID_VM_FS] = {
		.name = "clone+vm+fs", .brief = "mm, directory",
		.against = "clone+vm", THREAD,
	},
	[WAY_ID_VM_FILES_FS] = {
		.name = "clone+vm+files+fs", .brief = "mm, file table, directory",
		.against = "clone+vm+files", THREAD,
	},
	[WAY_ID_VM_SIG] = {
		.name = "clone+vm+sig", .brief = "mm, handlers",
		.against = "clone+vm", THREAD,
	},
	[WAY_ID_VM_FILES_SIG] = {
		.name = "clone+vm+files+sig", .brief = "mm, file table, handlers",
		.against = "clone+vm+files", THREAD,
	},
	[WAY_ID_VM_FS_SIG] = {
		.name = "clone+vm+fs+sig", .brief = "mm, directory, handlers",
		.against = "clone+vm+fs", THREAD,
	},
	[WAY_ID_VM_FILES_FS_SIG] = {
		.name = "clone+vm+files+fs+sig", .brief = "all but the thread group",
		.against = "clone+vm+files+fs", THREAD,
	},
	[WAY_ID_VM_SIG_THREAD] = {
		.name = "clone+vm+sig+thread", .brief = "thread: mm, handlers",
		.against = "clone+vm+sig", THREAD,
	},
	[WAY_ID_VM_FILES_SIG_THREAD] = {
		.name = "clone+vm+files+sig+thread", .brief = "thread: and file table",
		.against = "clone+vm+files+sig", THREAD,
	},
	[WAY_ID_VM_FS_SIG_THREAD] = {
		.name = "clone+vm+fs+sig+thread", .brief = "thread: and directory",
		.against = "clone+vm+fs+sig", THREAD,
	},
	[WAY_ID_VM_FILES_FS_SIG_THREAD] = {
		.name = "clone+vm+files+fs+sig+thread", .brief = "thread: everything",
		.against = "clone+vm+files+fs+sig", THREAD,
	},
	[WAY_ID_NEW_MNT] = { .name = "new-mnt", .brief = "own mounts", NEW },
	[WAY_ID_NEW_UTS] = { .name = "new-uts", .brief = "own host name", NEW },
	[WAY_ID_NEW_IPC] = { .name = "new-ipc", .brief = "own System V IPC", NEW },
	[WAY_ID_NEW_NET] = {
		.name = "new-net", .brief = "own network", .against = "clone",
		.pace = PACE_NET, .first = 1, .least = 1, TASK,
	},
	[WAY_ID_NEW_PID] = { .name = "new-pid", .brief = "own process IDs", NEW },
	[WAY_ID_NEW_CGROUP] = { .name = "new-cgroup", .brief = "own cgroup root", NEW },
	[WAY_ID_NEW_TIME] = { .name = "new-time", .brief = "own clock offsets", NEW },
	[WAY_ID_NEW_USER] = { .name = "new-user", .brief = "own user IDs", NEW },
	[WAY_ID_NEW_ALL] = {
		.name = "new-all", .brief = "all of them: a container",
		.against = "clone", .pace = PACE_NET, .first = 1, .least = 1,
		TASK,
	},
};

static const struct quantity quantities[] = {
	[Q_WHOLE] = {
		.key = "ns", .unit = "ns",
		.label = "made, gone and reaped",
	},
	[Q_CALL] = {
		.key = "call_ns", .unit = "ns",
		.label = "until the parent goes on",
	},
	[Q_FIRST] = {
		.key = "first_ns", .unit = "ns",
		.label = "until the child's first instruction",
	},
	[Q_LATER] = {
		.key = "later_ns", .unit = "ns",
		.label = "for each page that the parent writes later",
	},
	[Q_FAULTS] = {
		.key = "later_faults", .unit = "faults",
		.label = "for each of those pages",
	},
	{}
};

/* Of what a process has, as JSON may say. */
#define MOST (1 << 30)

static const struct setting settings[] = {
	[SET_MAPPINGS] = {
		.key = "mappings", .label = "mappings of the parent",
		.most = MOST,
	},
	[SET_PAGES] = {
		.key = "pages", .label = "pages of the parent", .most = MOST,
	},
	[SET_FILES] = {
		.key = "files", .label = "open files of the parent",
		.most = MOST,
	},
	[SET_CPUS] = {
		.key = "parallel", .label = "CPUs for tasks side by side",
		.most = MOST,
	},
	[SET_SOURCE] = {
		.key = "sharing_by", .label = "who says what is shared",
		.kind = SETTING_ONE_OF, .names = share_sources,
	},
	{}
};

static const struct finding findings[] = {
	[FIND_FIXED] = {
		.key = "fork_fixed", .unit = "ns",
		.label = "fork(), of a parent with nothing more",
	},
	[FIND_MAPPING] = {
		.key = "fork_mapping", .unit = "ns",
		.label = "fork(), each mapping more",
	},
	[FIND_PAGE] = {
		.key = "fork_page", .unit = "ns",
		.label = "fork(), each page more",
	},
	[FIND_FILE] = {
		.key = "fork_file", .unit = "ns",
		.label = "fork(), each open file more",
	},
	[FIND_ERROR] = {
		.key = "fork_error", .unit = "%",
		.label = "error of the model where it was not fitted",
	},
	[FIND_COROUTINE] = {
		.key = "thread_coroutines", .unit = "",
		.label = "coroutines for one thread",
	},
	[FIND_FORK] = {
		.key = "fork_threads", .unit = "",
		.label = "threads for one fork()",
	},
	{}
};

static const enum count counted[] = {
	COUNT_EXPECTED, COUNT_FORKS, COUNT_SWITCHES, COUNT_ENTRIES, COUNT_NONE
};

static const struct fact facts[] = {
	[FACT_SHARES + SHARE_MM] = { "shares_mm", "shares the mm" },
	[FACT_SHARES + SHARE_FILES] = { "shares_files",
				       "shares the file table" },
	[FACT_SHARES + SHARE_FS] = { "shares_fs",
				       "shares directory and umask" },
	[FACT_SHARES + SHARE_SIGHAND] = { "shares_sighand",
				       "shares signal handlers" },
	[FACT_SHARES + SHARE_GROUP] = { "shares_group",
				       "is in the thread group" },
	[FACT_SHARES + SHARE_MNT] = { "shares_mnt",
				       "shares the mount namespace" },
	[FACT_SHARES + SHARE_UTS] = { "shares_uts",
				       "shares the UTS namespace" },
	[FACT_SHARES + SHARE_IPC] = { "shares_ipc",
				       "shares the IPC namespace" },
	[FACT_SHARES + SHARE_NET] = { "shares_net",
				       "shares the network namespace" },
	[FACT_SHARES + SHARE_PID] = { "shares_pid",
				       "shares the PID namespace" },
	[FACT_SHARES + SHARE_CGROUP] = { "shares_cgroup",
				       "shares the cgroup namespace" },
	[FACT_SHARES + SHARE_TIME] = { "shares_time",
				       "shares the time namespace" },
	[FACT_SHARES + SHARE_USER] = { "shares_user",
				       "shares the user namespace" },
	[FACT_DEEDS + DEED_BYTE] = { "notices_byte",
				       "its maker reads a byte it wrote" },
	[FACT_DEEDS + DEED_OPEN] = { "notices_open",
				       "its maker can use a file it opened" },
	[FACT_DEEDS + DEED_CLOSE] = { "notices_close",
				       "its maker loses a file it closed" },
	[FACT_DEEDS + DEED_CHDIR] = { "notices_chdir",
				       "its maker is in the directory it went to" },
	[FACT_DEEDS + DEED_UMASK] = { "notices_umask",
				       "its maker has the umask it set" },
	[FACT_DEEDS + DEED_HANDLER] = { "notices_handler",
				       "its maker has the handler it set" },
	[FACT_DEEDS + DEED_CRASH] = { "notices_crash",
				       "its maker dies of its SIGSEGV" },
	[FACT_DEEDS + DEED_EXIT] = { "notices_exit",
				       "its maker exits when it does" },
	[FACT_PAGE_TABLES] = { "page_tables_kb", "page tables of its own, kB" },
	[FACT_KERNEL_STACK] = { "kernel_stack_kb", "kernel stack, kB" },
	[FACT_STACK] = { "stack_kb", "user stack touched, kB" },
	[FACT_MEMORY] = { "memory_kb", "private memory, kB" },
	[FACT_CPU_US] = { "busy_cpu_us", "CPU time of several side by side, us" },
	[FACT_WALL_US] = { "busy_wall_us", "while they ran, us" },
	[FACT_ALONE_CPU_US] = { "alone_cpu_us", "CPU time of one, us" },
	[FACT_ALONE_WALL_US] = { "alone_wall_us", "while it ran, us" },
	{}
};

/* Ten mappings and twenty files for each megabyte. */
#define MIXED_MAPPINGS	10
#define MIXED_FILES	20

struct parent_state create_state(const struct point *p)
{
	struct parent_state s = {};

	switch (p->variant) {
	case GROWS_HUGE:
		s.huge = true;
		s.megabytes = p->x;
		break;
	case GROWS_MEMORY:
		s.megabytes = p->x;
		break;
	case GROWS_MAPPINGS:
		s.mappings = p->x;
		break;
	case GROWS_FILES:
		s.files = p->x;
		break;
	case GROWS_ALL:
		s.megabytes = p->x;
		s.mappings = p->x * MIXED_MAPPINGS;
		s.files = p->x * MIXED_FILES;
		break;
	}
	return s;
}

/* What stands in the way of a parent of that state; NULL: nothing. */
static char *forbidden(const struct parent_state *s, uint64_t available)
{
	struct rlimit limit;

	if (parent_needs(s) > available / 10)
		return xasprintf("more than a tenth of the memory that is free");
	if (s->files && !getrlimit(RLIMIT_NOFILE, &limit) &&
	    s->files + PARENT_MORE_FILES > limit.rlim_max)
		return xasprintf("the hard limit of open files is %llu",
				 (unsigned long long)limit.rlim_max);
	return NULL;
}

/* Takes points out that this host does not allow. */
static void drop_points(struct run *run)
{
	const struct axis *axis = &experiment_create.axis;
	struct settings *set = &run->settings;
	uint64_t available = parent_available();
	struct parent_state s;
	unsigned int i, kept = 0;
	char *why;

	for (i = 0; i < set->points; i++) {
		s = create_state(&set->point[i]);
		why = forbidden(&s, available);
		if (!why) {
			set->point[kept++] = set->point[i];
			continue;
		}
		run_note(run, "no parent with %s %u: %s",
			 axis->variants[set->point[i].variant],
			 set->point[i].x, why);
		free(why);
	}
	set->points = kept;
}

/*
 * The parent as it is comes first; the null test and the claims are there.  Blocks
 * differ by more than rounds of one: few rounds leave time for more blocks.
 */
static void add_first(struct settings *set, bool quick)
{
	const struct point first = {
		.variant = NO_VARIANT, .rounds = quick ? 4 : 2,
	};

	run_add_point(set, &first);
}

static void add_points(struct settings *set, bool quick)
{
	static const struct point all[] = {
		{ 1, GROWS_MEMORY, 1 }, { 16, GROWS_MEMORY, 1 },
		{ 100, GROWS_MEMORY, 1 }, { 1024, GROWS_MEMORY, 1 },
		{ 100, GROWS_HUGE, 1 }, { 1024, GROWS_HUGE, 1 },
		{ 100, GROWS_MAPPINGS, 1 }, { 300, GROWS_MAPPINGS, 1 },
		{ 1000, GROWS_MAPPINGS, 1 }, { 4000, GROWS_MAPPINGS, 1 },
		{ 1000, GROWS_FILES, 1 }, { 4000, GROWS_FILES, 1 },
		{ 15000, GROWS_FILES, 1 },
		{ 10, GROWS_ALL, 1 }, { 50, GROWS_ALL, 1 },
	}, few[] = {
		{ 16, GROWS_MEMORY, 1 }, { 100, GROWS_MEMORY, 1 },
		{ 16, GROWS_HUGE, 1 }, { 1000, GROWS_MAPPINGS, 1 },
		{ 1000, GROWS_FILES, 1 }, { 10, GROWS_ALL, 1 },
	};
	size_t i;

	for (i = 0; !quick && i < ARRAY_SIZE(all); i++)
		run_add_point(set, &all[i]);
	for (i = 0; quick && i < ARRAY_SIZE(few); i++)
		run_add_point(set, &few[i]);
}

/* What answers the question in a few seconds. */
static bool in_quick(int arm)
{
	switch (arm) {
	case WAY_ID_VM:
	case WAY_ID_VM_FILES:
	case WAY_ID_NEW_ALL:
		return true;
	default:
		return arm <= WAY_ID_CLONE;
	}
}

/*
 * As a real-time task the parent, and so its child, has the CPU until it waits:
 * no other task gets in between.
 */
static void choose_policy(struct run *run)
{
	char *why = NULL;

	run->settings.priority = cpus_fifo(FIFO_PRIORITY, &why);
	run->settings.fifo = run->settings.priority > 0;
	if (why)
		run_note(run, "SCHED_FIFO is not permitted: %s; using the default policy",
			 why);
	free(why);
}

/* The largest parent that also execs. */
#define EXEC_MOST 1000

static char *plan(const struct request *r, struct run *run)
{
	struct settings *set = &run->settings;
	char *wrong = NULL;
	int arm;

	choose_policy(run);
	/* Whether the module is asked, if it is there. */
	set->probe = !r->no_module;
	set->round_us = 1500;
	set->seconds = r->seconds ? r->seconds : r->quick ? 4 : 20;
	for (arm = 0; arm < WAYS; arm++)
		set->arm[arm] = !r->quick || in_quick(arm);
	/* Where fork() takes tens of milliseconds, once is enough. */
	set->most_x[WAY_ID_EXEC] = EXEC_MOST;
	add_first(set, r->quick);
	if (r->xs)
		wrong = run_add_list(run, r->xs);
	else
		add_points(set, r->quick);
	if (!wrong)
		drop_points(run);
	return wrong;
}

const struct experiment experiment_create = {
	.name = "create",
	.brief = "measure what a process, a thread, a coroutine costs to set up",
	.about =
"Makes children in every way that Linux has, times them, counts what was made,\n"
"shows what each shares with its parent, and what the parent's size adds.\n",
	.operation = "a child",
	.operations = "children",
	.arms = arms,
	.axis = {
		.key = "size",
		.label = "what the parent has more of",
		.first = "a parent of nothing more",
		.help = "sizes of the parent (MB, mappings, files), with commas",
		.most = 60000,
		.variant = "grows",
		.variants = {
			[GROWS_MEMORY] = "memory", [GROWS_HUGE] = "huge",
			[GROWS_MAPPINGS] = "mappings", [GROWS_FILES] = "files",
			[GROWS_ALL] = "all",
		},
		.labels = {
			[GROWS_MEMORY] = "more memory of the parent, MB",
			[GROWS_HUGE] = "more memory of the parent, in huge pages, MB",
			[GROWS_MAPPINGS] = "more mappings of the parent",
			[GROWS_FILES] = "open files of the parent",
			[GROWS_ALL] = "MB more of the parent, 10 mappings and 20 files for each",
		},
	},
	.quantities = quantities,
	.settings = settings,
	.findings = findings,
	.facts = facts,
	.counted = counted,
	.counted_least = 4,
	.plan = plan,
	.open = create_open,
	.round = create_round,
	.tasks = create_tasks,
	.renew = create_renew,
	.close = create_close,
	.conclude = create_conclude,
	.doubt = create_doubt,
	.say = create_say,
};
