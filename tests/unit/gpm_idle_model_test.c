// SPDX-License-Identifier: GPL-2.0-only
/*
 * The scheduler's own code in every interleaving of its atomic accesses, with x86's
 * store buffers: no G waits while a P sleeps, whether it is made ready by a G, by a
 * descriptor or by a timer, and whatever P is taken from whom.  And each planted
 * mistake is found.
 */
#include "locks/gpm.h"
#include "locks/model_tap.h"

/*
 * The threads.
 */

/* Some G runs, on a P that nobody else has, and the thread may sleep meanwhile. */
static void use_p(struct m *m)
{
	struct p *p = my_p(m);

	if (!p) {
		model_wrong("a G runs without a P");
		return;
	}
	if (atomic_exchange(&mem.used[p->id], 1))
		model_wrong("two Ms have one P");
	if (m == &mem.m[0]) {
		atomic_store(&mem.asleep, 1);
		atomic_store(&mem.asleep, 0);
	}
	atomic_store(&mem.used[p->id], 0);
}

/* It runs to its end; the run ends with the last. */
static void run_g(struct m *m, struct g *g)
{
	m->current = g;
	use_p(m);
	if (atomic_fetch_add(&mem.taken[g - mem.g], 1))
		model_wrong("a G runs twice");
	m->current = &m->idle;
	if (atomic_fetch_sub(&mem.left, 1) != 1)
		return;
	stop_all(0);
	/* It may have had no work. */
	if (!atomic_exchange(&mem.started, 1))
		futex_wake(&mem.m[1].wake);
}

static void be_machine(struct m *m)
{
	struct g *g;

	while ((g = find_g(m)))
		run_g(m, g);
}

/* A thread that starts when it is needed. */
static void spare(struct m *m)
{
	while (!atomic_load(&m->wake))
		futex_wait(&m->wake, 0, -1);
	be_machine(m);
}

static void give(unsigned int p, unsigned int m)
{
	mem.p[p].m = &mem.m[m];
	mem.m[m].p = &mem.p[p];
}

/* All Ps but the first are idle, and only the first M has started. */
static void start(unsigned int procs, unsigned int left)
{
	unsigned int i;

	sched.procs = procs;
	sched.p = mem.p;
	sched.nms = 1;
	for (i = 0; i < procs; i++) {
		struct p *p = &mem.p[i];

		p->id = i;
		p->tick = 1;
		p->alive = GS;
		p->status = i ? P_IDLE : P_RUNNING;
		p->timers.next = NEVER;
		p->timers.timer = mem.heap[i];
		p->timers.room = 4;
	}
	sched.idle_p = procs > 1 ? &mem.p[1] : NULL;
	sched.nidle = procs - 1;
	mem.ms = 2;
	for (i = 0; i < THREADS; i++) {
		mem.m[i].inside = true;
		mem.m[i].id = i;
		mem.m[i].current = &mem.m[i].idle;
	}
	give(0, 0);
	mem.left = left;
}

/* The second M looks for work. */
static void start_searching(unsigned int left)
{
	start(2, left);
	give(1, 1);
	mem.p[1].status = P_RUNNING;
	sched.idle_p = NULL;
	sched.nidle = 0;
	sched.nms = 2;
	sched.nspinning = 1;
	mem.m[1].spinning = true;
	mem.started = 1;
}

/* A G makes two others ready, and itself goes on for ever. */
static void busy(void)
{
	struct m *m = &mem.m[0];

	m->current = &mem.g[3];
	make_ready(m, &mem.g[0]);
	make_ready(m, &mem.g[1]);
}

static void start_parking(void)
{
	mem.patient = true;
	start_searching(2);
}

static void parking_run(unsigned int thread)
{
	by_this_thread(0);
	if (thread)
		be_machine(&mem.m[1]);
	else
		busy();
}

/* The same, from a thread that has to start, and the first ends at once. */
static void start_starting(void)
{
	start(2, 2);
}

static void starting_run(unsigned int thread)
{
	struct m *m = &mem.m[thread];

	by_this_thread(0);
	if (thread) {
		spare(m);
		return;
	}
	busy();
	m->current = &m->idle;
	be_machine(m);
}

/* Its G ends at once, and the M has nothing else. */
static void end_and_look(struct m *m)
{
	m->current = &m->idle;
	be_machine(m);
}

/* One P for two Ms, the second of which is about to sleep in epoll. */
static void start_polling(void)
{
	start(1, 1);
	sched.nms = 2;
	mem.started = 1;
}

static void poll_first(struct m *m)
{
	struct g *g = poll_asleep(m);

	if (g)
		run_g(m, g);
	be_machine(m);
}

/* A G sleeps for long, and now another is to sleep less. */
static void start_timer(void)
{
	struct heap *h = &mem.p[0].timers;

	start_polling();
	mem.timer[1] = (struct timer){
		.when = LATE, .g = &mem.g[1], .once = true, .at = 1, .heap = h };
	h->timer[1] = &mem.timer[1];
	h->n = 1;
	h->next = LATE;
}

static void timer_run(unsigned int thread)
{
	by_this_thread(0);
	if (thread) {
		poll_first(&mem.m[1]);
		return;
	}
	mem.timer[0] = (struct timer){
		.when = SOON, .g = &mem.g[0], .once = true };
	timers_add(&mem.p[0].timers, &mem.timer[0]);
	end_and_look(&mem.m[0]);
}

/* A G waits for a descriptor, and the world outside brings what it waits for. */
static void start_input(void)
{
	start_polling();
	sched.waiting_fds = 1;
}

static void input_run(unsigned int thread)
{
	by_this_thread(0);
	if (thread == 0) {
		end_and_look(&mem.m[0]);
	} else if (thread == 1) {
		poll_first(&mem.m[1]);
	} else {
		atomic_store(&mem.input, 1);
		futex_wake(&mem.event);
	}
}

/* It has come already, and the monitor brings it. */
static void start_monitor(void)
{
	start(1, 1);
	sched.waiting_fds = 1;
	sched.polled = -POLL_AFTER;
	mem.input = 1;
}

static void monitor_run(unsigned int thread)
{
	by_this_thread(0);
	if (thread == 0)
		end_and_look(&mem.m[0]);
	else if (thread == 1)
		spare(&mem.m[1]);
	else
		poll_for_the_busy(mem.now);
}

/* The first M sleeps in a call of its G, and another is queued behind that. */
static void start_hand_over(void)
{
	start(1, 2);
	mem.m[0].current = &mem.g[3];
	mem.p[0].queue.slot[0] = &mem.g[0];
	mem.p[0].queue.tail = 1;
}

static void call_out(struct m *m)
{
	atomic_store_explicit(&m->inside, false, memory_order_release);
	atomic_store(&mem.asleep, 1);
	atomic_store(&mem.asleep, 0);
	enter();
	if (m->current == &mem.g[3])
		run_g(m, &mem.g[3]);
	be_machine(m);
}

static void hand_over_run(unsigned int thread)
{
	by_this_thread(0);
	if (thread == 0)
		call_out(&mem.m[0]);
	else if (thread == 1)
		spare(&mem.m[1]);
	else
		retake(&mem.p[0]);
}

struct play {
	const char *name;
	unsigned int threads;
	void (*run)(unsigned int thread);
	void (*init)(void);
};

/* What a planted mistake undoes after it was done. */
static void after(unsigned int thread)
{
	(void)thread;
	if (plant == PLANT_NO_DUTY)
		sched.must_spin = false;
}

static struct explored explore(const struct play *p, enum plant planted,
			       enum mistake mistake)
{
	struct model m = {
		.threads = p->threads,
		.run = p->run,
		.init = p->init,
		.memory = &mem,
		.size = sizeof(mem),
		.more = &sched,
		.more_size = sizeof(sched),
		.after = after,
		.mistake = mistake,
	};

	plant = planted;
	return model_explore(&m);
}

static void well(const struct play *p)
{
	model_well(p->name, explore(p, PLANT_NONE, MISTAKE_NONE), 10);
}

static void ill(const struct play *p, enum plant planted, enum mistake mistake,
		const char *what)
{
	model_ill(p->name, explore(p, planted, mistake), what);
}

int main(void)
{
	static const struct play parking = { "parking", 2, parking_run,
					     start_parking };
	static const struct play starting = { "a thread that starts", 2,
					      starting_run, start_starting };

	static const struct play timer = { "a timer", 2, timer_run, start_timer };
	static const struct play input = { "a descriptor", 3, input_run,
					   start_input };
	static const struct play monitor = { "the monitor asks", 3, monitor_run,
					     start_monitor };
	static const struct play hand_over = { "hand-over", 3, hand_over_run,
					       start_hand_over };

	well(&parking);
	well(&starting);
	ill(&parking, PLANT_NONE, MISTAKE_NO_FENCE, "a fence that is none");
	ill(&parking, PLANT_NONE, MISTAKE_WAKE_LOST, "a wake-up that wakes nobody");
	ill(&parking, PLANT_NO_RECHECK, MISTAKE_NONE, "no second look");
	ill(&parking, PLANT_NO_DUTY, MISTAKE_NONE,
	    "a waker that finds no P and leaves it at that");
	well(&timer);
	ill(&timer, PLANT_NO_BREAK, MISTAKE_NONE, "a poller that is not woken");
	ill(&timer, PLANT_NONE, MISTAKE_NO_FENCE, "a fence that is none");
	well(&monitor);
	ill(&monitor, PLANT_EARLY_COUNT, MISTAKE_NONE,
	    "a G counted off before it is queued");
	well(&input);
	ill(&input, PLANT_NO_BREAK, MISTAKE_NONE,
	    "a poller that is not woken at the end");
	well(&hand_over);
	ill(&hand_over, PLANT_NO_MARK, MISTAKE_NONE, "a P that is not marked");
	ill(&hand_over, PLANT_NO_LOOK, MISTAKE_NONE,
	    "a thread that may not sleep at all");
	ill(&hand_over, PLANT_NOT_INSIDE, MISTAKE_NONE,
	    "a thread that sleeps in the library");
	ill(&hand_over, PLANT_NO_LENGTH, MISTAKE_NONE,
	    "a look at the global queue that is left out");
	return tap_done();
}
