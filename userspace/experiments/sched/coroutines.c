// SPDX-License-Identifier: GPL-2.0-only
/* The loads of coroutines, on libgpm. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "load.h"
#include "gpm/gpm.h"
#include "lib/xalloc.h"
#include "measure/cpus.h"

struct team;

/* One coroutine of a load. */
struct member {
	struct team *team;
	unsigned int index;
	struct gpm_sem sem;
	struct gpm_chan *chan;		/* of a pair: the first one's */
};

/* All of them: made before the time begins, they wait at @gate. */
struct team {
	struct arena *arena;
	struct worker *worker;
	struct member *member;
	struct gpm_sem gate;
	struct gpm_group group;
	struct gpm_mutex mutex;
};

static void check(int err)
{
	if (err < 0)
		gpm_stop(err);
}

static void yields(struct member *m)
{
	uint32_t n = load_each(m->team->arena, m->team->arena->tasks);

	while (n--)
		gpm_yield();
}

static void yields_global(struct member *m)
{
	uint32_t n = load_each(m->team->arena, m->team->arena->tasks);

	while (n--)
		gpm_yield_global();
}

/* The other one of its pair. */
static struct member *peer(struct member *m)
{
	return &m->team->member[m->index ^ 1];
}

static void wakes(struct member *m)
{
	uint32_t n = load_each(m->team->arena, m->team->arena->tasks);

	while (n--) {
		if (m->index & 1)
			check(gpm_sem_wait(&m->sem));
		check(gpm_sem_post(&peer(m)->sem));
		if (!(m->index & 1))
			check(gpm_sem_wait(&m->sem));
	}
}

static void takes_mutex(struct member *m)
{
	uint32_t n = load_each(m->team->arena, m->team->arena->tasks);

	while (n--) {
		check(gpm_lock(&m->team->mutex));
		gpm_yield();
		check(gpm_unlock(&m->team->mutex));
	}
}

/* A pair's messages are the operations of both. */
static void exchanges(struct member *m)
{
	uint32_t n = 2 * load_each(m->team->arena, m->team->arena->tasks);
	uint32_t value = 0;

	while (n--) {
		if (m->index & 1)
			check(gpm_recv(peer(m)->chan, &value));
		else
			check(gpm_send(m->chan, &n));
	}
}

static void read_byte(int fd, char *byte)
{
	ssize_t n = gpm_read(fd, byte, 1);

	check(n ? n : -EPIPE);
}

static void echoes(struct member *m)
{
	struct arena *a = m->team->arena;
	struct connection *c = &a->connection[m->index / 2];
	uint32_t n = load_each(a, a->tasks / 2);
	int side = m->index & 1;
	char byte = 0;

	while (n--) {
		if (side)
			read_byte(c->in[side], &byte);
		check(gpm_write(c->out[side], &byte, 1));
		if (!side)
			read_byte(c->in[side], &byte);
	}
}

/* The second one never waits, but lets others run. */
static void times(struct member *m)
{
	struct arena *a = m->team->arena;
	int64_t when;
	uint32_t n;

	if (m->index) {
		while (!__atomic_load_n(&a->over, __ATOMIC_RELAXED)) {
			load_work(a);
			gpm_yield();
		}
		return;
	}
	for (n = a->ops; n; n--) {
		when = gpm_now() + SLEEP_NS;
		check(gpm_sleep_until(when));
		load_late(a, when);
	}
	__atomic_store_n(&a->over, 1, __ATOMIC_RELAXED);
}

static void nap(void *arg)
{
	const struct timespec t = { .tv_nsec = SLEEP_NS };

	(void)arg;
	nanosleep(&t, NULL);
}

/* The second one sees when it runs while the first blocks its thread. */
static void blocks(struct member *m)
{
	struct arena *a = m->team->arena;
	uint32_t n;

	if (m->index) {
		while (!__atomic_load_n(&a->over, __ATOMIC_RELAXED)) {
			load_look(a);
			gpm_yield();
		}
		return;
	}
	for (n = a->ops; n; n--) {
		__atomic_store_n(&a->began, load_now(), __ATOMIC_RELEASE);
		if (a->load == LOAD_BLOCK)
			check(gpm_block(nap, NULL));
		else
			nap(NULL);
		gpm_yield();
	}
	__atomic_store_n(&a->over, 1, __ATOMIC_RELAXED);
}

/* Waiting at the gate was all. */
static void parked(struct member *m)
{
	(void)m;
}

static void (*const lives[LOADS])(struct member *m) = {
	[LOAD_YIELD] = yields,
	[LOAD_YIELD_GLOBAL] = yields_global,
	[LOAD_YIELD_TRACED] = yields,
	[LOAD_SEMAPHORE] = wakes,
	[LOAD_MUTEX] = takes_mutex,
	[LOAD_CHANNEL] = exchanges,
	[LOAD_PIPE] = echoes,
	[LOAD_UNIX] = echoes,
	[LOAD_TCP] = echoes,
	[LOAD_TIMER] = times,
	[LOAD_BLOCK] = blocks,
	[LOAD_BLOCK_UNSAID] = blocks,
	[LOAD_PARK] = parked,
};

static void live(void *arg)
{
	struct member *m = arg;

	__atomic_add_fetch(&m->team->arena->ready, 1, __ATOMIC_RELAXED);
	check(gpm_sem_wait(&m->team->gate));
	lives[m->team->arena->load](m);
	check(gpm_group_done(&m->team->group));
}

static void make_members(struct team *t)
{
	struct arena *a = t->arena;
	unsigned int i;

	check(gpm_group_add(&t->group, a->tasks));
	for (i = 0; i < a->tasks; i++) {
		t->member[i].team = t;
		t->member[i].index = i;
		if (a->load != LOAD_CHANNEL || i & 1)
			continue;
		t->member[i].chan = gpm_chan_new(sizeof(uint32_t), 0);
		if (!t->member[i].chan)
			gpm_stop(-ENOMEM);
	}
	for (i = 0; i < a->tasks; i++)
		check(gpm_go(live, &t->member[i]));
	while (__atomic_load_n(&a->ready, __ATOMIC_RELAXED) < a->tasks)
		gpm_yield();
}

static void free_channels(struct team *t)
{
	unsigned int i;

	for (i = 0; i < t->arena->tasks; i += 2)
		if (t->member[i].chan)
			gpm_chan_free(t->member[i].chan);
}

static void open_gate(struct team *t)
{
	unsigned int i;

	for (i = 0; i < t->arena->tasks; i++)
		check(gpm_sem_post(&t->gate));
	check(gpm_group_wait(&t->group));
}

static void run_members(struct team *t)
{
	struct arena *a = t->arena;
	pid_t thread = gettid();

	make_members(t);
	load_begin(a, t->worker);
	open_gate(t);
	load_end(a, t->worker);
	a->handed_over = gettid() != thread;
	a->made = load_made(a);
	free_channels(t);
}

static void nothing(void *arg)
{
	struct team *t = arg;

	check(gpm_group_done(&t->group));
}

static void go(struct team *t, void (*fn)(void *arg), unsigned int n)
{
	check(gpm_group_add(&t->group, n));
	while (n--)
		check(gpm_go(fn, t));
	check(gpm_group_wait(&t->group));
}

static void create(struct team *t)
{
	struct arena *a = t->arena;

	load_begin(a, t->worker);
	do {
		go(t, nothing, a->tasks);
		a->made += a->tasks;
	} while (a->made < a->ops);
	load_end(a, t->worker);
}

static void work(void *arg)
{
	struct team *t = arg;

	load_work(t->arena);
	check(gpm_group_done(&t->group));
}

/* Stacks and threads are there before: it is about how the work spreads. */
static void fan_out(struct team *t)
{
	struct arena *a = t->arena;
	unsigned int n = load_pieces(a);

	go(t, nothing, n);
	load_begin(a, t->worker);
	go(t, work, n);
	load_end(a, t->worker);
	a->made = n;
}

/* Their memory is looked at while all wait; that takes no part in the time. */
static void park(struct team *t)
{
	double before = load_resident(), now;
	struct arena *a = t->arena;
	uint64_t start, looked;

	load_begin(a, t->worker);
	make_members(t);
	start = worker_now();
	now = load_resident();
	looked = worker_now() - start;
	open_gate(t);
	load_end(a, t->worker);
	t->worker->slot->start_ns += looked;
	a->bytes = before && now > before ? now - before : 0;
	a->made = a->tasks;
}

static void first(void *arg)
{
	struct team *t = arg;

	switch (t->arena->load) {
	case LOAD_CREATE:
		create(t);
		break;
	case LOAD_FAN_OUT:
		fan_out(t);
		break;
	case LOAD_PARK:
		park(t);
		break;
	default:
		run_members(t);
	}
}

/* All sleeping is an error of a load: it stands in the run's status. */
static void no_report(void *arg, const char *line)
{
	(void)arg;
	(void)line;
}

static int run(struct team *t)
{
	struct arena *a = t->arena;
	struct gpm_options o = {
		.procs = a->kind == KIND_COROUTINE_2 ? 2 : 1,
		.trace = a->load == LOAD_YIELD_TRACED ? "/dev/null" : "",
		.report = no_report,
	};

	return gpm_run(&o, first, t);
}

void coroutines_round(struct arena *a, struct worker *w)
{
	struct team t = { .arena = a, .worker = w };
	int err = load_connect(a);

	t.member = xcalloc(a->tasks, sizeof(*t.member));
	if (!err && a->kind == KIND_COROUTINE_2)
		err = cpus_bind_two(0, a->cpu);
	worker_meet(w);
	if (!err)
		err = run(&t);
	if (a->kind == KIND_COROUTINE_2)
		cpus_bind(0, a->cpu[0]);
	worker_part(w);
	if (err)
		load_failed(a, err);
	load_disconnect(a);
	free(t.member);
}
