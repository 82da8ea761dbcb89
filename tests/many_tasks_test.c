// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes of very many threads, threads that come and go during a read, and
 * exec after exec under a reader's eyes.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>

#include "kselftest_harness.h"
#include "many_tasks.h"
#include "slow_kernel.h"
#include "text.h"

#define THREADS 20000

#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | \
		CLONE_THREAD | CLONE_SYSVSEM)

/* Shared between the threads and their observer. */
struct scene {
	int ready;
	int stop;
	long came;
	pid_t steady[16];
};

static struct scene *new_scene(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? NULL : page;
}

/* These threads need no more of a stack than one system call does. */
static int stand(void *arg)
{
	(void)arg;
	for (;;)
		syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
	return 0;
}

static bool await_scene(struct scene *scene, pid_t pid)
{
	while (!__atomic_load_n(&scene->ready, __ATOMIC_ACQUIRE)) {
		if (waitpid(pid, NULL, WNOHANG))
			return false;
		usleep(10000);
	}
	return true;
}

/* The text in pieces of @size bytes, so that the walk is taken up often. */
static char *read_slowly(int fd, size_t size)
{
	size_t room = 1 << 16, used = 0;
	char *text = malloc(room);
	ssize_t n;

	while (text && (n = read(fd, text + used, size)) > 0) {
		used += n;
		if (used + size + 1 > room) {
			room *= 2;
			text = realloc(text, room);
		}
	}
	if (text)
		text[used] = '\0';
	return text;
}

static char *read_path_slowly(pid_t pid, size_t size)
{
	char path[64], *text;
	int fd;

	snprintf(path, sizeof(path), CTXLAB "/%d", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return NULL;
	text = read_slowly(fd, size);
	close(fd);
	return text;
}

/* Rows come in order of their tid, so none twice; -1 where they do not. */
static int count_ordered(const struct table *table, const char *column)
{
	int row, tid, last = 0;

	for (row = 0; row < table->rows; row++) {
		tid = atoi(table_cell(table, row, column));
		if (tid <= last)
			return -1;
		last = tid;
	}
	return table->rows;
}

/* As above, where the order is the thread group's own. */
static int count_distinct(const struct table *table)
{
	static unsigned char seen[(1 << 22) / 8];
	int row, tid;

	memset(seen, 0, sizeof(seen));
	for (row = 0; row < table->rows; row++) {
		tid = atoi(table_cell(table, row, "TID"));
		if (seen[tid / 8] & 1 << tid % 8)
			return -1;
		seen[tid / 8] |= 1 << tid % 8;
	}
	return table->rows;
}

static int count_of_process(const char *text, pid_t pid)
{
	struct table *table = table_parse(text, NULL);
	int row, count = 0;

	if (!table || count_ordered(table, "TID") < 0)
		return -1;
	for (row = 0; row < table->rows; row++)
		count += atoi(table_cell(table, row, "TGID")) == pid;
	table_free(table);
	return count;
}

FIXTURE(many_tasks)
{
	struct scene *scene;
	pid_t pid;
};

FIXTURE_SETUP(many_tasks)
{
	many_tasks_make_room(THREADS);
	self->scene = new_scene();
	ASSERT_NE(NULL, self->scene);
}

FIXTURE_TEARDOWN(many_tasks)
{
	many_tasks_end_process(self->pid);
}

TEST_F(many_tasks, very_many)
{
	char expected[64], *text;
	struct table *table;
	int threads = slow_kernel_scaled(THREADS);

	self->pid = many_tasks_process(threads);
	ASSERT_LT(0, self->pid) TH_LOG("no room for %d threads", threads);

	text = text_readf(CTXLAB "/%d", self->pid);
	ASSERT_NE(NULL, text) TH_LOG("%m");
	EXPECT_EQ(threads, text_number(text, "Threads"));
	snprintf(expected, sizeof(expected),
		 "users %d = %d here + 0 elsewhere + 0 unseen", threads, threads);
	EXPECT_NE(NULL, strstr(text_value(text, "Mm") ?: "", expected))
		TH_LOG("%s", text_value(text, "Mm"));
	EXPECT_NE(NULL, strstr(text_value(text, "Files") ?: "", expected));
	EXPECT_STREQ("steady", text_value(text, "Walk"));
	table = table_parse(text, "Threads");
	ASSERT_NE(NULL, table);
	EXPECT_EQ(threads, count_distinct(table));
	table_free(table);
	table = table_parse(text, "Own");
	ASSERT_NE(NULL, table);
	EXPECT_EQ(threads, count_distinct(table));
	table_free(table);
	free(text);

	/* The walk, taken up again and again, misses none. */
	text = read_path_slowly(self->pid, 611);
	ASSERT_NE(NULL, text);
	table = table_parse(text, "Threads");
	ASSERT_NE(NULL, table);
	EXPECT_EQ(threads, count_distinct(table));
	table_free(table);
	free(text);

	text = text_read(CTXLAB "/tasks");
	ASSERT_NE(NULL, text);
	EXPECT_EQ(threads, count_of_process(text, self->pid));
	free(text);
}

/* Threads that end as soon as they began, two thousand at most at a time. */
static int pass_by(void *arg)
{
	(void)arg;
	syscall(SYS_sched_yield);
	syscall(SYS_exit, 0);
	return 0;
}

static void churn(struct scene *scene)
{
	static char stacks[64][16 << 10];
	static pid_t owner[64];
	int i, k;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < (int)ARRAY_SIZE(scene->steady); i++)
		scene->steady[i] = clone(stand, stacks[i] + sizeof(stacks[i]),
					 THREAD, NULL);
	__atomic_store_n(&scene->ready, 1, __ATOMIC_RELEASE);
	/* Sixteen stacks belong to those that stay, the rest go round. */
	for (i = 0; !__atomic_load_n(&scene->stop, __ATOMIC_ACQUIRE); i++) {
		k = 16 + i % 48;
		/* The kernel clears it when the thread is done with the stack. */
		while (__atomic_load_n(&owner[k], __ATOMIC_ACQUIRE))
			usleep(100);
		clone(pass_by, stacks[k] + sizeof(stacks[k]),
		      THREAD | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID, NULL,
		      &owner[k], NULL, &owner[k]);
		__atomic_add_fetch(&scene->came, 1, __ATOMIC_RELAXED);
		if (i % 16 == 15)
			usleep(500);
	}
	for (;;)
		pause();
}

static long long here_count(const char *text, const char *key)
{
	const char *at = text_value(text, key);

	at = at ? strstr(at, "users ") : NULL;
	at = at ? strpbrk(at, "=~") : NULL;
	return at ? atoll(at + 1) : -1;
}

/*
 * Those that stay are each told once, nobody twice, and a walk that says it was
 * steady adds up.
 */
TEST_F(many_tasks, come_and_go)
{
	int i, k, row, changed = 0, steady = 0, reads = slow_kernel_scaled(300);
	struct table *table;
	const char *walk;
	char *text;

	self->pid = fork();
	ASSERT_LE(0, self->pid);
	if (!self->pid)
		churn(self->scene);
	ASSERT_TRUE(await_scene(self->scene, self->pid));
	for (i = 0; i < reads; i++) {
		text = read_path_slowly(self->pid, i % 3 ? 4096 : 97);
		ASSERT_NE(NULL, text);
		table = table_parse(text, "Threads");
		ASSERT_NE(NULL, table);
		EXPECT_LT(0, count_distinct(table));
		for (k = 0; k < (int)ARRAY_SIZE(self->scene->steady); k++) {
			row = table_find(table, "TID", self->scene->steady[k]);
			EXPECT_LE(0, row) TH_LOG("lost one that stayed");
		}
		walk = text_value(text, "Walk");
		ASSERT_NE(NULL, walk);
		if (!strcmp(walk, "steady")) {
			steady++;
			EXPECT_EQ(table->rows, text_number(text, "Threads"));
			EXPECT_EQ(table->rows, here_count(text, "Sighand"));
		} else {
			changed++;
			EXPECT_EQ(0, strncmp(walk, "changed", 7))
				TH_LOG("Walk: %s", walk);
		}
		table_free(table);
		free(text);
	}
	printf("# %d steady, %d changed, %ld threads came\n", steady, changed,
	       self->scene->came);
	/* They did come and go, and some reads met them. */
	EXPECT_LT(reads, self->scene->came);
	EXPECT_LT(0, changed);
	/* When they stop, it is steady. */
	__atomic_store_n(&self->scene->stop, 1, __ATOMIC_RELEASE);
	usleep(200000);
	text = read_path_slowly(self->pid, 97);
	ASSERT_NE(NULL, text);
	EXPECT_STREQ("steady", text_value(text, "Walk"));
	EXPECT_EQ(17, text_number(text, "Threads"));
	free(text);
}

#define MORTALS 1000
#define MORTAL_STACK (16 << 10)

static void leave_thread(int unused)
{
	(void)unused;
	syscall(SYS_exit, 0);
}

/* Threads that each end when they get SIGUSR1. */
static void be_mortals(struct scene *scene, int count)
{
	char *stacks = mmap(NULL, (size_t)(count + 1) * MORTAL_STACK,
			    PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGUSR1, leave_thread);
	for (i = 1; i < count && stacks != MAP_FAILED; i++)
		clone(stand, stacks + (size_t)i * MORTAL_STACK, THREAD, NULL);
	__atomic_store_n(&scene->ready, 1, __ATOMIC_RELEASE);
	for (;;)
		pause();
}

/* From the one behind @tid on, as the walk may stand at any of a batch. */
static void end_threads_behind(pid_t pid, const struct many_tasks *tasks, pid_t tid)
{
	int i, k;

	for (i = 0; i < tasks->count && tasks->tids[i] != tid; i++)
		;
	for (k = i + 1; k < i + 20 && k < tasks->count; k++) {
		syscall(SYS_tgkill, pid, tasks->tids[k], SIGUSR1);
		while (!syscall(SYS_tgkill, pid, tasks->tids[k], 0))
			usleep(1000);
		tasks->tids[k] = 0;
	}
}

/* The thread ID of the last whole line that is a row of "Threads:"; or 0. */
static pid_t last_row(const char *text)
{
	const char *end = strrchr(text, '\n'), *line;

	if (!end || !strstr(text, "Threads:"))
		return 0;
	for (line = end; line > text && line[-1] != '\n'; line--)
		;
	return strncmp(line, "  ", 2) ? 0 : atoi(line);
}

/*
 * Where all threads about the place that the walk stands at end, over and over,
 * it passes by what it has listed: those that stay are each listed once.
 */
TEST_F(many_tasks, walk_begins_again)
{
	int count = slow_kernel_scaled(MORTALS), fd, i, ended = 0;
	struct many_tasks tasks = {};
	static char text[1 << 20];
	struct table *table;
	char path[64];
	size_t used = 0;
	pid_t last;
	ssize_t n;

	self->pid = fork();
	ASSERT_LE(0, self->pid);
	if (!self->pid)
		be_mortals(self->scene, count);
	ASSERT_TRUE(await_scene(self->scene, self->pid));
	ASSERT_EQ(0, many_tasks_note(&tasks, self->pid));
	ASSERT_EQ(count, tasks.count);
	snprintf(path, sizeof(path), CTXLAB "/%d", self->pid);
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	for (i = 0; (n = read(fd, text + used, 4000)) > 0; i++) {
		used += n;
		ASSERT_GT(sizeof(text), used + 4001);
		last = strstr(text, "Own:") ? 0 : last_row(text);
		if (last && i % 2) {
			end_threads_behind(self->pid, &tasks, last);
			ended++;
		}
	}
	close(fd);
	EXPECT_EQ(0, n);
	EXPECT_LT(count / 300, ended);
	table = table_parse(text, "Threads");
	ASSERT_NE(NULL, table);
	EXPECT_LT(0, count_distinct(table));
	for (i = 0; i < tasks.count; i++)
		if (tasks.tids[i])
			EXPECT_LE(0, table_find(table, "TID", tasks.tids[i]));
	table_free(table);
	EXPECT_EQ(0, strncmp(text_value(text, "Walk"), "changed", 7));
	free(tasks.tids);
}

/* One process that does nothing but turn into itself, and counts how often. */
static void exec_again(long count)
{
	char word[24];

	snprintf(word, sizeof(word), "%ld", count);
	execl("/proc/self/exe", "exec-on", "--exec-on", word, NULL);
	_exit(1);
}

static void __attribute__((constructor)) exec_on(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--exec-on")) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		exec_again(atol(argv[2]) + 1);
	}
}

static long count_execs(pid_t pid)
{
	char *text;
	long count = -1;

	/* Halfway through an exec there are no arguments to see. */
	while (count < 0) {
		text = text_readf("/proc/%d/cmdline", pid);
		if (text && !strcmp(text, "exec-on"))
			count = atol(text + sizeof("exec-on --exec-on"));
		free(text);
	}
	return count;
}

TEST_F(many_tasks, in_exec)
{
	int execs = slow_kernel_scaled(50);
	char path[64], *text;

	self->pid = fork();
	ASSERT_LE(0, self->pid);
	if (!self->pid)
		exec_again(0);
	snprintf(path, sizeof(path), CTXLAB "/%d,%d", self->pid, getpid());
	while (count_execs(self->pid) < execs) {
		text = text_readf(CTXLAB "/%d", self->pid);
		ASSERT_NE(NULL, text) TH_LOG("%m");
		EXPECT_EQ(self->pid, text_number(text, "Tgid"));
		EXPECT_EQ(1, text_number(text, "Threads"));
		/* It is never without an mm. */
		EXPECT_STRNE("none", text_value(text, "Mm"));
		free(text);
		EXPECT_EQ(0, text_errno(path));
	}
}

TEST_HARNESS_MAIN
