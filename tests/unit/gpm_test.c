// SPDX-License-Identifier: GPL-2.0-only
/*
 * The coroutine scheduler: every scenario on one P, on several, and single-stepped
 * from a few seeds.  With a number as argument each is repeated as often.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gpm/gpm.h"
#include "gpm/replay.h"
#include "tap.h"

#define MSEC 1000000ll

/* ThreadSanitizer knows 8128 coroutines, and is slow; one thread has no races. */
#ifdef __SANITIZE_THREAD__
#define MANY 1000
#define FULL 400
#define SEEDS 0
#define PROCS_LEAST 2
#else
#define MANY 20000
#define FULL 2000
#define SEEDS 3
#define PROCS_LEAST 1
#endif

static struct gpm_options how;
static int repeats = 1;
static _Atomic long count;
static _Atomic long wrong;

static bool stepped(void)
{
	return how.seed;
}

static void expect(long got, long want, const char *what)
{
	if (got == want)
		return;
	printf("# %s: got %ld, not %ld\n", what, got, want);
	wrong++;
}

static void is_same(const char *what, long got, long want)
{
	expect(got, want, what);
}

static void go(void (*fn)(void *arg), void *arg)
{
	expect(gpm_go(fn, arg), 0, "gpm_go()");
}

static struct gpm_chan *chan(size_t capacity)
{
	return gpm_chan_new(sizeof(long), capacity);
}

static void send_to(struct gpm_chan *c, long v)
{
	expect(gpm_send(c, &v), 0, "gpm_send()");
}

static long recv_from(struct gpm_chan *c)
{
	long v = -1;

	expect(gpm_recv(c, &v), 0, "gpm_recv()");
	return v;
}

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
	is_same("Gs of a tree", count, 1023);
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
	is_same("sum over all Gs", count, (FULL - 1) * FULL / 2);
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

/* Channels. */
static void produce(void *arg)
{
	long i;

	for (i = 0; i < 1000; i++)
		send_to(arg, i);
	expect(gpm_chan_close(arg), 0, "closing");
}

static void fifo(void *arg)
{
	size_t capacity;

	(void)arg;
	for (capacity = 0; capacity < 12; capacity += 5) {
		struct gpm_chan *c = chan(capacity);
		long v, i = 0;

		go(produce, c);
		while (!gpm_recv(c, &v))
			expect(v, i++, "a channel keeps the order");
		expect(i, 1000, "values of a channel");
		expect(gpm_send(c, &v), -EPIPE, "sending on a closed one");
		expect(gpm_try_recv(c, &v), -EPIPE, "trying a closed one");
		expect(gpm_chan_close(c), -EPIPE, "closing twice");
		gpm_chan_free(c);
	}
}

/* The sieve: a chain of Gs, each of which takes the multiples of a prime out. */
struct filter {
	struct gpm_chan *in, *out;
	long prime;
};

static struct gpm_group users;

static void generate(void *arg)
{
	long v = 2;

	while (!gpm_send(arg, &v))
		v++;
	gpm_group_done(&users);
}

static void filter(void *arg)
{
	struct filter f = *(struct filter *)arg;
	long v;

	free(arg);
	while (!gpm_recv(f.in, &v))
		if (v % f.prime && gpm_send(f.out, &v))
			break;
	gpm_chan_close(f.in);
	gpm_group_done(&users);
}

static void sieve(void *arg)
{
	struct gpm_chan *c = chan(0), *all[41];
	long i, v = 0;

	(void)arg;
	all[0] = c;
	gpm_group_add(&users, 41);
	go(generate, c);
	for (i = 0; i < 40; i++) {
		struct filter *f = malloc(sizeof(*f));

		v = recv_from(c);
		all[i + 1] = chan(0);
		*f = (struct filter){ c, all[i + 1], v };
		go(filter, f);
		c = all[i + 1];
	}
	expect(v, 173, "the 40th prime");
	gpm_chan_close(c);
	/* Each sees that the next has gone when it means to send. */
	gpm_group_wait(&users);
	for (i = 0; i < 41; i++)
		gpm_chan_free(all[i]);
}

/* Select takes all ways with about equal chance: closed ones are always ready. */
static void select_fair(void *arg)
{
	struct gpm_case cases[11] = {};
	long got[10] = {}, i, n;

	(void)arg;
	for (i = 0; i < 10; i++) {
		cases[i].chan = chan(1);
		gpm_chan_close(cases[i].chan);
	}
	for (n = 0; n < 3000; n++) {
		int at = gpm_select(cases, 11);

		if (at < 0 || at > 9 || cases[at].result != -EPIPE)
			expect(at, 0, "a select's choice");
		else
			got[at]++;
	}
	/* 300 with a standard deviation of 16. */
	for (i = 0; i < 10; i++) {
		if (got[i] < 200 || got[i] > 400)
			expect(got[i], 300, "fairness of select");
		gpm_chan_free(cases[i].chan);
	}
}

/* Both sides select on the same channels: no value is lost or doubled. */
struct four {
	struct gpm_chan *c[4];
	long rounds;
	struct gpm_group done;
};

static void select_sends(void *arg)
{
	struct four *f = arg;
	long i, j, v = 1;

	for (i = 0; i < f->rounds; i++) {
		struct gpm_case cases[4] = {};

		for (j = 0; j < 4; j++)
			cases[j] = (struct gpm_case){ .chan = f->c[j],
						      .send = &v };
		expect(gpm_select(cases, 4) >= 0, 1, "a sending select");
		count++;
	}
	gpm_group_done(&f->done);
}

static void select_receives(void *arg)
{
	struct four *f = arg;
	long i, j;

	for (i = 0; i < f->rounds; i++) {
		struct gpm_case cases[4] = {};
		long v = 0;

		for (j = 0; j < 4; j++)
			cases[j] = (struct gpm_case){ .chan = f->c[3 - j],
						      .recv = &v };
		expect(gpm_select(cases, 4) >= 0, 1, "a receiving select");
		expect(v, 1, "what it received");
		count--;
	}
	gpm_group_done(&f->done);
}

static void double_select(void *arg)
{
	struct four f = { .rounds = 2000 };
	long i;

	(void)arg;
	count = 0;
	for (i = 0; i < 4; i++)
		f.c[i] = chan(i / 2);
	gpm_group_add(&f.done, 4);
	go(select_sends, &f);
	go(select_receives, &f);
	go(select_sends, &f);
	go(select_receives, &f);
	expect(gpm_group_wait(&f.done), 0, "gpm_group_wait()");
	expect(count, 0, "selects that met");
	for (i = 0; i < 4; i++)
		gpm_chan_free(f.c[i]);
}

/* A select that could talk to itself never does. */
static void self_select(void *arg)
{
	struct gpm_chan *c = chan(0);
	long v = 7;
	struct gpm_case both[2] = {
		{ .chan = c, .send = &v }, { .chan = c, .recv = &v },
	};

	(void)arg;
	expect(gpm_try_select(both, 2), -EAGAIN, "select with itself");
	gpm_deadline(gpm_now() + MSEC);
	expect(gpm_select(both, 2), -ETIMEDOUT, "select until a deadline");
	gpm_deadline(0);
	expect(gpm_try_send(c, &v), -EAGAIN, "it has left the channel");
	expect(gpm_try_recv(c, &v), -EAGAIN, "on both sides");
	gpm_chan_free(c);
}

/* Many producers and consumers. */
static struct gpm_chan *shared;

static void producer(void *arg)
{
	long i;

	for (i = 0; i < 500; i++)
		send_to(shared, (long)arg + i);
	gpm_group_done(&users);
}

static void consumer(void *arg)
{
	long v;

	(void)arg;
	while (!gpm_recv(shared, &v))
		count += v;
	gpm_group_done(&users);
}

static void many_to_many(void *arg)
{
	long i;

	(void)arg;
	count = 0;
	shared = chan(3);
	gpm_group_add(&users, 8);
	for (i = 0; i < 8; i++)
		go(producer, (void *)(i * 500));
	for (i = 0; i < 4; i++)
		go(consumer, NULL);
	gpm_group_wait(&users);
	gpm_group_add(&users, 4);
	gpm_chan_close(shared);
	gpm_group_wait(&users);
	expect(count, 3999 * 4000 / 2, "sum of what 8 sent to 4");
	gpm_chan_free(shared);
}

/* Mutex and semaphore. */
static struct gpm_mutex mutex;
static struct gpm_sem sem;
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
	is_same("sleepers that woke", count, 100);
}

/* Descriptors. */
static int to[2], from[2];

static void echo(void *arg)
{
	char b[64];
	ssize_t n;

	(void)arg;
	while ((n = gpm_read(to[0], b, sizeof(b))) > 0)
		expect(gpm_write(from[1], b, n), n, "an echo's write");
	expect(n, 0, "the end of a pipe");
	expect(gpm_close(to[0]), 0, "gpm_close()");
	expect(gpm_close(from[1]), 0, "gpm_close()");
}

static void pipes(void *arg)
{
	char b[64] = "";
	int i;

	(void)arg;
	expect(pipe(to) || pipe(from), 0, "pipe()");
	go(echo, NULL);
	for (i = 0; i < 500; i++) {
		expect(gpm_write(to[1], "hello", 5), 5, "gpm_write()");
		expect(gpm_read(from[0], b, sizeof(b)), 5, "gpm_read()");
		if (i % 100 == 0)
			gpm_sleep(MSEC);
	}
	gpm_close(to[1]);
	expect(gpm_read(from[0], b, sizeof(b)), 0, "the other end");
	gpm_close(from[0]);
	expect(gpm_read(from[0], b, 1), -EBADF, "a closed descriptor");
}

/* A server that closes at once after the data: its end is seen as well. */
static struct sockaddr_in addr;
static int listener;

static void serve(void *arg)
{
	char b[16];
	ssize_t n;

	n = gpm_read((long)arg, b, sizeof(b));
	gpm_write((long)arg, b, n);
	gpm_close((long)arg);
}

static void accepts(void *arg)
{
	int fd;

	(void)arg;
	while ((fd = gpm_accept(listener, NULL, NULL)) >= 0)
		go(serve, (void *)(long)fd);
	expect(fd, -EBADF, "accept of a closed listener");
	count = -1;
}

static void client(void *arg)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char b[16];

	(void)arg;
	expect(gpm_connect(fd, (void *)&addr, sizeof(addr)), 0, "gpm_connect()");
	expect(gpm_write(fd, "hello", 5), 5, "a client's write");
	expect(gpm_read(fd, b, sizeof(b)), 5, "a client's read");
	expect(gpm_read(fd, b, sizeof(b)), 0, "the end of a connection");
	gpm_close(fd);
	count++;
}

static void sockets(void *arg)
{
	socklen_t len = sizeof(addr);
	long i;

	(void)arg;
	count = 0;
	addr = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	listener = socket(AF_INET, SOCK_STREAM, 0);
	bind(listener, (void *)&addr, sizeof(addr));
	listen(listener, 100);
	getsockname(listener, (void *)&addr, &len);
	go(accepts, NULL);
	for (i = 0; i < 40; i++)
		go(client, NULL);
	while (count < 40)
		gpm_sleep(MSEC);
	expect(gpm_close(listener), 0, "closing while others wait");
	while (count >= 0)
		gpm_sleep(MSEC);
	/* Nobody listens there now. */
	i = socket(AF_INET, SOCK_STREAM, 0);
	expect(gpm_connect(i, (void *)&addr, sizeof(addr)), -ECONNREFUSED,
	       "connecting to nobody");
	gpm_close(i);
}

static void wait_for_input(void *arg)
{
	char b;

	expect(gpm_read((long)arg, &b, 1), -EBADF, "closed while waited for");
	count++;
}

static void odd_files(void *arg)
{
	char b[8], path[] = "/tmp/gpm_test.XXXXXX";
	uint64_t one = 1;
	int p[2], fd, twin;

	(void)arg;
	count = 0;
	expect(pipe(p), 0, "pipe()");
	twin = dup(p[0]);
	go(wait_for_input, (void *)(long)p[0]);
	gpm_sleep(MSEC);
	gpm_close(p[0]);
	while (!count)
		gpm_yield();
	/* As a rule the same number again, for what another copy kept open. */
	p[0] = dup(twin);
	expect(gpm_write(p[1], "x", 1), 1, "writing");
	expect(gpm_wait(p[0], POLLIN) & POLLIN, POLLIN, "gpm_wait()");
	expect(gpm_read(p[0], b, 8), 1, "reading from the copy");
	gpm_deadline(gpm_now() + MSEC);
	expect(gpm_read(p[0], b, 8), -ETIMEDOUT, "reading until a deadline");
	gpm_deadline(0);
	gpm_close(p[0]);
	gpm_close(twin);
	expect(gpm_write(p[1], "x", 1), -EPIPE, "a pipe without readers");
	gpm_close(p[1]);

	fd = mkstemp(path);
	expect(gpm_write(fd, "file", 4), 4, "writing to a file");
	lseek(fd, 0, SEEK_SET);
	expect(gpm_read(fd, b, 8), 4, "reading from a file");
	expect(gpm_read(fd, b, 8), 0, "its end");
	gpm_close(fd);
	unlink(path);
	fd = eventfd(0, 0);
	expect(gpm_write(fd, &one, 8), 8, "writing to an eventfd");
	expect(gpm_read(fd, b, 8), 8, "reading from it");
	gpm_close(fd);
}

/* Blocking calls: with one P nothing would go on without a hand-over. */
static int plain[2];

static void blocking_read(void *arg)
{
	char b;

	(void)arg;
	expect(read(plain[0], &b, 1), 1, "a blocking read");
}

static void write_plain(void *arg)
{
	(void)arg;
	expect(write(plain[1], "x", 1), 1, "a write");
}

static void blocked(void *arg)
{
	blocking_read(arg);
	gpm_yield();
	count++;
}

static void announced(void *arg)
{
	int i;

	(void)arg;
	if (stepped())
		return;
	expect(pipe(plain), 0, "pipe()");
	for (i = 0; i < 20; i++) {
		go(write_plain, NULL);
		expect(gpm_block(blocking_read, NULL), 0, "gpm_block()");
	}
	close(plain[0]);
	close(plain[1]);
}

static void unannounced(void *arg)
{
	int i;

	(void)arg;
	if (stepped() || access("/proc/self/task", R_OK))
		return;
	expect(pipe(plain), 0, "pipe()");
	count = 0;
	for (i = 0; i < 5; i++) {
		go(blocked, NULL);
		gpm_yield();
		write_plain(NULL);
	}
	while (count < 5)
		gpm_yield();
	close(plain[0]);
	close(plain[1]);
}

/* The G is the same on whatever thread. */
static void same_self(void *arg)
{
	uint64_t self = gpm_self();
	int i;

	(void)arg;
	for (i = 0; i < 200; i++) {
		gpm_yield_global();
		expect(gpm_self(), self, "gpm_self()");
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

static const struct scenario {
	const char *name;
	void (*run)(void *arg);
	void (*check)(void);
} scenarios[] = {
	{ "a tree of Gs", tree, check_tree },
	{ "overflow of a local queue", overflow, check_overflow },
	{ "yield makes progress", yields, NULL },
	{ "ping-pong beside a hog", ping_pong_hog, NULL },
	{ "channels are FIFO", fifo, NULL },
	{ "the prime sieve", sieve, NULL },
	{ "select is fair", select_fair, NULL },
	{ "select against select", double_select, NULL },
	{ "select with itself", self_select, NULL },
	{ "many to many", many_to_many, NULL },
	{ "mutex, semaphore, deadline", mutexes, NULL },
	{ "sleep", sleeps, check_sleeps },
	{ "pipes", pipes, NULL },
	{ "sockets", sockets, NULL },
	{ "odd files", odd_files, NULL },
	{ "announced blocking", announced, NULL },
	{ "unannounced blocking", unannounced, NULL },
	{ "a G keeps its identity", selves, NULL },
};

/* Every run is traced, and the trace checked by the rules. */
#ifndef __SANITIZE_THREAD__
static char trace_file[32] = "/tmp/gpm_test.XXXXXX";

static int run_checked(void (*fn)(void *arg))
{
	struct gpm_trace t;
	const char *error;
	int err;

	how.trace = trace_file;
	err = gpm_run(&how, fn, NULL);
	if (gpm_trace_replay(&t, trace_file, 0, &error)) {
		printf("# replay: %s\n", error);
		wrong++;
		return err;
	}
	if (t.broken)
		printf("# replay: step %zu: %s\n", t.n, t.what);
	wrong += t.broken || !t.gs;
	gpm_trace_free(&t);
	return err;
}
#else
static int run_checked(void (*fn)(void *arg))
{
	return gpm_run(&how, fn, NULL);
}
#endif

static void run_all(const char *label)
{
	size_t i;
	int n, err = 0;

	for (i = 0; i < ARRAY_SIZE(scenarios); i++) {
		wrong = 0;
		for (n = 0; n < repeats && !wrong && !err; n++) {
			err = run_checked(scenarios[i].run);
			if (!err && scenarios[i].check)
				scenarios[i].check();
		}
		if (!ok(!wrong && !err, "%s: %s", label, scenarios[i].name) && err)
			printf("# gpm_run(): %s\n", strerror(-err));
		err = 0;
	}
}

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

	report[0] = '\0';
	shared = chan(0);
	is_number(-gpm_run(&o, deadlock, shared), EDEADLK, "deadlock is found");
	ok(strstr(report, "all Gs are asleep") &&
	   strstr(report, "(main) waits for: semaphore") &&
	   strstr(report, "(worker) waits for: receive from channel"),
	   "and who waits for what");
	gpm_chan_free(shared);
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
	(void)arg;
	go(for_ever, NULL);
	go(for_ever, NULL);
	go(waits_in_vain, shared);
	gpm_yield();
	gpm_stop(42);
}

static void stopping(unsigned int procs, uint64_t seed)
{
	struct gpm_options o = { .procs = procs, .seed = seed };

	shared = chan(0);
	is_number(gpm_run(&o, stops, NULL), 42, "gpm_stop() ends the run");
	gpm_chan_free(shared);
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

int main(int argc, char **argv)
{
	uint64_t seed;
	char label[32];

	if (argc > 1)
		repeats = atoi(argv[1]);
	/* As write(2) does, gpm_write() raises it for a pipe. */
	signal(SIGPIPE, SIG_IGN);
	arguments();
#ifndef __SANITIZE_THREAD__
	close(mkstemp(trace_file));
#endif
	for (how.procs = PROCS_LEAST; how.procs <= 4; how.procs *= 2) {
		snprintf(label, sizeof(label), "%u P", how.procs);
		run_all(label);
		deadlocks(how.procs, 0);
		stopping(how.procs, 0);
	}
	how.procs = 3;
	for (seed = 1; seed <= SEEDS; seed++) {
		how.seed = seed;
		snprintf(label, sizeof(label), "seed %u", (unsigned int)seed);
		run_all(label);
		deadlocks(3, seed);
		stopping(3, seed);
	}
#ifndef __SANITIZE_THREAD__
	unlink(trace_file);
#endif
	overflows();
	crowds(argc > 2 ? atol(argv[2]) : MANY);
	return tap_done();
}
