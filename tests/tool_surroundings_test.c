// SPDX-License-Identifier: GPL-2.0-only
/*
 * What 'ctxlab switch' makes of surroundings that disturb or forbid it: other
 * tasks on its CPU, a CPU that goes away, a worker that is killed, quotas and
 * limits.  It must say what is the matter, keep what it has measured, and end.
 */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "slow_kernel.h"

#define ORDINARY_UID 1000
#define OUTPUT_SIZE (64 << 10)
#define SAVED "/tmp/surroundings.json"
#define GROUP "/sys/fs/cgroup/surroundings"

/* The tool while it runs: its output and messages come through one pty. */
struct tool {
	pid_t pid;
	int fd;
	char out[OUTPUT_SIZE];
	size_t len;
};

static void pin(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		_exit(1);
}

static void nap(long ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Busy on CPU 1 for @busy of every ten milliseconds, until it is killed. */
static pid_t neighbour(int priority, int busy)
{
	const struct sched_param param = { .sched_priority = priority };
	pid_t parent = getpid(), pid = fork();
	double start;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	prctl(PR_SET_NAME, "neighbour");
	pin(1);
	if (priority && sched_setscheduler(0, SCHED_FIFO, &param))
		_exit(1);
	for (;;) {
		for (start = now(); now() < start + busy / 1e3; )
			;
		if (busy < 10)
			nap(10 - busy);
	}
}

/* Return: whether it could be written. */
static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	bool done = fd >= 0 && write(fd, text, strlen(text)) >= 0;

	if (!done)
		perror(path);
	if (fd >= 0)
		close(fd);
	return done;
}

/* What the child becomes before it runs the tool. */
struct person {
	uid_t uid;
	rlim_t rtprio;		/* 0: none */
	const char *group;	/* a cgroup to enter */
};

static void become(const struct person *who)
{
	const struct rlimit limit = { who->rtprio, who->rtprio };
	char path[128];

	if (who->group) {
		snprintf(path, sizeof(path), "%s/cgroup.procs", who->group);
		put(path, "0");
	}
	setrlimit(RLIMIT_RTPRIO, &limit);
	if (who->uid && (setgid(who->uid) || setuid(who->uid)))
		_exit(125);
}

static void start(struct tool *t, const struct person *who, const char *arg,
		  ...)
{
	const char *argv[16] = { "ctxlab", "switch", arg };
	int i = 3;
	va_list ap;

	va_start(ap, arg);
	while (i < 15 && (argv[i] = va_arg(ap, const char *)))
		i++;
	va_end(ap);
	*t = (struct tool){};
	t->pid = forkpty(&t->fd, NULL, NULL, NULL);
	if (t->pid)
		return;
	become(who);
	execvp(argv[0], (char **)argv);
	_exit(126);
}

/* Take what it prints for @ms at most; false once it prints no more. */
static bool listen_to(struct tool *t, long ms)
{
	struct timespec limit = { ms / 1000, ms % 1000 * 1000000 };
	ssize_t n;
	fd_set set;

	FD_ZERO(&set);
	FD_SET(t->fd, &set);
	if (pselect(t->fd + 1, &set, NULL, NULL, &limit, NULL) <= 0)
		return true;
	n = read(t->fd, t->out + t->len, OUTPUT_SIZE - 1 - t->len);
	if (n <= 0)
		return false;
	t->len += n;
	return true;
}

/* Whether its progress says that some of the passes were made. */
static bool has_measured(const struct tool *t)
{
	const char *at = t->out, *found = NULL;
	int percent = 0;

	while ((at = strstr(at, "measuring"))) {
		found = at;
		at++;
	}
	return found && (found = strchr(found, ']')) &&
	       sscanf(found, "] %d", &percent) == 1 && percent > 2;
}

/* Words as they are, whatever lines they were broken into. */
static bool says(struct tool *t, const char *words)
{
	char *to = t->out;
	const char *from;

	for (from = t->out; *from; from++) {
		if (*from == '\r')
			continue;
		*to++ = *from == '\n' ? ' ' : *from;
	}
	*to = '\0';
	t->len = to - t->out;
	return strstr(t->out, words);
}

static int finish(struct tool *t)
{
	int status;

	while (listen_to(t, 1000))
		;
	waitpid(t->pid, &status, 0);
	close(t->fd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* The first child of the tool's: a worker. */
static pid_t a_worker(const struct tool *t)
{
	char path[64];
	int pid = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", t->pid,
		 t->pid);
	f = fopen(path, "r");
	if (f) {
		if (fscanf(f, "%d", &pid) != 1)
			pid = 0;
		fclose(f);
	}
	return pid;
}

static bool saved(const char *words)
{
	static char text[1 << 20];
	FILE *f = fopen(SAVED, "r");
	size_t n;

	if (!f)
		return false;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	return strstr(text, words);
}

static const struct person root, user = { .uid = ORDINARY_UID };

FIXTURE(tool)
{
	struct tool t;

};

FIXTURE_SETUP(tool)
{
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "two processors are needed");
	unlink(SAVED);
}

FIXTURE_TEARDOWN(tool)
{
	if (_metadata->exit_code == KSFT_PASS)
		return;
	self->t.out[self->t.len] = '\0';
	TH_LOG("it printed: %.1500s", self->t.out);
}

/*
 * A kernel that watches each access spends more time in a round than a neighbour
 * takes; the run is refused there, too, but for other reasons.
 */
#define TOO_SLOW "this kernel itself takes the time"

TEST_F(tool, busy_ordinary_neighbour)
{
	int status;
	pid_t busy;

	if (slow_kernel_factor() > 1)
		SKIP(return, TOO_SLOW);
	busy = neighbour(0, 10);
	start(&self->t, &user, "--cpu", "1", "--seconds", "1", "--pages", "0",
	      NULL);
	status = finish(&self->t);
	end(busy);
	EXPECT_EQ(4, status);
	EXPECT_TRUE(says(&self->t, "other tasks used"));
}

TEST_F(tool, real_time_neighbour_of_three_in_ten_ms)
{
	int status;
	pid_t busy;

	if (slow_kernel_factor() > 1)
		SKIP(return, TOO_SLOW);
	busy = neighbour(50, 3);
	start(&self->t, &root, "--cpu", "1", "--seconds", "1", "--pages", "0",
	      "--ring", "0", NULL);
	status = finish(&self->t);
	end(busy);
	EXPECT_EQ(4, status);
	EXPECT_TRUE(says(&self->t, "the workers were kept from their CPU for"));
}

/*
 * There the kernel's own threads of that CPU wait for the holder as well, and a worker
 * that was preempted with a lock of the kernel's keeps it from the tool.
 */
static bool kernel_waits_for_tasks(void)
{
	struct utsname name;

	return !uname(&name) && strstr(name.version, "PREEMPT_RT");
}

TEST_F(tool, cpu_held_by_a_higher_priority)
{
	pid_t holder;
	char words[64];
	int status;

	if (kernel_waits_for_tasks())
		SKIP(return, "on PREEMPT_RT the holder stops the kernel, too");
	holder = neighbour(50, 10);
	snprintf(words, sizeof(words),
		 "CPU 1 is held by pid %d (neighbour), SCHED_FIFO 50", holder);
	start(&self->t, &root, "--cpu", "1", "--seconds", "1", "--pages", "0",
	      NULL);
	status = finish(&self->t);
	end(holder);
	EXPECT_EQ(1, status);
	EXPECT_TRUE(says(&self->t, words));
}

/* Runs until it has measured something; what is done to it then is the test's. */
#define START_LONG() do { \
	start(&self->t, &root, "--cpu", "1", "--seconds", "200", "--pages", \
	      "0", "--ring", "0", "--save", SAVED, NULL); \
	while (listen_to(&self->t, 100) && !has_measured(&self->t)) \
		; \
	ASSERT_TRUE(has_measured(&self->t)); \
} while (0)

TEST_F(tool, killed_worker)
{
	int status;
	pid_t pid;

	START_LONG();
	/* One that is just being replaced is not missed. */
	do {
		pid = a_worker(&self->t);
		if (pid)
			kill(pid, SIGKILL);
	} while (listen_to(&self->t, 500) && !says(&self->t, "a worker was"));
	status = finish(&self->t);
	EXPECT_EQ(4, status);
	EXPECT_TRUE(says(&self->t, "the run ended early: a worker was killed"));
	EXPECT_TRUE(saved("\"interrupted\":true"));
	EXPECT_TRUE(saved("a worker was killed"));
	EXPECT_FALSE(saved("\"passes\":0,"));
}

TEST_F(tool, cpu_goes_offline)
{
	int status;

	if (access("/sys/devices/system/cpu/cpu1/online", W_OK))
		SKIP(return, "CPU 1 cannot be taken offline here");
	START_LONG();
	put("/sys/devices/system/cpu/cpu1/online", "0");
	status = finish(&self->t);
	EXPECT_EQ(4, status);
	EXPECT_TRUE(says(&self->t, "the run ended early: CPU 1 is offline"));
	EXPECT_TRUE(saved("CPU 1 is offline"));
	EXPECT_FALSE(saved("\"passes\":0,"));

	start(&self->t, &root, "--cpu", "1", "--seconds", "1", NULL);
	status = finish(&self->t);
	put("/sys/devices/system/cpu/cpu1/online", "1");
	EXPECT_EQ(1, status);
	EXPECT_TRUE(says(&self->t, "ctxlab switch: CPU 1 is offline"));
}

TEST_F(tool, affinity_is_no_prison)
{
	cpu_set_t before;
	int status;

	sched_getaffinity(0, sizeof(before), &before);
	pin(0);
	start(&self->t, &user, "--cpu", "1", "--seconds", "1", "--pages", "0",
	      NULL);
	status = finish(&self->t);
	sched_setaffinity(0, sizeof(before), &before);
	EXPECT_TRUE(status == 0 || status == 4);
	EXPECT_TRUE(says(&self->t, "CPU 1 of 2"));
}

TEST_F(tool, cpu_outside_of_the_cpuset)
{
	struct person inside = { .group = GROUP };
	int status;

	put("/sys/fs/cgroup/cgroup.subtree_control", "+cpuset");
	mkdir(GROUP, 0755);
	put(GROUP "/cpuset.cpus", "0");
	start(&self->t, &inside, "--cpu", "1", "--seconds", "1", NULL);
	status = finish(&self->t);
	rmdir(GROUP);
	EXPECT_EQ(1, status);
	EXPECT_TRUE(says(&self->t, "CPU 1 is not in this process's cpuset"));
}

TEST_F(tool, quota_of_the_cgroup)
{
	struct person inside = { .uid = ORDINARY_UID, .group = GROUP };
	int status;

	put("/sys/fs/cgroup/cgroup.subtree_control", "+cpu");
	mkdir(GROUP, 0755);
	if (!put(GROUP "/cpu.max", "20000 100000")) {
		rmdir(GROUP);
		SKIP(return, "this kernel has no CPU quota for cgroups");
	}
	start(&self->t, &inside, "--cpu", "1", "--seconds", "1", "--pages",
	      "0", NULL);
	status = finish(&self->t);
	rmdir(GROUP);
	EXPECT_EQ(4, status);
	EXPECT_TRUE(says(&self->t, "CPU quota stopped the run"));
	EXPECT_TRUE(says(&self->t, "the workers were kept from their CPU for"));
}

TEST_F(tool, a_low_limit_of_real_time_priority)
{
	struct person limited = { .uid = ORDINARY_UID, .rtprio = 5 };
	int status;

	start(&self->t, &limited, "--cpu", "1", "--seconds", "1", "--pages",
	      "0", NULL);
	status = finish(&self->t);
	EXPECT_TRUE(status == 0 || status == 4);
	EXPECT_TRUE(says(&self->t, "under SCHED_FIFO"));
}

TEST_HARNESS_MAIN
