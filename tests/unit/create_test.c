// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parts of ctxlab create, on this host: ways to make a child against
 * kcmp(2), deeds against the sharing, the cost model against known terms.
 */
#include <errno.h>
#include <fcntl.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "experiments/create/apart.h"
#include "experiments/create/costs.h"
#include "experiments/create/create.h"
#include "experiments/create/deeds.h"
#include "experiments/create/look.h"
#include "experiments/create/parallel.h"
#include "experiments/create/parent.h"
#include "experiments/create/timing.h"
#include "tap.h"

static const char *name(int way)
{
	return experiment_create.arms[way].name;
}

/* What a host may refuse: namespaces, and what few processes are allowed. */
static bool refused(int err)
{
	return err == -EPERM || err == -ENOSPC || err == -EINVAL ||
	       err == -EACCES;
}

static bool no_child(void)
{
	return waitpid(-1, NULL, __WALL | WNOHANG) < 0 && errno == ECHILD;
}

static void claims(void)
{
	const struct way *thread = &ways[WAY_ID_VM_FILES_FS_SIG_THREAD];
	const struct way *fork = &ways[WAY_ID_FORK];
	uint32_t task = (1u << SHARE_MNT) - 1;
	struct sharing s = { .known = task, .shared = task };
	int i, j, missing = 0;

	for (i = 0; i < WAYS; i++) {
		missing += !name(i) || !experiment_create.arms[i].brief;
		for (j = 0; j < i; j++)
			missing += !strcmp(name(i), name(j));
	}
	is_number(missing, 0, "every way has a name of its own");
	ok(!name(WAYS), "and nothing else has one");
	is_number(way_claims(thread) & task, task, "a thread claims to share all");
	is_number(way_claims(fork) & task, 0, "a process claims to share nothing");
	is_number(sharing_wrong(thread, &s), 0, "the truth is not wrong");
	is_number(sharing_wrong(fork, &s), task, "a wrong claim is found");
	s.known = 1u << SHARE_FS;
	is_number(sharing_wrong(fork, &s), 1u << SHARE_FS,
		  "and only by what is known");
}

/* Every way makes a child that shares what it says. */
static void looks(void)
{
	struct look l;
	int i, err;

	for (i = 0; i < WAYS; i++) {
		err = look_at(&ways[i], true, &l);
		if (refused(err) && i >= WAY_ID_NS) {
			ok(true, "%s # SKIP %s", name(i), strerror(-err));
			continue;
		}
		if (!ok(!err && !sharing_wrong(&ways[i], &l.sharing) &&
			(!way_is_task(&ways[i]) ||
			 l.sharing.known >> SHARE_FILES & 1),
			"%s shares what it claims", name(i)))
			printf("# %s, known %x, wrong %x\n", strerror(-err),
			       l.sharing.known,
			       sharing_wrong(&ways[i], &l.sharing));
		if (way_execs(&ways[i]))
			continue;
		if (!ok(l.memory.stack > 0 && l.memory.stack < 1024,
			"%s touched a part of its stack", name(i)))
			printf("# %ld kB\n", l.memory.stack);
	}
	look_at(&ways[WAY_ID_FORK], true, &l);
	ok(l.memory.page_tables > 0 && l.memory.memory >= l.memory.stack,
	   "a process has page tables and memory of its own");
	look_at(&ways[WAY_ID_PTHREAD], false, &l);
	ok(!l.memory.page_tables, "a thread has no page tables");
	ok(no_child(), "no child is left");
}

static void deeds_one(int way)
{
	bool shared;
	int d, got;

	for (d = 0; d < DEEDS; d++) {
		shared = way_claims(&ways[way]) >> deeds[d].share & 1;
		got = deed_do(&ways[way], d);
		if (!ok(got == shared, "%s %s: its maker %s", name(way),
			deeds[d].brief, shared ? deeds[d].noticed :
						 "does not notice"))
			printf("# got %d\n", got);
	}
}

static void all_deeds(void)
{
	int i;

	for (i = 0; i < WAY_ID_NS; i++)
		if (deed_possible(&ways[i]))
			deeds_one(i);
	ok(!deed_possible(&ways[WAY_ID_POOL]) &&
	   !deed_possible(&ways[WAY_ID_SPAWN]),
	   "coroutines and other programs have no deeds");
	ok(no_child(), "no child is left");
}

struct timed {
	int way;
	struct parent_state state;
	struct times t;
};

static int time_apart(void *arg)
{
	struct timed *t = arg;
	struct parent_memory memory;
	struct gate *g = gate_map();
	const char *what;
	struct maker m;
	int err;

	err = parent_enter(&t->state, &memory, &what);
	if (!err)
		err = maker_begin(&m);
	if (!err)
		err = time_way(&ways[t->way], &m, 4, &memory, g, &t->t);
	maker_end(&m);
	gate_unmap(g);
	return err || no_child() ? err : -EBUSY;
}

/* The order of events holds on every host; how long they take does not. */
static void times(void)
{
	struct timed *t = (void *)gate_map();
	int i, err;

	for (i = 0; i < WAYS; i++) {
		*t = (struct timed){ .way = i, .state.megabytes = 1 };
		err = wait_apart(run_apart(time_apart, t));
		if (refused(err) && i >= WAY_ID_NS) {
			ok(true, "%s # SKIP %s", name(i), strerror(-err));
			continue;
		}
		if (!ok(!err && t->t.whole > 0 && t->t.call > 0 &&
			t->t.first > 0, "%s has its times", name(i)))
			printf("# %s, %.0f %.0f %.0f\n", strerror(-err),
			       t->t.whole, t->t.call, t->t.first);
		if (i == WAY_ID_FORK)
			ok(t->t.faults >= 0.99 && t->t.later > 0,
			   "after fork() each page written is a fault");
		if (i == WAY_ID_PTHREAD)
			ok(t->t.faults < 0.1, "after a thread was made none is");
		if (i == WAY_ID_VFORK || i == WAY_ID_POOL)
			ok(isnan(t->t.faults), "%s leaves nothing to count",
			   name(i));
	}
	gate_unmap((void *)t);
}

/* Pages by which the allocator and the counting itself move. */
#define MOVES 64
/*
 * Pages of the address sanitizer for each megabyte.  It reads them alone, but not
 * every kernel maps its one zero page where an untouched page is read.
 */
#define SHADOW 32

static int count_state(void *arg)
{
	const struct parent_state *s = arg;
	struct parent_counts before, now;
	struct parent_memory memory;
	const char *what;
	uint64_t want;
	int err;

	err = parent_count(&before);
	if (!err)
		err = parent_enter(s, &memory, &what);
	if (!err)
		err = parent_count(&now);
	if (err)
		return err;
	want = s->megabytes * 256 * !s->huge + s->mappings;
	if (now.mappings - before.mappings < s->mappings ||
	    now.mappings - before.mappings > s->mappings + 4 ||
	    now.pages - before.pages < want ||
	    now.pages - before.pages > want + MOVES + s->megabytes * SHADOW)
		return -ERANGE;
	if (now.huge_pages - before.huge_pages != (s->huge ? s->megabytes / 2 : 0))
		return -ENOMEM;
	return s->files && now.files != s->files ? -EMFILE : 0;
}

static void states(void)
{
	static const struct parent_state tried[] = {
		{ .megabytes = 16 }, { .mappings = 100 }, { .files = 900 },
		{ .megabytes = 1, .mappings = 50, .files = 100 },
	};
	struct parent_state huge = { .megabytes = 4, .huge = true };
	struct parent_state many = { .files = 1u << 30 };
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(tried); i++) {
		err = wait_apart(run_apart(count_state, (void *)&tried[i]));
		if (!ok(!err, "%u MB, %u mappings, %u files are there",
			tried[i].megabytes, tried[i].mappings, tried[i].files))
			printf("# %s\n", strerror(-err));
	}
	err = wait_apart(run_apart(count_state, &huge));
	if (err == -EOPNOTSUPP)
		ok(true, "huge pages # SKIP there are none");
	else
		ok(!err, "4 MB are two huge pages");
	err = wait_apart(run_apart(count_state, &many));
	is_number(-err, EMFILE, "more files than the limit are refused");
	ok(parent_available() > parent_needs(&tried[0]), "memory is counted");
	ok(parent_needs(&huge) >= 4 << 20, "and what a state takes");
}

#define TOGETHER_MB 16

/* Where a page of memory is, of all; 0 without the right to know. */
static uint64_t frame(int pagemap, const char *at)
{
	size_t page = sysconf(_SC_PAGESIZE);
	uint64_t entry = 0;

	if (pread(pagemap, &entry, sizeof(entry),
		  (uintptr_t)at / page * sizeof(entry)) != sizeof(entry))
		return 0;
	return entry & ((1ULL << 55) - 1);
}

/* Pages that do not follow the one before in memory: at most one each 2 MB. */
static int count_breaks(void *arg)
{
	static const struct parent_state s = { .megabytes = TOGETHER_MB };
	int pagemap = open("/proc/self/pagemap", O_RDONLY), *breaks = arg;
	size_t page = sysconf(_SC_PAGESIZE), i;
	struct parent_memory m;
	const char *what;
	int err = parent_enter(&s, &m, &what);

	if (err || pagemap < 0 || !frame(pagemap, m.base))
		return err ? err : -EPERM;
	for (i = page; i < m.size; i += page)
		*breaks += frame(pagemap, m.base + i) !=
			   frame(pagemap, m.base + i - page) + 1;
	return 0;
}

static void together(void)
{
	struct parent_state huge = { .megabytes = TOGETHER_MB, .huge = true };
	int *breaks = (void *)gate_map(), err;

	err = wait_apart(run_apart(count_state, &huge));
	*breaks = 0;
	if (!err)
		err = wait_apart(run_apart(count_breaks, breaks));
	if (err)
		ok(true, "small pages that lie together # SKIP %s",
		   strerror(-err));
	else if (!ok(*breaks < TOGETHER_MB, "small pages lie together"))
		printf("# %d pages do not follow the one before\n", *breaks);
	gate_unmap((void *)breaks);
}

#define POINTS 7
#define ROWS 40

static void fit(void)
{
	static const double truth[TERMS] = { 40000, 700, 30, 10 };
	struct cost_point points[POINTS] = {
		{ { 1, 60, 300, 5 }, false },
		{ { 1, 60, 25900, 5 }, false },
		{ { 1, 1060, 1300, 5 }, false },
		{ { 1, 10060, 10300, 5 }, false },
		{ { 1, 60, 300, 15000 }, false },
		{ { 1, 60, 4396, 5 }, true },
		{ { 1, 560, 13000, 2000 }, true },
	};
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	double ns[ROWS * POINTS];
	struct cost_model m;
	int i, k, j;

	for (i = 0; i < ROWS; i++)
		for (k = 0; k < POINTS; k++) {
			ns[i * POINTS + k] = 0;
			for (j = 0; j < TERMS; j++)
				ns[i * POINTS + k] += truth[j] * points[k].has[j];
			ns[i * POINTS + k] *= 1 + gsl_ran_gaussian(rng, 0.02);
		}
	ns[3] = NAN;
	ok(costs_fit(points, POINTS, ns, ROWS, &m), "the model fits");
	for (j = 0; j < TERMS; j++)
		if (!ok(fabs(m.term[j].value - truth[j]) < truth[j] * 0.02 &&
			m.term[j].low <= truth[j] * 1.01 &&
			m.term[j].high >= truth[j] * 0.99 &&
			m.term[j].n == ROWS - 1, "term %d is the true one", j))
			printf("# %g [%g, %g]\n", m.term[j].value,
			       m.term[j].low, m.term[j].high);
	ok(m.tested == 2 && m.worst < 0.02, "points held out are foretold");
	for (i = 0; i < ROWS; i++)
		ns[i * POINTS + 5] *= 1.5;
	costs_fit(points, POINTS, ns, ROWS, &m);
	ok(m.at == 5 && fabs(m.worst - 1 / 3.0) < 0.02,
	   "one that is not is named, with its error");
	points[4].has[TERM_FILE] = 5;
	ok(!costs_fit(points, POINTS, ns, ROWS, &m),
	   "without points in which files vary there is no model");
	ok(!costs_fit(points, POINTS, ns, 0, &m), "nor of no rounds");
	gsl_rng_free(rng);
}

static void parallel(void)
{
	struct busy b;
	int what, err;

	for (what = 0; what < WORKLOADS; what++) {
		err = parallel_measure(what, 2, 50, &b);
		if (err == -EOPNOTSUPP && what == N_COROUTINES)
			continue;
		ok(!err && b.wall_us >= 45000 && b.cpu_us > 0 &&
		   b.cpu_us < b.wall_us * 2.5, "workload %d is counted", what);
		if (what == ONE_THREAD || what == N_COROUTINES)
			ok(b.cpu_us < b.wall_us * 1.5,
			   "workload %d fills one CPU at most", what);
	}
	ok(no_child(), "no child is left");
}

/* Gone, or a zombie that whoever inherited it has yet to reap. */
static bool dead(pid_t pid)
{
	char path[64], state = 'Z';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (f && fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 'Z';
	if (f)
		fclose(f);
	return state == 'Z';
}

/* Whoever is killed takes what it holds along. */
static int hold_for_ever(void *arg)
{
	struct gate *g = arg;
	struct maker m;
	struct child c;

	if (maker_begin(&m) || held_make(&ways[g->first], &m, g, &c))
		return -ECHILD;
	pause();
	return 0;
}

static void killed(void)
{
	static const int held[] = { WAY_ID_FORK, WAY_ID_VM_FILES_FS, WAY_ID_SPAWN };
	struct gate *g = gate_map();
	size_t i;
	pid_t pid;
	int tries;

	for (i = 0; i < ARRAY_SIZE(held); i++) {
		*g = (struct gate){ .first = held[i] };
		pid = run_apart(hold_for_ever, g);
		gate_ready(g, 10);
		while (!g->tid)
			usleep(1000);
		kill(pid, SIGKILL);
		wait_apart(pid);
		for (tries = 0; tries < 5000 && !dead(g->tid); tries++)
			usleep(1000);
		ok(g->tid && dead(g->tid),
		   "a killed maker leaves no %s behind", name(held[i]));
	}
	gate_unmap(g);
}

int main(void)
{
	/* What a parent ignored: children must be there to reap all the same. */
	signal(SIGCHLD, SIG_IGN);
	claims();
	fit();
	signal(SIGCHLD, SIG_DFL);
	looks();
	all_deeds();
	states();
	together();
	times();
	parallel();
	killed();
	return tap_done();
}
