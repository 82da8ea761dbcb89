// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors: a G that waits for one leaves it to epoll.
 *
 * Each is registered once, edge-triggered for both directions, so no call is
 * needed before or after a wait.  An edge leaves a bit behind in the
 * descriptor's entry, and a G that means to wait looks at that first.
 *
 * A call that would have to wait costs a kernel entry for nothing.  So it is
 * made after others have run, whose work it may be that makes it succeed: an
 * echo between two Gs takes two writes and two reads.  Where that has not helped
 * lately and the last read took all there was, the G waits without trying.
 */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#define CHUNK 256
#define CHUNKS 65536
#define EVENTS 128
#define MISSES_MAX 3
#define TRY_AGAIN 16

enum { IN, OUT };

struct direction {
	struct gpm_waiters waiters;	/* under the descriptor's lock */
	bool ready;			/* an edge came since the last try */
	bool drained;			/* the last call took all there was */
};

struct descriptor {
	struct lock lock;
	uint32_t generation;		/* counts the files under this number */
	bool known;			/* the rest is of the file open now */
	bool registered;
	bool socket;
	bool stream;			/* a short read means that it is empty */
	bool file;			/* epoll does not know its kind: it blocks */
	bool hangup;			/* no further edge may come */
	atomic_uint misses;		/* reads tried in vain, in a row */
	unsigned int skipped;
	struct direction side[2];
};

/* Written under the lock; a guess is good enough for who does not hold it. */
static unsigned int misses_of(const struct descriptor *d)
{
	return atomic_load_explicit(&d->misses, memory_order_relaxed);
}

static void set_misses(struct descriptor *d, unsigned int n)
{
	atomic_store_explicit(&d->misses, n, memory_order_relaxed);
}

static struct descriptor **chunks;
static int epoll_fd = -1, break_fd = -1;

int poller_open(void)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u64 = UINT64_MAX };
	int err;

	chunks = mmap(NULL, CHUNKS * sizeof(*chunks), PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (chunks == MAP_FAILED)
		return -errno;
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd < 0)
		goto fail_map;
	break_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (break_fd < 0)
		goto fail_epoll;
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, break_fd, &e))
		goto fail_break;
	return 0;

fail_break:
	err = -errno;
	close(break_fd);
	errno = -err;
fail_epoll:
	err = -errno;
	close(epoll_fd);
	errno = -err;
fail_map:
	err = -errno;
	munmap(chunks, CHUNKS * sizeof(*chunks));
	return err;
}

void poller_close(void)
{
	size_t i;

	close(break_fd);
	close(epoll_fd);
	for (i = 0; i < CHUNKS; i++)
		free(__atomic_load_n(&chunks[i], __ATOMIC_RELAXED));
	munmap(chunks, CHUNKS * sizeof(*chunks));
}

static struct descriptor *lookup(int fd)
{
	struct descriptor **chunk, *d, *none = NULL;

	if (fd < 0 || fd >= CHUNK * CHUNKS) {
		errno = EBADF;
		return NULL;
	}
	chunk = &chunks[fd / CHUNK];
	d = __atomic_load_n(chunk, __ATOMIC_ACQUIRE);
	if (!d) {
		d = calloc(CHUNK, sizeof(*d));
		if (!d)
			return NULL;
		if (!__atomic_compare_exchange_n(chunk, &none, d, false,
						 __ATOMIC_ACQ_REL,
						 __ATOMIC_ACQUIRE)) {
			free(d);
			d = none;
		}
	}
	return &d[fd % CHUNK];
}

/* Learn what kind of file it is; with the lock held. */
static int learn(struct descriptor *d, int fd)
{
	int type, flags = fcntl(fd, F_GETFL);
	socklen_t len = sizeof(type);
	struct stat st;

	if (flags < 0 || fstat(fd, &st))
		return -errno;
	if (!(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags | O_NONBLOCK))
		return -errno;
	d->socket = S_ISSOCK(st.st_mode);
	d->stream = S_ISFIFO(st.st_mode) ||
		    (d->socket &&
		     !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) &&
		     type == SOCK_STREAM);
	d->file = S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ||
		  S_ISBLK(st.st_mode);
	d->known = true;
	return 0;
}

/* The entry of a descriptor, locked. */
static int get(int fd, struct descriptor **got)
{
	struct descriptor *d = lookup(fd);
	int err = 0;

	if (!d)
		return -errno;
	lock(&d->lock);
	if (!d->known)
		err = learn(d, fd);
	if (err)
		unlock(&d->lock);
	*got = d;
	return err;
}

/* Forget the file that had this number; all that wait for it give up. */
static struct g *forget(struct descriptor *d, int fd)
{
	struct g *first = NULL;
	struct waiter *w;

	if (d->registered)
		epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	while ((w = wait_pop(&d->side[IN].waiters)) ||
	       (w = wait_pop(&d->side[OUT].waiters))) {
		w->g->result = -EBADF;
		w->g->link = first;
		first = w->g;
		atomic_fetch_sub(&sched.waiting_fds, 1);
	}
	d->known = false;
	d->registered = false;
	d->hangup = false;
	set_misses(d, 0);
	d->side[IN].ready = false;
	d->side[IN].drained = false;
	d->side[OUT].ready = false;
	d->side[OUT].drained = false;
	d->generation++;
	return first;
}

static int register_fd(struct descriptor *d, int fd)
{
	struct epoll_event e = {
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
		.data.u64 = (uint64_t)d->generation << 32 | (uint32_t)fd,
	};

	if (d->registered)
		return 0;
	/* It may be known under this number by a file closed behind our back. */
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &e) &&
	    (errno != EEXIST || epoll_ctl(epoll_fd, EPOLL_CTL_MOD, fd, &e)))
		return -errno;
	d->registered = true;
	return 0;
}

/* Wait for an edge; the lock is held, and is released. */
static int wait_edge(struct m *m, struct descriptor *d, int fd, int side)
{
	struct direction *dir = &d->side[side];
	int err = register_fd(d, fd);

	if (err || dir->ready) {
		unlock(&d->lock);
		return err;
	}
	atomic_fetch_add(&sched.waiting_fds, 1);
	err = wait_in(m, &d->lock, &dir->waiters,
		      side == IN ? WAIT_READ : WAIT_WRITE,
		      (void *)(intptr_t)fd, NULL);
	/* Else who woke it has counted it off. */
	if (err == -ETIMEDOUT)
		atomic_fetch_sub(&sched.waiting_fds, 1);
	return err;
}

static struct g *wake_side(struct descriptor *d, int side, struct g *list,
			   unsigned int *n)
{
	struct waiter *w;

	d->side[side].ready = true;
	while ((w = wait_pop(&d->side[side].waiters))) {
		w->g->link = list;
		list = w->g;
		++*n;
	}
	return list;
}

static struct g *handle(const struct epoll_event *e, struct g *list,
			unsigned int *n)
{
	struct descriptor *d = lookup((uint32_t)e->data.u64);

	lock(&d->lock);
	/* Not of a file that had this number before. */
	if (d->registered && d->generation == e->data.u64 >> 32) {
		if (e->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
			d->hangup = true;
		if (e->events & ~(uint32_t)EPOLLOUT)
			list = wake_side(d, IN, list, n);
		if (e->events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
			list = wake_side(d, OUT, list, n);
	}
	unlock(&d->lock);
	return list;
}

static int wait_events(struct epoll_event *e, int64_t timeout)
{
	struct timespec t = { timeout / 1000000000, timeout % 1000000000 };
	int64_t ms;
	int n = -1;

	if (timeout <= 0)
		return epoll_wait(epoll_fd, e, EVENTS, timeout < 0 ? -1 : 0);
	/* epoll_pwait2(2), which not every C library has. */
	n = syscall(SYS_epoll_pwait2, epoll_fd, e, EVENTS, &t, NULL, 0);
	if (n >= 0 || errno == EINTR)
		return n;
	/* A filter of system calls may not know that one. */
	ms = (timeout + MSEC - 1) / MSEC;
	return epoll_wait(epoll_fd, e, EVENTS, ms > INT_MAX ? INT_MAX : ms);
}

struct g *poller_poll(int64_t timeout, unsigned int *n)
{
	struct epoll_event e[EVENTS];
	struct g *list = NULL;
	uint64_t count;
	int i, events;

	events = wait_events(e, timeout);
	atomic_store(&sched.polled, clock_now());
	*n = 0;
	/* Backwards: the list is built from its end, and the first shall be first. */
	for (i = events - 1; i >= 0; i--)
		if (e[i].data.u64 != UINT64_MAX)
			list = handle(&e[i], list, n);
		else if (timeout && read(break_fd, &count, sizeof(count)) < 0)
			continue;
	return list;
}

void poller_break(void)
{
	uint64_t one = 1;

	/* It can fail only where the eventfd is set already. */
	if (write(break_fd, &one, sizeof(one)) < 0)
		return;
}

/*
 * The calls.
 */

struct call {
	int fd;
	int side;
	size_t want;			/* bytes; less is all there is */
	ssize_t (*make)(const struct call *c, const struct descriptor *d);
	void *buf;
	struct sockaddr *addr;
	socklen_t *len;
};

/* A call would most likely be made in vain. */
static bool seems_empty(const struct descriptor *d, const struct direction *dir)
{
	return dir->drained && !dir->ready && !d->hangup && d->registered &&
	       misses_of(d) >= MISSES_MAX;
}

/* What the G does before it tries: others first, or wait at once? */
static bool better_wait(struct descriptor *d, const struct direction *dir)
{
	if (!seems_empty(d, dir))
		return false;
	/* Things may have changed. */
	if (++d->skipped >= TRY_AGAIN) {
		d->skipped = 0;
		set_misses(d, misses_of(d) - 1);
		return false;
	}
	return true;
}

static void note_result(struct descriptor *d, const struct call *c, ssize_t r,
			bool woken)
{
	struct direction *dir = &d->side[c->side];
	unsigned int misses = misses_of(d);

	dir->drained = r == -EAGAIN ||
		       (d->stream && r > 0 && (size_t)r < c->want);
	if (c->side != IN || woken)
		return;
	if (r != -EAGAIN && misses)
		set_misses(d, 0);
	else if (r == -EAGAIN && misses < MISSES_MAX)
		set_misses(d, misses + 1);
}

/* A call on a file that cannot be waited for: the monitor takes care. */
static ssize_t call_blocking(const struct call *c, struct descriptor *d)
{
	ssize_t r;

	unlock(&d->lock);
	leave();
	r = c->make(c, d);
	return enter() ? r : -EPERM;
}

/*
 * Others run before a G reads: what it waits for may be what they do.  Where none is
 * ready, the one that would write may wait in epoll for what this one has written:
 * two that answer each other so would always read too early.  Having been asked for
 * that once they take turns, and epoll is needed no more.
 */
static void let_others_run(struct m *m, struct descriptor *d)
{
	unsigned int misses = misses_of(d);
	bool waits = false;

	if (misses && misses < MISSES_MAX)
		poll_ready(my_p(m));
	/* A G that is going to wait does so without that. */
	if (misses >= MISSES_MAX) {
		lock(&d->lock);
		waits = seems_empty(d, &d->side[IN]) &&
			d->skipped + 1 < TRY_AGAIN;
		unlock(&d->lock);
	}
	if (!waits)
		switch_away(m, AFTER_YIELD, NULL);
}

static ssize_t make_call(const struct call *c)
{
	struct m *m = enter();
	struct descriptor *d;
	bool woken = false;
	ssize_t r;

	if (!m)
		return -EPERM;
	if (c->side == IN) {
		d = lookup(c->fd);
		if (d)
			let_others_run(m, d);
	}
	r = get(c->fd, &d);
	if (!r && d->file) {
		r = call_blocking(c, d);
		leave();
		return r;
	}
	while (!r) {
		struct direction *dir = &d->side[c->side];

		if (woken || !better_wait(d, dir)) {
			dir->ready = false;
			r = c->make(c, d);
			note_result(d, c, r, woken);
			if (r != -EAGAIN) {
				unlock(&d->lock);
				break;
			}
		}
		r = wait_edge(machine(), d, c->fd, c->side);
		woken = true;
		if (!r)
			r = get(c->fd, &d);
	}
	leave();
	return r;
}

/*
 * The read() of the C library and its like are points of cancellation: in
 * a process of several threads two exclusive accesses a call, for what must not
 * happen here, with the descriptor locked.  Sanitizers know the library's only.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define sys_read read
#define sys_write write
#define sys_recv recv
#define sys_send send
#else
#define sys_read(fd, buf, n) syscall(SYS_read, fd, buf, n)
#define sys_write(fd, buf, n) syscall(SYS_write, fd, buf, n)
#define sys_recv(fd, buf, n, flags) \
	syscall(SYS_recvfrom, fd, buf, n, flags, NULL, NULL)
#define sys_send(fd, buf, n, flags) \
	syscall(SYS_sendto, fd, buf, n, flags, NULL, 0)
#endif

static ssize_t make_read(const struct call *c, const struct descriptor *d)
{
	ssize_t r = d->socket ? sys_recv(c->fd, c->buf, c->want, MSG_DONTWAIT) :
				sys_read(c->fd, c->buf, c->want);

	return r < 0 ? -errno : r;
}

static ssize_t make_write(const struct call *c, const struct descriptor *d)
{
	ssize_t r = d->socket ? sys_send(c->fd, c->buf, c->want,
					 MSG_DONTWAIT | MSG_NOSIGNAL) :
				sys_write(c->fd, c->buf, c->want);

	return r < 0 ? -errno : r;
}

static ssize_t make_accept(const struct call *c, const struct descriptor *d)
{
	int fd = accept4(c->fd, c->addr, c->len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)d;
	return fd < 0 ? -errno : fd;
}

static ssize_t make_poll(const struct call *c, const struct descriptor *d)
{
	struct pollfd p = { c->fd, c->side == IN ? POLLIN : POLLOUT, 0 };
	int n = poll(&p, 1, 0);

	(void)d;
	if (n < 0)
		return -errno;
	return n ? p.revents : -EAGAIN;
}

/* EWOULDBLOCK is EAGAIN on Linux; a signal only makes the call again. */
static ssize_t call(struct call c)
{
	ssize_t r;

	do
		r = make_call(&c);
	while (r == -EINTR);
	return r;
}

ssize_t gpm_read(int fd, void *buf, size_t n)
{
	return call((struct call){
		.fd = fd, .side = IN, .want = n, .buf = buf,
		.make = make_read });
}

ssize_t gpm_write(int fd, const void *buf, size_t n)
{
	return call((struct call){
		.fd = fd, .side = OUT, .want = n, .buf = (void *)buf,
		.make = make_write });
}

int gpm_wait(int fd, short events)
{
	if (events != POLLIN && events != POLLOUT)
		return -EINVAL;
	return call((struct call){
		.fd = fd, .side = events == POLLIN ? IN : OUT,
		.make = make_poll });
}

/* What a new file finds under its number is of one closed without gpm_close(). */
static void forget_old(int fd)
{
	struct descriptor *d = lookup(fd);
	struct g *list;

	if (!d)
		return;
	lock(&d->lock);
	list = d->known ? forget(d, fd) : NULL;
	unlock(&d->lock);
	while (list) {
		struct g *g = list;

		list = g->link;
		make_ready(machine(), g);
	}
}

int gpm_accept(int fd, struct sockaddr *addr, socklen_t *len)
{
	int got = call((struct call){
		.fd = fd, .side = IN, .addr = addr, .len = len,
		.make = make_accept });

	if (got >= 0 && enter()) {
		forget_old(got);
		leave();
	}
	return got;
}

int gpm_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct m *m = enter();
	struct descriptor *d;
	socklen_t size = sizeof(int);
	int err;

	if (!m)
		return -EPERM;
	forget_old(fd);
	err = get(fd, &d);
	if (!err) {
		if (connect(fd, addr, len) && errno != EINPROGRESS &&
		    errno != EINTR) {
			err = -errno;
			unlock(&d->lock);
		} else {
			unlock(&d->lock);
			err = gpm_wait(fd, POLLOUT);
			m = enter();
			if (err >= 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR,
						   &err, &size))
				err = errno;
			err = err > 0 ? -err : err;
		}
	}
	leave();
	return err;
}

int gpm_close(int fd)
{
	struct m *m = enter();
	int err;

	if (!m)
		return -EPERM;
	forget_old(fd);
	err = close(fd) ? -errno : 0;
	leave();
	return err;
}
