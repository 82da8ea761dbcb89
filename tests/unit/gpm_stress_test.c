// SPDX-License-Identifier: GPL-2.0-only
/*
 * All that Gs can do, mixed by lot, on one to four Ps, run after run: for as many
 * seconds as the argument or GPM_SECONDS says.  Every second run has one CPU only.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "scenarios.h"
#include "tap.h"

#define CHANS 4
#define PIPES 3
#define WORKERS 24
#define ROUNDS 60

static struct gpm_chan *chans[CHANS];
static struct gpm_mutex mutexes[2];
static struct gpm_sem sem;
static struct gpm_group workers;
static long guarded[2];
static _Atomic long sent, received, posted, taken;
static int fds[PIPES][2];
static _Atomic long written, got;
static uint64_t state;

/* By lot, in a G of whichever thread. */
static unsigned int lot(uint64_t *seed, unsigned int n)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return (*seed >> 33) % n;
}

/* Whatever waits may be told that time is up. */
static bool done(long result, const char *what)
{
	if (result && result != -ETIMEDOUT && result != -EAGAIN)
		expect(result, 0, what);
	return !result;
}

static void use_chan(uint64_t *seed)
{
	struct gpm_chan *c = chans[lot(seed, CHANS)];
	struct gpm_case cases[3] = {};
	long v = 1;
	int i;

	switch (lot(seed, 5)) {
	case 0:
		sent += done(gpm_send(c, &v), "gpm_send()");
		break;
	case 1:
		received += done(gpm_recv(c, &v), "gpm_recv()");
		break;
	case 2:
		sent += done(gpm_try_send(c, &v), "gpm_try_send()");
		break;
	case 3:
		received += done(gpm_try_recv(c, &v), "gpm_try_recv()");
		break;
	default:
		for (i = 0; i < 3; i++)
			cases[i].chan = chans[lot(seed, CHANS)];
		cases[0].send = &v;
		i = gpm_select(cases, 3);
		if (i < 0)
			done(i, "gpm_select()");
		else if (!i)
			sent++;
		else
			received++;
	}
}

static void use_mutex(uint64_t *seed)
{
	unsigned int i = lot(seed, 2);

	if (!done(gpm_lock(&mutexes[i]), "gpm_lock()"))
		return;
	guarded[i]++;
	if (lot(seed, 2))
		gpm_yield();
	guarded[i]--;
	expect(guarded[i], 0, "what a mutex guards");
	expect(gpm_unlock(&mutexes[i]), 0, "gpm_unlock()");
}

static void use_sem(uint64_t *seed)
{
	if (lot(seed, 2)) {
		gpm_sem_post(&sem);
		posted++;
	} else {
		taken += done(gpm_sem_wait(&sem), "gpm_sem_wait()");
	}
}

static void use_fd(uint64_t *seed)
{
	unsigned int i = lot(seed, PIPES);
	char b[4] = "";
	long n;

	if (lot(seed, 2)) {
		n = gpm_write(fds[i][1], b, 1 + lot(seed, 4));
		if (n > 0)
			written += n;
	} else {
		n = gpm_read(fds[i][0], b, 4);
		if (n > 0)
			got += n;
	}
	done(n < 0 ? n : 0, "a descriptor");
}

static void block(void *arg)
{
	usleep((long)arg);
}

static void short_lived(void *arg)
{
	gpm_sleep((long)arg);
	gpm_group_done(&workers);
}

static void worker(void *arg)
{
	uint64_t seed = (uintptr_t)arg;
	int i;

	for (i = 0; i < ROUNDS && !wrong; i++) {
		/* Nothing waits for ever: all may be waiting for each other. */
		expect(gpm_deadline(gpm_now() + (1 + lot(&seed, 3)) * MSEC / 2), 0,
		       "gpm_deadline()");
		switch (lot(&seed, 9)) {
		case 0:
		case 1:
			use_chan(&seed);
			break;
		case 2:
			use_mutex(&seed);
			break;
		case 3:
			use_sem(&seed);
			break;
		case 4:
		case 5:
			use_fd(&seed);
			break;
		case 6:
			gpm_block(block, (void *)(long)lot(&seed, 100));
			break;
		case 7:
			gpm_group_add(&workers, 1);
			go(short_lived, (void *)(long)lot(&seed, 100000));
			break;
		default:
			if (lot(&seed, 2))
				gpm_yield_global();
			else
				block((void *)(long)lot(&seed, 100));
		}
	}
	gpm_deadline(0);
	gpm_group_done(&workers);
}

static bool has_input(int fd)
{
	int n;

	return !ioctl(fd, FIONREAD, &n) && n;
}

/* On a busy machine time may be up before what is there has been seen. */
static void drain(int fd)
{
	char b[64];
	long n;

	do {
		gpm_deadline(gpm_now() + (has_input(fd) ? 10000 : 1) * MSEC);
		n = gpm_read(fd, b, sizeof(b));
		got += n > 0 ? n : 0;
	} while (n > 0);
	gpm_deadline(0);
	expect(n, -ETIMEDOUT, "an empty descriptor");
}

static void everything(void *arg)
{
	long i, v;

	(void)arg;
	sent = 0;
	received = 0;
	posted = 0;
	taken = 0;
	written = 0;
	got = 0;
	for (i = 0; i < CHANS; i++)
		chans[i] = chan(i);
	for (i = 0; i < PIPES; i++)
		expect(i ? pipe(fds[i]) :
		       socketpair(AF_UNIX, SOCK_STREAM, 0, fds[i]), 0, "pipe()");
	gpm_group_add(&workers, WORKERS);
	for (i = 0; i < WORKERS; i++)
		go(worker, (void *)(uintptr_t)(state + i));
	gpm_group_wait(&workers);
	for (i = 0; i < CHANS; i++) {
		while (!gpm_try_recv(chans[i], &v))
			received++;
		gpm_chan_free(chans[i]);
	}
	while (posted > taken && !gpm_sem_wait(&sem))
		taken++;
	for (i = 0; i < PIPES; i++) {
		drain(fds[i][0]);
		gpm_close(fds[i][0]);
		gpm_close(fds[i][1]);
	}
	expect(received, sent, "values received");
	expect(taken, posted, "times that the semaphore was taken");
	expect(got, written, "bytes read");
}

/* One of the CPUs that there are, or all. */
static void choose_cpus(const cpu_set_t *all, bool one)
{
	cpu_set_t set = *all;
	int i;

	for (i = 0; one && CPU_COUNT(&set) > 1; i++)
		CPU_CLR(i, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static long seconds(int argc, char **argv)
{
	const char *s = argc > 1 ? argv[1] : getenv("GPM_SECONDS");

	return s ? atol(s) : 2;
}

int main(int argc, char **argv)
{
	int64_t until = gpm_now() + seconds(argc, argv) * 1000 * MSEC;
	struct gpm_options o = {};
	cpu_set_t all;
	long runs = 0;
	int err = 0;

	signal(SIGPIPE, SIG_IGN);
	sched_getaffinity(0, sizeof(all), &all);
	for (; !err && !wrong && (!runs || gpm_now() < until); runs++) {
		o.procs = 1 + runs % 4;
		state = runs * WORKERS + 1;
		choose_cpus(&all, runs % 2);
		err = gpm_run(&o, everything, NULL);
	}
	if (err)
		printf("# gpm_run(): %s\n", strerror(-err));
	ok(!err && !wrong, "all went well in %ld runs", runs);
	return tap_done();
}
