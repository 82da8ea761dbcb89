// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/ctxlab/<pid>-waits: what threads sleep in, with their registers, as procfs
 * and the threads themselves have it; and nothing of a thread that runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "many_tasks.h"
#include "procfs.h"
#include "sharing_states.h"
#include "sleep_with.h"
#include "slow_kernel.h"
#include "text.h"

static const char *const arg_names[] = { "A0", "A1", "A2", "A3", "A4", "A5" };

enum sleeper {
	IN_PAUSE,
	IN_READ,
	IN_FUTEX,
	IN_NANOSLEEP,
	IN_POLL,
	LOADED,
	SPINS,
	SLEEPERS
};

/* Shared between the target and its observer. */
struct scene {
	int ready;
	bool stop;
	pid_t tid[SLEEPERS];
	struct loaded loaded;
	unsigned int word;
};

static struct scene *scene;

/* Never back but for signals that have no handler. */
static void sleep_as(int how)
{
	struct timespec long_time = { .tv_sec = 1000000, .tv_nsec = 17 };
	struct pollfd poll_nothing = { .fd = -1, .events = POLLIN };
	int pair[2], i;
	char byte;

	switch (how) {
	case IN_READ:
		if (pipe(pair) || read(pair[0], &byte, 1))
			_exit(1);
		break;
	case IN_FUTEX:
		scene->word = 4711;
		syscall(SYS_futex, &scene->word, FUTEX_WAIT_PRIVATE, 4711, NULL,
			0xdeadbeefcafeUL, 0x8000000000000001UL);
		break;
	case IN_NANOSLEEP:
		nanosleep(&long_time, NULL);
		break;
	case IN_POLL:
		poll(&poll_nothing, 1, -1);
		break;
	case LOADED:
		for (i = 0; i < SAVED; i++)
			scene->loaded.saved[i] = 0x123456789abcdef0UL >> 4 * i;
		scene->loaded.saved[1] = 0;
		sleep_with(&scene->loaded, NULL, 42);
		break;
	case SPINS:
		while (!__atomic_load_n(&scene->stop, __ATOMIC_RELAXED))
			;
		break;
	default:
		pause();
	}
}

static void *sleeper(void *arg)
{
	int how = (long)arg;
	char name[16];

	snprintf(name, sizeof(name), "sleeps\n\\ %d", how);
	prctl(PR_SET_NAME, name);
	scene->tid[how] = gettid();
	__atomic_add_fetch(&scene->ready, 1, __ATOMIC_RELEASE);
	for (;;)
		sleep_as(how);
	return NULL;
}

static void serve(bool spin)
{
	pthread_t id;
	long how;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (how = 1; how < (spin ? SLEEPERS : SPINS); how++)
		if (pthread_create(&id, NULL, sleeper, (void *)how))
			_exit(1);
	sleeper((void *)IN_PAUSE);
}

static bool is_asleep(pid_t pid, pid_t tid)
{
	char *text = text_readf("/proc/%d/task/%d/stat", pid, tid), *end;
	bool asleep;

	end = text ? strrchr(text, ')') : NULL;
	asleep = end && !strncmp(end, ") S ", 4);
	free(text);
	return asleep;
}

FIXTURE(waits)
{
	pid_t pid;
};

FIXTURE_SETUP(waits)
{
	scene = mmap(NULL, sizeof(*scene), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, scene);
}

FIXTURE_TEARDOWN(waits)
{
	if (self->pid > 0) {
		kill(self->pid, SIGKILL);
		waitpid(self->pid, NULL, 0);
	}
	munmap(scene, sizeof(*scene));
}

/* A process of all sleepers, asleep. */
static pid_t start_sleepers(bool spin)
{
	int all = spin ? SLEEPERS : SPINS, how;
	pid_t pid = fork();

	if (!pid)
		serve(spin);
	while (__atomic_load_n(&scene->ready, __ATOMIC_ACQUIRE) < all)
		usleep(1000);
	for (how = 0; how < SPINS; how++)
		while (!is_asleep(pid, scene->tid[how]))
			usleep(1000);
	/* One that sleeps may have been on its way to another sleep. */
	usleep(50000);
	return pid;
}

static struct table *read_waits(pid_t pid, char **text)
{
	struct table *table;

	*text = text_readf(CTXLAB "/%d-waits", pid);
	table = *text ? table_parse(*text, "Waits") : NULL;
	if (!table)
		printf("# %d-waits: %s\n", pid, *text ?: strerror(errno));
	return table;
}

static int count_numbers(const struct table *table, int row)
{
	const char *first = table_cell(table, row, "NR");
	int i, n = 0, from = 0;

	for (i = 0; i < table->columns; i++)
		if (table->cells[(row + 1) * table->columns + i] == first)
			from = i;
	for (i = from; i < table->columns - 1; i++)
		n += strcmp(table->cells[(row + 1) * table->columns + i], "-") != 0;
	return n;
}

static unsigned long hex_cell(const struct table *table, int row,
			      const char *column)
{
	const char *cell = table_cell(table, row, column);

	return cell ? strtoul(cell, NULL, 16) : 0;
}

/* The row as the "syscall" file of procfs would have it. */
static void as_procfs(const struct table *table, int row, char *text, size_t size)
{
	size_t i, n;

	n = snprintf(text, size, "%s", table_cell(table, row, "NR"));
	for (i = 0; strcmp(text, "-1") && i < ARRAY_SIZE(arg_names); i++)
		n += snprintf(text + n, size - n, " 0x%s",
			      table_cell(table, row, arg_names[i]));
	n += snprintf(text + n, size - n, " 0x%s", table_cell(table, row, "SP"));
	snprintf(text + n, size - n, " 0x%s\n", table_cell(table, row, "PC"));
}

static long long runs_of(pid_t pid, pid_t tid)
{
	char *text = text_readf("/proc/%d/task/%d/schedstat", pid, tid);
	long long runs = -1;

	if (text)
		sscanf(text, "%*d %*d %lld", &runs);
	free(text);
	return runs;
}

static void check_sleeper(struct __test_metadata *_metadata,
			  const struct table *table, pid_t pid, pid_t tid)
{
	char *call = text_readf("/proc/%d/task/%d/syscall", pid, tid);
	char *status = text_readf("/proc/%d/task/%d/status", pid, tid);
	int row = table_find(table, "TID", tid);
	char here[256];

	ASSERT_NE(NULL, call);
	ASSERT_NE(NULL, status);
	ASSERT_LE(0, row);
	as_procfs(table, row, here, sizeof(here));
	EXPECT_STREQ(call, here);
	EXPECT_STREQ("S", table_cell(table, row, "ST"));
	EXPECT_EQ(text_number(status, "voluntary_ctxt_switches"),
		  atoll(table_cell(table, row, "VCSW")));
	EXPECT_EQ(text_number(status, "nonvoluntary_ctxt_switches"),
		  atoll(table_cell(table, row, "ICSW")));
	EXPECT_EQ(runs_of(pid, tid), atoll(table_cell(table, row, "RUNS")));
	EXPECT_STREQ(text_value(status, "Name"), table_cell(table, row, "NAME"));
	EXPECT_EQ(1 + 6 + 2 + SAVED, count_numbers(table, row));
	free(call);
	free(status);
}

TEST_F(waits, as_procfs)
{
	struct table *table;
	char *text;
	int how;

	self->pid = start_sleepers(false);
	ASSERT_LT(0, self->pid);
	table = read_waits(self->pid, &text);
	ASSERT_NE(NULL, table);
	EXPECT_EQ(self->pid, text_number(text, "Tgid"));
	EXPECT_STREQ(MACHINE, text_value(text, "Waits"));
	EXPECT_EQ(0, text_number(text, "Unseen"));
	EXPECT_EQ(0, text_number(text, "Withheld"));
	EXPECT_EQ(SPINS, table->rows);
	for (how = 0; how < SPINS; how++)
		check_sleeper(_metadata, table, self->pid, scene->tid[how]);
	table_free(table);
	free(text);
}

/* Known to the thread alone: procfs has no such file. */
TEST_F(waits, saved_registers)
{
	struct table *table;
	char *text;
	int row, i;

	self->pid = start_sleepers(false);
	ASSERT_LT(0, self->pid);
	table = read_waits(self->pid, &text);
	ASSERT_NE(NULL, table);
	row = table_find(table, "TID", scene->tid[LOADED]);
	ASSERT_LE(0, row);
	EXPECT_EQ(SYS_ppoll, atoi(table_cell(table, row, "NR")));
	EXPECT_EQ(42, hex_cell(table, row, "A4"));
	EXPECT_EQ(42, hex_cell(table, row, "A5"));
	EXPECT_EQ(scene->loaded.sp, hex_cell(table, row, "SP"));
	EXPECT_EQ((unsigned long)sleep_with_pc, hex_cell(table, row, "PC"));
	for (i = 0; i < SAVED; i++) {
		EXPECT_EQ(scene->loaded.saved[i],
			  hex_cell(table, row, sleep_with_names[i]))
			TH_LOG("%s", sleep_with_names[i]);
	}
	table_free(table);
	free(text);
}

/* What a stopped thread was in it is in still; so procfs has it, too. */
TEST_F(waits, stopped)
{
	char here[256], *text, *call;
	struct table *table;
	int status, how, row;

	self->pid = start_sleepers(false);
	ASSERT_LT(0, self->pid);
	ASSERT_EQ(0, kill(self->pid, SIGSTOP));
	ASSERT_EQ(self->pid, waitpid(self->pid, &status, WUNTRACED));
	usleep(50000);
	table = read_waits(self->pid, &text);
	ASSERT_NE(NULL, table);
	for (how = 0; how < SPINS; how++) {
		row = table_find(table, "TID", scene->tid[how]);
		ASSERT_LE(0, row);
		EXPECT_STREQ("T", table_cell(table, row, "ST"));
		as_procfs(table, row, here, sizeof(here));
		call = text_readf("/proc/%d/task/%d/syscall", self->pid,
				  scene->tid[how]);
		EXPECT_STREQ(call, here);
		free(call);
	}
	table_free(table);
	free(text);
}

TEST_F(waits, nothing_of_one_that_runs)
{
	int i, row, reads = slow_kernel_scaled(2000);
	struct table *table;
	char *text;

	self->pid = start_sleepers(true);
	ASSERT_LT(0, self->pid);
	for (i = 0; i < reads; i++) {
		table = read_waits(self->pid, &text);
		ASSERT_NE(NULL, table);
		row = table_find(table, "TID", scene->tid[SPINS]);
		ASSERT_LE(0, row);
		EXPECT_STREQ("R", table_cell(table, row, "ST"));
		EXPECT_EQ(0, count_numbers(table, row));
		row = table_find(table, "TID", scene->tid[LOADED]);
		ASSERT_LE(0, row);
		EXPECT_STREQ("S", table_cell(table, row, "ST"));
		EXPECT_LT(0, count_numbers(table, row));
		table_free(table);
		free(text);
	}
}

/* Sleeps for moments, each time with another number in all its registers. */
static void *change(void *arg)
{
	struct timespec time = { .tv_nsec = 1000 };
	struct loaded loaded;
	unsigned long tag;
	int i;

	scene->tid[(long)arg] = gettid();
	__atomic_add_fetch(&scene->ready, 1, __ATOMIC_RELEASE);
	for (tag = 1;; tag++) {
		for (i = 0; i < SAVED; i++)
			loaded.saved[i] = tag;
		/* From an empty sleep to one that outlasts a read. */
		time.tv_nsec = tag % 32 * 10000;
		sleep_with(&loaded, &time, tag);
	}
	return NULL;
}

/* What one read has of such a thread. */
struct changing {
	bool known;
	unsigned long tag;
	long long vcsw, icsw, runs;
};

/* Are all registers of one sleep? */
static bool take_changing(const struct table *table, int row, struct changing *c)
{
	bool same = true;
	int i;

	c->vcsw = atoll(table_cell(table, row, "VCSW"));
	c->icsw = atoll(table_cell(table, row, "ICSW"));
	c->runs = atoll(table_cell(table, row, "RUNS"));
	c->tag = hex_cell(table, row, "A4");
	c->known = count_numbers(table, row) > 0;
	if (!c->known)
		return !strcmp(table_cell(table, row, "ST"), "R");
	/* It may wait for memory in between. */
	if (atoi(table_cell(table, row, "NR")) != SYS_ppoll) {
		c->known = false;
		return true;
	}
	for (i = 0; i < SAVED; i++)
		same &= hex_cell(table, row, sleep_with_names[i]) == c->tag;
	return same && hex_cell(table, row, "A5") == c->tag &&
	       hex_cell(table, row, "PC") == (unsigned long)sleep_with_pc;
}

/* Equal counts are of one sleep, and others of a later one. */
static bool follows(const struct changing *before, const struct changing *now)
{
	bool ran = now->vcsw != before->vcsw || now->icsw != before->icsw ||
		   now->runs != before->runs;

	if (now->vcsw < before->vcsw || now->icsw < before->icsw ||
	    now->runs < before->runs)
		return false;
	if (!before->known || !now->known)
		return true;
	return ran ? now->tag >= before->tag : now->tag == before->tag;
}

#define CHANGING 3

TEST_F(waits, of_one_moment)
{
	struct changing last[CHANGING] = {}, now;
	time_t end = time(NULL) + 8;
	long known = 0, slept_on = 0, broken = 0;
	struct table *table;
	char path[64], *text;
	int fd, i, row;
	pthread_t id;

	self->pid = fork();
	if (!self->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (i = 1; i < CHANGING; i++)
			pthread_create(&id, NULL, change, (void *)(long)i);
		change(NULL);
	}
	while (__atomic_load_n(&scene->ready, __ATOMIC_ACQUIRE) < CHANGING)
		usleep(1000);
	snprintf(path, sizeof(path), CTXLAB "/%d-waits", self->pid);
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	while (time(NULL) < end) {
		ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
		text = text_read_fd(fd);
		ASSERT_NE(NULL, text);
		table = table_parse(text, "Waits");
		ASSERT_NE(NULL, table);
		for (i = 0; i < CHANGING; i++) {
			row = table_find(table, "TID", scene->tid[i]);
			ASSERT_LE(0, row);
			if ((!take_changing(table, row, &now) ||
			     !follows(&last[i], &now)) && !broken++)
				printf("# tag %lx before\n%s\n", last[i].tag, text);
			known += now.known;
			slept_on += now.known && last[i].known &&
				    now.runs == last[i].runs;
			last[i] = now;
		}
		table_free(table);
		free(text);
	}
	close(fd);
	printf("# %ld sleeps seen, %ld of them twice\n", known, slept_on);
	EXPECT_EQ(0, broken);
	EXPECT_LT(100, known);
	EXPECT_LT(0, slept_on);
}

/* All the threads, each once; any of them stands for the process. */
TEST_F(waits, many_threads)
{
	struct many_tasks tasks = {};
	int i, threads = slow_kernel_scaled(1000);
	char *text, *other;
	struct table *table;

	many_tasks_make_room(threads);
	self->pid = many_tasks_process(threads);
	ASSERT_LT(0, self->pid);
	ASSERT_EQ(0, many_tasks_note(&tasks, self->pid));
	ASSERT_EQ(threads, tasks.count);
	usleep(100000);
	table = read_waits(self->pid, &text);
	ASSERT_NE(NULL, table);
	EXPECT_EQ(threads, table->rows);
	for (i = 0; i < tasks.count; i++)
		EXPECT_LE(0, table_find(table, "TID", tasks.tids[i]));
	other = text_readf(CTXLAB "/%d-waits", tasks.tids[threads / 2]);
	ASSERT_NE(NULL, other);
	EXPECT_EQ(0, strcmp(text, other));
	free(other);
	table_free(table);
	free(text);
	free(tasks.tids);
}

static void check_no_registers(struct __test_metadata *_metadata, pid_t pid,
			       pid_t tid, const char *state)
{
	struct table *table;
	char *text;
	int row;

	table = read_waits(pid, &text);
	ASSERT_NE(NULL, table);
	row = table_find(table, "TID", tid);
	ASSERT_LE(0, row);
	if (state)
		EXPECT_STREQ(state, table_cell(table, row, "ST"));
	EXPECT_EQ(0, count_numbers(table, row)) TH_LOG("%s", text);
	EXPECT_EQ(0, text_number(text, "Unseen"));
	EXPECT_EQ(0, text_number(text, "Withheld"));
	table_free(table);
	free(text);
}

TEST_F(waits, no_registers_of_a_kernel_thread)
{
	check_no_registers(_metadata, 2, 2, NULL);
}

TEST_F(waits, no_registers_of_what_has_ended)
{
	const struct state *leader, *thread;
	struct states states;
	struct table *table;
	char *text;
	int row;

	ASSERT_EQ(0, states_begin(&states));
	ASSERT_EQ(0, states_add_leaderless(&states));
	leader = &states.list[states.count - 2];
	thread = &states.list[states.count - 1];
	usleep(50000);
	check_no_registers(_metadata, leader->tid, leader->tid, "Z");
	table = read_waits(thread->tid, &text);
	ASSERT_NE(NULL, table);
	row = table_find(table, "TID", thread->tid);
	ASSERT_LE(0, row);
	EXPECT_LT(0, count_numbers(table, row));
	table_free(table);
	free(text);
	states_end(&states);
}

/* A thread that the kernel made to poll a ring never comes from user space. */
TEST_F(waits, no_registers_of_a_worker)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_SQPOLL, .sq_thread_idle = 1,
	};
	struct table *table;
	int ring, i, row = -1;
	char name[32], *text;

	ring = syscall(SYS_io_uring_setup, 4, &params);
	if (ring < 0)
		SKIP(return, "no io_uring here: %s", strerror(errno));
	snprintf(name, sizeof(name), "iou-sqp-%d", gettid());
	for (i = 0; i < 1000 && row < 0; i++) {
		usleep(1000);
		table = read_waits(getpid(), &text);
		ASSERT_NE(NULL, table);
		row = table_find_word(table, "NAME", name);
		if (row >= 0)
			EXPECT_EQ(0, count_numbers(table, row)) TH_LOG("%s", text);
		EXPECT_EQ(0, text_number(text, "Withheld"));
		table_free(table);
		free(text);
	}
	EXPECT_LE(0, row);
	close(ring);
}

/* The reader runs, whatever it reads. */
TEST_F(waits, of_oneself)
{
	check_no_registers(_metadata, getpid(), gettid(), "R");
}

#ifdef __x86_64__
static void end_by_signal(int signal)
{
	(void)signal;
	_exit(0);
}

TEST_F(waits, no_registers_in_a_32_bit_call)
{
	int status, tries;

	self->pid = fork();
	ASSERT_LE(0, self->pid);
	if (!self->pid) {
		int number = 29;	/* pause */

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* A fault that is handled is not told in the kernel's log. */
		signal(SIGSEGV, end_by_signal);
		__asm__ volatile("int $0x80" : "+a" (number) : : "memory");
		_exit(0);
	}
	for (tries = 0; tries < 5000 && !is_asleep(self->pid, self->pid); tries++) {
		usleep(1000);
		if (waitpid(self->pid, &status, WNOHANG) == self->pid) {
			self->pid = 0;
			SKIP(return, "this kernel runs no 32-bit calls");
		}
	}
	/* Its state says so before it has left its CPU. */
	usleep(50000);
	check_no_registers(_metadata, self->pid, self->pid, "S");
}
#endif

TEST_HARNESS_MAIN
