// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ms look for Gs to run, and sleep when there are none: the protocol between those
 * who make work and those who are about to give up looking for it.
 *
 * Every access that can race is an explicit atomic one: a test runs this file with
 * others in their place, in every interleaving.
 */
#include "idle.h"
#include "internal.h"

/*
 * Ps change hands.
 */

/* With sched.lock held. */
static struct p *pop_idle(void)
{
	struct p *p = sched.idle_p;

	if (p) {
		sched.idle_p = p->link;
		atomic_store(&p->status,
			     atomic_load(&sched.stop) ? P_STOPPING : P_RUNNING);
		atomic_fetch_sub(&sched.nidle, 1);
	}
	return p;
}

struct p *idle_p_get(void)
{
	struct p *p;

	if (!atomic_load(&sched.nidle))
		return NULL;
	lock(&sched.lock);
	p = pop_idle();
	unlock(&sched.lock);
	if (p)
		monitor_wake();
	return p;
}

/* With sched.lock held. */
static void put_idle(struct p *p)
{
	atomic_store(&p->status, P_IDLE);
	p->link = sched.idle_p;
	sched.idle_p = p;
	atomic_fetch_add(&sched.nidle, 1);
}

void take_p(struct m *m, struct p *p)
{
	lock(&sched.lock);
	atomic_store(&p->m, m);
	atomic_store_explicit(&m->p, p, memory_order_release);
	unlock(&sched.lock);
	trace(p->ring, TRACE_START, m->id, 0, 0);
}

/* The owner has no work; with sched.lock held. */
static void release_p(struct m *m, struct p *p)
{
	trace(p->ring, TRACE_IDLE, m->id, 0, 0);
	atomic_store(&p->m, NULL);
	atomic_store(&m->p, NULL);
	put_idle(p);
}

/*
 * Waking.
 */

static bool start_machine(struct p *p, bool spinning)
{
	struct m *m;

	lock(&sched.lock);
	m = sched.parked;
	if (m) {
		sched.parked = m->link;
		sched.nparked--;
		m->given = p;
		m->spinning = spinning;
	}
	unlock(&sched.lock);
	if (m) {
		futex_wake(&m->wake);
		return true;
	}
	if (add_machine(p, spinning))
		return true;
	/* No thread is to be had: the others will get to the work. */
	lock(&sched.lock);
	put_idle(p);
	unlock(&sched.lock);
	if (spinning)
		atomic_fetch_sub(&sched.nspinning, 1);
	return false;
}

/*
 * One is counted as spinning that has no P yet.  Without an idle P the next M that
 * would go idle spins instead: it may have been kept from that by this count, and
 * others have woken nobody because of it.
 */
static void wake_counted(void)
{
	struct p *p;

	lock(&sched.lock);
	p = pop_idle();
	if (!p)
		sched.must_spin = true;
	unlock(&sched.lock);
	if (p) {
		monitor_wake();
		start_machine(p, true);
	} else {
		atomic_fetch_sub(&sched.nspinning, 1);
	}
}

void wake_machine(void)
{
	if (idle_must_wake(&sched.nidle, &sched.nspinning))
		wake_counted();
}

bool work_anywhere(void)
{
	unsigned int i;

	if (atomic_load(&sched.length))
		return true;
	for (i = 0; i < sched.procs; i++)
		if (!queue_empty(&sched.p[i].queue))
			return true;
	return timers_next() <= clock_now();
}

static void wake_poller(void)
{
	if (atomic_load(&sched.polling))
		poller_break();
}

/* The M that sleeps in epoll_wait() may sleep for longer, having begun earlier. */
static void wake_poller_before(int64_t due)
{
	if (atomic_load(&sched.polling) && due < atomic_load(&sched.poll_until))
		poller_break();
}

/* Nobody sleeps in epoll_wait(), for whose end some G waits. */
static bool must_poll(void)
{
	return !atomic_load(&sched.polling) &&
	       (atomic_load(&sched.waiting_fds) || timers_next() != NEVER);
}

/*
 * The P of a thread that blocks: to another thread if there is anything to do,
 * or if nobody else would look for it.
 */
void hand_over(struct p *p)
{
	unsigned int none = 0;
	bool work = !queue_empty(&p->queue) || atomic_load(&sched.length);

	if (!work && sched.procs > 1 && !atomic_load(&sched.nspinning) &&
	    !atomic_load(&sched.nidle) &&
	    atomic_compare_exchange_strong(&sched.nspinning, &none, 1)) {
		start_machine(p, true);
		return;
	}
	if (work || must_poll()) {
		start_machine(p, false);
		return;
	}
	lock(&sched.lock);
	put_idle(p);
	unlock(&sched.lock);
	/* It may have come in between. */
	if (work_anywhere())
		wake_machine();
	else
		wake_poller_before(timers_next());
}

/*
 * Looking for work.
 */

static void stop_spinning(struct m *m)
{
	unsigned int none = 0;

	/*
	 * Whoever made a G ready meanwhile has woken nobody, as this M was
	 * spinning: now that it has found something, another has to look, be it
	 * one that is about to go idle.
	 */
	m->spinning = false;
	if (atomic_fetch_sub(&sched.nspinning, 1) == 1 &&
	    atomic_compare_exchange_strong(&sched.nspinning, &none, 1))
		wake_counted();
}

static void start_spinning(struct m *m)
{
	if (m->spinning)
		return;
	m->spinning = true;
	atomic_fetch_add(&sched.nspinning, 1);
}

static struct g *found(struct m *m, struct g *g)
{
	if (m->spinning)
		stop_spinning(m);
	return g;
}

/* With a P: own queues, descriptors, then others'. */
static struct g *search(struct m *m, struct p *p)
{
	struct g *g = pick(p);

	if (!g)
		g = poll_now(p);
	if (g || sched.procs == 1)
		return g;
	if (!m->spinning) {
		if (!idle_may_spin(&sched.nidle, &sched.nspinning, sched.procs))
			return NULL;
		m->spinning = true;
		trace(p->ring, TRACE_SPIN, m->id, 0, 0);
	}
	return steal(m, p);
}

/* Sleep in epoll_wait(), as the only M, until a descriptor or a timer is due. */
static struct g *poll_asleep(struct m *m)
{
	int64_t until = timers_next(), now = clock_now();
	struct g *list;
	unsigned int n;
	struct p *p;

	if (until == NEVER && !atomic_load(&sched.waiting_fds))
		return NULL;
	if (atomic_exchange(&sched.polling, true)) {
		wake_poller_before(until);
		return NULL;
	}
	atomic_store(&sched.poll_until, until);
	/* A timer may have come before others could see that. */
	if (timers_next() < until || atomic_load(&sched.stop) || work_anywhere())
		list = poller_poll(0, &n);
	else
		list = poller_poll(until == NEVER ? -1 :
				   until > now ? until - now : 0, &n);
	atomic_store(&sched.polling, false);
	p = idle_p_get();
	if (p) {
		take_p(m, p);
		trace(p->ring, TRACE_POLL, n, 0, 0);
		return list ? take_polled(p, list, n) : NULL;
	}
	put_polled(list);
	return NULL;
}

/*
 * The last M that falls asleep finds out that nothing can ever happen again: it
 * ends the run.  With sched.lock held; true if so.
 */
static bool all_done(void)
{
	if (atomic_load(&sched.stop) || sched.nparked + 1 < sched.nms ||
	    atomic_load(&sched.length) || atomic_load(&sched.waiting_fds) ||
	    timers_next() != NEVER)
		return false;
	return true;
}

/* Sleep until somebody gives this M a P, or the run ends. */
static void park(struct m *m)
{
	bool done;

	lock(&sched.lock);
	if (m->given || atomic_load(&sched.stop)) {
		unlock(&sched.lock);
		return;
	}
	done = all_done();
	if (!done) {
		atomic_store(&m->wake, 0);
		m->link = sched.parked;
		sched.parked = m;
		sched.nparked++;
		/* The poller sleeps for a descriptor nobody waits for now. */
		done = atomic_load(&sched.polling) && !atomic_load(&sched.waiting_fds) &&
		       sched.nparked + 1 == sched.nms;
		unlock(&sched.lock);
		if (done)
			wake_poller();
		while (!atomic_load(&m->wake))
			futex_wait(&m->wake, 0, -1);
		return;
	}
	unlock(&sched.lock);
	if (alive())
		report_deadlock();
	stop_all(alive() ? -EDEADLK : 0);
}

/* Give up the P; a G if one came meanwhile. */
static struct g *go_idle(struct m *m, struct p *p)
{
	bool must_spin;
	struct g *g;

	lock(&sched.lock);
	g = atomic_load(&sched.stop) ? NULL : get_global(p, QUEUE_SIZE / 2);
	must_spin = !g && !m->spinning && sched.must_spin && !atomic_load(&sched.stop);
	if (must_spin) {
		sched.must_spin = false;
		start_spinning(m);
	} else if (!g) {
		release_p(m, p);
	}
	unlock(&sched.lock);
	if (must_spin)
		return NULL;
	if (g) {
		running(p, g, WHY_GLOBAL, 0);
		return g;
	}
	if (idle_stop_spinning(&sched.nspinning, &m->spinning) ||
	    sched.procs == 1) {
		if (work_anywhere()) {
			p = idle_p_get();
			if (p) {
				take_p(m, p);
				start_spinning(m);
			}
			return NULL;
		}
	}
	return poll_asleep(m);
}

/*
 * An M without a P may have left its own G in the global queue, after a P that
 * found nothing there has gone idle: both happen under the lock, so it is seen.
 */
static void wait_for_p(struct m *m)
{
	struct p *p = atomic_load(&sched.length) ? idle_p_get() : NULL;

	if (!p) {
		park(m);
		p = m->given;
		m->given = NULL;
	}
	if (p)
		take_p(m, p);
}

struct g *find_g(struct m *m)
{
	struct p *p;
	struct g *g;

	while (!atomic_load(&sched.stop)) {
		p = my_p(m);
		if (!p) {
			wait_for_p(m);
			continue;
		}
		g = search(m, p);
		if (!g)
			g = go_idle(m, p);
		if (g)
			return found(m, g);
		if (!my_p(m))
			continue;
		/* With a P again, it looks for work as one that spins. */
	}
	return NULL;
}

/*
 * The end.
 */

void stop_all(int status)
{
	struct m *m;
	unsigned int i;

	lock(&sched.lock);
	if (!atomic_load(&sched.stop)) {
		sched.status = status;
		atomic_store(&sched.stop, true);
		trace(outside_ring(), TRACE_STOP, 0, status, 0);
	}
	for (i = 0; i < sched.procs; i++)
		if (atomic_load(&sched.p[i].status) != P_IDLE)
			atomic_store(&sched.p[i].status, P_STOPPING);
	/* Nobody gives a P to one that is about to end. */
	while ((m = sched.parked)) {
		sched.parked = m->link;
		futex_wake(&m->wake);
	}
	unlock(&sched.lock);
	wake_poller();
	monitor_wake();
}
