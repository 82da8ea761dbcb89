// SPDX-License-Identifier: GPL-2.0-only
/* Gs whose descriptors are ready: from epoll's list into the queues. */
#include "internal.h"

/* All of a list become local. */
static void put_polled_local(struct p *p, struct g *list, unsigned int n)
{
	while (list) {
		struct g *next = list->link;

		set_state(list, G_READY);
		trace(p->ring, TRACE_READY, list->id, 0, 0);
		put_local(p, list);
		list = next;
	}
	atomic_fetch_sub(&sched.waiting_fds, n);
}

struct g *take_polled(struct p *p, struct g *list, unsigned int n)
{
	put_polled_local(p, list->link, n);
	trace(p->ring, TRACE_READY, list->id, 0, 0);
	running(p, list, WHY_POLL, 0);
	return list;
}

/* What epoll has now, where it makes sense to ask. */
static struct g *poll(struct p *p, unsigned int *n)
{
	struct g *list;

	if (!atomic_load(&sched.waiting_fds) || atomic_load(&sched.polling))
		return NULL;
	list = poller_poll(0, n);
	if (list)
		trace(p->ring, TRACE_POLL, *n, 0, 0);
	return list;
}

struct g *poll_now(struct p *p)
{
	unsigned int n;
	struct g *list = poll(p, &n);

	if (!list)
		return NULL;
	list = take_polled(p, list, n);
	if (n > 1)
		wake_machine();
	return list;
}

bool poll_ready(struct p *p)
{
	unsigned int n;
	struct g *list;

	if (sched.step || !queue_empty(&p->queue))
		return false;
	list = poll(p, &n);
	if (!list)
		return false;
	put_polled_local(p, list, n);
	if (n > 1)
		wake_machine();
	return true;
}

/*
 * The monitor is no M, so all Ms may fall asleep while it has the list: for the last
 * of them, which looks under the lock, a G is either counted as waiting or in the
 * queue.
 */
void put_polled(struct g *list)
{
	if (!list)
		return;
	lock(&sched.lock);
	while (list) {
		struct g *next = list->link;

		set_state(list, G_READY);
		trace(outside_ring(), TRACE_READY, list->id, 0, 0);
		put_global(outside_ring(), list);
		atomic_fetch_sub(&sched.waiting_fds, 1);
		list = next;
	}
	unlock(&sched.lock);
	wake_machine();
}
