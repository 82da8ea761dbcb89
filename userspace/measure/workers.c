// SPDX-License-Identifier: GPL-2.0-only
/* Creates workers, starts their rounds, and takes them away. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cpus.h"
#include "lib/futex.h"
#include "lib/xalloc.h"
#include "shared.h"

/* An emulated machine under load takes its time; a hang takes for ever. */
#define ANSWER_SECONDS 60

static volatile sig_atomic_t stop_signal;

static void on_stop(int sig)
{
	stop_signal = sig;
}

int workers_stop_signal(void)
{
	return stop_signal;
}

/* What the parent ignores, as nohup(1) does, stays ignored. */
static void catch_signal(int sig)
{
	/* No SA_RESTART: the wait for the workers has to end. */
	const struct sigaction act = { .sa_handler = on_stop };
	struct sigaction old;

	if (!sigaction(sig, NULL, &old) && old.sa_handler != SIG_IGN)
		sigaction(sig, &act, NULL);
}

void workers_catch_signals(void)
{
	catch_signal(SIGINT);
	catch_signal(SIGTERM);
	catch_signal(SIGHUP);
}

struct thread_start {
	struct shared *shared;
	unsigned int index;
};

static void *thread_main(void *arg)
{
	struct thread_start s = *(struct thread_start *)arg;

	free(arg);
	worker_live(s.shared, s.index);
}

/*
 * The process was not made by the C library, which therefore does not know its
 * first thread's ID, which some of its functions need: no worker is that thread.
 */
static void start_threads(struct shared *shared)
{
	struct thread_start *s;
	pthread_t thread;
	unsigned int i;
	int err;

	for (i = 0; i < shared->spec.n; i++) {
		s = xcalloc(1, sizeof(*s));
		*s = (struct thread_start){ shared, i };
		err = pthread_create(&thread, NULL, thread_main, s);
		if (err) {
			shared->slot[i].error = -err;
			worker_finish(shared);
		}
	}
}

/* The child's life; @index is its first worker. */
static void child(struct shared *shared, unsigned int index, pid_t parent)
{
	/* Ctrl-C reaches the whole terminal; the controller deals with it. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);	/* it has died before the line above */
	prctl(PR_SET_NAME, "ctxlab-worker");
	if (shared->spec.kind != WORKERS_THREADS)
		worker_live(shared, index);
	start_threads(shared);
	for (;;)
		pause();
}

/*
 * A process whose mm is its own and whose file table is the controller's:
 * threads share theirs, and an operation on a shared table costs more.
 */
static pid_t make_child(struct workers *w, unsigned int index)
{
	pid_t parent = getpid(), pid;

	if (w->spec.kind == WORKERS_FORKED)
		pid = fork();
	else
		pid = syscall(SYS_clone, CLONE_FILES | CLONE_FS | SIGCHLD, 0,
			      NULL, NULL, 0);
	if (!pid)
		child(w->shared, index, parent);
	return pid;
}

static int first_error(const struct shared *shared)
{
	unsigned int i;

	for (i = 0; i < shared->spec.n; i++)
		if (shared->slot[i].error)
			return shared->slot[i].error;
	return 0;
}

static bool child_died(const struct workers *w)
{
	unsigned int i;

	for (i = 0; i < w->pids; i++) {
		siginfo_t info = {};

		/* It stays a zombie: its pid must not be anybody else's yet. */
		if (waitid(P_PID, w->pid[i], &info,
			   WEXITED | WNOHANG | WNOWAIT) || info.si_pid)
			return true;
	}
	return false;
}

/* CPU time that the children have had, in ns; 0 if unknown. */
static uint64_t children_time(const struct workers *w)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < w->pids; i++)
		sum += cpus_time(w->pid[i], false);
	return sum;
}

static int wait_finished(struct workers *w)
{
	struct shared *s = w->shared;
	uint64_t before = children_time(w), now;
	unsigned int limit = w->spec.limit ? w->spec.limit : ANSWER_SECONDS;
	unsigned int tries = 0, starved = 0;
	uint32_t seen;

	while ((seen = __atomic_load_n(&s->finished, __ATOMIC_ACQUIRE)) <
	       w->spec.n) {
		if (stop_signal)
			return -EINTR;
		if (!futex_wait(&s->finished, seen, 1) || errno != ETIMEDOUT)
			continue;
		if (child_died(w))
			return -ECHILD;
		now = children_time(w);
		starved = now && now == before ? starved + 1 : 0;
		before = now;
		if (starved == WORKERS_STARVED_SECONDS)
			return -EBUSY;
		if (++tries == limit)
			return -ETIMEDOUT;
	}
	return first_error(s);
}

void *workers_memory(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void workers_memory_free(void *p, size_t size)
{
	if (p)
		munmap(p, size);
}

int workers_create(struct workers *w, const struct workers_spec *spec)
{
	unsigned int i, n = spec->kind == WORKERS_THREADS ? 1 : spec->n;
	int err = 0;

	*w = (struct workers){ .spec = *spec };
	w->shared = workers_memory(sizeof(*w->shared));
	if (!w->shared)
		return -errno;
	w->shared->spec = *spec;
	for (i = 0; i < n && !err; i++) {
		w->pid[i] = make_child(w, i);
		if (w->pid[i] < 0)
			err = -errno;
		else
			w->pids++;
	}
	if (!err)
		err = wait_finished(w);
	if (err)
		workers_destroy(w);
	return err;
}

static void end_children(struct workers *w)
{
	unsigned int i, n = w->shared ? w->spec.n : 0;

	/* The threads of a child are freed from their CPU one by one. */
	for (i = 0; i < n; i++)
		if (w->shared->slot[i].tid > 0)
			cpus_release(w->shared->slot[i].tid);
	for (i = 0; i < w->pids; i++)
		kill(w->pid[i], SIGKILL);
	for (i = 0; i < w->pids; i++)
		cpus_end(w->pid[i]);
}

void workers_destroy(struct workers *w)
{
	end_children(w);
	workers_memory_free(w->shared, sizeof(*w->shared));
	*w = (struct workers){};
}

int workers_round(struct workers *w, const struct order *o)
{
	struct shared *s = w->shared;
	unsigned int i;

	for (i = 0; i < w->spec.n; i++)
		s->slot[i].error = 0;
	s->order = *o;
	s->arrived = 0;
	s->finished = 0;
	__atomic_add_fetch(&s->seq, 1, __ATOMIC_ACQ_REL);
	futex_wake(&s->seq, INT_MAX);
	return wait_finished(w);
}

const struct slot *workers_slot(const struct workers *w, unsigned int i)
{
	return &w->shared->slot[i];
}

uint64_t workers_rusage(const struct workers *w)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < w->spec.n; i++)
		sum += w->shared->slot[i].rusage;
	return sum;
}

uint64_t workers_counted(const struct workers *w)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < w->spec.n; i++)
		sum += w->shared->slot[i].counted;
	return sum;
}

bool workers_moved(const struct workers *w)
{
	unsigned int i;

	for (i = 0; i < w->spec.n; i++)
		if (w->shared->slot[i].moved)
			return true;
	return false;
}

double workers_waited_ns(const struct workers *w)
{
	const struct slot *first = &w->shared->slot[0];

	return first->span_ns > first->cpu_ns ?
		       first->span_ns - first->cpu_ns : 0;
}

unsigned int workers_tids(const struct workers *w, pid_t tids[MAX_WORKERS])
{
	unsigned int i;

	for (i = 0; i < w->spec.n; i++)
		tids[i] = w->shared->slot[i].tid;
	return i;
}

int workers_bind_again(const struct workers *w)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < w->spec.n && !err; i++)
		err = cpus_bind(w->shared->slot[i].tid, w->spec.cpu[i]);
	return err == -EINVAL ? -ENODEV : err;
}
