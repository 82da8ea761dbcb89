// SPDX-License-Identifier: GPL-2.0-only
/*
 * The scheduler where memory, mappings, threads and descriptors are refused: each
 * call that asks for some fails in turn, alone or with all that come after it, until
 * a run makes fewer.  What may come of it is an error of a call of the library; all
 * Gs end, and nothing stays behind.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gpm/gpm.h"
#include "tap.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#else
static int __lsan_do_recoverable_leak_check(void)
{
	return 0;
}
#endif

#define MSEC 1000000ll

static atomic_bool armed;
static atomic_long asked, mapped;
static long fails_at;
static bool from_then_on;

/* Every call that asks for something, in a run. */
static bool refuse(int error)
{
	long n;

	if (!armed)
		return false;
	n = atomic_fetch_add(&asked, 1) + 1;
	if (from_then_on ? n < fails_at : n != fails_at)
		return false;
	errno = error;
	return true;
}

/* The linker leads all calls here, and those of __real_NAME() to the C library. */
#define WRAP(type, name, params, args, failed, error)			\
	type __real_##name params;					\
	type __wrap_##name params;					\
	type __wrap_##name params					\
	{								\
		return refuse(error) ? (failed) : __real_##name args;	\
	}

WRAP(void *, malloc, (size_t n), (n), NULL, ENOMEM)
WRAP(void *, calloc, (size_t n, size_t size), (n, size), NULL, ENOMEM)
WRAP(void *, realloc, (void *old, size_t n), (old, n), NULL, ENOMEM)
WRAP(void *, aligned_alloc, (size_t by, size_t n), (by, n), NULL, ENOMEM)
WRAP(int, mprotect, (void *at, size_t n, int prot), (at, n, prot), -1, ENOMEM)
WRAP(int, madvise, (void *at, size_t n, int advice), (at, n, advice), -1, ENOMEM)
WRAP(int, epoll_create1, (int flags), (flags), -1, EMFILE)
WRAP(int, epoll_ctl, (int fd, int op, int at, struct epoll_event *e), (fd, op, at, e), -1, ENOMEM)
WRAP(int, eventfd, (unsigned int n, int flags), (n, flags), -1, EMFILE)

typedef void *(*thread_fn)(void *arg);
#define THREAD (pthread_t *t, const pthread_attr_t *a, thread_fn fn, void *arg)
WRAP(int, pthread_create, THREAD, (t, a, fn, arg), EAGAIN, EAGAIN)

int __real_open(const char *path, int flags, int mode);
int __wrap_open(const char *path, int flags, int mode);
int __wrap_open(const char *path, int flags, int mode)
{
	return refuse(EMFILE) ? -1 : __real_open(path, flags, mode);
}

void *__real_mmap(void *at, size_t n, int prot, int flags, int fd, off_t from);
void *__wrap_mmap(void *at, size_t n, int prot, int flags, int fd, off_t from);
void *__wrap_mmap(void *at, size_t n, int prot, int flags, int fd, off_t from)
{
	void *got = refuse(ENOMEM) ? MAP_FAILED :
				     __real_mmap(at, n, prot, flags, fd, from);

	if (got != MAP_FAILED)
		mapped += n;
	return got;
}

int __real_munmap(void *at, size_t n);
int __wrap_munmap(void *at, size_t n);
int __wrap_munmap(void *at, size_t n)
{
	mapped -= n;
	return __real_munmap(at, n);
}

static atomic_long errors, odd, ended, started;

/* Whether a call has done its work; what it may say else is what was refused. */
static bool did(long result)
{
	if (result >= 0)
		return true;
	errors++;
	if (result != -ENOMEM && result != -EMFILE && result != -EAGAIN) {
		odd++;
		printf("# call %ld fails: %s\n", fails_at, strerror(-result));
	}
	return false;
}

static void go(void (*fn)(void *arg), void *arg)
{
	if (did(gpm_go(fn, arg)))
		started++;
}

static void sleeper(void *arg)
{
	did(gpm_sleep((long)arg));
	ended++;
}

/* A select of more cases than there is room for on the stack. */
static void selects(void *arg)
{
	struct gpm_chan *c = gpm_chan_new(sizeof(long), 1);
	struct gpm_case cases[20] = {};
	long v = 1;
	int i;

	(void)arg;
	did(c ? 0 : -errno);
	for (i = 0; i < 20; i++)
		cases[i] = (struct gpm_case){ .chan = c, .send = &v };
	if (c)
		did(gpm_select(cases, 20));
	gpm_chan_free(c);
	ended++;
}

static void waits_until(void *arg)
{
	struct gpm_sem sem = {};

	if (did(gpm_deadline(gpm_now() + (long)arg)) &&
	    gpm_sem_wait(&sem) != -ETIMEDOUT)
		odd++;
	ended++;
}

static void block(void *arg)
{
	usleep((long)arg);
}

static void blocks(void *arg)
{
	did(gpm_block(block, arg));
	block(arg);
	ended++;
}

/* What the other end has never sent ends with its closing. */
static void reads(void *arg)
{
	char b[8];
	int fd = (long)arg;

	while (did(gpm_wait(fd, POLLIN)) && gpm_read(fd, b, sizeof(b)) > 0)
		;
	gpm_close(fd);
	ended++;
}

static void writes(void *arg)
{
	int fd = (long)arg, i, err = 0;

	/* The other end may have given up. */
	for (i = 0; i < 3 && err != -EPIPE && err != -ECONNRESET; i++) {
		err = gpm_write(fd, "hello", 5);
		if (err != -EPIPE && err != -ECONNRESET && did(err))
			gpm_sleep(MSEC / 10);
	}
	gpm_close(fd);
	ended++;
}

static int listener;
static struct sockaddr_in address;

static void connects(void *arg)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)arg;
	if (did(gpm_connect(fd, (void *)&address, sizeof(address))))
		writes((void *)(long)fd);
	else
		ended++;
	gpm_close(fd);
}

static void accepts(void *arg)
{
	int fd;

	(void)arg;
	if (did(gpm_deadline(gpm_now() + 20 * MSEC))) {
		fd = gpm_accept(listener, NULL, NULL);
		gpm_deadline(0);
		if (fd >= 0)
			reads((void *)(long)fd);
		else if (fd != -ETIMEDOUT)
			did(fd);
		ended -= fd >= 0;
	}
	ended++;
}

/* Starts two Gs that are sure to end, if both can be. */
static void pipes(void)
{
	int p[2];

	if (pipe(p))
		return;
	if (gpm_go(reads, (void *)(long)p[0])) {
		close(p[0]);
		errors++;
	} else {
		started++;
	}
	if (gpm_go(writes, (void *)(long)p[1])) {
		close(p[1]);
		errors++;
	} else {
		started++;
	}
}

static void everything(void *arg)
{
	long i;

	(void)arg;
	for (i = 0; i < 70; i++)
		go(sleeper, (void *)(i * 10000));
	go(selects, NULL);
	go(waits_until, (void *)(MSEC / 2));
	go(blocks, (void *)200);
	pipes();
	go(accepts, NULL);
	go(connects, NULL);
}

static void open_listener(void)
{
	socklen_t len = sizeof(address);

	address = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	listener = socket(AF_INET, SOCK_STREAM, 0);
	bind(listener, (void *)&address, sizeof(address));
	/* Some runs accept none. */
	listen(listener, 4096);
	getsockname(listener, (void *)&address, &len);
}

static int open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (d && readdir(d))
		n++;
	closedir(d);
	return n;
}

/* One run, in which a call fails: true if there were fewer. */
static bool fails(const struct gpm_options *o)
{
	bool fewer;
	int err;

	asked = 0;
	errors = 0;
	started = 0;
	ended = 0;
	armed = true;
	err = gpm_run(o, everything, NULL);
	armed = false;
	fewer = asked < fails_at;
	if (err)
		did(err);
	else if (started != ended)
		odd++;
	if (started != ended)
		printf("# call %ld fails: %ld of %ld Gs end\n", fails_at,
		       (long)ended, (long)started);
	if (fewer && errors)
		odd++;
	return fewer;
}

static void each_fails(const char *label, struct gpm_options o)
{
	int files;

	odd = 0;
	mapped = 0;
	open_listener();
	files = open_files();
	for (fails_at = 1; !fails(&o) && !odd; fails_at++)
		;
	ok(!odd && fails_at > 20, "%s, %s: %ld calls fail, and all goes on",
	   label, from_then_on ? "for ever" : "once", fails_at - 1);
	is_number(open_files(), files, "as many descriptors as before");
	is_number(mapped, 0, "and as much mapped");
	ok(!__lsan_do_recoverable_leak_check(), "no memory is lost");
	close(listener);
}

int main(void)
{
	char trace[] = "/tmp/gpm_failure_test.XXXXXX";
	int i;

	close(mkstemp(trace));
	signal(SIGPIPE, SIG_IGN);
	alarm(300);
	for (i = 0; i < 2; i++) {
		from_then_on = i;
		each_fails("1 P", (struct gpm_options){ .procs = 1 });
		each_fails("3 P", (struct gpm_options){ .procs = 3 });
		each_fails("traced", (struct gpm_options){
			.procs = 2, .trace = trace });
		each_fails("seeded", (struct gpm_options){
			.procs = 3, .seed = 1, .trace = trace });
	}
	unlink(trace);
	return tap_done();
}
