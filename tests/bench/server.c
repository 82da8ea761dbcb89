// SPDX-License-Identifier: GPL-2.0-only
/*
 * An HTTP/1.1 server on libgpm, with a G for each connection: the example of gpm(3),
 * and what scripts/bench-sched loads.  It answers a request with the body of that,
 * or, where it has none, with "hello".
 *
 *	server [-p PORT] [-n PROCS] [-t MS]
 *
 * listens on the loopback device, prints the port, and serves until it is killed; -t
 * is the time that a client has for each request and its answer.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "gpm/gpm.h"

#define MSEC 1000000ll
#define ROOM 8192		/* for a request */

struct connection {
	int fd;
	size_t have;		/* bytes that are read, maybe of several requests */
	char data[ROOM];
};

struct request {
	size_t head;		/* bytes up to the body */
	size_t body;
	bool last;		/* the client wants no other answer */
};

static int64_t limit = 10000 * MSEC;

static int write_all(int fd, const char *data, size_t n)
{
	while (n) {
		ssize_t did = gpm_write(fd, data, n);

		if (did < 0)
			return did;
		data += did;
		n -= did;
	}
	return 0;
}

/* 0: there is more; else a negative errno, or -EPIPE at the end. */
static int read_more(struct connection *c)
{
	ssize_t n;

	if (c->have == ROOM)
		return -EMSGSIZE;
	n = gpm_read(c->fd, c->data + c->have, ROOM - c->have);
	if (n <= 0)
		return n ? n : -EPIPE;
	c->have += n;
	return 0;
}

/* The value of a line of the head, if it is @name's. */
static const char *value_of(const char *line, const char *name)
{
	size_t n = strlen(name);

	if (strncasecmp(line, name, n) || line[n] != ':')
		return NULL;
	return line + n + 1 + strspn(line + n + 1, " \t");
}

/* Split what comes before the empty line into lines, and read those. */
static int read_head(char *head, char *end, struct request *r)
{
	char *line = head, *next;
	const char *value;

	*end = '\0';
	r->body = 0;
	next = strstr(line, "\r\n");
	r->last = !strstr(line, " HTTP/1.1");
	while (next) {
		line = next + 2;
		next = strstr(line, "\r\n");
		value = value_of(line, "Content-Length");
		if (value)
			r->body = strtoul(value, NULL, 10);
		if (value_of(line, "Transfer-Encoding") || r->body > ROOM)
			return -EMSGSIZE;
		value = value_of(line, "Connection");
		if (value && !strncasecmp(value, "close", 5))
			r->last = true;
	}
	return 0;
}

static int read_request(struct connection *c, struct request *r)
{
	char *end;
	int err;

	while (!(end = memmem(c->data, c->have, "\r\n\r\n", 4))) {
		err = read_more(c);
		if (err)
			return err;
	}
	r->head = end + 4 - c->data;
	err = read_head(c->data, end, r);
	while (!err && c->have < r->head + r->body)
		err = read_more(c);
	return err;
}

static int answer(struct connection *c, const struct request *r)
{
	static const char format[] = "HTTP/1.1 200 OK\r\n"
		"Content-Type: text/plain\r\nContent-Length: %zu\r\n\r\n";
	const char *body = r->body ? c->data + r->head : "hello\n";
	size_t size = r->body ? r->body : strlen(body);
	char data[ROOM + sizeof(format) + 20];
	int n = sprintf(data, format, size);

	memcpy(data + n, body, size);
	return write_all(c->fd, data, n + size);
}

static int serve_request(struct connection *c, struct request *r)
{
	static const char bad[] = "HTTP/1.1 400 Bad Request\r\n"
		"Content-Length: 0\r\nConnection: close\r\n\r\n";
	int err;

	/* Once for all of it, with however little at a time a client comes. */
	err = gpm_deadline(gpm_now() + limit);
	if (!err)
		err = read_request(c, r);
	if (err == -EMSGSIZE)
		write_all(c->fd, bad, strlen(bad));
	if (!err)
		err = answer(c, r);
	return err;
}

static void serve(void *arg)
{
	struct connection c;
	struct request r;

	c.fd = (intptr_t)arg;
	c.have = 0;
	while (!serve_request(&c, &r) && !r.last) {
		c.have -= r.head + r.body;
		memmove(c.data, c.data + r.head + r.body, c.have);
	}
	gpm_close(c.fd);
}

static void accept_all(void *arg)
{
	int server = (intptr_t)arg, fd;

	for (;;) {
		fd = gpm_accept(server, NULL, NULL);
		if (fd >= 0 && !gpm_go(serve, (void *)(intptr_t)fd))
			continue;
		if (fd >= 0)
			gpm_close(fd);
		/* No descriptor or no memory: others will give some back. */
		gpm_sleep(10 * MSEC);
	}
}

/* A socket that listens on the loopback device; 0 is any port. */
static int listen_at(int port)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 },
		       sizeof(int)) ||
	    bind(fd, (struct sockaddr *)&a, len) || listen(fd, SOMAXCONN) ||
	    getsockname(fd, (struct sockaddr *)&a, &len))
		return -1;
	printf("%d\n", ntohs(a.sin_port));
	fflush(stdout);
	return fd;
}

int main(int argc, char **argv)
{
	struct gpm_options o = { 0 };
	int port = 0, fd, opt, err;

	while ((opt = getopt(argc, argv, "p:n:t:")) > 0) {
		if (opt == 'p')
			port = atoi(optarg);
		else if (opt == 'n')
			o.procs = atoi(optarg);
		else if (opt == 't')
			limit = atoi(optarg) * MSEC;
		else
			return 2;
	}
	fd = listen_at(port);
	if (fd < 0) {
		perror("server");
		return 1;
	}
	err = gpm_run(&o, accept_all, (void *)(intptr_t)fd);
	fprintf(stderr, "server: %s\n", strerror(-err));
	return 1;
}
