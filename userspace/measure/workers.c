// SPDX-License-Identifier: GPL-2.0-only
/* Makes the members of a crew, gives them orders, and takes them away. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cpus.h"
#include "lib/xalloc.h"
#include "shared.h"

/* An emulated machine under load takes its time; a hang takes for ever. */
#define ANSWER_SECONDS 60
/* How long a killed child may take to end. */
#define END_MS 2000

static volatile sig_atomic_t stop_signal;

static void on_stop(int sig)
{
	stop_signal = sig;
}

int crew_stop_signal(void)
{
	return stop_signal;
}

/* What the parent ignores, as nohup(1) does, stays ignored. */
static void catch_signal(int sig)
{
	/* No SA_RESTART: the wait for the members has to end. */
	const struct sigaction act = { .sa_handler = on_stop };
	struct sigaction old;

	if (!sigaction(sig, NULL, &old) && old.sa_handler != SIG_IGN)
		sigaction(sig, &act, NULL);
}

void crew_catch_signals(void)
{
	catch_signal(SIGINT);
	catch_signal(SIGTERM);
	catch_signal(SIGHUP);
}

struct thread_start {
	struct shift *shift;
	unsigned int index;
};

static void *thread_main(void *arg)
{
	struct thread_start s = *(struct thread_start *)arg;

	free(arg);
	member_work(s.shift, s.index);
}

static void start_threads(struct shift *shift)
{
	struct thread_start *s;
	pthread_t thread;
	unsigned int i;
	int err;

	for (i = 1; i < shift->spec.members; i++) {
		s = xcalloc(1, sizeof(*s));
		*s = (struct thread_start){ shift, i };
		err = pthread_create(&thread, NULL, thread_main, s);
		if (err) {
			shift->desk[i].error = -err;
			member_finish(shift);
		}
	}
}

/* The child's life; @index is its first member. */
static void child(struct shift *shift, unsigned int index, pid_t parent)
{
	/* Ctrl-C reaches the whole terminal; the controller deals with it. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);	/* it has died before the line above */
	prctl(PR_SET_NAME, "ctxlab-member");
	if (shift->spec.kind == CREW_COROUTINES)
		coroutine_work(shift);
	if (shift->spec.kind == CREW_THREADS)
		start_threads(shift);
	member_work(shift, index);
}

/*
 * A process whose mm is its own and whose file table is the controller's:
 * threads share theirs, and an operation on a shared table costs more.  The
 * layout of perf bench sched pipe has it the other way.
 */
static pid_t make_child(struct crew *c, unsigned int index)
{
	pid_t parent = getpid(), pid;

	if (c->spec.mechanism == MECH_PERF_PIPE)
		pid = fork();
	else
		pid = syscall(SYS_clone, CLONE_FILES | CLONE_FS | SIGCHLD, 0,
			      NULL, NULL, 0);
	if (!pid)
		child(c->shift, index, parent);
	return pid;
}

static int open_pipes(struct shift *shift)
{
	unsigned int i, before;
	int fd[2];

	for (i = 0; i < shift->spec.members; i++) {
		if (pipe(fd))
			return -errno;
		before = (i + shift->spec.members - 1) % shift->spec.members;
		shift->desk[i].take_fd = fd[0];
		shift->desk[before].give_fd = fd[1];
	}
	return 0;
}

static void close_pipes(struct shift *shift)
{
	unsigned int i;

	for (i = 0; i < shift->spec.members; i++) {
		if (shift->desk[i].take_fd > 0)
			close(shift->desk[i].take_fd);
		if (shift->desk[i].give_fd > 0)
			close(shift->desk[i].give_fd);
	}
}

static int first_error(const struct shift *shift)
{
	unsigned int i;

	for (i = 0; i < shift->spec.members; i++)
		if (shift->desk[i].error)
			return shift->desk[i].error;
	return 0;
}

static bool child_died(const struct crew *c)
{
	unsigned int i;

	for (i = 0; i < c->pids; i++) {
		siginfo_t info = {};

		/* It stays a zombie: its pid must not be anybody else's yet. */
		if (waitid(P_PID, c->pid[i], &info,
			   WEXITED | WNOHANG | WNOWAIT) || info.si_pid)
			return true;
	}
	return false;
}

/* Members that answer: coroutines are one to the kernel. */
static unsigned int answers(const struct crew *c)
{
	return c->spec.kind == CREW_COROUTINES ? 1 : c->spec.members;
}

/* CPU time that the children have had, in ns; 0 if unknown. */
static uint64_t children_time(const struct crew *c)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < c->pids; i++)
		sum += cpus_time(c->pid[i], false);
	return sum;
}

static int wait_finished(struct crew *c)
{
	struct shift *s = c->shift;
	uint64_t before = children_time(c), now;
	int tries = 0, starved = 0;
	uint32_t seen;

	while ((seen = __atomic_load_n(&s->finished, __ATOMIC_ACQUIRE)) <
	       answers(c)) {
		if (stop_signal)
			return -EINTR;
		if (!futex_wait(&s->finished, seen, 1) || errno != ETIMEDOUT)
			continue;
		if (child_died(c))
			return -ECHILD;
		now = children_time(c);
		starved = now && now == before ? starved + 1 : 0;
		before = now;
		if (starved == CREW_STARVED_SECONDS)
			return -EBUSY;
		if (++tries == ANSWER_SECONDS)
			return -ETIMEDOUT;
	}
	return first_error(s);
}

int crew_create(struct crew *c, const struct crew_spec *spec)
{
	unsigned int i, n = spec->kind == CREW_PROCESSES ? spec->members : 1;
	int err = 0;

	*c = (struct crew){ .spec = *spec };
	c->shift = mmap(NULL, sizeof(*c->shift), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c->shift == MAP_FAILED) {
		c->shift = NULL;
		return -errno;
	}
	c->shift->spec = *spec;
	if (spec->mechanism == MECH_PIPE || spec->mechanism == MECH_PERF_PIPE)
		err = open_pipes(c->shift);
	for (i = 0; i < n && !err; i++) {
		c->pid[i] = make_child(c, i);
		if (c->pid[i] < 0)
			err = -errno;
		else
			c->pids++;
	}
	if (!err)
		err = wait_finished(c);
	if (err)
		crew_destroy(c);
	return err;
}

/*
 * A task with a higher priority may have the children's CPU for ever.  They are
 * freed from it first; where that does not help either, they end when it lets
 * them, as nobody's children.
 */
static void end_children(struct crew *c)
{
	const struct timespec moment = { .tv_nsec = 200000 };
	unsigned int i, members = c->shift ? c->spec.members : 0, waits = 0;

	for (i = 0; i < c->pids; i++)
		cpus_release(c->pid[i]);
	for (i = 0; i < members; i++)
		if (c->shift->desk[i].tid > 0)
			cpus_release(c->shift->desk[i].tid);
	for (i = 0; i < c->pids; i++)
		kill(c->pid[i], SIGKILL);
	for (i = 0; i < c->pids && waits < END_MS * 5; ) {
		if (waitpid(c->pid[i], NULL, WNOHANG)) {
			i++;
			continue;
		}
		nanosleep(&moment, NULL);
		waits++;
	}
}

void crew_destroy(struct crew *c)
{
	end_children(c);
	if (c->shift) {
		close_pipes(c->shift);
		munmap(c->shift, sizeof(*c->shift));
	}
	*c = (struct crew){};
}

/*
 * Switches that a round makes.  With sched_yield() each hand-over is one; else
 * the first turn reaches all members but one while they are still on the run
 * queue, before they have gone to sleep for it.
 */
static uint32_t expected(const struct crew *c)
{
	const struct order *o = &c->shift->order;
	uint32_t each = warm_up(o) + o->hand_overs + TAIL;

	if (c->spec.kind == CREW_COROUTINES)
		return 2 * o->hand_overs;
	if (c->spec.mechanism == MECH_YIELD)
		return each * c->spec.members;
	return each * c->spec.members - (c->spec.members - 1);
}

static void collect(const struct crew *c, struct sample *s, double *window_ns)
{
	const struct order *o = &c->shift->order;
	const struct desk *first = &c->shift->desk[0];
	unsigned int i;

	*s = (struct sample){
		.own_ns = NAN, .flush_ns = NAN, .span_ns = first->span_ns,
	};
	if (first->span_ns > first->cpu_ns)
		s->waited_ns = first->span_ns - first->cpu_ns;
	for (i = 0; i < answers(c); i++) {
		s->switches += c->shift->desk[i].switches;
		s->moved |= c->shift->desk[i].moved;
	}
	s->expected = expected(c);
	*window_ns = first->end_ns - first->start_ns;
	if (!s->switches) {
		s->ns = 0;
		s->moved = true;
		return;
	}
	/* By the switches that happened, not by those that should have. */
	s->ns = *window_ns / o->hand_overs / c->spec.members * s->expected /
		s->switches;
}

int crew_round(struct crew *c, const struct order *o, struct sample *s,
	       double *window_ns)
{
	unsigned int i;
	int err;

	for (i = 0; i < c->spec.members; i++)
		c->shift->desk[i].error = 0;
	c->shift->order = *o;
	c->shift->arrived = 0;
	c->shift->finished = 0;
	__atomic_add_fetch(&c->shift->seq, 1, __ATOMIC_ACQ_REL);
	futex_wake(&c->shift->seq, INT_MAX);
	err = wait_finished(c);
	if (!err)
		collect(c, s, window_ns);
	return err;
}

uint64_t crew_rusage(const struct crew *c)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < answers(c); i++)
		sum += c->shift->desk[i].rusage;
	return sum;
}

unsigned int crew_tids(const struct crew *c, pid_t tids[RING_MAX])
{
	unsigned int i;

	for (i = 0; i < answers(c); i++)
		tids[i] = c->shift->desk[i].tid;
	return i;
}
