// SPDX-License-Identifier: GPL-2.0-only
/* One run: open, calibrate, measure, count, close. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

int experiment(struct run *run, progress_fn progress, void *arg)
{
	struct stage st = { .run = run, .progress = progress, .arg = arg };
	unsigned long long stolen, all, stolen2, all2;
	long long throttled = cgroup_throttled();
	unsigned int cpu = run->settings.cpu;
	const char *what;
	bool ticks;
	int err;

	ticks = !machine_ticks(cpu, &stolen, &all);
	crew_catch_signals();
	err = measure(&st, &what);
	if (err && err != -EINTR)
		run->trouble = trouble(run, err, what);
	stage_strike(&st);
	if (ticks && !machine_ticks(cpu, &stolen2, &all2) && all2 > all)
		run->machine.steal = (double)(stolen2 - stolen) / (all2 - all);
	if (throttled >= 0)
		run->machine.throttled = cgroup_throttled() - throttled;
	run->interrupted = err && run->passes;
	if (run->interrupted && run->trouble)
		run_note(run, "the run ended early: %s", run->trouble);
	return run->interrupted ? 0 : err;
}
