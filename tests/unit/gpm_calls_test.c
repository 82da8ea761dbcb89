// SPDX-License-Identifier: GPL-2.0-only
/*
 * How often the scheduler enters the kernel for an echo between two Gs, whoever of
 * them begins.  The C library's functions are replaced by ones that count.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gpm/gpm.h"
#include "tap.h"

#define ECHOES 1000

static _Atomic long calls;

ssize_t read(int fd, void *buf, size_t n)
{
	calls++;
	return syscall(SYS_read, fd, buf, n);
}

ssize_t write(int fd, const void *buf, size_t n)
{
	calls++;
	return syscall(SYS_write, fd, buf, n);
}

ssize_t recv(int fd, void *buf, size_t n, int flags)
{
	calls++;
	return syscall(SYS_recvfrom, fd, buf, n, flags, NULL, NULL);
}

ssize_t send(int fd, const void *buf, size_t n, int flags)
{
	calls++;
	return syscall(SYS_sendto, fd, buf, n, flags, NULL, 0);
}

int epoll_wait(int fd, struct epoll_event *events, int most, int ms)
{
	calls++;
	return syscall(SYS_epoll_pwait, fd, events, most, ms, NULL, 8);
}

static struct {
	int in[2], out[2];
	struct gpm_group group;
	bool server_first;
	long made;
} echo;

static void server(void *arg)
{
	char byte;

	(void)arg;
	while (gpm_read(echo.in[1], &byte, 1) == 1)
		gpm_write(echo.out[1], &byte, 1);
	gpm_group_done(&echo.group);
}

static void client(void *arg)
{
	long before = calls;
	char byte = 'x';
	int i;

	(void)arg;
	for (i = 0; i < ECHOES; i++) {
		gpm_write(echo.out[0], &byte, 1);
		gpm_read(echo.in[0], &byte, 1);
	}
	echo.made = calls - before;
	gpm_close(echo.out[0]);
	gpm_group_done(&echo.group);
}

static void begin(void *arg)
{
	(void)arg;
	gpm_group_add(&echo.group, 2);
	/* The one made last runs next. */
	gpm_go(echo.server_first ? client : server, NULL);
	gpm_go(echo.server_first ? server : client, NULL);
	gpm_group_wait(&echo.group);
}

static void measure(const char *what)
{
	struct gpm_options o = { .procs = 1 };

	is_number(gpm_run(&o, begin, NULL), 0, what);
	printf("# %.3f calls an echo\n", (double)echo.made / ECHOES);
	ok(echo.made >= 4 * ECHOES && echo.made <= 4.05 * ECHOES,
	   "an echo enters the kernel four times");
}

static void pipes(bool server_first)
{
	int there[2], back[2];

	ok(!pipe(there) && !pipe(back), "two pipes");
	echo.in[0] = back[0];
	echo.out[0] = there[1];
	echo.in[1] = there[0];
	echo.out[1] = back[1];
	echo.server_first = server_first;
	measure(server_first ? "by pipes, the server first" :
			       "by pipes, the client first");
	close(there[0]);
	close(back[0]);
	close(back[1]);
}

static void sockets(bool server_first)
{
	int fd[2];

	ok(!socketpair(AF_UNIX, SOCK_STREAM, 0, fd), "a pair of sockets");
	echo.in[0] = fd[0];
	echo.out[0] = fd[0];
	echo.in[1] = fd[1];
	echo.out[1] = fd[1];
	echo.server_first = server_first;
	measure(server_first ? "by sockets, the server first" :
			       "by sockets, the client first");
	close(fd[1]);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	pipes(true);
	pipes(false);
	sockets(true);
	sockets(false);
	return tap_done();
}
