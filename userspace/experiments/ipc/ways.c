// SPDX-License-Identifier: GPL-2.0-only
/* The ways to carry a message, and their links. */
#include <unistd.h>

#include "ends.h"
#include "queues.h"
#include "rpc.h"
#include "ways.h"

#define RING(n, a, b)                                                      \
	{                                                                  \
		.name = n, .send = ring_send, .receive = ring_receive,     \
		.wait = a, .wake = b                                       \
	}
#define ENDS(n, o)                                                         \
	{                                                                  \
		.name = n, .open = o, .send = ends_send,                   \
		.receive = ends_receive                                    \
	}
#define RPC(n, o)                                                          \
	{                                                                  \
		.name = n, .open = o, .send = rpc_send,                    \
		.receive = rpc_receive, .serve = rpc_serve,                \
		.wait = ring_sleep, .wake = ring_wake                      \
	}

const struct way ipc_ways[MECHS] = {
	[MECH_COROUTINE] = {
			.name = "coroutine",
			.send = ring_send,
			.receive = ring_receive,
			.wait = coroutines_wait,
			.fast = true,
		},
	[MECH_SPIN] = {
			.name = "spin",
			.send = ring_send,
			.receive = ring_receive,
			.wait = ring_spin,
			.fast = true,
		},
	[MECH_SPIN_FUTEX] = {
			.name = "spin-futex",
			.send = ring_send,
			.receive = ring_receive,
			.wait = ring_spin_sleep,
			.wake = ring_wake,
			.fast = true,
		},
	[MECH_FUTEX] = RING("futex", ring_sleep, ring_wake),
	[MECH_EVENTFD] = {
			.name = "eventfd",
			.open = ends_eventfd,
			.send = ring_send,
			.receive = ring_receive,
			.wait = ring_listen,
			.wake = ring_ring,
		},
	[MECH_PIPE] = ENDS("pipe", ends_pipe),
	[MECH_UNIX] = ENDS("unix", ends_unix),
	[MECH_DGRAM] = ENDS("dgram", ends_dgram),
	[MECH_SEQPACKET] = ENDS("seqpacket", ends_seqpacket),
	[MECH_TCP] = ENDS("tcp", ends_tcp),
	[MECH_MQ] = {
			.name = "mq",
			.open = queues_open_mq,
			.send = queues_send_mq,
			.receive = queues_receive_mq,
		},
	[MECH_SYSV] = {
			.name = "sysv",
			.open = queues_open_sysv,
			.close = queues_close_sysv,
			.send = queues_send_sysv,
			.receive = queues_receive_sysv,
		},
	[MECH_SIGNAL] = {
			.name = "signal",
			.send = signals_send,
			.receive = signals_receive,
			.single = true,
		},
	[MECH_RPC_UNIX] = RPC("rpc-unix", rpc_open_unix),
	[MECH_RPC_TCP] = RPC("rpc-tcp", rpc_open_tcp),
};

static void clear(struct link *l)
{
	int d;

	*l = (struct link){ .epoll = -1, .most = MESSAGE_MOST };
	for (d = 0; d < DIRECTIONS; d++) {
		l->out[d] = -1;
		l->in[d] = -1;
		l->queue[d] = -1;
	}
}

/* A descriptor may stand there twice: for both directions of a connection. */
static void close_end(struct link *l, int fd)
{
	int d;

	if (fd < 0)
		return;
	close(fd);
	for (d = 0; d < DIRECTIONS; d++) {
		l->out[d] = l->out[d] == fd ? -1 : l->out[d];
		l->in[d] = l->in[d] == fd ? -1 : l->in[d];
	}
}

void link_close(struct link *l, const struct way *way)
{
	int d;

	for (d = 0; d < DIRECTIONS; d++) {
		close_end(l, l->out[d]);
		close_end(l, l->in[d]);
	}
	if (l->epoll >= 0)
		close(l->epoll);
	if (way->close)
		way->close(l);
	clear(l);
}

int link_open(struct link *l, const struct way *way)
{
	int err;

	clear(l);
	if (!way->open)
		return 0;
	err = way->open(l);
	if (err)
		link_close(l, way);
	return err;
}
