// SPDX-License-Identifier: GPL-2.0-only
/* What is read of the host's files, on hosts that this one is not. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "measure/cgroup.h"
#include "measure/cpus.h"
#include "measure/machine.h"
#include "tap.h"

/* Files of the host that is played; the rest are this one's. */
struct file {
	const char *path;
	const char *text;	/* NULL: it is not there */
};

static const struct file *played;

/* In place of the C library's. */
FILE *fopen(const char *path, const char *mode)
{
	const struct file *f;
	int fd;

	for (f = played; f && f->path; f++) {
		if (strcmp(f->path, path))
			continue;
		if (f->text)
			return fmemopen((char *)f->text, strlen(f->text), "r");
		errno = ENOENT;
		return NULL;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? NULL : fdopen(fd, *mode == 'r' ? "r" : mode);
}

int sched_setscheduler(pid_t pid, int policy, const struct sched_param *param)
{
	(void)pid;
	(void)policy;
	(void)param;
	errno = EPERM;
	return -1;
}

#define MOUNT "30 20 0:26 / /cg/cpu rw - cgroup none rw,cpu,cpuacct\n"

static const struct file no_budget[] = {
	{ "/proc/self/cgroup", "4:cpu,cpuacct:/jobs\n0::/user\n" },
	{ "/proc/self/mountinfo", MOUNT },
	{ "/cg/cpu/jobs/cpu.rt_runtime_us", "0\n" },
	{}
};

static const struct file some_budget[] = {
	{ "/proc/self/cgroup", "4:cpu,cpuacct:/jobs\n0::/user\n" },
	{ "/proc/self/mountinfo", MOUNT },
	{ "/cg/cpu/jobs/cpu.rt_runtime_us", "950000\n" },
	{}
};

static const struct file version_2[] = {
	{ "/proc/self/cgroup", "0::/jobs\n" },
	{ "/proc/self/mountinfo", "30 20 0:26 / /cg rw - cgroup2 none rw\n" },
	{ "/cg/jobs/cpu.rt_runtime_us", NULL },
	{}
};

static const struct file no_proc[] = {
	{ "/proc/self/cgroup", NULL },
	{ "/proc/self/mountinfo", NULL },
	{ "/proc/stat", NULL },
	{ "/proc/cpuinfo", NULL },
	{ "/proc/loadavg", NULL },
	{}
};

/* Why SCHED_FIFO is refused on a host with these files. */
static void refused(const struct file *files, long long budget,
		    const char *words, const char *what)
{
	char *why = NULL;

	played = files;
	ok(cgroup_rt_budget() == budget, "the budget is %lld", budget);
	ok(!cpus_fifo(10, &why) && why && strstr(why, words), "%s", what);
	free(why);
	played = NULL;
}

#define GOVERNOR(cpu) \
	"/sys/devices/system/cpu/cpu" #cpu "/cpufreq/scaling_governor"

static void governors(void)
{
	static const struct file files[] = {
		{ GOVERNOR(0), "powersave\n" },
		{ GOVERNOR(1), "performance\n" },
		{ GOVERNOR(2), NULL },
		{}
	};
	static const char *const want[] = { "powersave", "performance", "" };
	struct machine m;
	unsigned int cpu;

	played = files;
	for (cpu = 0; cpu < 3; cpu++) {
		machine_read(&m, cpu);
		is(m.governor, want[cpu], "the governor is the measured CPU's");
		machine_free(&m);
	}
	played = NULL;
}

/* Nothing that is not known becomes 0. */
static void without_proc(void)
{
	struct cpu_ticks ticks;
	struct machine m;

	played = no_proc;
	machine_read(&m, 0);
	ok(m.load == -1, "the load is not known");
	machine_free(&m);
	ok(cgroup_throttled() == -1,
	   "nor how often a quota stopped this process");
	ok(machine_ticks(0, &ticks), "nor what the CPU was used for");
	played = NULL;
}

int main(void)
{
	refused(no_budget, 0, "no real-time budget",
		"a cgroup without a real-time budget is the reason");
	refused(some_budget, 950000, "it takes root",
		"where it has one, the missing right is");
	refused(version_2, -1, "it takes root", "version 2 has no such budget");
	governors();
	without_proc();
	return tap_done();
}
