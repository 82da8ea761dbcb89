// SPDX-License-Identifier: GPL-2.0-only
/* One run: open, calibrate, measure, count, close. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cgroup.h"
#include "cpus.h"
#include "lib/xalloc.h"
#include "probe.h"
#include "runner.h"
#include "experiments/switch/setup.h"

static void read_histograms(struct stage *st)
{
	struct run *run = st->run;
	int arm, err;

	for (arm = 0; arm < ARMS; arm++) {
		if (!run->settings.arm[arm] ||
		    st->session[arm][SESSION_EMPTY] < 0)
			continue;
		err = probe_histogram(st->session[arm][SESSION_EMPTY],
				      &run->histogram[arm]);
		/* Without the clock's speed: plan.c has said so. */
		if (err && err != -EOPNOTSUPP)
			run_note(run, "no histogram of %s: %s", arms[arm].name,
				 strerror(-err));
	}
}

static int measure(struct stage *st, const char **what)
{
	int err;

	err = stage_set(st, what);
	if (err)
		return err;
	*what = "let them switch";
	err = stage_calibrate(st);
	if (!err)
		err = stage_passes(st);
	if (!err)
		err = stage_count(st);
	read_histograms(st);
	return err;
}

/* What @err, of crew_round() or another step, means, in words. */
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
				  CREW_STARVED_SECONDS);
		free(holder);
		return words;
	case ECHILD:
		return xstrdup("a worker was killed");
	case ENODEV:
		return cpus_problem(cpu);
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

int experiment(struct run *run, progress_fn progress, void *arg)
{
	struct stage st = { .run = run, .progress = progress, .arg = arg };
	unsigned int cpu = run->settings.cpu;
	struct use before = use_now(cpu);
	const char *what;
	int err;

	crew_catch_signals();
	err = measure(&st, &what);
	if (err && err != -EINTR)
		run->trouble = trouble(run, err, what);
	stage_strike(&st);
	account(&run->machine, &before, cpu);
	run->interrupted = err && run->passes;
	if (run->interrupted && run->trouble)
		run_note(run, "the run ended early: %s", run->trouble);
	return run->interrupted ? 0 : err;
}
