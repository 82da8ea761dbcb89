// SPDX-License-Identifier: GPL-2.0-only
/* Descriptors: pipes and sockets, whole messages through them, and eventfds. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ends.h"

void side_failed(struct side *s, int err)
{
	if (err != -EINTR && !s->error)
		s->error = err;
}

/* A stream may take less than all at once. */
void send_all(struct side *s, int fd, const void *buf, size_t n)
{
	const char *p = buf;
	ssize_t did;

	while (n && !s->error) {
		s->entries++;
		did = write(fd, p, n);
		if (did < 0) {
			side_failed(s, -errno);
			continue;
		}
		s->copied += did;
		p += did;
		n -= did;
	}
}

void receive_all(struct side *s, int fd, void *buf, size_t n)
{
	char *p = buf;
	ssize_t did;

	while (n && !s->error) {
		s->entries++;
		did = read(fd, p, n);
		if (did <= 0) {
			side_failed(s, did ? -errno : -EPIPE);
			continue;
		}
		s->copied += did;
		p += did;
		n -= did;
	}
}

void ends_send(struct side *s, uint32_t bytes)
{
	message_fill(s, s->buffer, bytes);
	send_all(s, s->link.out[s->out], s->buffer, bytes);
}

void ends_receive(struct side *s, uint32_t bytes)
{
	receive_all(s, s->link.in[s->in], s->buffer, bytes);
	message_check(s, s->buffer, bytes);
}

int ends_pipe(struct link *l)
{
	int fd[2], d;

	for (d = 0; d < DIRECTIONS; d++) {
		if (pipe2(fd, O_CLOEXEC))
			return -errno;
		l->in[d] = fd[0];
		l->out[d] = fd[1];
	}
	return 0;
}

int ends_eventfd(struct link *l)
{
	int d;

	for (d = 0; d < DIRECTIONS; d++) {
		l->out[d] = eventfd(0, EFD_CLOEXEC);
		l->in[d] = eventfd(0, EFD_CLOEXEC);
		if (l->out[d] < 0 || l->in[d] < 0)
			return -errno;
	}
	return 0;
}

/* Both directions by one connection. */
static void both_ways(struct link *l, const int fd[2])
{
	l->out[FORTH] = fd[0];
	l->in[FORTH] = fd[1];
	l->out[BACK] = fd[1];
	l->in[BACK] = fd[0];
}

int ends_pair(int fd[2], int type)
{
	return socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fd) ? -errno : 0;
}

int ends_unix(struct link *l)
{
	int fd[2], err = ends_pair(fd, SOCK_STREAM);

	if (!err)
		both_ways(l, fd);
	return err;
}

/* A message goes through whole, and has to fit into what the socket may buffer. */
static int open_messages(struct link *l, int type)
{
	const int wish = 2 * MESSAGE_MOST;
	int fd[2], i, room, err = ends_pair(fd, type);
	socklen_t size = sizeof(room);

	if (err)
		return err;
	both_ways(l, fd);
	for (i = 0; i < 2; i++)
		setsockopt(fd[i], SOL_SOCKET, SO_SNDBUF, &wish, sizeof(wish));
	if (getsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &room, &size))
		return -errno;
	/* What the kernel keeps of it for itself. */
	if (room - 32 < (int)l->most)
		l->most = room - 32;
	return 0;
}

int ends_dgram(struct link *l)
{
	return open_messages(l, SOCK_DGRAM);
}

int ends_seqpacket(struct link *l)
{
	return open_messages(l, SOCK_SEQPACKET);
}

/* @fd[0] connects to @listener, from which @fd[1] comes. */
static int connect_to(int listener, int fd[2])
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t size = sizeof(at);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) ||
	    listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&at, &size))
		return -errno;
	fd[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd[0] < 0)
		return -errno;
	if (!connect(fd[0], (struct sockaddr *)&at, sizeof(at)))
		fd[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd[1] < 0) {
		int err = -errno;

		close(fd[0]);
		return err;
	}
	return 0;
}

/* Small messages go at once, and the closed connection leaves no port in use. */
static int set_up_tcp(int fd)
{
	const struct linger at_once = { .l_onoff = 1 };
	const int on = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)))
		return -errno;
	return 0;
}

int ends_loopback(int fd[2])
{
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), err;

	if (listener < 0)
		return -errno;
	fd[1] = -1;
	err = connect_to(listener, fd);
	close(listener);
	if (!err)
		err = set_up_tcp(fd[0]);
	return err ? err : set_up_tcp(fd[1]);
}

int ends_tcp(struct link *l)
{
	int fd[2], err = ends_loopback(fd);

	if (!err)
		both_ways(l, fd);
	return err;
}
