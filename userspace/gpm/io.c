// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls on descriptors, of which a G that would have to wait leaves it to epoll.
 *
 * A call that would have to wait costs a kernel entry for nothing.  So it is
 * made after others have run, whose work it may be that makes it succeed: an
 * echo between two Gs takes two writes and two reads.  Where that has not helped
 * lately and the last read took all there was, the G waits without trying.
 */
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "descriptor.h"

#define MISSES_MAX 3
#define TRY_AGAIN 16

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
	d = descriptor_lookup(c->fd);
	if (!d) {
		leave_here(m);
		return -errno;
	}
	if (c->side == IN)
		let_others_run(m, d);
	r = descriptor_get(d, c->fd);
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
		r = descriptor_wait(machine(), d, c->fd, c->side);
		woken = true;
		if (!r)
			r = descriptor_get(d, c->fd);
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
	struct descriptor *d = descriptor_lookup(fd);
	struct g *list;

	if (!d)
		return;
	lock(&d->lock);
	list = d->known ? descriptor_forget(d, fd) : NULL;
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
	d = descriptor_lookup(fd);
	err = d ? descriptor_get(d, fd) : -errno;
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
