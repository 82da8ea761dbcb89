// SPDX-License-Identifier: GPL-2.0-only
/*
 * torture_test [-s SEED] [-t SECONDS]
 *
 * Everything at once: storms of tasks, pids taken again and again, readers of
 * every file, mounts, the probe, and for the last fifth of the time loading and
 * unloading; and all along some tasks that stand still, whose report must not
 * change.  The same seed makes every worker choose alike, though not the
 * scheduler.  That no reader starves another task is for the kernel's own
 * watchdogs to say, in its log.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "seed_and_time.h"
#include "module_load.h"
#include "text.h"
#include "torture.h"

/* Room for so many tasks beside those that are there: pids come round fast. */
#define ROOM 700

static const struct worker workers[] = {
	{ "forks", torture_fork, NULL },
	{ "threads", torture_threads, NULL },
	{ "execs", torture_exec, NULL },
	{ "vforks", torture_vfork, NULL },
	{ "unshares", torture_unshare, NULL },
	{ "mounts", torture_mount, NULL },
	{ "probe sessions", torture_probe, NULL },
	{ "reads", torture_read, NULL },
	{ "more reads", torture_read, NULL },
	{ "reads by nobody", torture_read, torture_read_as_nobody },
	{ "watches", torture_watch, NULL },
};

#define WORKERS ((int)ARRAY_SIZE(workers))

static const char *const invariants[INVARIANTS] = {
	[FROZEN_EXACT] = "tasks that stand still are reported alike",
	[IDS_UNIQUE] = "an ID never names two objects",
	[RECONCILED] = "counters reconcile, or say that they do not",
	[READS_END] = "reads come, or end in a known way",
	[PROBE_KEPT] = "probe sessions keep their word",
};

void torture_check(struct torture *t, enum invariant which, bool holds,
		   const char *format, ...)
{
	va_list args;

	__atomic_add_fetch(&t->checks[which], 1, __ATOMIC_RELAXED);
	if (holds || __atomic_fetch_add(&t->broken[which], 1, __ATOMIC_RELAXED))
		return;
	va_start(args, format);
	vsnprintf(t->message[which], sizeof(t->message[which]), format, args);
	va_end(args);
}

unsigned int torture_random(unsigned int *seed, unsigned int below)
{
	return rand_r(seed) % below;
}

static pid_t start_worker(struct torture *t, int i, unsigned int seed)
{
	pid_t pid = fork();

	if (pid) {
		setpgid(pid, pid);
		return pid;
	}
	/* A group of its own, so that all that it leaves behind can be ended. */
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	seed += i;
	if (workers[i].prepare && workers[i].prepare(t))
		_exit(1);
	while (!__atomic_load_n(&t->stop, __ATOMIC_ACQUIRE)) {
		workers[i].turn(t, &seed);
		t->done[i]++;
	}
	_exit(0);
}

/* Ask, then insist; what the workers left behind comes to us to be reaped. */
static void stop_workers(struct torture *t, const pid_t *pids)
{
	int i;

	__atomic_store_n(&t->stop, true, __ATOMIC_RELEASE);
	sleep(2);
	for (i = 0; i < WORKERS; i++)
		kill(-pids[i], SIGKILL);
}

/* Processes, two tasks over one memory, a thread whose leader has left it. */
static int add_frozen(struct states *states)
{
	static const struct plan alone = { "frozen process", 0, 0, NULL };

	if (states_begin(states) || !states_add(states, &alone) ||
	    states_add_leaderless(states) || states_add_vfork(states) ||
	    !states_add(states, &alone))
		return -1;
	return 0;
}

static int number_in(const char *path)
{
	char *text = text_read(path);
	int number = text ? atoi(text) : -1;

	free(text);
	return number;
}

static void put_number(const char *path, int number)
{
	FILE *file = fopen(path, "w");

	if (!file)
		return;
	fprintf(file, "%d\n", number);
	fclose(file);
}

/* Memory of the kernel's own that tasks, mounts and reads could leave behind. */
static long kernel_memory(void)
{
	static const char *const keys[] = {
		"SUnreclaim", "KernelStack", "PageTables", "Percpu",
	};
	char *info;
	long sum = 0;
	size_t i;

	put_number("/proc/sys/vm/drop_caches", 3);
	info = text_read("/proc/meminfo");
	for (i = 0; info && i < ARRAY_SIZE(keys); i++)
		sum += text_number(info, keys[i]);
	free(info);
	return sum;
}

static void reload_until(struct torture *t, time_t end)
{
	__atomic_store_n(&t->reloading, true, __ATOMIC_RELEASE);
	/* On a slow machine the first time may take longer than there is. */
	while (time(NULL) < end || (!t->reloads && time(NULL) < end + 60)) {
		if (!module_unload() && !module_load(""))
			t->reloads++;
		else
			mount("none", CTXLAB, "ctxlab", 0, NULL);
		usleep(200000);
	}
}

static void run(struct torture *t, unsigned int seed, int seconds)
{
	time_t end = time(NULL) + seconds;
	pid_t pids[WORKERS];
	int i;

	t->stop = false;
	t->reloading = false;
	for (i = 0; i < WORKERS; i++)
		pids[i] = start_worker(t, i, seed);
	sleep(seconds - seconds / 5);
	reload_until(t, end);
	stop_workers(t, pids);
	/* Orphans come to us, one after the other. */
	for (i = 0; i < 200; i++) {
		while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
			;
		usleep(10000);
	}
	module_put_back();
}

/* Threads of the whole machine: the second number of "running/all". */
static int count_threads(void)
{
	char *text = text_read("/proc/loadavg");
	int count = -1;

	if (!text || sscanf(text, "%*s %*s %*s %*d/%d", &count) != 1)
		count = -1;
	free(text);
	return count;
}

static void report_invariants(const struct torture *t)
{
	int i;

	for (i = 0; i < INVARIANTS; i++) {
		if (t->broken[i])
			ksft_print_msg("%ld of %ld: %s\n", t->broken[i],
				       t->checks[i], t->message[i]);
		/* What was never looked at has not been shown to hold. */
		ksft_test_result(t->checks[i] > 0 && !t->broken[i],
				 "%s (%ld times)\n", invariants[i],
				 t->checks[i]);
	}
}

static void report_workers(const struct torture *t)
{
	bool idle = false;
	int i;

	for (i = 0; i < WORKERS; i++) {
		ksft_print_msg("%s: %ld\n", workers[i].name, t->done[i]);
		idle |= !t->done[i];
	}
	ksft_print_msg("reloads: %ld; pids began anew: %ld\n", t->reloads,
		       t->rounds);
	ksft_test_result(!idle && t->reloads && t->rounds,
			 "every worker did its work\n");
}

/* Slabs keep some pages of what was freed; detectors, freed objects. */
#define SLACK_KB (16 << 10)

static void report_traces(int threads, long memory)
{
	int now, tries;
	long grown;

	/* Workqueues and RCU have their own pace. */
	for (tries = 0; tries < 20; tries++) {
		now = count_threads();
		grown = kernel_memory() - memory;
		if (now <= threads + 5 && grown < SLACK_KB)
			break;
		sleep(1);
	}
	ksft_print_msg("threads: %d before, %d after; kernel memory: %+ld kB\n",
		       threads, now, grown);
	ksft_test_result(now <= threads + 5, "no task is left over\n");
	ksft_test_result(grown < SLACK_KB, "memory returns to where it was\n");
}

static struct torture *set_up(void)
{
	static struct states frozen;
	struct torture *t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (t == MAP_FAILED || prctl(PR_SET_CHILD_SUBREAPER, 1) ||
	    add_frozen(&frozen))
		ksft_exit_fail_msg("cannot set up: %m\n");
	mkdir(TORTURE_PLACE, 0755);
	t->frozen = &frozen;
	t->pid_max = number_in("/proc/sys/kernel/pid_max");
	return t;
}

int main(int argc, char **argv)
{
	struct seed_and_time how = { .seed = 20261121, .seconds = 60 };
	int threads, pid_max;
	struct torture *t;
	long memory;

	seed_and_time_parse(argc, argv, &how);
	ksft_print_header();
	ksft_set_plan(INVARIANTS + 3);
	ksft_print_msg("seed %u, %d seconds\n", how.seed, how.seconds);
	t = set_up();
	pid_max = t->pid_max;
	threads = count_threads();
	t->pid_max = threads + ROOM;
	put_number("/proc/sys/kernel/pid_max", t->pid_max);

	/* A first turn fills caches that stay; what grows after it is lost. */
	run(t, how.seed, 5);
	memory = kernel_memory();
	run(t, how.seed, how.seconds);

	put_number("/proc/sys/kernel/pid_max", pid_max);
	report_invariants(t);
	report_workers(t);
	report_traces(threads, memory);
	states_end(t->frozen);
	rmdir(TORTURE_PLACE);
	ksft_finished();
}
