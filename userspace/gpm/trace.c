// SPDX-License-Identifier: GPL-2.0-only
/* Writing the trace. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "trace.h"

uint64_t trace_steps;

const char *const gpm_trace_verbs[TRACE_VERBS] = {
	[TRACE_NAME] = "name",
	[TRACE_GO] = "go",
	[TRACE_RUN] = "run",
	[TRACE_YIELD] = "yield",
	[TRACE_PARK] = "park",
	[TRACE_READY] = "ready",
	[TRACE_EXIT] = "exit",
	[TRACE_BLOCK] = "block",
	[TRACE_RETAKE] = "retake",
	[TRACE_BACK] = "back",
	[TRACE_NEXT] = "runnext",
	[TRACE_PUT] = "put",
	[TRACE_OVERFLOW] = "overflow",
	[TRACE_STEAL] = "steal",
	[TRACE_STEAL_AT] = "steal-at",
	[TRACE_STEAL_NEXT] = "steal-runnext",
	[TRACE_GLOBAL_PUT] = "global-put",
	[TRACE_GLOBAL_BATCH] = "global-batch",
	[TRACE_GLOBAL_GET] = "global-get",
	[TRACE_START] = "start",
	[TRACE_IDLE] = "idle",
	[TRACE_SPIN] = "spin",
	[TRACE_POLL] = "poll",
	[TRACE_DEADLOCK] = "deadlock",
	[TRACE_STOP] = "stop",
};

const char *const gpm_trace_whys[WHY_COUNT] = {
	[WHY_NEXT] = "runnext",
	[WHY_LOCAL] = "local",
	[WHY_61ST] = "1 in 61",
	[WHY_GLOBAL] = "global",
	[WHY_STOLEN] = "stolen",
	[WHY_STOLEN_NEXT] = "stolen runnext",
	[WHY_POLL] = "netpoll",
	[WHY_BACK] = "hand-over",
	[WHY_TURN] = "turn",
};

const char *const gpm_trace_waits[WAIT_REASONS] = {
	[WAIT_NONE] = "nothing",
	[WAIT_SEND] = "send on channel",
	[WAIT_RECV] = "receive from channel",
	[WAIT_SELECT] = "select",
	[WAIT_MUTEX] = "mutex",
	[WAIT_SEM] = "semaphore",
	[WAIT_GROUP] = "wait group",
	[WAIT_SLEEP] = "sleep",
	[WAIT_READ] = "input on descriptor",
	[WAIT_WRITE] = "output on descriptor",
};

static uint64_t monotonic(void)
{
	struct timespec t;

	if (trace_steps)
		return trace_steps * 1000;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* Write all of it: 0 or a negative errno. */
static int write_all(int fd, const void *data, size_t n)
{
	while (n) {
		ssize_t did = write(fd, data, n);

		if (did < 0 && errno == EINTR)
			continue;
		if (did < 0)
			return -errno;
		data = (const char *)data + did;
		n -= did;
	}
	return 0;
}

int trace_open(const char *path, uint32_t procs, uint32_t queue_size,
	       uint64_t seed, int *fd)
{
	struct trace_header h = {
		.magic = TRACE_MAGIC,
		.procs = procs,
		.queue_size = queue_size,
		.seed = seed,
		.ticks = trace_ticks(),
		.ns = monotonic(),
	};
	int err;

	*fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (*fd < 0)
		return -errno;
	err = write_all(*fd, &h, sizeof(h));
	if (err)
		close(*fd);
	return err;
}

void trace_add(struct trace_ring *ring, enum trace_verb verb, uint32_t g,
	       uint32_t a, uint32_t b)
{
	ring->event[ring->n] = (struct trace_event){
		.verb = verb,
		.ticks = trace_ticks(),
		.g = g,
		.a = a,
		.b = b,
	};
	if (++ring->n == TRACE_EVENTS)
		trace_flush(ring);
}

/* One write, so that chunks of several rings do not mix. */
void trace_flush(struct trace_ring *ring)
{
	struct trace_chunk chunk = {
		.ring = ring->number,
		.n = ring->n,
		.ticks = trace_ticks(),
		.ns = monotonic(),
	};
	struct iovec part[2] = {
		{ &chunk, sizeof(chunk) },
		{ ring->event, ring->n * sizeof(ring->event[0]) },
	};
	ssize_t want = part[0].iov_len + part[1].iov_len, did;
	int fd = __atomic_load_n(ring->fd, __ATOMIC_RELAXED);

	ring->n = 0;
	if (fd < 0)
		return;
	did = writev(fd, part, 2);
	if (did == want)
		return;
	/* Part of a chunk makes no sense to a reader: the trace ends here. */
	__atomic_store_n(ring->fd, did < 0 ? -errno : -ENOSPC,
			 __ATOMIC_RELAXED);
	close(fd);
}
