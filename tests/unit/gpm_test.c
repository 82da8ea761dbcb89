// SPDX-License-Identifier: GPL-2.0-only
/*
 * The coroutine scheduler: Gs, Ps and Ms.  With a number as argument each scenario
 * is repeated as often; a second one is how many Gs a crowd has.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenarios.h"
#include "tap.h"

/* ThreadSanitizer knows 8128 coroutines, and is slow. */
#ifdef __SANITIZE_THREAD__
#define MANY 1000
#define FULL 400
#else
#define MANY 20000
#define FULL 2000
#endif

/* Gs are made by Gs, and each runs once. */
static void child(void *arg)
{
	count++;
	if ((long)arg > 0) {
		go(child, (void *)((long)arg - 1));
		go(child, (void *)((long)arg - 1));
	}
}

static void tree(void *arg)
{
	(void)arg;
	count = 0;
	go(child, (void *)9);
}

static void check_tree(void)
{
	expect(count, 1023, "Gs of a tree");
}

/* More than a local queue holds: the overflow loses none. */
static void add_one(void *arg)
{
	count += (long)arg;
}

static void overflow(void *arg)
{
	long i;

	(void)arg;
	count = 0;
	for (i = 0; i < FULL; i++)
		go(add_one, (void *)i);
}

static void check_overflow(void)
{
	expect(count, (FULL - 1) * FULL / 2, "sum over all Gs");
}

/* A G that only yields lets the others run, by either way. */
static _Atomic bool flag;

static void raise_flag(void *arg)
{
	(void)arg;
	flag = true;
}

static void yields(void *arg)
{
	(void)arg;
	flag = false;
	go(raise_flag, NULL);
	while (!flag)
		gpm_yield();
	flag = false;
	go(raise_flag, NULL);
	while (!flag)
		gpm_yield_global();
}

/* Two that wake each other through the slot do not starve a third. */
struct pair {
	struct gpm_chan *there, *back;
};

static struct pair pair_of(size_t capacity)
{
	return (struct pair){ chan(capacity), chan(capacity) };
}

static void free_pair(struct pair p)
{
	gpm_chan_free(p.there);
	gpm_chan_free(p.back);
}

static void answer(void *arg)
{
	struct pair *p = arg;
	long v;

	while (!gpm_recv(p->there, &v))
		send_to(p->back, v);
	gpm_chan_close(p->back);
}

static void hog(void *arg)
{
	_Atomic long *turns = arg;

	while (!flag) {
		++*turns;
		gpm_yield();
	}
	flag = false;
}

static void ping_pong_hog(void *arg)
{
	struct pair p = pair_of(0);
	_Atomic long turns = 0;
	long i, v;

	(void)arg;
	flag = false;
	go(hog, (void *)&turns);
	go(answer, &p);
	for (i = 0; i < 3000; i++) {
		send_to(p.there, i);
		expect(recv_from(p.back), i, "ping-pong");
	}
	/* Turn for turn; on several Ps each has a CPU of its own. */
	if (how.procs == 1 && !stepped() && turns < 3000 / 2)
		expect(turns, 3000, "turns of a hog beside 3,000 round trips");
	flag = true;
	while (flag)
		gpm_yield();
	gpm_chan_close(p.there);
	expect(gpm_recv(p.back, &v), -EPIPE, "after closing");
	free_pair(p);
}

/* Mutex and semaphore. */
static struct gpm_mutex mutex;
static struct gpm_sem sem;
static struct gpm_group users;
static long guarded;

static void locker(void *arg)
{
	long i, seen;

	(void)arg;
	for (i = 0; i < 300; i++) {
		expect(gpm_lock(&mutex), 0, "gpm_lock()");
		seen = guarded;
		gpm_yield();
		guarded = seen + 1;
		expect(gpm_unlock(&mutex), 0, "gpm_unlock()");
	}
	gpm_sem_post(&sem);
}

static void mutexes(void *arg)
{
	long i;

	(void)arg;
	guarded = 0;
	for (i = 0; i < 5; i++)
		go(locker, NULL);
	for (i = 0; i < 5; i++)
		expect(gpm_sem_wait(&sem), 0, "gpm_sem_wait()");
	expect(guarded, 1500, "turns under a mutex");
	expect(gpm_unlock(&mutex), -EPERM, "unlocking what is not ours");
	expect(gpm_lock(&mutex), 0, "locking");
	expect(gpm_lock(&mutex), -EDEADLK, "locking twice");
	expect(gpm_try_lock(&mutex), -EDEADLK, "trying what is ours");
	gpm_unlock(&mutex);
	gpm_deadline(gpm_now() + MSEC);
	expect(gpm_sem_wait(&sem), -ETIMEDOUT, "a semaphore until a deadline");
	expect(gpm_sleep(1000 * MSEC), -ETIMEDOUT, "and everything after it");
	gpm_deadline(0);
	expect(gpm_group_add(&users, -1), -EINVAL, "less than none");
	expect(gpm_group_add(&users, LONG_MAX), 0, "as many as can be counted");
	expect(gpm_group_add(&users, 1), -EINVAL, "one more than that");
	expect(gpm_group_add(&users, -LONG_MAX), 0, "none any more");
}

/* Sleepers wake up in the order of their times, and not early. */
static void sleeper(void *arg)
{
	int64_t until = gpm_now() + (long)arg * MSEC;

	expect(gpm_sleep_until(until), 0, "gpm_sleep_until()");
	expect(gpm_now() >= until, 1, "nobody wakes early");
	count++;
}

static void sleeps(void *arg)
{
	long i;

	(void)arg;
	count = 0;
	for (i = 0; i < 100; i++)
		go(sleeper, (void *)(i * 7 % 10));
}

static void check_sleeps(void)
{
	expect(count, 100, "sleepers that woke");
}

/* As many Gs as Ps run at the same time, though none of them gives way. */
static _Atomic unsigned int met;

static void meet(void *arg)
{
	unsigned int i;

	/* Between two turns of its own are those of all others. */
	for (i = 0; i < 20; i++) {
		while (met % how.procs != (unsigned long)arg)
			sched_yield();
		met++;
	}
	gpm_group_done(&users);
}

static void parallel(void *arg)
{
	unsigned long i;

	(void)arg;
	if (stepped())
		return;
	met = 0;
	gpm_group_add(&users, how.procs);
	for (i = 0; i < how.procs; i++)
		go(meet, (void *)i);
	gpm_group_wait(&users);
}

/* Each G that is woken wakes two: nobody is forgotten. */
#define NODES 127
#define LEAVES ((NODES + 1) / 2)
#define ROUNDS 20

static struct gpm_sem node[NODES];

static void wake_two(void *arg)
{
	long i = (long)arg, round;

	for (round = 0; round < ROUNDS; round++) {
		gpm_sem_wait(&node[i]);
		if (i >= NODES / 2) {
			gpm_group_done(&users);
			continue;
		}
		gpm_sem_post(&node[2 * i + 1]);
		gpm_sem_post(&node[2 * i + 2]);
	}
	count++;
}

static void wake_many(void *arg)
{
	long i;

	(void)arg;
	count = 0;
	for (i = 0; i < NODES; i++)
		go(wake_two, (void *)i);
	for (i = 0; i < ROUNDS; i++) {
		gpm_group_add(&users, LEAVES);
		gpm_sem_post(&node[0]);
		gpm_group_wait(&users);
	}
}

static void check_wake_many(void)
{
	expect(count, NODES, "Gs that were woken by others");
}

/* Two that sleep again and again, beside one that never does: all go on. */
struct naps {
	_Atomic long n;
	struct naps *other;
};

#define NAPS 300

static void nap(void *arg)
{
	struct naps *naps = arg;

	for (; naps->n < NAPS; naps->n++)
		gpm_sleep(1);
	/* On several Ps the other's thread may have had no CPU yet. */
	if (how.procs == 1 && naps->other->n < NAPS / 20)
		expect(naps->other->n, NAPS, "naps of the other");
	count++;
	gpm_group_done(&users);
}

static void timers_fair(void *arg)
{
	struct naps naps[2] = { { .other = &naps[1] }, { .other = &naps[0] } };

	(void)arg;
	count = 0;
	gpm_group_add(&users, 2);
	go(nap, &naps[0]);
	go(nap, &naps[1]);
	while (count < 2)
		gpm_yield();
	gpm_group_wait(&users);
}

/* The G is the same on whatever thread, and a thread's variables are that one's. */
static __thread pid_t my_tid;

static __attribute__((noinline)) pid_t thread_id(void)
{
	__asm__ volatile("" ::: "memory");
	if (!my_tid)
		my_tid = gettid();
	return my_tid;
}

static void same_self(void *arg)
{
	uint64_t self = gpm_self();
	int i;

	(void)arg;
	for (i = 0; i < 200; i++) {
		gpm_yield_global();
		expect(gpm_self(), self, "gpm_self()");
		expect(thread_id(), gettid(), "a thread's variable");
	}
}

static void selves(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < 20; i++)
		go(same_self, NULL);
	expect(gpm_run(NULL, same_self, NULL), -EBUSY, "a run in a run");
}

/* A G ends by returning, or wherever it stands, and whoever is next goes on. */
static __attribute__((noinline)) void exit_below(long calls)
{
	if (!calls)
		gpm_exit();
	if (calls > 0)
		exit_below(calls - 1);
	wrong++;
}

static void end_somehow(void *arg)
{
	long i = (long)arg;

	if (i % 3 == 0)
		gpm_yield();
	count++;
	gpm_group_done(&users);
	if (i % 2)
		exit_below(i % 10);
}

static void ways_to_end(void *arg)
{
	long i;

	(void)arg;
	count = 0;
	gpm_group_add(&users, 300);
	for (i = 0; i < 300; i++)
		go(end_somehow, (void *)i);
	gpm_group_wait(&users);
	expect(count, 300, "Gs that ended");
}

static const struct scenario scenarios[] = {
	{ "a tree of Gs", tree, check_tree },
	{ "overflow of a local queue", overflow, check_overflow },
	{ "yield makes progress", yields, NULL },
	{ "ping-pong beside a hog", ping_pong_hog, NULL },
	{ "mutex, semaphore, deadline", mutexes, NULL },
	{ "sleep", sleeps, check_sleeps },
	{ "as many at once as there are Ps", parallel, NULL },
	{ "each wakes two", wake_many, check_wake_many },
	{ "timers are fair", timers_fair, NULL },
	{ "a G keeps its identity", selves, NULL },
	{ "ways to end", ways_to_end, NULL },
};

/* What is not repeated in every way. */
static char report[1000];

static void keep(void *arg, const char *line)
{
	(void)arg;
	strncat(report, line, sizeof(report) - strlen(report) - 2);
	strcat(report, "\n");
}

static void waits_in_vain(void *arg)
{
	gpm_recv(arg, NULL);
}

static void deadlock(void *arg)
{
	gpm_go_named("worker", waits_in_vain, arg);
	gpm_lock(&mutex);
	gpm_sem_wait(&sem);
}

static void deadlocks(unsigned int procs, uint64_t seed)
{
	struct gpm_options o = {
		.procs = procs, .seed = seed, .report = keep,
	};
	struct gpm_chan *c = chan(0);

	report[0] = '\0';
	is_number(-gpm_run(&o, deadlock, c), EDEADLK, "deadlock is found");
	ok(strstr(report, "all Gs are asleep") &&
	   strstr(report, "(main) waits for: semaphore") &&
	   strstr(report, "(worker) waits for: receive from channel"),
	   "and who waits for what");
	gpm_chan_free(c);
	memset(&mutex, 0, sizeof(mutex));
	memset(&sem, 0, sizeof(sem));
}

static void for_ever(void *arg)
{
	(void)arg;
	for (;;)
		gpm_yield();
}

static void stops(void *arg)
{
	go(for_ever, NULL);
	go(for_ever, NULL);
	go(waits_in_vain, arg);
	gpm_yield();
	gpm_stop(42);
}

static void stopping(unsigned int procs, uint64_t seed)
{
	struct gpm_options o = { .procs = procs, .seed = seed };
	struct gpm_chan *c = chan(0);

	is_number(gpm_run(&o, stops, c), 42, "gpm_stop() ends the run");
	gpm_chan_free(c);
}

static int overflow_deeply(int n)
{
	volatile char room[256];

	room[0] = n;
	return n < 1 << 30 ? overflow_deeply(n + 1) + room[0] : 0;
}

static void overflow_stack(void *arg)
{
	(void)arg;
	overflow_deeply(0);
}

static void start_overflow(void *arg)
{
	(void)arg;
	gpm_go_named("deep", overflow_stack, NULL);
}

/* ASan has a handler of its own, and the library leaves it alone. */
static void overflows(void)
{
	char text[400] = "";
	int status, p[2];
	pid_t pid;

	if (pipe(p))
		return;
	pid = fork();
	if (!pid) {
		dup2(p[1], STDERR_FILENO);
		signal(SIGSEGV, SIG_DFL);
		_exit(gpm_run(NULL, start_overflow, NULL));
	}
	close(p[1]);
	if (read(p[0], text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	waitpid(pid, &status, 0);
	close(p[0]);
	ok(strstr(text, "stack overflow in G 2 (deep)") &&
	   WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV,
	   "a stack that overflows is named");
}

/* One run after another, each on a thread that is not the process's first. */
static void *run_here(void *result)
{
	struct gpm_options o = { .procs = 2 };

	*(int *)result = gpm_run(&o, tree, NULL);
	return NULL;
}

static void other_threads(void)
{
	bool all = true;
	pthread_t thread;
	int i, result;

	for (i = 0; i < 3; i++) {
		result = -1;
		count = 0;
		if (pthread_create(&thread, NULL, run_here, &result))
			break;
		pthread_join(thread, NULL);
		all &= !result && count == 1023;
	}
	ok(all && i == 3, "other threads than the first may run Gs");
}

static void arguments(void)
{
	struct gpm_options small = { .stack_size = 100 };
	struct gpm_options no_file = { .trace = "/nonexistent/trace" };
	long v = 0;

	is_number(-gpm_go(raise_flag, NULL), EPERM, "gpm_go() needs a G");
	is_number(-gpm_yield(), EPERM, "so does gpm_yield()");
	is_number(-gpm_read(0, &v, 1), EPERM, "and gpm_read()");
	is_number(gpm_self(), 0, "no G is 0");
	is_number(-gpm_run(&small, raise_flag, NULL), EINVAL,
		  "a stack that is too small");
	is_number(-gpm_run(&no_file, raise_flag, NULL), ENOENT,
		  "a trace that cannot be written");
	ok(!gpm_chan_new(SIZE_MAX / 2, 3) && errno == ENOMEM,
	   "a channel that is too large");
}

static void wait_open(void *arg)
{
	gpm_recv(arg, NULL);
	count++;
}

static void crowd(void *arg)
{
	struct gpm_chan *c = chan(0);
	long n = *(long *)arg, i;

	count = 0;
	for (i = 0; i < n; i++)
		go(wait_open, c);
	gpm_yield();
	gpm_chan_close(c);
	while (count < n)
		gpm_yield();
	gpm_chan_free(c);
}

static void crowds(long n)
{
	struct gpm_options o = { .procs = 2, .stack_size = 16384 };

	is_number(gpm_run(&o, crowd, &n), 0, "a crowd of Gs that wait");
	is_number(count, n, "all of them go on");
}

static void ends(unsigned int procs, uint64_t seed)
{
	deadlocks(procs, seed);
	stopping(procs, seed);
}

int main(int argc, char **argv)
{
	arguments();
	other_threads();
	each_way(scenarios, ARRAY_SIZE(scenarios), argc > 1 ? atoi(argv[1]) : 1,
		 ends);
	overflows();
	crowds(argc > 2 ? atol(argv[2]) : MANY);
	return tap_done();
}
