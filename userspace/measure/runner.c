// SPDX-License-Identifier: GPL-2.0-only
/* One run: plan, open, calibrate, measure, count, close. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cgroup.h"
#include "cpus.h"
#include "lib/xalloc.h"
#include "counting.h"
#include "rounds.h"
#include "runner.h"
#include "workers.h"

static char *choose_cpu(const struct request *r, struct settings *set)
{
	int cpu = r->cpu >= 0 ? r->cpu : cpus_last_allowed();

	if (cpu < 0)
		return xasprintf("the allowed CPUs cannot be read: %s",
				 strerror(-cpu));
	/* Whether the workers may run on it shows when they are bound to it. */
	if (!cpus_possible(cpu))
		return cpus_problem(cpu);
	set->cpu = cpu;
	return NULL;
}

char *runner_plan(const struct experiment *e, const struct request *r,
		  struct run *run)
{
	char *problem;
	int arm;

	*run = (struct run){ .experiment = e };
	for (arm = 0; arm < MAX_ARMS; arm++)
		run->settings.most_x[arm] = UINT32_MAX;
	problem = choose_cpu(r, &run->settings);
	if (problem)
		return problem;
	machine_read(&run->machine, run->settings.cpu);
	problem = e->plan(r, run);
	if (problem)
		run_free(run);
	return problem;
}

static int measure(struct job *job, const char **what)
{
	int err = job->run->experiment->open(job->run, &job->state, what);

	if (err)
		return err;
	*what = "measure";
	err = rounds_calibrate(job);
	if (!err)
		err = rounds_measure(job);
	return err ? err : counting_pass(job);
}

/* What @err, of a round or another step, means, in words. */
static char *trouble(const struct run *run, int err, const char *what)
{
	unsigned int cpu = run->settings.cpu;
	char *holder, *words;

	switch (-err) {
	case EBUSY:
		holder = cpus_holder(cpu);
		words = xasprintf("CPU %u is held by %s: the workers had no time on it for %d s",
				  cpu, holder ? holder :
						"a task that cannot be seen",
				  WORKERS_STARVED_SECONDS);
		free(holder);
		return words;
	case ECHILD:
		return xstrdup("a worker was killed");
	case ENODEV:
		return cpus_problem(cpu);
	case EAGAIN:
		return xasprintf("cannot %s: %s; see RLIMIT_NPROC, RLIMIT_AS and pids.max",
				 what, strerror(-err));
	default:
		return xasprintf("cannot %s: %s", what, strerror(-err));
	}
}

/* What the CPU was used for, and how often a quota stopped this process. */
struct use {
	bool known;
	struct cpu_ticks cpu;
	double own_seconds;	/* CPU time of this process and ended children */
	long long throttled;
};

static double seconds_of(int who)
{
	struct rusage u;

	getrusage(who, &u);
	return u.ru_utime.tv_sec + u.ru_stime.tv_sec +
	       (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static struct use use_now(unsigned int cpu)
{
	struct use u = { .throttled = cgroup_throttled() };

	u.known = !machine_ticks(cpu, &u.cpu);
	u.own_seconds = seconds_of(RUSAGE_SELF) + seconds_of(RUSAGE_CHILDREN);
	return u;
}

/* What others had of the CPU since @before; the workers have ended. */
static void account(struct machine *m, const struct use *before,
		    unsigned int cpu)
{
	struct use now = use_now(cpu);
	double all, busy, own;

	if (before->throttled >= 0 && now.throttled >= before->throttled)
		m->throttled = now.throttled - before->throttled;
	all = now.cpu.all - before->cpu.all;
	if (!before->known || !now.known || all <= 0)
		return;
	m->steal = (now.cpu.stolen - before->cpu.stolen) / all;
	busy = all - (now.cpu.idle - before->cpu.idle);
	own = (now.own_seconds - before->own_seconds) * sysconf(_SC_CLK_TCK);
	m->others = fmax(busy - own, 0) / all;
	m->others = fmax(m->others - m->steal, 0);
}

int runner_measure(struct run *run, progress_fn progress, void *arg)
{
	struct job job = { .run = run, .progress = progress, .arg = arg };
	unsigned int cpu = run->settings.cpu;
	struct use before = use_now(cpu);
	const char *what = "begin";
	int err;

	workers_catch_signals();
	err = measure(&job, &what);
	if (err && err != -EINTR)
		run->trouble = trouble(run, err, what);
	run->experiment->close(job.state);
	account(&run->machine, &before, cpu);
	run->interrupted = err && run->passes;
	if (run->interrupted && run->trouble)
		run_note(run, "the run ended early: %s", run->trouble);
	return run->interrupted ? 0 : err;
}
