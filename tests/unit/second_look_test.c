// SPDX-License-Identifier: GPL-2.0-only
/*
 * The second look: of threads that stand as they stood at the first one nothing may
 * have changed, and none may have run meanwhile.  Each change is made here between
 * two readings, where chance would have to make it otherwise; waits_read() and
 * thread_read_runs() are wrapped for that by the linker.
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "deadlock/confirm.h"
#include "deadlock/report.h"
#include "deadlock/waits.h"
#include "play.h"
#include "tap.h"

/* Seconds until a scene must be found. */
#define PATIENCE 60

/* What is done after the waits were read a second time; NULL: nothing. */
static void (*meanwhile)(pid_t pid);
static pid_t target;

__typeof__(waits_read) __real_waits_read, __wrap_waits_read;

void __wrap_waits_read(struct process *p, struct thread **thread, size_t n)
{
	void (*act)(pid_t pid) = meanwhile;

	__real_waits_read(p, thread, n);
	meanwhile = NULL;
	if (act)
		act(target);
}

/* Its threads run for a moment, and wait then as they have waited. */
static void have_run(pid_t pid)
{
	int status;

	kill(pid, SIGSTOP);
	waitpid(pid, &status, WUNTRACED);
	kill(pid, SIGCONT);
}

/* A wait of that kind among the members. */
static struct wait wait_of(const struct finding *f, enum wait_kind kind)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (f->member[i]->wait.kind == kind)
			return f->member[i]->wait;
	return (struct wait){};
}

static void write_word(uint64_t address, uint32_t word)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", target);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ok(fd >= 0 && pwrite(fd, &word, sizeof(word), address) == sizeof(word),
	   "memory of the target is written");
	if (fd >= 0)
		close(fd);
}

static void let_run(const struct wait *w)
{
	(void)w;
	meanwhile = have_run;
}

/* glibc's mutex has its owner two words behind the lock. */
static void give_to_leader(const struct wait *w)
{
	write_word(w->address + 8, target);
}

static void clear_waiters(const struct wait *w)
{
	write_word(w->address, w->word & ~FUTEX_WAITERS);
}

static void look(struct scan *s, void (*act)(const struct wait *w),
		 const struct wait *w)
{
	if (scan_read(s))
		return;
	if (act)
		act(w);
	confirm(s);
}

/* The scene is found, and not where something changes between two readings. */
static void change(const char *scene, enum wait_kind kind,
		   void (*act)(const struct wait *w), const char *what)
{
	struct play play = play_begin(CORPUS, scene, 2);
	time_t until = time(NULL) + PATIENCE;
	struct scan *s = scan_new();
	struct truth truth;
	struct wait w;

	target = play.pid;
	if (!play_truth(&play, &truth) || scan_add(s, play.pid, true))
		until = 0;
	do
		look(s, NULL, NULL);
	while (s->findings != 1 && time(NULL) < until);
	if (ok(s->findings == 1, "%s is found", scene)) {
		w = wait_of(s->finding, kind);
		look(s, act, &w);
		ok(!s->findings && s->dropped, "and not where %s", what);
	}
	scan_free(s);
	play_end(&play);
}

/* How many counts are read until all of them are to run; 0: they are not to. */
static size_t counts_left;

__typeof__(thread_read_runs) __real_thread_read_runs, __wrap_thread_read_runs;

static bool is_asleep(const struct thread *t)
{
	struct stat_line stat;

	return thread_read_stat(t, &stat) && stat.state == 'S';
}

/* All of them run, and wait then in the call in which they have waited. */
static void run_and_sleep(const struct process *p)
{
	size_t i;

	kill(p->pid, SIGSTOP);
	for (i = 0; i < p->threads; i++)
		while (is_asleep(p->thread[i]))
			sched_yield();
	kill(p->pid, SIGCONT);
	for (i = 0; i < p->threads; i++)
		while (!is_asleep(p->thread[i]))
			sched_yield();
}

bool __wrap_thread_read_runs(struct thread *t)
{
	bool read = __real_thread_read_runs(t);

	if (counts_left && !--counts_left)
		run_and_sleep(t->process);
	return read;
}

/* Whether all threads of the process are said to wait within it. */
static bool all_wait(struct scan *s, size_t counts)
{
	struct report *r;
	bool all;

	if (scan_read(s))
		return false;
	confirm(s);
	counts_left = counts;
	r = deadlock_report_new(s, false, false);
	all = r->suspects == 1 && r->suspect->verdict == VERDICT_ALL_WAIT;
	deadlock_report_free(r);
	return all;
}

/* Nor are all threads of a process said to wait within it where they have run. */
static void run_within(void)
{
	struct play play = play_begin(CORPUS, "all-wait", 2);
	time_t until = time(NULL) + PATIENCE;
	struct scan *s = scan_new();
	struct truth truth;
	bool found;

	if (!play_truth(&play, &truth) || scan_add(s, truth.tid[0], true))
		until = 0;
	do
		found = all_wait(s, 0);
	while (!found && time(NULL) < until);
	if (ok(found, "all threads of a process wait within it")) {
		ok(!all_wait(s, s->process[0]->threads) && !counts_left,
		   "and not where they have run meanwhile");
		ok(all_wait(s, 0), "and do so again");
	}
	scan_free(s);
	play_end(&play);
}

int main(void)
{
	change("ring", WAIT_MUTEX, let_run, "a thread has run meanwhile");
	change("ring", WAIT_MUTEX, give_to_leader, "a mutex has another owner");
	change("ring-pi", WAIT_MUTEX_PI, clear_waiters,
	       "the word of a lock has changed");
	run_within();
	return tap_done();
}
