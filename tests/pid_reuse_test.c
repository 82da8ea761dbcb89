// SPDX-License-Identifier: GPL-2.0-only
/* Tasks that end, and pids that are taken again, while their files are open. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "slow_kernel.h"
#include "sharing_states.h"
#include "text.h"

static int open_task(pid_t a, pid_t b)
{
	char path[64];

	if (b)
		snprintf(path, sizeof(path), CTXLAB "/%d,%d", a, b);
	else
		snprintf(path, sizeof(path), CTXLAB "/%d", a);
	return open(path, O_RDONLY);
}

static int open_waits(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), CTXLAB "/%d-waits", pid);
	return open(path, O_RDONLY);
}

static int read_errno(int fd)
{
	char byte;

	return pread(fd, &byte, 1, 0) < 0 ? errno : 0;
}

static void end_process(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, __WALL);
}

FIXTURE(gone)
{
	struct states states;
	pid_t pid;
};

FIXTURE_SETUP(gone)
{
	static const struct plan plan = { "one that goes", 0, 0, NULL };
	struct state *state;

	ASSERT_EQ(0, states_begin(&self->states));
	state = states_add(&self->states, &plan);
	ASSERT_NE(NULL, state);
	self->pid = state->tid;
	state->child = false;	/* the test reaps it */
}

FIXTURE_TEARDOWN(gone)
{
	states_end(&self->states);
}

TEST_F(gone, between_open_and_read)
{
	int process = open_task(self->pid, 0);
	int first = open_task(self->pid, getpid());
	int second = open_task(getpid(), self->pid);
	int status;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", self->pid);
	status = open(path, O_RDONLY);
	ASSERT_LE(0, process);
	ASSERT_LE(0, first);
	ASSERT_LE(0, second);
	end_process(self->pid);
	EXPECT_EQ(ESRCH, read_errno(status));
	EXPECT_EQ(ESRCH, read_errno(process));
	EXPECT_EQ(ESRCH, read_errno(first));
	EXPECT_EQ(ESRCH, read_errno(second));
	/* And it is found no more by its name, though that was cached. */
	EXPECT_EQ(-1, open_task(self->pid, 0));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, open_task(self->pid, getpid()));
	EXPECT_EQ(ENOENT, errno);
	close(process);
	close(first);
	close(second);
	close(status);
}

/* A zombie is still there; one that is reaped is not. */
TEST_F(gone, zombie_then_reaped)
{
	int fd = open_task(self->pid, 0);
	siginfo_t info;

	ASSERT_LE(0, fd);
	kill(self->pid, SIGKILL);
	ASSERT_EQ(0, waitid(P_PID, self->pid, &info, WEXITED | WNOWAIT));
	EXPECT_EQ(0, read_errno(fd));
	waitpid(self->pid, NULL, 0);
	EXPECT_EQ(ESRCH, read_errno(fd));
	close(fd);
}

/* What was begun ends: the rest, or the news, and nothing for ever. */
TEST_F(gone, between_two_reads)
{
	int fd = open_task(self->pid, 0), rounds = 0;
	char byte;
	ssize_t n;

	ASSERT_LE(0, fd);
	ASSERT_EQ(1, read(fd, &byte, 1));
	end_process(self->pid);
	while ((n = read(fd, &byte, 1)) == 1 && rounds < 100000)
		rounds++;
	EXPECT_TRUE(n == 0 || (n == -1 && errno == ESRCH));
	close(fd);
}

/* A new process under a pid of our choice; -1 where that is not free. */
static pid_t fork_as(pid_t pid)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (unsigned long)&pid,
		.set_tid_size = 1,
	};
	pid_t child = syscall(SYS_clone3, &args, sizeof(args));

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return child;
}

/* Another process under the pid of one that ends here. */
static pid_t replace(pid_t pid)
{
	end_process(pid);
	/* The time of creation is shown in hundredths of a second. */
	usleep(20000);
	return fork_as(pid);
}

/* "Start" of a text that is freed; empty where there is none. */
static void take_start(char *text, char start[32])
{
	snprintf(start, 32, "%s", (text ? text_value(text, "Start") : NULL) ?: "");
	free(text);
}

TEST_F(gone, pid_is_taken_again)
{
	int fd = open_task(self->pid, 0);
	int pair = open_task(self->pid, getpid());
	int waits = open_waits(self->pid);
	char start[32], later[32];
	pid_t again;

	ASSERT_LE(0, fd);
	ASSERT_LE(0, pair);
	ASSERT_LE(0, waits);
	take_start(text_readf(CTXLAB "/%d", self->pid), start);
	ASSERT_STRNE("", start);
	again = replace(self->pid);
	if (again < 0)
		SKIP(return, "the kernel gives no pid on demand");
	ASSERT_EQ(self->pid, again);
	/* Who opened the old one never sees the new one. */
	EXPECT_EQ(ESRCH, read_errno(fd));
	EXPECT_EQ(ESRCH, read_errno(pair));
	EXPECT_EQ(ESRCH, read_errno(waits));
	take_start(text_readf(CTXLAB "/%d", again), later);
	ASSERT_STRNE("", later);
	EXPECT_STRNE(start, later);
	end_process(again);
	close(fd);
	close(pair);
	close(waits);
}

/* A name that the kernel remembers is of the task that had it. */
TEST_F(gone, name_means_one_task)
{
	char path[64], link[64], start[32], later[32];
	pid_t again;
	int old;

	snprintf(path, sizeof(path), CTXLAB "/%d", self->pid);
	old = open(path, O_PATH);
	ASSERT_LE(0, old);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", old);
	take_start(text_read(link), start);
	ASSERT_STRNE("", start);
	again = replace(self->pid);
	if (again < 0)
		SKIP(return, "the kernel gives no pid on demand");

	EXPECT_EQ(-1, open(link, O_RDONLY));
	EXPECT_EQ(ESRCH, errno);
	take_start(text_read(path), later);
	ASSERT_STRNE("", later);
	EXPECT_STRNE(start, later);
	end_process(again);
	close(old);
}

/* That a name was not there is not remembered either. */
TEST_F(gone, name_comes_back)
{
	pid_t again;
	int fd;

	end_process(self->pid);
	EXPECT_EQ(-1, open_task(self->pid, 0));
	EXPECT_EQ(-1, open_task(self->pid, 1));
	again = fork_as(self->pid);
	if (again < 0)
		SKIP(return, "the kernel gives no pid on demand");
	fd = open_task(self->pid, 0);
	EXPECT_LE(0, fd);
	close(fd);
	fd = open_task(self->pid, 1);
	EXPECT_LE(0, fd);
	close(fd);
	end_process(again);
}

/* exec(2) by a thread gives it the leader's tid; the process goes on. */
static int exec_from_thread(void *arg)
{
	struct state *state = arg;
	char fd[16];

	snprintf(fd, sizeof(fd), "%d", state->ready);
	execl("/proc/self/exe", "exec'ed", "--pause", fd, NULL);
	_exit(1);
}

static int exec_when_read(struct state *state)
{
	static char stack[64 << 10];

	/* Ready, until the maker has opened what there is. */
	if (write(state->ready, "", 1) != 1)
		return 1;
	while (!__atomic_load_n(&state->told[1], __ATOMIC_ACQUIRE))
		usleep(1000);
	if (clone(exec_from_thread, stack + sizeof(stack),
		  CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_FILES,
		  state) < 0)
		return 1;
	for (;;)
		pause();
}

TEST_F(gone, exec_keeps_the_process)
{
	static const struct plan plan = { "exec", 0, 0, exec_when_read };
	struct state *state = states_add(&self->states, &plan);
	char byte, *text, mm[17];
	int fd;

	ASSERT_NE(NULL, state);
	fd = open_task(state->tid, 0);
	ASSERT_LE(0, fd);
	text = text_read_fd(fd);
	ASSERT_NE(NULL, text);
	snprintf(mm, sizeof(mm), "%s", text_value(text, "Mm"));
	free(text);
	__atomic_store_n(&state->told[1], 1, __ATOMIC_RELEASE);
	ASSERT_EQ(1, read(self->states.ready[0], &byte, 1));

	/* The same descriptor shows what the process has become. */
	ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
	text = text_read_fd(fd);
	ASSERT_NE(NULL, text) TH_LOG("%m");
	EXPECT_EQ(state->tid, text_number(text, "Tgid"));
	EXPECT_EQ(1, text_number(text, "Threads"));
	EXPECT_STRNE(mm, text_value(text, "Mm"));
	free(text);
	close(fd);
	end_process(self->pid);
}

TEST_HARNESS_MAIN
