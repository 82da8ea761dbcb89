// SPDX-License-Identifier: GPL-2.0-only
/* Scenes of two processes at the two ends of a connection. */
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

static unsigned int inode_of(int fd)
{
	struct stat stat;

	return fstat(fd, &stat) ? 0 : stat.st_ino;
}

/* Asks the kernel for the other end of one socket; 0 where it does not say. */
static unsigned int ask_for_peer(int netlink, unsigned int inode)
{
	struct {
		struct nlmsghdr head;
		union {
			struct unix_diag_req question;
			struct {
				struct unix_diag_msg msg;
				struct nlattr attr;
				__u32 peer;
			} answer;
		};
	} m = {
		.head.nlmsg_len = NLMSG_LENGTH(sizeof(m.question)),
		.head.nlmsg_type = SOCK_DIAG_BY_FAMILY,
		.head.nlmsg_flags = NLM_F_REQUEST,
		.question.sdiag_family = AF_UNIX,
		.question.udiag_states = -1,
		.question.udiag_ino = inode,
		.question.udiag_show = UDIAG_SHOW_PEER,
		.question.udiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE },
	};

	if (send(netlink, &m, m.head.nlmsg_len, 0) < 0 ||
	    recv(netlink, &m, sizeof(m), 0) < (ssize_t)sizeof(m) ||
	    m.head.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    m.answer.attr.nla_type != UNIX_DIAG_PEER)
		return 0;
	return m.answer.peer;
}

bool has_unix_peers(void)
{
	int netlink = socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG), fd[2];
	bool has;

	if (netlink < 0)
		return false;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd))
		die("socketpair");
	has = ask_for_peer(netlink, inode_of(fd[0])) == inode_of(fd[1]);
	close(netlink);
	close(fd[0]);
	close(fd[1]);
	return has;
}

static void read_one(int fd)
{
	char byte;

	if (read(fd, &byte, 1))
		_exit(1);
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
