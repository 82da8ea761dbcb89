// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors, and calls that block.  With a number as argument each scenario is
 * repeated as often.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenarios.h"
#include "tap.h"

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

static _Atomic bool begun;

static void wait_for_input(void *arg)
{
	char b;

	begun = true;
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
	begun = false;
	go(wait_for_input, (void *)(long)p[0]);
	while (!begun)
		gpm_yield();
	/* The number is anybody's once it is closed: it has to wait by then. */
	gpm_sleep(20 * MSEC);
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
	expect(TEMP_FAILURE_RETRY(read(plain[0], &b, 1)), 1, "a blocking read");
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

/* How long the threads of this process have waited for a CPU; 0 where that is unknown. */
static int64_t waited_for_cpus(void)
{
	DIR *threads = opendir("/proc/self/task");
	struct dirent *thread;
	int64_t sum = 0;

	while (threads && (thread = readdir(threads))) {
		char name[300];
		FILE *f;
		long ns;

		snprintf(name, sizeof(name), "/proc/self/task/%s/schedstat",
			 thread->d_name);
		f = fopen(name, "re");
		if (!f)
			continue;
		if (fscanf(f, "%*d %ld", &ns) == 1)
			sum += ns;
		fclose(f);
	}
	if (threads)
		closedir(threads);
	return sum;
}

/*
 * The monitor looks seldom where there has been nothing to do for it, and then meets
 * another G of these each time: all the same they sleep at once, not in turn.  On
 * a busy machine it gets its CPU late before each look, which is none of its doing.
 */
#define NAPPERS 100
#define NAP (5 * MSEC)

static void nap(void *arg)
{
	(void)arg;
	usleep(NAP / 1000);
	gpm_yield();
	count++;
}

static void short_blocks(void *arg)
{
	int64_t begin, waited;
	int i;

	(void)arg;
	if (stepped() || how.procs > 1 || access("/proc/self/task", R_OK))
		return;
	count = 0;
	for (begin = gpm_now(); gpm_now() < begin + 60 * MSEC;)
		gpm_yield();
	waited = waited_for_cpus();
	begin = gpm_now();
	for (i = 0; i < NAPPERS; i++)
		go(nap, NULL);
	while (count < NAPPERS)
		gpm_sleep(MSEC);
	begin += waited_for_cpus() - waited;
	expect(gpm_now() - begin < NAPPERS * NAP / 2, 1, "they sleep at once");
}

/* Two numbers of one file: who waits by either is woken, and each byte read once. */
static struct gpm_group readers;

static void read_one(void *arg)
{
	char b;

	expect(gpm_read((long)arg, &b, 1), 1, "a byte");
	count++;
	gpm_group_done(&readers);
}

static void twins(void *arg)
{
	int p[2], twin, i;

	(void)arg;
	count = 0;
	expect(pipe(p), 0, "pipe()");
	twin = dup(p[0]);
	gpm_group_add(&readers, 2);
	go(read_one, (void *)(long)p[0]);
	go(read_one, (void *)(long)twin);
	gpm_sleep(MSEC);
	expect(count, 0, "nothing to read yet");
	for (i = 0; i < 2; i++) {
		expect(gpm_write(p[1], "x", 1), 1, "writing");
		gpm_sleep(MSEC);
	}
	gpm_group_wait(&readers);
	expect(count, 2, "both have read");
	gpm_close(p[0]);
	gpm_close(twin);
	gpm_close(p[1]);
}

/*
 * A child has the same files open, and so epoll goes on watching one that was closed
 * here: what happens to it is not taken for news of another of the same number.
 */
static void forked(void *arg)
{
	int old[2], new[2], hold[2], status = 0;
	pid_t pid;
	char b;

	(void)arg;
	count = 0;
	expect(pipe(old) || pipe(hold), 0, "pipe()");
	gpm_group_add(&readers, 1);
	go(read_one, (void *)(long)old[0]);
	gpm_sleep(MSEC);
	pid = fork();
	if (!pid) {
		close(hold[1]);
		_exit(read(hold[0], &b, 1));
	}
	close(hold[0]);
	expect(gpm_write(old[1], "x", 1), 1, "writing beside a child");
	gpm_group_wait(&readers);
	gpm_close(old[0]);
	expect(pipe(new), 0, "pipe()");
	expect(new[0], old[0], "the number of the one closed");
	gpm_group_add(&readers, 1);
	go(read_one, (void *)(long)new[0]);
	gpm_sleep(MSEC);
	expect(write(old[1], "x", 1), 1, "what only the child can read");
	gpm_sleep(MSEC);
	expect(count, 1, "is no news of another file");
	expect(gpm_write(new[1], "x", 1), 1, "what that one is to read");
	gpm_group_wait(&readers);
	close(hold[1]);
	expect(waitpid(pid, &status, 0), pid, "waitpid()");
	expect(status, 0, "the child");
	gpm_close(old[1]);
	gpm_close(new[0]);
	gpm_close(new[1]);
}

/* Who sleeps in epoll is woken for a timer that comes before what it sleeps for. */
static void block_a_little(void *arg)
{
	(void)arg;
	usleep(3000);
}

static void wait_long(void *arg)
{
	char b;

	gpm_deadline(gpm_now() + 20000 * MSEC);
	expect(gpm_read((long)arg, &b, 1), 1, "a byte in the end");
	gpm_deadline(0);
	gpm_group_done(&readers);
}

static void poll_break(void *arg)
{
	int64_t before;
	int p[2], i;

	(void)arg;
	expect(pipe(p), 0, "pipe()");
	gpm_group_add(&readers, 1);
	go(wait_long, (void *)(long)p[0]);
	gpm_yield();
	before = gpm_now();
	for (i = 0; i < 5; i++) {
		/* Meanwhile the other Ms fall asleep, one of them in epoll. */
		gpm_block(block_a_little, NULL);
		gpm_sleep(MSEC);
	}
	expect(gpm_now() - before < 10000 * MSEC, 1, "the timers are not late");
	expect(gpm_write(p[1], "x", 1), 1, "writing");
	gpm_group_wait(&readers);
	gpm_close(p[0]);
	gpm_close(p[1]);
}

/*
 * A P that nobody takes over has a timer in it: whoever sleeps in epoll by then began
 * to before that was set.
 */
static _Atomic int64_t slept_until;

static void sleep_a_little(void *arg)
{
	(void)arg;
	gpm_sleep(5 * MSEC);
	slept_until = gpm_now();
	gpm_group_done(&readers);
}

static void block_long(void *arg)
{
	(void)arg;
	usleep(500000);
}

static void timer_of_a_blocked(void *arg)
{
	int64_t before;
	int p[2];

	(void)arg;
	if (stepped())
		return;
	expect(pipe(p), 0, "pipe()");
	gpm_group_add(&readers, 2);
	go(wait_long, (void *)(long)p[0]);
	gpm_yield();
	/* Meanwhile another M falls asleep in epoll. */
	gpm_block(block_a_little, NULL);
	before = gpm_now();
	go(sleep_a_little, NULL);
	gpm_yield();
	gpm_block(block_long, NULL);
	expect(gpm_write(p[1], "x", 1), 1, "writing");
	gpm_group_wait(&readers);
	expect(slept_until - before < 250 * MSEC, 1, "the timer is not late");
	gpm_close(p[0]);
	gpm_close(p[1]);
}

/*
 * What came in parts is read in parts, which are shorter than they might be though
 * more is there: packets of a pipe, descriptors with a byte, a byte out of band.
 */
#define BYTES_EACH 10

static void read_parts(void *arg)
{
	char b[64];
	ssize_t n;

	while (count < BYTES_EACH && (n = gpm_read((long)arg, b, sizeof(b))) > 0)
		count += n;
	gpm_group_done(&readers);
}

static void with_descriptor(int fd)
{
	char room[CMSG_SPACE(sizeof(int))] = {}, byte = 'x';
	struct iovec part = { &byte, 1 };
	struct msghdr m = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = room, .msg_controllen = sizeof(room),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	expect(sendmsg(fd, &m, 0), 1, "sending a descriptor");
}

static void one_part(int fd)
{
	expect(write(fd, "x", 1), 1, "writing a packet");
}

/* The byte out of band is read by those only who ask for it. */
static void out_of_band(int fd)
{
	expect(send(fd, "x", 1, 0), 1, "sending");
	expect(send(fd, "!", 1, MSG_OOB), 1, "sending out of band");
}

static void send_parts(int in, int out, void (*send_one)(int fd))
{
	int i;

	count = 0;
	gpm_group_add(&readers, 1);
	go(read_parts, (void *)(long)in);
	/* Until nobody expects anything to be there. */
	for (i = 0; i < BYTES_EACH - 2; i++) {
		gpm_sleep(2 * MSEC);
		expect(write(out, "x", 1), 1, "writing");
	}
	gpm_sleep(2 * MSEC);
	send_one(out);
	expect(write(out, "x", 1), 1, "writing at once");
	gpm_sleep(20 * MSEC);
	expect(count, BYTES_EACH, "what has been read");
	gpm_close(in);
	gpm_close(out);
	gpm_group_wait(&readers);
}

static void parts(void *arg)
{
	struct sockaddr_in name = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(name);
	int fd[2], server, on = 1;

	(void)arg;
	/* What epoll has is found at any time there. */
	if (stepped())
		return;
	expect(pipe2(fd, O_DIRECT), 0, "a pipe of packets");
	send_parts(fd[0], fd[1], one_part);
	expect(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0, "socketpair()");
	send_parts(fd[0], fd[1], with_descriptor);
	server = socket(AF_INET, SOCK_STREAM, 0);
	expect(bind(server, (void *)&name, sizeof(name)), 0, "bind()");
	listen(server, 1);
	getsockname(server, (void *)&name, &len);
	fd[1] = socket(AF_INET, SOCK_STREAM, 0);
	expect(connect(fd[1], (void *)&name, sizeof(name)), 0, "connect()");
	setsockopt(fd[1], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	fd[0] = accept(server, NULL, NULL);
	close(server);
	send_parts(fd[0], fd[1], out_of_band);
}

/* Signals end calls early, of whichever thread. */
static _Atomic long signals;

static void note_signal(int number)
{
	(void)number;
	signals++;
}

static void storm(void *arg)
{
	struct itimerval every = { { 0, 1000 }, { 0, 1000 } }, never = {};
	struct sigaction note = { .sa_handler = note_signal };

	if (stepped())
		return;
	signals = 0;
	sigaction(SIGALRM, &note, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	while (signals < 20) {
		pipes(arg);
		announced(arg);
		sockets(arg);
	}
	/* The last one may come later: its handler stays. */
	setitimer(ITIMER_REAL, &never, NULL);
}

static const struct scenario scenarios[] = {
	{ "pipes", pipes, NULL },
	{ "sockets", sockets, NULL },
	{ "odd files", odd_files, NULL },
	{ "two numbers of one file", twins, NULL },
	{ "a child with the same files", forked, NULL },
	{ "a timer earlier than the poller's", poll_break, NULL },
	{ "a timer in the P of one that blocks", timer_of_a_blocked, NULL },
	{ "more than a short read shows", parts, NULL },
	{ "announced blocking", announced, NULL },
	{ "unannounced blocking", unannounced, NULL },
	{ "short blocks after a quiet time", short_blocks, NULL },
	{ "a storm of signals", storm, NULL },
};

int main(int argc, char **argv)
{
	/* As write(2) does, gpm_write() raises it for a pipe. */
	signal(SIGPIPE, SIG_IGN);
	each_way(scenarios, ARRAY_SIZE(scenarios), argc > 1 ? atoi(argv[1]) : 1,
		 NULL);
	return tap_done();
}
