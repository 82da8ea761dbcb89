// SPDX-License-Identifier: GPL-2.0-only
/* Channels, and select over several of them. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* The lock of @senders is that of the whole channel. */
struct gpm_chan {
	struct gpm_waiters senders;
	struct gpm_waiters receivers;
	size_t size;
	size_t capacity, length, first;
	bool closed;
	char buffer[];
};

struct gpm_chan *gpm_chan_new(size_t size, size_t capacity)
{
	struct gpm_chan *c;
	size_t bytes;

	if (__builtin_mul_overflow(size, capacity, &bytes) ||
	    __builtin_add_overflow(bytes, sizeof(*c), &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	c = calloc(1, bytes);
	if (c) {
		c->size = size;
		c->capacity = capacity;
	}
	return c;
}

void gpm_chan_free(struct gpm_chan *chan)
{
	free(chan);
}

/* Most values are a word or half of one, for which a call takes too long. */
static inline void copy(struct gpm_chan *c, void *to, const void *from)
{
	if (!to || !from)
		return;
	if (c->size == sizeof(uint64_t))
		memcpy(to, from, sizeof(uint64_t));
	else if (c->size == sizeof(uint32_t))
		memcpy(to, from, sizeof(uint32_t));
	else
		memcpy(to, from, c->size);
}

static char *slot(struct gpm_chan *c, size_t i)
{
	size_t at = c->first + i;

	return c->buffer + (at < c->capacity ? at : at - c->capacity) * c->size;
}

/*
 * One operation on a channel whose lock is held: 0, -EPIPE, or -EAGAIN if it has
 * to wait.  @wake: who is to be made ready once the lock is released.
 */
static inline int send_now(struct gpm_chan *c, const void *value,
			   struct g **wake)
{
	struct waiter *w;

	if (c->closed)
		return -EPIPE;
	w = wait_pop(&c->receivers);
	if (w) {
		/* From stack to stack: the receiver sleeps. */
		copy(c, w->value, value);
		*wake = w->g;
		return 0;
	}
	if (c->length == c->capacity)
		return -EAGAIN;
	copy(c, slot(c, c->length++), value);
	return 0;
}

static inline int receive_now(struct gpm_chan *c, void *value, struct g **wake)
{
	bool buffered = c->length;
	struct waiter *w;

	if (buffered) {
		copy(c, value, slot(c, 0));
		if (++c->first == c->capacity)
			c->first = 0;
		c->length--;
	}
	w = wait_pop(&c->senders);
	if (w) {
		/* The oldest value came from the buffer, if there is one. */
		copy(c, c->capacity ? slot(c, c->length++) : value, w->value);
		*wake = w->g;
		return 0;
	}
	if (buffered)
		return 0;
	return c->closed ? -EPIPE : -EAGAIN;
}

static struct lock *chan_lock(struct gpm_chan *c)
{
	return lock_of(&c->senders);
}

/*
 * Whoever has to wait jumps to here, all arguments being in registers: each return
 * between the switch and the user's code is predicted wrong where the G that was
 * left stands in another call.
 */
static __attribute__((noinline)) int
wait_for_other(struct m *m, struct gpm_chan *c, struct gpm_waiters *side,
	       enum gpm_wait_reason why, void *value)
{
	int err = wait_in(m, chan_lock(c), side, why, c, value);

	leave();
	return err;
}

static int operated(struct m *m, struct gpm_chan *c, struct g *wake, int err)
{
	unlock(chan_lock(c));
	if (wake)
		make_ready(m, wake);
	leave_here(m);
	return err;
}

/* Of channels that carry nothing but the fact, values may be NULL. */
static const char nothing;

static inline int chan_send(struct gpm_chan *c, const void *value, bool wait)
{
	struct m *m = enter();
	struct g *wake = NULL;
	int err;

	if (!m)
		return -EPERM;
	lock_object(chan_lock(c));
	err = send_now(c, value ? value : &nothing, &wake);
	if (err == -EAGAIN && wait)
		return wait_for_other(m, c, &c->senders, WAIT_SEND,
				      (void *)(value ? value : &nothing));
	return operated(m, c, wake, err);
}

static inline int chan_receive(struct gpm_chan *c, void *value, bool wait)
{
	struct m *m = enter();
	struct g *wake = NULL;
	int err;

	if (!m)
		return -EPERM;
	lock_object(chan_lock(c));
	err = receive_now(c, value, &wake);
	if (err == -EAGAIN && wait)
		return wait_for_other(m, c, &c->receivers, WAIT_RECV, value);
	return operated(m, c, wake, err);
}

int gpm_send(struct gpm_chan *chan, const void *value)
{
	return chan_send(chan, value, true);
}

int gpm_try_send(struct gpm_chan *chan, const void *value)
{
	return chan_send(chan, value, false);
}

int gpm_recv(struct gpm_chan *chan, void *value)
{
	return chan_receive(chan, value, true);
}

int gpm_try_recv(struct gpm_chan *chan, void *value)
{
	return chan_receive(chan, value, false);
}

int gpm_chan_close(struct gpm_chan *chan)
{
	struct m *m = enter();
	struct g *first = NULL;
	struct waiter *w;

	if (!m)
		return -EPERM;
	lock_object(chan_lock(chan));
	if (chan->closed) {
		unlock(chan_lock(chan));
		leave();
		return -EPIPE;
	}
	chan->closed = true;
	while ((w = wait_pop(&chan->receivers)) ||
	       (w = wait_pop(&chan->senders))) {
		w->g->result = -EPIPE;
		w->g->link = first;
		first = w->g;
	}
	unlock(chan_lock(chan));
	while (first) {
		struct g *g = first;

		first = g->link;
		make_ready(m, g);
	}
	leave();
	return 0;
}

/*
 * Select.  All its channels are locked at once, in the order of their addresses:
 * else two selects that match each other could both miss it.
 */
struct selection {
	struct gpm_case *cases;
	struct waiter *waiters;
	unsigned int *order;	/* by address */
	unsigned int *turn;	/* by lot */
	unsigned int n;
};

static struct gpm_chan *in_order(const struct selection *s, unsigned int i)
{
	return s->cases[s->order[i]].chan;
}

/* The same channel may stand in several cases. */
static bool first_of_chan(const struct selection *s, unsigned int i)
{
	return in_order(s, i) && (!i || in_order(s, i) != in_order(s, i - 1));
}

static void lock_all(struct selection *s)
{
	unsigned int i;

	for (i = 0; i < s->n; i++)
		if (first_of_chan(s, i))
			lock_object(chan_lock(in_order(s, i)));
}

static void unlock_all(void *arg)
{
	struct selection *s = arg;
	unsigned int i;

	/*
	 * After the last unlock whoever wakes the G may let it go on, and its
	 * stack, where @s lies, is no longer there: find the next one before.
	 */
	i = 0;
	while (i < s->n && !first_of_chan(s, i))
		i++;
	while (i < s->n) {
		struct gpm_chan *c = in_order(s, i);

		do
			i++;
		while (i < s->n && !first_of_chan(s, i));
		if (i >= s->n) {
			unlock(chan_lock(c));
			return;
		}
		unlock(chan_lock(c));
	}
}

static struct gpm_waiters *side(const struct gpm_case *op)
{
	return op->send ? &op->chan->senders : &op->chan->receivers;
}

/* Insertion sort: selects are small. */
static void sort(struct selection *s)
{
	unsigned int i, j;

	for (i = 0; i < s->n; i++) {
		for (j = i; j && in_order(s, j - 1) > s->cases[i].chan; j--)
			s->order[j] = s->order[j - 1];
		s->order[j] = i;
	}
}

/* Any order is as likely as another: of those that are ready, all are. */
static void shuffle(struct m *m, struct selection *s)
{
	unsigned int i, j;

	for (i = 0; i < s->n; i++) {
		j = next_random(&m->random) % (i + 1);
		s->turn[i] = s->turn[j];
		s->turn[j] = i;
	}
}

static int try_all(struct m *m, struct selection *s, struct g **wake)
{
	unsigned int i;

	shuffle(m, s);
	for (i = 0; i < s->n; i++) {
		struct gpm_case *op = &s->cases[s->turn[i]];
		int err;

		if (!op->chan)
			continue;
		err = op->send ? send_now(op->chan, op->send, wake) :
				 receive_now(op->chan, op->recv, wake);
		if (err == -EAGAIN)
			continue;
		op->result = err;
		return op - s->cases;
	}
	return -EAGAIN;
}

/* By lot as well: of two on one channel it is the first that is woken. */
static void list_all(struct m *m, struct selection *s)
{
	unsigned int i;

	for (i = 0; i < s->n; i++) {
		struct gpm_case *op = &s->cases[s->turn[i]];
		struct waiter *w = &s->waiters[s->turn[i]];

		wait_prepare(w, m->current, true);
		w->value = op->send ? (void *)op->send : op->recv;
		w->index = s->turn[i];
		if (op->chan)
			wait_list(side(op), w);
	}
}

static int wait_for_any(struct m *m, struct selection *s)
{
	struct g *g = m->current;
	struct gpm_chan *one = NULL;
	struct waiter *woken;
	unsigned int i;
	int result;

	list_all(m, s);
	/* Of several none is named: any of them may wake it. */
	if (s->n == 1)
		one = s->cases[0].chan;
	wait_claimed(m, WAIT_SELECT, one, unlock_all, s);
	woken = g->woken;
	result = g->result;
	lock_all(s);
	for (i = 0; i < s->n; i++)
		if (s->cases[i].chan)
			wait_unlist(side(&s->cases[i]), &s->waiters[i]);
	unlock_all(s);
	if (!woken)
		return result;
	s->cases[woken->index].result = result;
	return woken->index;
}

static int select_in(struct m *m, struct selection *s, bool wait)
{
	struct g *wake = NULL;
	int chosen;

	sort(s);
	lock_all(s);
	chosen = try_all(m, s, &wake);
	if (chosen == -EAGAIN && wait)
		return wait_for_any(m, s);
	unlock_all(s);
	if (wake)
		make_ready(m, wake);
	return chosen;
}

#define SELECT_FEW 8

static int do_select(struct gpm_case *cases, unsigned int n, bool wait)
{
	struct waiter waiters[SELECT_FEW];
	unsigned int order[2 * SELECT_FEW];
	struct selection s = { cases, waiters, order,
				order + SELECT_FEW, n };
	struct m *m = enter();
	int chosen = -ENOMEM;

	if (!m)
		return -EPERM;
	if (n > SELECT_FEW) {
		s.waiters = calloc(n, sizeof(*s.waiters));
		s.order = calloc(n, 2 * sizeof(*s.order));
		s.turn = s.order ? s.order + n : NULL;
	}
	if (s.waiters && s.order)
		chosen = select_in(m, &s, wait);
	if (n > SELECT_FEW) {
		free(s.waiters);
		free(s.order);
	}
	leave();
	return chosen;
}

int gpm_select(struct gpm_case *cases, unsigned int n)
{
	return do_select(cases, n, true);
}

int gpm_try_select(struct gpm_case *cases, unsigned int n)
{
	return do_select(cases, n, false);
}
