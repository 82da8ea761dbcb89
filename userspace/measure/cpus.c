// SPDX-License-Identifier: GPL-2.0-only
/* Affinity and scheduling policy of the workers. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "cpus.h"
#include "lib/xalloc.h"

#define SYS_CPU "/sys/devices/system/cpu"
#define SHORT_REST_MS 200
/* How long a killed child may take to end. */
#define END_MS 500

/* A set of @cpus CPUs, none of them in it; CPU_FREE() ends it. */
static cpu_set_t *new_set(unsigned int cpus, size_t *size)
{
	cpu_set_t *set = CPU_ALLOC(cpus);

	if (!set)
		abort();
	*size = CPU_ALLOC_SIZE(cpus);
	CPU_ZERO_S(*size, set);
	return set;
}

/*
 * The CPUs that the caller may run on; NULL with a negative errno in *@err.  The
 * kernel refuses a set smaller than its own, whose size it does not tell.
 */
static cpu_set_t *allowed_set(size_t *size, int *err)
{
	unsigned int cpus = CPU_SETSIZE;
	cpu_set_t *set;

	for (*err = -EINVAL; *err == -EINVAL && cpus <= CPUS_MOST; cpus *= 2) {
		set = new_set(cpus, size);
		if (!sched_getaffinity(0, *size, set))
			return set;
		*err = -errno;
		CPU_FREE(set);
	}
	return NULL;
}

int cpus_allowed(unsigned int *cpu, unsigned int most)
{
	unsigned int i, n = 0;
	cpu_set_t *set;
	size_t size;
	int err;

	set = allowed_set(&size, &err);
	if (!set)
		return err;
	for (i = 8 * size; i-- > 0 && n < most;)
		if (CPU_ISSET_S(i, size, set))
			cpu[n++] = i;
	n = CPU_COUNT_S(size, set);
	CPU_FREE(set);
	return n;
}

int cpus_last_allowed(void)
{
	unsigned int last = 0;
	int n = cpus_allowed(&last, 1);

	return n < 0 ? n : (int)last;
}

int cpus_bind_two(pid_t tid, const unsigned int cpu[2])
{
	cpu_set_t *set;
	size_t size;
	int err;

	set = new_set((cpu[0] > cpu[1] ? cpu[0] : cpu[1]) + 1, &size);
	CPU_SET_S(cpu[0], size, set);
	CPU_SET_S(cpu[1], size, set);
	err = sched_setaffinity(tid, size, set) ? -errno : 0;
	CPU_FREE(set);
	return err;
}

int cpus_bind(pid_t tid, unsigned int cpu)
{
	const unsigned int both[] = { cpu, cpu };

	return cpus_bind_two(tid, both);
}

void cpus_release(pid_t tid)
{
	const struct sched_param other = {};
	cpu_set_t *set;
	size_t size;

	set = new_set(CPUS_MOST, &size);
	memset(set, 0xff, size);
	sched_setscheduler(tid, SCHED_OTHER, &other);
	sched_setaffinity(tid, size, set);
	CPU_FREE(set);
}

void cpus_end(pid_t child)
{
	const struct timespec moment = { .tv_nsec = 200000 };
	int waits;

	cpus_release(child);
	kill(child, SIGKILL);
	for (waits = 0; waits < END_MS * 5; waits++) {
		if (waitpid(child, NULL, WNOHANG))
			return;
		nanosleep(&moment, NULL);
	}
}

/* 1 if a list such as "0-3,8" holds @cpu, 0 if not, -1 if it is not there. */
static int listed(const char *path, unsigned int cpu)
{
	FILE *f = fopen(path, "re");
	unsigned int from, to;
	int found = 0, n;

	if (!f)
		return -1;
	while (!found && (n = fscanf(f, "%u-%u", &from, &to)) >= 1) {
		found = cpu >= from && cpu <= (n == 2 ? to : from);
		if (fgetc(f) != ',')
			break;
	}
	fclose(f);
	return found;
}

bool cpus_possible(unsigned int cpu)
{
	return listed(SYS_CPU "/possible", cpu) != 0;
}

/* A CPU takes no tasks any more some time before it is told to be offline. */
static bool is_offline(unsigned int cpu)
{
	const struct timespec rest = { .tv_nsec = SHORT_REST_MS * 1000000L };
	int tries;

	for (tries = 0; tries < 5; tries++) {
		if (!listed(SYS_CPU "/online", cpu))
			return true;
		nanosleep(&rest, NULL);
	}
	return false;
}

char *cpus_problem(unsigned int cpu)
{
	if (!cpus_possible(cpu))
		return xasprintf("there is no CPU %u", cpu);
	if (is_offline(cpu))
		return xasprintf("CPU %u is offline", cpu);
	return xasprintf("CPU %u is not in this process's cpuset", cpu);
}

/* 0, or the errno with which the kernel refuses SCHED_FIFO to a child. */
static int try_fifo(int priority)
{
	const struct sched_param param = { .sched_priority = priority };
	int status;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		return errno;
	if (!pid)
		_exit(sched_setscheduler(0, SCHED_FIFO, &param) ? errno : 0);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

int cpus_fifo(int want, char **why)
{
	struct rlimit limit = {};
	int err = try_fifo(want);

	*why = NULL;
	if (!err)
		return want;
	getrlimit(RLIMIT_RTPRIO, &limit);
	if (err == EPERM && limit.rlim_cur && limit.rlim_cur < (rlim_t)want) {
		want = limit.rlim_cur;
		err = try_fifo(want);
		if (!err)
			return want;
	}
	if (err == EPERM && cgroup_rt_budget() == 0)
		*why = xasprintf("%s: the cgroup's cpu.rt_runtime_us is 0, no real-time budget",
				 strerror(err));
	else if (err == EPERM)
		*why = xasprintf("%s: it takes root, CAP_SYS_NICE or RLIMIT_RTPRIO",
				 strerror(err));
	else
		*why = xstrdup(strerror(err));
	return 0;
}

struct on_cpu {
	pid_t tid;
	char name[32];
	unsigned long long ticks;
	int priority;
	int policy;
};

/*
 * Parse /proc/PID/task/TID/stat, of which proc(5) numbers the fields.  Return:
 * whether that thread is on @cpu.
 */
static bool read_stat(const char *path, unsigned int cpu, struct on_cpu *t)
{
	char line[1024], *open, *close, *word, *rest;
	bool ok, there = false;
	int field;
	FILE *f;

	*t = (struct on_cpu){};
	f = fopen(path, "re");
	if (!f)
		return false;
	ok = fgets(line, sizeof(line), f);
	fclose(f);
	open = ok ? strchr(line, '(') : NULL;
	close = ok ? strrchr(line, ')') : NULL;
	if (!open || !close)
		return false;
	*close = '\0';
	t->tid = atoi(line);
	snprintf(t->name, sizeof(t->name), "%s", open + 1);
	for (field = 3, word = strtok_r(close + 1, " ", &rest); word;
	     field++, word = strtok_r(NULL, " ", &rest)) {
		if (field == 14 || field == 15)
			t->ticks += strtoull(word, NULL, 10);
		else if (field == 39)
			there = strtoul(word, NULL, 10) == cpu;
		else if (field == 40)
			t->priority = atoi(word);
		else if (field == 41)
			t->policy = atoi(word);
	}
	return there;
}

struct tasks {
	struct on_cpu *task;
	size_t n;
};

/* All threads of process @pid that are on @cpu. */
static void add_threads(struct tasks *all, const char *pid, unsigned int cpu)
{
	char path[64], file[384];
	struct on_cpu t;
	struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.16s/task", pid);
	dir = opendir(path);
	while (dir && (d = readdir(dir))) {
		snprintf(file, sizeof(file), "%s/%s/stat", path, d->d_name);
		if (!isdigit((unsigned char)*d->d_name) ||
		    !read_stat(file, cpu, &t))
			continue;
		all->task = xrealloc(all->task, all->n + 1, sizeof(t));
		all->task[all->n++] = t;
	}
	if (dir)
		closedir(dir);
}

static struct tasks tasks_on(unsigned int cpu)
{
	struct tasks all = {};
	struct dirent *d;
	DIR *dir;

	dir = opendir("/proc");
	while (dir && (d = readdir(dir)))
		if (isdigit((unsigned char)*d->d_name))
			add_threads(&all, d->d_name, cpu);
	if (dir)
		closedir(dir);
	return all;
}

/* How much @t has run since @before was taken; 0 for one that came later. */
static unsigned long long since(const struct tasks *before,
				const struct on_cpu *t)
{
	size_t i;

	for (i = 0; i < before->n; i++)
		if (before->task[i].tid == t->tid)
			return t->ticks - before->task[i].ticks;
	return 0;
}

static char *describe(const struct on_cpu *t)
{
	static const char *const policies[] = {
		[SCHED_OTHER] = "SCHED_OTHER", [SCHED_FIFO] = "SCHED_FIFO",
		[SCHED_RR] = "SCHED_RR", [SCHED_BATCH] = "SCHED_BATCH",
		[SCHED_IDLE] = "SCHED_IDLE", [6] = "SCHED_DEADLINE",
	};
	const char *policy = NULL;

	if (t->policy >= 0 &&
	    t->policy < (int)(sizeof(policies) / sizeof(*policies)))
		policy = policies[t->policy];
	if (t->priority)
		return xasprintf("pid %d (%s), %s %d", t->tid, t->name,
				 policy ? policy : "priority", t->priority);
	return xasprintf("pid %d (%s), %s", t->tid, t->name,
			 policy ? policy : "an unknown policy");
}

char *cpus_holder(unsigned int cpu)
{
	const struct timespec rest = { .tv_nsec = SHORT_REST_MS * 1000000L };
	struct tasks before = tasks_on(cpu), after;
	unsigned long long most = 0, ticks;
	char *words = NULL;
	size_t i;

	nanosleep(&rest, NULL);
	after = tasks_on(cpu);
	for (i = 0; i < after.n; i++) {
		ticks = since(&before, &after.task[i]);
		if (ticks <= most)
			continue;
		most = ticks;
		free(words);
		words = describe(&after.task[i]);
	}
	free(before.task);
	free(after.task);
	return words;
}

/* The kernel's encoding of CPU clocks; glibc has a part of it only. */
uint64_t cpus_time(pid_t tid, bool own_process)
{
	const unsigned int sched = 2, a_thread = 4;
	struct timespec t;
	clockid_t clock;

	clock = (~(unsigned int)tid << 3) | sched | (own_process ? a_thread : 0);
	if (clock_gettime(clock, &t))
		return 0;
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}
