// SPDX-License-Identifier: GPL-2.0-only
/*
 * The monitor: a thread without a P that looks after those who cannot.
 *
 * A thread that blocks in a call nobody announced holds its P, and with it the
 * Gs in its queue.  The monitor takes the P from it after 20 us and hands it to
 * another thread.  It also asks for descriptors and timers while all Ps are too
 * busy to do so themselves.
 */
#include <sys/prctl.h>

#include "internal.h"

#define FIRST_DELAY (20 * USEC)
#define LONGEST_DELAY (10 * MSEC)
#define QUIET_ROUNDS 50
#define RETAKE_AFTER (20 * USEC)
#define POLL_AFTER (10 * MSEC)
#define LONG_IDLE (100 * MSEC)

static pthread_t monitor;

/*
 * Take the P of @m.  First it is marked, then the thread is looked at: if it
 * sleeps now, then either it fell asleep in the library and @inside says so, or
 * it will see the mark as it next enters it, see enter().
 */
static bool retake(struct p *p)
{
	unsigned int call = 0, status = P_RUNNING;
	struct m *m;
	bool taken = false;

	lock(&sched.lock);
	m = atomic_load(&p->m);
	if (m && atomic_compare_exchange_strong(&p->status, &status,
						P_RETAKING)) {
		taken = machine_sleeps(m, &call) && !atomic_load(&m->inside);
		if (taken) {
			trace(outside_ring(), TRACE_RETAKE, m->current->id,
			      p->id, call);
			atomic_store(&m->current->state, G_BLOCKED);
			atomic_store(&m->p, NULL);
			atomic_store(&p->m, NULL);
		}
		atomic_store(&p->status, P_RUNNING);
	}
	unlock(&sched.lock);
	if (taken)
		hand_over(p);
	return taken;
}

/* A P whose Gs have changed since the last look needs none. */
static bool stuck(struct p *p, int64_t now)
{
	struct m *m = p->m;
	unsigned int runs = p->runs;

	if (p->status != P_RUNNING || !m || runs != p->seen_runs) {
		p->seen_runs = runs;
		p->seen_since = now;
		return false;
	}
	return now - p->seen_since >= RETAKE_AFTER && !m->inside;
}

/*
 * Whether its thread sleeps outside the library now, with a G that the last look has
 * not seen.
 */
static bool blocks(struct p *p)
{
	struct m *m = p->m;
	unsigned int call;

	return p->status == P_RUNNING && m && !m->inside &&
	       machine_sleeps(m, &call);
}

/* Without the lock first: most are simply busy. */
static bool retake_stuck(struct p *p, int64_t now)
{
	struct m *m = p->m;
	unsigned int call;

	return stuck(p, now) && m && machine_sleeps(m, &call) && retake(p);
}

/*
 * True: a P was taken, or is about to be.  Where a G blocks that was not there
 * before the monitor waits on the CPU, which the thread has left: after a sleep, be it
 * only a yield, it would come too late, and one that looks every few milliseconds only
 * would meet another G each time.
 */
static bool retake_all(int64_t now)
{
	bool any = false, wait = false;
	unsigned int i;

	for (i = 0; i < sched.procs; i++) {
		struct p *p = &sched.p[i];

		if (retake_stuck(p, now))
			any = true;
		else if (p->seen_since == now && blocks(p))
			wait = true;
	}
	if (!wait)
		return any;
	while (clock_now() - now < RETAKE_AFTER && !sched.stop)
		;
	now = clock_now();
	for (i = 0; i < sched.procs; i++)
		any |= retake_stuck(&sched.p[i], now);
	return true;
}

static void poll_for_the_busy(int64_t now)
{
	unsigned int n;

	if (atomic_load(&sched.waiting_fds) && !atomic_load(&sched.polling) &&
	    now - sched.polled >= POLL_AFTER)
		put_polled(poller_poll(0, &n));
}

/* Due timers of Ps that do not get to it, if another could run them. */
static void wake_for_timers(int64_t now)
{
	if (sched.nidle && !sched.polling && timers_next() <= now)
		wake_machine();
}

static bool all_idle(void)
{
	return sched.nidle == sched.procs;
}

/* What the word is where it waits; futex_wake() makes it another one. */
enum { LOOKS = 0, SLEEPS = 2 };

/*
 * Sleep until a P is in use again, if none has been since @since.  Not at once: who
 * serves many is idle for a moment all the time, and would have to wake the monitor
 * after each.
 */
static bool sleep_idle(int64_t since, int64_t now)
{
	if (!all_idle() || now - since < LONG_IDLE)
		return false;
	atomic_store(&sched.monitor_word, SLEEPS);
	/* Who makes a P busy looks at the word after that. */
	while (all_idle() && !sched.stop && sched.monitor_word == SLEEPS)
		futex_wait(&sched.monitor_word, SLEEPS, -1);
	return true;
}

/*
 * A run begins as if it had been quiet: most have nothing for the monitor to do, and
 * its looks one after another would take a tenth of the CPU from a short one.
 */
static void *monitor_main(void *arg)
{
	int64_t delay = FIRST_DELAY, now = clock_now(), busy = now;
	unsigned int quiet = QUIET_ROUNDS;

	(void)arg;
	/* The default slack of a timer is more than this thread's delay. */
	prctl(PR_SET_TIMERSLACK, 1);
	for (;;) {
		atomic_store(&sched.monitor_word, LOOKS);
		if (sched.stop)
			return NULL;
		if (sleep_idle(busy, now)) {
			delay = FIRST_DELAY;
			quiet = 0;
			busy = clock_now();
			now = busy;
			continue;
		}
		futex_wait(&sched.monitor_word, LOOKS, delay);
		now = clock_now();
		if (!all_idle())
			busy = now;
		poll_for_the_busy(now);
		wake_for_timers(now);
		if (retake_all(now)) {
			quiet = 0;
			delay = FIRST_DELAY;
		} else if (++quiet > QUIET_ROUNDS && delay < LONGEST_DELAY) {
			delay *= 2;
		}
	}
}

int monitor_start(void)
{
	sigset_t all, old;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&monitor, NULL, monitor_main, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -err;
}

/* A P is in use again, or the run ends. */
void monitor_wake(void)
{
	if (sched.stop || atomic_load(&sched.monitor_word) == SLEEPS)
		futex_wake(&sched.monitor_word);
}

void monitor_join(void)
{
	pthread_join(monitor, NULL);
}
