/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gpm: coroutines (G) on scheduling contexts (P) on threads (M), after Go's
 * scheduler.  gpm(3) documents all of this.
 *
 * Calls return 0 or more, or a negative errno: errno itself is the thread's, and
 * a G may come back from any call on another thread.  But for gpm_run() and the
 * making and freeing of objects, they may be made by a G only (else -EPERM).
 */
#ifndef GPM_H
#define GPM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct gpm_options - how to run; zero stands for the default everywhere
 * @procs: number of Ps; default: the CPUs that this thread may run on
 * @stack_size: bytes of a G's stack, which does not grow; default 64 KiB, at
 *	least 4 KiB
 * @trace: file for the trace of every decision; default: what the environment
 *	variable GPM_TRACE names, else no trace
 * @seed: if not 0, one thread plays all Ps, one step at a time, each choice
 *	comes from this seed, and time is counted in steps
 * @report: gets the lines of a report of deadlock; default: they go to stderr
 * @report_arg: the first argument of @report
 */
struct gpm_options {
	unsigned int procs;
	size_t stack_size;
	const char *trace;
	uint64_t seed;
	void (*report)(void *arg, const char *line);
	void *report_arg;
};

/*
 * Run @fn(@arg) as the first G, on this thread and those that it takes, until
 * every G has ended.  Return 0; what gpm_stop() was given; -EDEADLK if all Gs
 * were asleep with nothing to wait for; -EBUSY if another run goes on.
 */
int gpm_run(const struct gpm_options *options, void (*fn)(void *arg), void *arg);

/* End the run: gpm_run() returns @status, every G ends where it stands. */
__attribute__((noreturn)) void gpm_stop(int status);

/* Start a G; it runs next on this P.  The name is copied, 15 bytes of it. */
int gpm_go(void (*fn)(void *arg), void *arg);
int gpm_go_named(const char *name, void (*fn)(void *arg), void *arg);

/* End the calling G, as returning from its function does. */
__attribute__((noreturn)) void gpm_exit(void);

/* Let others run: the rest of this P's queue, or all that is ready anywhere. */
int gpm_yield(void);
int gpm_yield_global(void);

/* The number of the calling G, from 1 on; 0 outside of one. */
uint64_t gpm_self(void);

/* CLOCK_MONOTONIC in ns; with a seed, the steps so far in microseconds. */
int64_t gpm_now(void);

int gpm_sleep(int64_t ns);
int gpm_sleep_until(int64_t when);

/*
 * All waits of the calling G from now on end with -ETIMEDOUT at @when; 0: none
 * does.  Return 0 or -ENOMEM.
 */
int gpm_deadline(int64_t when);

/*
 * Run @fn(@arg), which may block the thread, having given the P to another
 * thread.  @fn must make no call of this library.
 */
int gpm_block(void (*fn)(void *arg), void *arg);

/* What Gs wait in; all zero is an empty one. */
struct gpm_waiters {
	unsigned int lock;
	void *first, *last;
};

/* A wait group: wait until as many were done as were added. */
struct gpm_group {
	struct gpm_waiters waiters;
	long count;
};

int gpm_group_add(struct gpm_group *group, long n);
int gpm_group_done(struct gpm_group *group);
int gpm_group_wait(struct gpm_group *group);

/* A mutex: first come, first served. */
struct gpm_mutex {
	struct gpm_waiters waiters;
	uint64_t owner;
};

int gpm_lock(struct gpm_mutex *mutex);
int gpm_try_lock(struct gpm_mutex *mutex);
int gpm_unlock(struct gpm_mutex *mutex);

/* A counting semaphore: first come, first served. */
struct gpm_sem {
	struct gpm_waiters waiters;
	long count;
};

int gpm_sem_wait(struct gpm_sem *sem);
int gpm_sem_post(struct gpm_sem *sem);

/*
 * A channel of values of @size bytes, which holds up to @capacity of them; with 0
 * a sender waits for its receiver.  NULL and errno where there is no memory.
 */
struct gpm_chan;
struct gpm_chan *gpm_chan_new(size_t size, size_t capacity);

/* Nobody may use it or wait for it any more. */
void gpm_chan_free(struct gpm_chan *chan);

/* -EPIPE: closed (and, to receive, empty).  The try forms: -EAGAIN. */
int gpm_send(struct gpm_chan *chan, const void *value);
int gpm_recv(struct gpm_chan *chan, void *value);
int gpm_try_send(struct gpm_chan *chan, const void *value);
int gpm_try_recv(struct gpm_chan *chan, void *value);
int gpm_chan_close(struct gpm_chan *chan);

/**
 * struct gpm_case - one of the operations that gpm_select() chooses from
 * @chan: NULL is never ready
 * @send: the value to send; NULL to receive
 * @recv: takes what was received; may be NULL
 * @result: of the chosen one: 0, or -EPIPE if the channel is closed
 */
struct gpm_case {
	struct gpm_chan *chan;
	const void *send;
	void *recv;
	int result;
};

/*
 * Do the one operation that is ready first, any of them with equal chance where
 * several are.  Return its index.  gpm_try_select(): -EAGAIN where none is.
 */
int gpm_select(struct gpm_case *cases, unsigned int n);
int gpm_try_select(struct gpm_case *cases, unsigned int n);

/*
 * As the calls of the same name, but only the G waits.  A descriptor is made
 * non-blocking at its first use; it must be closed by gpm_close(), which ends
 * the waits for it with -EBADF.  gpm_wait() waits for POLLIN or POLLOUT.
 */
ssize_t gpm_read(int fd, void *buf, size_t n);
ssize_t gpm_write(int fd, const void *buf, size_t n);
int gpm_accept(int fd, struct sockaddr *addr, socklen_t *len);
int gpm_connect(int fd, const struct sockaddr *addr, socklen_t len);
int gpm_wait(int fd, short events);
int gpm_close(int fd);

#ifdef __cplusplus
}
#endif

#endif /* GPM_H */
