// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors and epoll: what is known of each, and who waits for it.
 *
 * Each is registered once, edge-triggered for both directions, so no call is
 * needed before or after a wait.  An edge leaves a bit behind in the
 * descriptor's entry, and a G that means to wait looks at that first.
 */
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "descriptor.h"

#define CHUNK 256U
#define CHUNKS 65536U
#define EVENTS 128

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

/* Another thread may do the same. */
static struct descriptor *add_chunk(struct descriptor **chunk)
{
	struct descriptor *d = calloc(CHUNK, sizeof(*d)), *none = NULL;

	if (!d || __atomic_compare_exchange_n(chunk, &none, d, false,
					      __ATOMIC_ACQ_REL,
					      __ATOMIC_ACQUIRE))
		return d;
	free(d);
	return none;
}

struct descriptor *descriptor_lookup(int fd)
{
	unsigned int n = fd;	/* of a negative one too large */
	struct descriptor *d;

	if (unlikely(n >= CHUNK * CHUNKS)) {
		errno = EBADF;
		return NULL;
	}
	d = __atomic_load_n(&chunks[n / CHUNK], __ATOMIC_ACQUIRE);
	if (unlikely(!d))
		d = add_chunk(&chunks[n / CHUNK]);
	return d ? &d[n % CHUNK] : NULL;
}

/*
 * Learn what kind of file it is; with the lock held.  Of streams only TCP's give all
 * that there is, up to a byte out of band: a pipe may have packets in it, and a Unix
 * socket messages with descriptors or of several senders, which are read one by one.
 */
static int learn(struct descriptor *d, int fd)
{
	int protocol, flags = fcntl(fd, F_GETFL);
	socklen_t len = sizeof(protocol);
	struct stat st;

	if (flags < 0 || fstat(fd, &st))
		return -errno;
	if (!(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags | O_NONBLOCK))
		return -errno;
	d->socket = S_ISSOCK(st.st_mode);
	d->stream = d->socket &&
		    !getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) &&
		    protocol == IPPROTO_TCP;
	d->file = S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ||
		  S_ISBLK(st.st_mode);
	d->known = true;
	return 0;
}

int descriptor_get(struct descriptor *d, int fd)
{
	int err;

	lock(&d->lock);
	if (likely(d->known))
		return 0;
	err = learn(d, fd);
	if (err)
		unlock(&d->lock);
	return err;
}

struct g *descriptor_forget(struct descriptor *d, int fd)
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
		.events = EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLET,
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

int descriptor_wait(struct m *m, struct descriptor *d, int fd, int side)
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
	struct descriptor *d = descriptor_lookup((uint32_t)e->data.u64);

	lock(&d->lock);
	/* Not of a file that had this number before. */
	if (d->registered && d->generation == e->data.u64 >> 32) {
		if (e->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
			d->hangup = true;
		if (e->events & EPOLLPRI)
			d->stream = false;
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
