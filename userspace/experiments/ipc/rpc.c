// SPDX-License-Identifier: GPL-2.0-only
/*
 * Remote procedure calls as frameworks make them: a request is a frame with its
 * length and number; the server's thread waits for requests with epoll, reads them,
 * and hands each to a thread that works it out and writes the answer.  Where requests
 * stream, there is one answer, at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ends.h"
#include "lib/futex.h"
#include "rpc.h"

static int open_server(struct link *l, const int fd[2])
{
	struct epoll_event wanted = { .events = EPOLLIN };

	l->out[FORTH] = fd[0];
	l->in[BACK] = fd[0];
	l->out[BACK] = fd[1];
	l->in[FORTH] = fd[1];
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll < 0 || fcntl(fd[1], F_SETFL, O_NONBLOCK) ||
	    epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd[1], &wanted))
		return -errno;
	return 0;
}

int rpc_open_unix(struct link *l)
{
	int fd[2], err = ends_pair(fd, SOCK_STREAM);

	return err ? err : open_server(l, fd);
}

int rpc_open_tcp(struct link *l)
{
	int fd[2], err = ends_loopback(fd);

	return err ? err : open_server(l, fd);
}

static uint32_t write_frame(struct side *s, uint32_t bytes)
{
	struct frame f = { bytes, s->sent };

	memcpy(s->buffer, &f, sizeof(f));
	message_fill(s, s->buffer + sizeof(f), bytes);
	return sizeof(f) + bytes;
}

static void read_frame(struct side *s, const uint8_t *buf, uint32_t bytes)
{
	struct frame f;

	memcpy(&f, buf, sizeof(f));
	s->wrong += f.length != bytes || f.id != s->received;
	message_check(s, buf + sizeof(f), bytes);
}

void rpc_send(struct side *s, uint32_t bytes)
{
	send_all(s, s->link.out[s->out], s->buffer, write_frame(s, bytes));
}

void rpc_receive(struct side *s, uint32_t bytes)
{
	receive_all(s, s->link.in[s->in], s->buffer,
		    sizeof(struct frame) + bytes);
	read_frame(s, s->buffer, bytes);
}

/* The thread that answers: the server's socket does not block. */
static void answer(struct side *s, uint32_t bytes)
{
	struct pollfd room = { s->link.out[BACK], POLLOUT, 0 };
	size_t n = write_frame(s, bytes), done = 0;
	ssize_t did;

	while (done < n && !s->error) {
		s->entries++;
		did = write(room.fd, s->buffer + done, n - done);
		if (did >= 0) {
			s->copied += did;
			done += did;
			continue;
		}
		if (errno != EAGAIN) {
			side_failed(s, -errno);
			continue;
		}
		s->entries++;
		poll(&room, 1, -1);
	}
}

/* A whole request, from as many reports of epoll as it takes. */
static void take_request(struct side *s, uint8_t *to, size_t n)
{
	struct epoll_event event;
	size_t done = 0;
	ssize_t did;

	while (done < n && !s->error) {
		s->entries += 2;
		epoll_wait(s->link.epoll, &event, 1, -1);
		did = read(s->link.in[FORTH], to + done, n - done);
		if (did > 0) {
			s->copied += did;
			done += did;
		} else if (!did) {
			side_failed(s, -EPIPE);
		} else if (errno != EAGAIN) {
			side_failed(s, -errno);
		}
	}
}

static void help(struct pair *p)
{
	struct arena *a = p->arena;
	struct side *s = &a->side[SIDE_HELPER];
	uint32_t frame = sizeof(struct frame) + a->bytes, i;
	struct ring *jobs = &a->ring[FORTH];

	for (i = 0; i < a->messages; i++) {
		read_frame(s, ring_peek(s, jobs, frame), a->bytes);
		ring_release(s, jobs, frame);
		if (a->pattern == PATTERN_TRIPS)
			answer(s, a->bytes);
	}
	if (a->pattern == PATTERN_STREAM)
		answer(s, 1);
}

static void *helper_live(void *arg)
{
	struct pair *p = arg;
	struct side *s = &p->arena->side[SIDE_HELPER];
	uint32_t seen = 0, now;

	__atomic_store_n(&p->helper, gettid(), __ATOMIC_RELEASE);
	for (;;) {
		while ((now = __atomic_load_n(&p->round, __ATOMIC_ACQUIRE)) ==
		       seen)
			futex_wait(&p->round, seen, 0);
		seen = now;
		worker_use(&s->use, true);
		help(p);
		worker_use(&s->use, false);
		__atomic_store_n(&p->done, seen, __ATOMIC_RELEASE);
		futex_wake(&p->done, 1);
	}
	return NULL;
}

/* It is on the server's CPU, as the server is bound to it already. */
int rpc_begin(struct pair *p)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, helper_live, p);

	while (!err && !__atomic_load_n(&p->helper, __ATOMIC_ACQUIRE))
		usleep(50);
	return -err;
}

static void wait_for_helper(struct pair *p)
{
	uint32_t done;

	while ((done = __atomic_load_n(&p->done, __ATOMIC_ACQUIRE)) != p->round)
		futex_wait(&p->done, done, 0);
}

void rpc_serve(struct side *s, struct pair *p)
{
	uint32_t frame = sizeof(struct frame) + s->arena->bytes, i;
	struct ring *jobs = &s->arena->ring[FORTH];

	__atomic_add_fetch(&p->round, 1, __ATOMIC_ACQ_REL);
	futex_wake(&p->round, 1);
	for (i = 0; i < s->arena->messages; i++) {
		take_request(s, ring_reserve(s, jobs, frame), frame);
		ring_commit(s, jobs);
	}
	wait_for_helper(p);
}
