// SPDX-License-Identifier: GPL-2.0-only
/*
 * 'ctxlab deadlock' with the module: the same answer as without it, by whoever asks,
 * and none about threads that only contend.
 */
#include <alloca.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "creds.h"
#include "kselftest_harness.h"
#include "slow_kernel.h"
#include "text.h"

#define THREADS 20

struct scene {
	int ready;
	pid_t tid[THREADS];
};

static struct scene *scene;
static pthread_mutex_t lock[THREADS];

/* Each holds its own lock and wants the next one's: a ring, once all hold theirs. */
static void *in_ring(void *arg)
{
	int i = (long)arg;

	scene->tid[i] = gettid();
	pthread_mutex_lock(&lock[i]);
	__atomic_add_fetch(&scene->ready, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&scene->ready, __ATOMIC_ACQUIRE) < THREADS)
		usleep(1000);
	pthread_mutex_lock(&lock[(i + 1) % THREADS]);
	return NULL;
}

/* Two locks at a time, always in the same order: there is no deadlock. */
static void *contends(void *arg)
{
	unsigned int seed = (long)arg, a, b;

	__atomic_add_fetch(&scene->ready, 1, __ATOMIC_ACQ_REL);
	for (;;) {
		a = rand_r(&seed) % 3;
		b = a + 1 + rand_r(&seed) % (3 - a);
		pthread_mutex_lock(&lock[a]);
		pthread_mutex_lock(&lock[b]);
		usleep(rand_r(&seed) % 200);
		pthread_mutex_unlock(&lock[b]);
		pthread_mutex_unlock(&lock[a]);
	}
	return NULL;
}

FIXTURE(deadlock)
{
	pid_t pid;
};

FIXTURE_SETUP(deadlock)
{
	scene = mmap(NULL, sizeof(*scene), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, scene);
	self->pid = 0;
}

FIXTURE_TEARDOWN(deadlock)
{
	if (self->pid > 0) {
		kill(self->pid, SIGKILL);
		waitpid(self->pid, NULL, 0);
	}
	munmap(scene, sizeof(*scene));
}

/* A process of Alice's whose threads all do this. */
static pid_t start(void *(*what)(void *arg))
{
	pthread_t id;
	long i;
	pid_t pid = fork();

	if (pid) {
		while (__atomic_load_n(&scene->ready, __ATOMIC_ACQUIRE) < THREADS)
			usleep(1000);
		usleep(200000);
		return pid;
	}
	if (become(ALICE, ALICE) || prctl(PR_SET_DUMPABLE, 1))
		_exit(1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < THREADS; i++)
		pthread_mutex_init(&lock[i], NULL);
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&id, NULL, what, (void *)i))
			_exit(1);
	for (;;)
		pause();
}

/* What the tool prints about @pid, by @uid, with this before it. */
static char *ask(uid_t uid, const char *before, const char *words, pid_t pid)
{
	char command[256], *text;
	int pair[2];
	pid_t child;

	snprintf(command, sizeof(command), "%s ctxlab deadlock %s %d 2>&1", before,
		 words, pid);
	if (pipe(pair))
		return NULL;
	child = fork();
	if (!child) {
		if (dup2(pair[1], STDOUT_FILENO) < 0 || become(uid, uid))
			_exit(1);
		close(pair[1]);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(1);
	}
	close(pair[1]);
	text = text_read_fd(pair[0]);
	close(pair[0]);
	reap(child);
	return text;
}

/* How many threads the tool's @rows say to be members of a deadlock. */
static int count_members(const char *rows)
{
	char word[64];
	int i, members = 0;

	for (i = 0; i < THREADS; i++) {
		snprintf(word, sizeof(word), "deadlock %d\n", scene->tid[i]);
		if (strstr(rows, word))
			members++;
	}
	return members;
}

/* Until all wait; a kernel that looks for bugs is slow. */
static void await_ring(pid_t pid)
{
	int tries, members = 0;
	char *rows;

	for (tries = 0; tries < 20 && members < THREADS; tries++) {
		rows = ask(0, "", "-nro IS,TID", pid);
		members = rows ? count_members(rows) : 0;
		free(rows);
	}
}

/* All threads are members, and the leader is none. */
static void check_ring(struct __test_metadata *_metadata, uid_t uid,
		       const char *before, const char *source, pid_t pid)
{
	char *json = ask(uid, before, "-J", pid), *rows, word[64];

	ASSERT_NE(NULL, json);
	snprintf(word, sizeof(word), "\"source\": \"%s\"", source);
	EXPECT_NE(NULL, strstr(json, word)) TH_LOG("%s", json);
	free(json);
	rows = ask(uid, before, "-nro IS,TID", pid);
	ASSERT_NE(NULL, rows);
	EXPECT_EQ(THREADS, count_members(rows)) TH_LOG("%s", rows);
	snprintf(word, sizeof(word), "deadlock %d\n", pid);
	EXPECT_EQ(NULL, strstr(rows, word));
	free(rows);
}

/*
 * Where these stand is kept in the frame pointer alone, as the compiler does not
 * know how much each takes from the stack.
 */
static __attribute__((noinline)) int take_deepest(int i)
{
	volatile char *room = alloca(i + 16);

	room[i] = 1;
	pthread_mutex_lock(&lock[i]);
	return room[i];
}

static __attribute__((noinline)) int take_middle(int i)
{
	volatile char *room = alloca(i + 16);

	room[i] = take_deepest(i);
	return room[i];
}

static __attribute__((noinline)) int take_outer(int i)
{
	volatile char *room = alloca(i + 16);

	room[i] = take_middle(i);
	return room[i];
}

/* The leader is 0, the other thread 1. */
static __attribute__((noinline)) void take_crosswise(int i)
{
	scene->tid[i] = gettid();
	pthread_mutex_lock(&lock[i]);
	__atomic_add_fetch(&scene->ready, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&scene->ready, __ATOMIC_ACQUIRE) < 2)
		usleep(1000);
	take_outer(!i);
	scene->ready = 0;
}

static void *other_thread(void *arg)
{
	take_crosswise(1);
	return arg;
}

static __attribute__((noinline)) pid_t start_crosswise(void)
{
	pthread_t id;
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (pthread_create(&id, NULL, other_thread, NULL))
		_exit(1);
	take_crosswise(0);
	_exit(1);
}

/* Whether these functions follow each other in the stack of @tid. */
static bool has_calls(const char *json, pid_t tid, const char *const *function)
{
	char word[64], *line, *at;
	bool has = true;

	snprintf(word, sizeof(word), "\"tid\": %d,", tid);
	at = strstr(json, word);
	at = at ? strstr(at, "\"stack\": \"") : NULL;
	line = at ? strndup(at, strcspn(at, "\n")) : NULL;
	for (at = line; has && *function; function++) {
		/* The compiler may have added to the name. */
		at = at ? strstr(at, *function) : NULL;
		has = at;
		at = at ? at + strlen(*function) : NULL;
	}
	free(line);
	return has;
}

static long long switches_of(pid_t pid, pid_t tid)
{
	char *text = text_readf("/proc/%d/task/%d/status", pid, tid);
	long long n = text_number(text, "voluntary_ctxt_switches") +
		      text_number(text, "nonvoluntary_ctxt_switches");

	free(text);
	return n;
}

/* Whole stacks of threads that sleep on meanwhile. */
TEST_F(deadlock, whole_stacks)
{
	static const char *const of_leader[] = {
		"take_deepest", "take_middle", "take_outer", "take_crosswise",
		"start_crosswise", "main", NULL
	};
	static const char *const of_thread[] = {
		"take_deepest", "take_middle", "take_outer", "take_crosswise",
		"other_thread", NULL
	};
	long long before[2];
	char *json;
	int i;

	self->pid = start_crosswise();
	ASSERT_LT(0, self->pid);
	free(ask(0, "timeout 60", "--watch 0.1 --exit-code", self->pid));
	for (i = 0; i < 2; i++)
		before[i] = switches_of(self->pid, scene->tid[i]);
	json = ask(0, "", "-J", self->pid);
	ASSERT_NE(NULL, json);
	EXPECT_TRUE(has_calls(json, scene->tid[0], of_leader)) TH_LOG("%s", json);
	EXPECT_TRUE(has_calls(json, scene->tid[1], of_thread)) TH_LOG("%s", json);
	free(json);
	/* From stack and program counter alone nobody knows the frame pointer. */
	json = ask(0, "CTXLAB_ROOT=/nowhere", "-J", self->pid);
	ASSERT_NE(NULL, json);
	EXPECT_TRUE(has_calls(json, scene->tid[0], (const char *[]){
			      "take_deepest", NULL })) TH_LOG("%s", json);
#ifdef __x86_64__
	EXPECT_EQ(NULL, strstr(json, "take_middle")) TH_LOG("%s", json);
#endif
	free(json);
	for (i = 0; i < 2; i++)
		EXPECT_EQ(before[i], switches_of(self->pid, scene->tid[i]));
}

TEST_F(deadlock, ring)
{
	self->pid = start(in_ring);
	ASSERT_LT(0, self->pid);
	await_ring(self->pid);
	check_ring(_metadata, 0, "", "module", self->pid);
	check_ring(_metadata, 0, "CTXLAB_ROOT=/nowhere", "procfs", self->pid);
	/* The module withholds calls from her that procfs gives. */
	check_ring(_metadata, ALICE, "", "procfs", self->pid);
}

TEST_F(deadlock, none_among_those_that_contend)
{
	char *text;

	self->pid = start(contends);
	ASSERT_LT(0, self->pid);
	text = ask(0, "timeout 10", "--watch 0.001 --exit-code -nro IS", self->pid);
	ASSERT_NE(NULL, text);
	EXPECT_EQ(NULL, strstr(text, "deadlock")) TH_LOG("%s", text);
	free(text);
	text = ask(0, "", "-J", self->pid);
	ASSERT_NE(NULL, text);
	EXPECT_NE(NULL, strstr(text, "\"source\": \"module\"")) TH_LOG("%s", text);
	free(text);
}

TEST_HARNESS_MAIN
