// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whatever both /proc/ctxlab and procfs tell of a process that stands still,
 * they tell alike.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "procfs.h"
#include "text.h"

#define THREADS 5
#define SIZE (1 << 20)

/* What the process tells of its threads, the leader first. */
struct told {
	int ready;
	struct {
		pid_t tid;
		unsigned long tls;
		unsigned long stack;
	} thread[THREADS];
};

FIXTURE(procfs)
{
	struct told *told;
	pid_t pid;
};

/* One thread each of the policies that need no bandwidth of their own. */
static void take_policy(int i)
{
	struct sched_param param = {};

	switch (i) {
	case 1:
		param.sched_priority = 7;
		sched_setscheduler(0, SCHED_FIFO, &param);
		break;
	case 2:
		param.sched_priority = 9;
		sched_setscheduler(0, SCHED_RR, &param);
		break;
	case 3:
		sched_setscheduler(0, SCHED_BATCH, &param);
		setpriority(PRIO_PROCESS, 0, 11);
		break;
	case 4:
		sched_setscheduler(0, SCHED_IDLE, &param);
		break;
	}
}

static void tell(struct told *told, int i)
{
	told->thread[i].tid = gettid();
	told->thread[i].tls = (unsigned long)__builtin_thread_pointer();
	told->thread[i].stack = (unsigned long)&i;
	__atomic_add_fetch(&told->ready, 1, __ATOMIC_RELEASE);
}

static void *thread(void *arg)
{
	struct told *told = arg;
	static int next = 1;
	int i = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED);
	char name[16];

	snprintf(name, sizeof(name), "thread %d", i);
	prctl(PR_SET_NAME, name);
	take_policy(i);
	tell(told, i);
	for (;;)
		pause();
	return NULL;
}

/* Descriptors of every kind that needs no device. */
static void open_descriptors(void)
{
	int pair[2];

	open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	open("/", O_RDONLY | O_DIRECTORY);
	open("/dev/null", O_RDWR | O_CLOEXEC);
	open("/proc/self", O_PATH | O_NOFOLLOW);
	if (pipe2(pair, O_CLOEXEC) ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		_exit(1);
	eventfd(0, EFD_CLOEXEC);
	epoll_create1(0);
	dup2(0, 300);
}

static void serve(struct told *told)
{
	pthread_t id;
	char *memory;
	int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "ser\tv\\er");
	open_descriptors();
	memory = malloc(SIZE);
	memset(memory, 1, SIZE);
	tell(told, 0);
	for (i = 1; i < THREADS; i++)
		if (pthread_create(&id, NULL, thread, told))
			_exit(1);
	for (;;)
		pause();
}

static bool all_sleep(pid_t pid)
{
	char *text = text_readf("/proc/%d/stat", pid);
	bool sleeps = text && strstr(text, ") S ");

	free(text);
	return sleeps;
}

FIXTURE_SETUP(procfs)
{
	int i;

	self->told = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->told);
	self->pid = fork();
	ASSERT_LE(0, self->pid);
	if (!self->pid)
		serve(self->told);
	/* Each thread counts itself once it is what it should be, ... */
	while (__atomic_load_n(&self->told->ready, __ATOMIC_ACQUIRE) < THREADS)
		usleep(1000);
	/* ... and then has only pause() left to reach. */
	for (i = 0; i < THREADS; i++)
		while (!all_sleep(self->told->thread[i].tid))
			usleep(1000);
	usleep(50000);
}

FIXTURE_TEARDOWN(procfs)
{
	kill(self->pid, SIGKILL);
	waitpid(self->pid, NULL, 0);
}

/* Seconds with two decimals, as hundredths: what USER_HZ counts in. */
static long long hundredths(const char *text)
{
	long long seconds = 0, rest = 0;

	if (!text || sscanf(text, "%lld.%2lld", &seconds, &rest) != 2)
		return -1;
	return seconds * 100 + rest;
}

TEST_F(procfs, process)
{
	char *status = text_readf("/proc/%d/status", self->pid);
	char *here = text_readf(CTXLAB "/%d", self->pid);
	char *name;

	ASSERT_NE(NULL, status);
	ASSERT_NE(NULL, here);
	name = strdup(text_value(status, "Name"));
	EXPECT_STREQ(name, text_value(here, "Name"));
	EXPECT_EQ(text_number(status, "Tgid"), text_number(here, "Tgid"));
	EXPECT_EQ(text_number(status, "PPid"), text_number(here, "PPid"));
	EXPECT_EQ(text_number(status, "Uid"), text_number(here, "Uid"));
	EXPECT_EQ(text_number(status, "Threads"), text_number(here, "Threads"));
	EXPECT_EQ(THREADS, text_number(here, "Threads"));
	EXPECT_EQ(text_value(status, "State")[0], text_value(here, "State")[0]);
	EXPECT_EQ(1, strlen(text_value(here, "State")));
	EXPECT_EQ(procfs_stat_field(self->pid, 22),
		  hundredths(text_value(here, "Start")));
	free(name);
	free(status);
	free(here);
}

TEST_F(procfs, memory)
{
	char *status = text_readf("/proc/%d/status", self->pid);
	char *rollup = text_readf("/proc/%d/smaps_rollup", self->pid);
	char *maps = text_readf("/proc/%d/maps", self->pid);
	char *here = text_readf(CTXLAB "/%d", self->pid);
	long long rss, slack = 0;
	int count = 0;
	char *line;

	ASSERT_NE(NULL, status);
	ASSERT_NE(NULL, rollup);
	ASSERT_NE(NULL, maps);
	ASSERT_NE(NULL, here);
	/* The vsyscall page is nobody's mapping. */
	for (line = maps; *line; line = strchr(line, '\n') + 1)
		count += strncmp(line, "ffffffffff", 10) != 0;
	EXPECT_EQ(count, text_number(here, "MmMaps"));
	EXPECT_EQ(text_number(status, "VmPTE"),
		  text_number(here, "MmPageTables"));
	/* Before 6.2 each task first counts up to 64 pages by itself. */
	if (!ksft_min_kernel_version(6, 2))
		slack = 64 * 4 * THREADS;
	rss = text_number(rollup, "Rss");
	EXPECT_LE(rss - slack, text_number(here, "MmRss"));
	EXPECT_GE(rss + slack, text_number(here, "MmRss"));
	EXPECT_LE(SIZE / 1024 - slack, text_number(here, "MmRss"));
	free(status);
	free(rollup);
	free(maps);
	free(here);
}

static int told_kind(const char *here, const char *kind)
{
	const char *at = text_value(here, "FilesKinds");
	size_t length = strlen(kind);

	while (at && *at) {
		if (!strncmp(at, kind, length) && at[length] == ' ')
			return atoi(at + length);
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	return 0;
}

TEST_F(procfs, files)
{
	static const char *const kinds[] = {
		"file", "dir", "chr", "blk", "pipe", "socket", "link", "anon"
	};
	char *status = text_readf("/proc/%d/status", self->pid);
	char *here = text_readf(CTXLAB "/%d", self->pid);
	int i, sum = 0;

	ASSERT_NE(NULL, status);
	ASSERT_NE(NULL, here);
	EXPECT_EQ(procfs_count_entries("/proc/%d/fd", self->pid),
		  text_number(here, "FilesOpen"));
	EXPECT_LE(12, text_number(here, "FilesOpen"));
	EXPECT_EQ(procfs_count_cloexec(self->pid), text_number(here, "FilesCloexec"));
	EXPECT_LE(5, text_number(here, "FilesCloexec"));
	EXPECT_EQ(text_number(status, "FDSize"), text_number(here, "FilesSlots"));
	ASSERT_NE(NULL, text_value(here, "FilesKinds"));
	for (i = 0; i < (int)ARRAY_SIZE(kinds); i++) {
		EXPECT_EQ(procfs_count_kind(self->pid, kinds[i]),
			  told_kind(here, kinds[i]))
			TH_LOG("%s", kinds[i]);
		sum += told_kind(here, kinds[i]);
	}
	EXPECT_EQ(text_number(here, "FilesOpen"), sum);
	free(status);
	free(here);
}

/* Columns of a thread's row against its status and stat. */
TEST_F(procfs, threads)
{
	char *here = text_readf(CTXLAB "/%d", self->pid);
	struct table *table = table_parse(here, "Threads");
	const char *state;
	char *status;
	pid_t tid;
	int i, row;

	ASSERT_NE(NULL, table);
	EXPECT_EQ(procfs_count_entries("/proc/%d/task", self->pid), table->rows);
	for (i = 0; i < THREADS; i++) {
		tid = self->told->thread[i].tid;
		row = table_find(table, "TID", tid);
		ASSERT_LE(0, row);
		status = text_readf("/proc/%d/status", tid);
		ASSERT_NE(NULL, status);
		EXPECT_STREQ(text_value(status, "Name"),
			     table_cell(table, row, "NAME"));
		state = table_cell(table, row, "ST");
		EXPECT_EQ(text_value(status, "State")[0], state[0]);
		EXPECT_EQ(text_number(status, "voluntary_ctxt_switches"),
			  atoll(table_cell(table, row, "VCSW")));
		EXPECT_EQ(text_number(status, "nonvoluntary_ctxt_switches"),
			  atoll(table_cell(table, row, "ICSW")));
		EXPECT_EQ(procfs_stat_field(tid, 39),
			  atoll(table_cell(table, row, "CPU")));
		free(status);
	}
	table_free(table);
	free(here);
}

static const char *policy_name(long long policy)
{
	switch (policy) {
	case SCHED_FIFO:
		return "FIFO";
	case SCHED_RR:
		return "RR";
	case SCHED_BATCH:
		return "BATCH";
	case SCHED_IDLE:
		return "IDLE";
	default:
		return "OTHER";
	}
}

TEST_F(procfs, own)
{
	char *here = text_readf(CTXLAB "/%d", self->pid);
	struct table *table = table_parse(here, "Own");
	unsigned long start, end, sp;
	long long policy, prio;
	const char *cell;
	pid_t tid;
	int i, j, row;

	ASSERT_NE(NULL, table);
	EXPECT_EQ(THREADS, table->rows);
	for (i = 0; i < THREADS; i++) {
		tid = self->told->thread[i].tid;
		row = table_find(table, "TID", tid);
		ASSERT_LE(0, row);
		ASSERT_TRUE(procfs_find_mapping(self->pid,
						self->told->thread[i].stack,
						&start, &end));
		EXPECT_EQ(start, strtoul(table_cell(table, row, "STACK"), NULL, 16));
		EXPECT_EQ((end - start) / 1024,
			  strtoul(table_cell(table, row, "SIZE"), NULL, 10));
		cell = table_cell(table, row, "SIZE");
		EXPECT_EQ('K', cell[strlen(cell) - 1]);
		sp = strtoul(table_cell(table, row, "SP"), NULL, 16);
		EXPECT_EQ(procfs_syscall_sp(self->pid, tid), sp);
		EXPECT_TRUE(start <= sp && sp < end);
		EXPECT_EQ(self->told->thread[i].tls,
			  strtoul(table_cell(table, row, "TLS"), NULL, 16));
		policy = procfs_stat_field(tid, 41);
		EXPECT_STREQ(policy_name(policy),
			     table_cell(table, row, "POLICY"));
		prio = policy == SCHED_FIFO || policy == SCHED_RR ?
			procfs_stat_field(tid, 40) : procfs_stat_field(tid, 19);
		EXPECT_EQ(prio, atoll(table_cell(table, row, "PRIO")));
		EXPECT_EQ(procfs_stat_field(tid, 22),
			  hundredths(table_cell(table, row, "START")));
		/* Each has a kernel stack of its own. */
		for (j = 0; j < row; j++)
			EXPECT_STRNE(table_cell(table, j, "KSTACK"),
				     table_cell(table, row, "KSTACK"));
		EXPECT_EQ(16, strlen(table_cell(table, row, "KSTACK")));
	}
	/* The policies were taken, so that not all rows say the same. */
	EXPECT_EQ(SCHED_FIFO, procfs_stat_field(self->told->thread[1].tid, 41));
	table_free(table);
	free(here);
}

/* A thread's own file against its own status and stat. */
TEST_F(procfs, thread_files)
{
	pid_t tid;
	char *here, *status, *name;
	int i;

	for (i = 1; i < THREADS; i++) {
		tid = self->told->thread[i].tid;
		here = text_readf(CTXLAB "/%d", tid);
		status = text_readf("/proc/%d/status", tid);
		ASSERT_NE(NULL, here);
		ASSERT_NE(NULL, status);
		name = strdup(text_value(status, "Name"));
		EXPECT_STREQ(name, text_value(here, "Name"));
		EXPECT_EQ(text_number(status, "Pid"), text_number(here, "Tid"));
		EXPECT_EQ(text_number(status, "Tgid"), text_number(here, "Tgid"));
		EXPECT_EQ(text_number(status, "PPid"), text_number(here, "PPid"));
		EXPECT_EQ(text_number(status, "Uid"), text_number(here, "Uid"));
		EXPECT_EQ(procfs_stat_field(tid, 39), text_number(here, "Cpu"));
		EXPECT_STREQ(policy_name(procfs_stat_field(tid, 41)),
			     text_value(here, "Policy"));
		EXPECT_EQ(text_number(status, "voluntary_ctxt_switches"),
			  text_number(here, "Vcsw"));
		EXPECT_EQ(text_number(status, "nonvoluntary_ctxt_switches"),
			  text_number(here, "Icsw"));
		EXPECT_EQ(self->told->thread[i].tls,
			  strtoul(text_value(here, "Tls"), NULL, 16));
		EXPECT_EQ(procfs_syscall_sp(self->pid, tid),
			  strtoul(text_value(here, "Sp"), NULL, 16));
		free(name);
		free(here);
		free(status);
	}
}

TEST_F(procfs, tasks)
{
	char *here = text_read(CTXLAB "/tasks"), *status;
	struct table *table = table_parse(here, NULL);
	pid_t tid;
	int i, row;

	ASSERT_NE(NULL, table);
	for (i = 0; i < THREADS; i++) {
		tid = self->told->thread[i].tid;
		row = table_find(table, "TID", tid);
		ASSERT_LE(0, row);
		status = text_readf("/proc/%d/status", tid);
		ASSERT_NE(NULL, status);
		EXPECT_STREQ(text_value(status, "Name"),
			     table_cell(table, row, "NAME"));
		EXPECT_EQ(self->pid, atoi(table_cell(table, row, "TGID")));
		EXPECT_EQ(getpid(), atoi(table_cell(table, row, "PPID")));
		EXPECT_EQ(text_number(status, "Uid"),
			  atoll(table_cell(table, row, "UID")));
		EXPECT_STREQ("user", table_cell(table, row, "KIND"));
		EXPECT_EQ(text_value(status, "State")[0],
			  table_cell(table, row, "ST")[0]);
		EXPECT_EQ(procfs_stat_field(tid, 39),
			  atoll(table_cell(table, row, "CPU")));
		EXPECT_EQ(text_number(status, "voluntary_ctxt_switches"),
			  atoll(table_cell(table, row, "VCSW")));
		EXPECT_EQ(THREADS, atoi(table_cell(table, row, "MMUSERS")));
		EXPECT_EQ(THREADS, atoi(table_cell(table, row, "FILESUSERS")));
		EXPECT_EQ(THREADS, atoi(table_cell(table, row, "FSUSERS")));
		EXPECT_EQ(THREADS, atoi(table_cell(table, row, "SIGHANDUSERS")));
		/* Field 24 sums up the approximate counters, as "tasks" does. */
		EXPECT_EQ(procfs_stat_field(tid, 24) * getpagesize() / 1024,
			  atoll(table_cell(table, row, "RSS")));
		free(status);
	}
	table_free(table);
	free(here);
}

/* The kind of every thread of the machine, by the flags in its stat. */
TEST(kinds)
{
	char *here = text_read(CTXLAB "/tasks");
	struct table *table = table_parse(here, NULL);
	int i, kthreads = 0, users = 0;
	const char *kind;
	long long flags;

	ASSERT_NE(NULL, table);
	for (i = 0; i < table->rows; i++) {
		kind = table_cell(table, i, "KIND");
		flags = procfs_stat_field(atoi(table_cell(table, i, "TID")), 9);
		if (flags < 0)
			continue;
		/* PF_KTHREAD */
		EXPECT_EQ(!!(flags & 0x00200000), !strcmp(kind, "kthread"))
			TH_LOG("%s", table_cell(table, i, "NAME"));
		kthreads += !strcmp(kind, "kthread");
		users += !strcmp(kind, "user");
	}
	EXPECT_LT(5, kthreads);
	EXPECT_LT(1, users);
	table_free(table);
	free(here);
}

TEST_HARNESS_MAIN
