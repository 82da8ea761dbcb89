// SPDX-License-Identifier: GPL-2.0-only
/*
 * The example server of gpm(3), tests/bench/server.c, under clients that do not do
 * what they should: slow ones, ones that break the connection off, and more than it
 * has descriptors for.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define HELLO "GET / HTTP/1.1\r\nHost: here\r\n\r\n"
#define SHORT "GET / HTTP/1.1\r\n\r\n"
#define PATIENCE 30		/* seconds, after which a test has failed */

static struct {
	pid_t pid;
	int port;
} server;

static void run_server(int out, rlim_t files, const char *ms, pid_t parent)
{
	struct rlimit limit = { files, files };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || setrlimit(RLIMIT_NOFILE, &limit) ||
	    dup2(out, STDOUT_FILENO) < 0)
		_exit(1);
	execl(SERVER, SERVER, "-n", "2", "-t", ms, NULL);
	_exit(1);
}

/* A server that has @files descriptors and waits @ms for its clients. */
static void start(rlim_t files, const char *ms)
{
	pid_t parent = getpid();
	char text[16] = "";
	int out[2];

	if (pipe(out))
		exit(1);
	server.pid = fork();
	if (!server.pid)
		run_server(out[1], files, ms, parent);
	close(out[1]);
	ok(read(out[0], text, sizeof(text) - 1) > 0, "the server starts");
	close(out[0]);
	server.port = atoi(text);
}

static void stop(void)
{
	int status = 0;

	/* It has not ended by itself. */
	ok(!waitpid(server.pid, &status, WNOHANG), "the server runs on");
	kill(server.pid, SIGKILL);
	waitpid(server.pid, &status, 0);
}

/* A client's socket; @room: bytes that it takes unread, 0 for the usual. */
static int client(int room)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET,
		.sin_port = htons(server.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct timeval patience = { PATIENCE, 0 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (room)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a))) {
		ok(false, "a client connects: %m");
		exit(tap_done());
	}
	return fd;
}

static bool say(int fd, const char *text)
{
	ssize_t n = strlen(text);

	return send(fd, text, n, MSG_NOSIGNAL) == n;
}

/* One answer, without what may follow: its status, and its body. */
static int hear(int fd, char *body, size_t room)
{
	char head[512], *length;
	size_t n = 0, size;

	while (n < sizeof(head) - 1 && recv(fd, head + n, 1, 0) == 1) {
		head[++n] = '\0';
		if (n >= 4 && !strcmp(head + n - 4, "\r\n\r\n"))
			break;
	}
	length = n ? strstr(head, "Content-Length: ") : NULL;
	size = length ? strtoul(length + 16, NULL, 10) : 0;
	if (!length || size >= room)
		return 0;
	if (size && recv(fd, body, size, MSG_WAITALL) != (ssize_t)size)
		return 0;
	body[size] = '\0';
	return atoi(head + strlen("HTTP/1.1 "));
}

static bool answered(int fd, const char *want)
{
	char body[256];

	return hear(fd, body, sizeof(body)) == 200 && !strcmp(body, want);
}

/* The other side has closed the connection, or does so in time. */
static bool closed(int fd)
{
	char data[4096];
	ssize_t n;

	do
		n = recv(fd, data, sizeof(data), 0);
	while (n > 0);
	return !n || errno == ECONNRESET;
}

static void greet(const char *what)
{
	int fd = client(0);

	ok(say(fd, HELLO) && answered(fd, "hello\n"), "%s", what);
	close(fd);
}

static void requests(void)
{
	char body[8], *many = calloc(1, 10001);
	const char *at;
	int fd = client(0);

	ok(say(fd, HELLO) && answered(fd, "hello\n"), "it says hello");
	ok(say(fd, "POST / HTTP/1.1\r\ncontent-length:4\r\n\r\nbody") &&
	   answered(fd, "body"), "a body comes back");
	ok(say(fd, HELLO "PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\nput" HELLO) &&
	   answered(fd, "hello\n") && answered(fd, "put") &&
	   answered(fd, "hello\n"), "three requests at once");
	for (at = HELLO; *at; at++)
		send(fd, at, 1, MSG_NOSIGNAL);
	ok(answered(fd, "hello\n"), "a request in single bytes");
	ok(say(fd, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n") &&
	   answered(fd, "hello\n") && closed(fd), "the last one");
	close(fd);
	fd = client(0);
	memset(many, 'x', 10000);
	ok(say(fd, many) && hear(fd, body, sizeof(body)) == 400 && closed(fd),
	   "a request that is too long");
	close(fd);
	free(many);
}

static bool broken(int fd)
{
	struct pollfd p = { .fd = fd };

	return poll(&p, 1, 0) && p.revents & (POLLHUP | POLLERR);
}

/* Send requests, and read no answer, until nothing more fits: false if all fits. */
static bool flood(int fd)
{
	char data[64 * (sizeof(SHORT) - 1) + 1] = "";
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int i;

	for (i = 0; i < 64; i++)
		strcat(data, SHORT);
	for (i = 0; i < 10000; i++) {
		if (send(fd, data, strlen(data), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			return true;
		if (!poll(&p, 1, 200))
			return true;
	}
	return false;
}

/* Seconds until the server breaks off what was not read; PATIENCE: it does not. */
static bool broken_in_time(int fd)
{
	int i;

	for (i = 0; i < PATIENCE * 100 && !broken(fd); i++)
		usleep(10000);
	return broken(fd);
}

static void slow(void)
{
	int silent = client(0), deaf = client(2048), trickle, i;
	bool sent = true;

	ok(say(silent, "GET / HT"), "a client that begins a request");
	ok(flood(deaf), "one that reads no answers");
	greet("another one is served meanwhile");
	ok(closed(silent), "the first is sent away");
	ok(broken_in_time(deaf), "the second as well");
	trickle = client(0);
	say(trickle, "GET / HTTP/1.1\r\nName: ");
	for (i = 0; i < PATIENCE * 50 && sent; i++) {
		usleep(20000);
		sent = send(trickle, "x", 1, MSG_NOSIGNAL) == 1;
	}
	ok(!sent, "and one that never comes to an end");
	close(silent);
	close(trickle);
	close(deaf);
}

/* The time is for a request, not for a connection. */
static void patient(void)
{
	int fd = client(0), i;
	bool good = true;

	for (i = 0; i < 15 && good; i++) {
		usleep(100000);
		good = say(fd, HELLO) && answered(fd, "hello\n");
	}
	ok(good, "a client that asks again is served on");
	ok(closed(fd), "until it asks no more");
	close(fd);
}

/* No farewell, but a reset. */
static void break_off(int fd)
{
	struct linger now = { 1, 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

/*
 * The server waits for room for its answers, and has seen that no further request
 * will come, when the reset comes: a write then raises SIGPIPE if it may.  After how
 * many requests it waits with all others read or in its socket is the kernel's: some
 * of many numbers are right.
 */
static void break_off_writes(void)
{
	static const char head[] = "PUT / HTTP/1.1\r\nContent-Length: 4000\r\n\r\n";
	char request[sizeof(head) + 4000];
	int fd, n, i;

	memset(request, 'x', sizeof(request));
	memcpy(request, head, sizeof(head) - 1);
	for (n = 8; n < 800; n += 8) {
		fd = client(2048);
		for (i = 0; i < n; i++)
			send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL);
		shutdown(fd, SHUT_WR);
		usleep(10000);
		break_off(fd);
	}
}

static void resets(void)
{
	int i, fd;

	for (i = 0; i < 200; i++) {
		fd = client(0);
		say(fd, i % 2 ? HELLO : "GET");
		break_off(fd);
	}
	greet("it survives clients that break off");
	fd = client(2048);
	flood(fd);
	break_off(fd);
	break_off_writes();
	greet("and ones that do so before they have their answers");
}

/* CPU time of the server in ms. */
static long used(void)
{
	unsigned long user = 0, system = 0;
	char path[32], line[1024] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", server.pid);
	f = fopen(path, "r");
	if (!f)
		return -1;
	if (!fgets(line, sizeof(line), f) ||
	    sscanf(line, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
		   &user, &system) != 2)
		user = 0;
	fclose(f);
	return (user + system) * 1000 / sysconf(_SC_CLK_TCK);
}

static unsigned int ready(const int *fd, unsigned int n, int ms)
{
	struct pollfd p[64];
	unsigned int i;

	for (i = 0; i < n; i++)
		p[i] = (struct pollfd){ .fd = fd[i], .events = POLLIN };
	return poll(p, n, ms);
}

#define CLIENTS 40
#define FILES 32

static void full_table(void)
{
	unsigned int i, n = 0, left = 0;
	int fd[CLIENTS];
	long before;

	for (i = 0; i < CLIENTS; i++) {
		fd[i] = client(0);
		say(fd[i], HELLO);
	}
	for (i = 0; i < 500 && n < FILES / 2; i++, usleep(10000))
		n = ready(fd, CLIENTS, 0);
	usleep(200000);
	n = ready(fd, CLIENTS, 0);
	ok(n >= FILES / 2 && n < FILES, "it serves as many as it has room for: %u", n);
	before = used();
	sleep(1);
	ok(used() - before < 100, "and waits for room without work: %ld ms",
	   used() - before);
	/* The first ones came in first. */
	for (i = 0; i < n; i++)
		close(fd[i]);
	for (; i < CLIENTS; i++) {
		left += answered(fd[i], "hello\n");
		close(fd[i]);
	}
	is_number(left, CLIENTS - n, "then the others have their turn");
}

int main(void)
{
	start(1000, "20000");
	requests();
	resets();
	stop();
	start(1000, "500");
	slow();
	patient();
	stop();
	start(FILES, "20000");
	full_table();
	stop();
	return tap_done();
}
