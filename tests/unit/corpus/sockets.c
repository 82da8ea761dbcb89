// SPDX-License-Identifier: GPL-2.0-only
/* Scenes of two processes at the two ends of a connection. */
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "corpus.h"

/* A listener on any port, which it returns; for both versions of IP if @mapped. */
static in_port_t listen_at(int fd, bool mapped)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };
	socklen_t len = mapped ? sizeof(six) : sizeof(four);
	struct sockaddr *address = mapped ? (void *)&six : (void *)&four;
	const int off = 0;

	four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (mapped && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)))
		return 0;
	if (bind(fd, address, len) || listen(fd, 1) ||
	    getsockname(fd, address, &len))
		return 0;
	return mapped ? six.sin6_port : four.sin_port;
}

bool tcp_pair(int fd[2], bool mapped)
{
	int listener = socket(mapped ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in to = { .sin_family = AF_INET };

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = listen_at(listener, mapped);
	fd[0] = socket(AF_INET, SOCK_STREAM, 0);
	fd[1] = -1;
	if (to.sin_port && !connect(fd[0], (void *)&to, sizeof(to)))
		fd[1] = accept(listener, NULL, NULL);
	close(listener);
	if (fd[1] < 0)
		close(fd[0]);
	return fd[1] >= 0;
}

bool has_unix_peers(void)
{
	struct {
		struct nlmsghdr head;
		struct unix_diag_req req;
	} ask = {
		.head = { sizeof(ask), SOCK_DIAG_BY_FAMILY,
			  NLM_F_REQUEST | NLM_F_DUMP, 1, 0 },
		.req = { .sdiag_family = AF_UNIX, .udiag_states = -1,
			 .udiag_show = UDIAG_SHOW_PEER },
	};
	struct nlmsghdr answer[256] = {};
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG);
	bool has = fd >= 0 && send(fd, &ask, sizeof(ask), 0) == sizeof(ask) &&
		   recv(fd, answer, sizeof(answer), 0) > 0 &&
		   answer->nlmsg_type == SOCK_DIAG_BY_FAMILY;

	if (fd >= 0)
		close(fd);
	return has;
}

static void read_one(int fd)
{
	char byte;

	if (read(fd, &byte, 1))
		_exit(1);
}

static void fill(int fd)
{
	static const char block[65536];

	while (write(fd, block, sizeof(block)) > 0)
		;
}

/* Each waits for the other; a socket may have a timeout, which nobody sees. */
static void play_ends(int fd[2], void (*act)(int fd), bool whom)
{
	struct member m[2] = {};
	int part;

	for (part = 0; part < 2; part++) {
		m[part].waits = "socket";
		m[part].tid = fork_child();
		if (!m[part].tid) {
			close(fd[!part]);
			act(fd[part]);
			_exit(1);
		}
	}
	for (part = 0; part < 2; part++) {
		close(fd[part]);
		m[part].whom = whom ? m[!part].tid : 0;
		until_quiet(m[part].tid);
	}
	/* The first one may have gone on with what the other one did since. */
	until_quiet(m[0].tid);
	expect_members("none", m, 2);
}

static void sockets(size_t n)
{
	int fd[2];

	(void)n;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd))
		die("socketpair");
	play_ends(fd, read_one, has_unix_peers());
}

static void play_tcp(void (*act)(int fd), bool mapped)
{
	int fd[2];

	if (!tcp_pair(fd, mapped))
		die("connect");
	play_ends(fd, act, true);
}

static void tcp_read(size_t n)
{
	(void)n;
	play_tcp(read_one, false);
}

static void tcp_write(size_t n)
{
	(void)n;
	play_tcp(fill, false);
}

/* A server of both versions of IP sees a client of the older one as ::ffff:.... */
static void tcp_mapped(size_t n)
{
	(void)n;
	play_tcp(read_one, true);
}

const struct scene socket_scenes[] = {
	{ "sockets", sockets },
	{ "tcp-read", tcp_read },
	{ "tcp-write", tcp_write },
	{ "tcp-mapped", tcp_mapped },
	{}
};
