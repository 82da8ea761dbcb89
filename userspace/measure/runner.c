// SPDX-License-Identifier: GPL-2.0-only
/* One run: open, calibrate, measure, count, close. */
#include <errno.h>
#include <string.h>

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

int experiment(struct run *run, progress_fn progress, void *arg,
	       const char **what)
{
	struct stage st = { .run = run, .progress = progress, .arg = arg };
	unsigned long long stolen, all, stolen2, all2;
	unsigned int cpu = run->settings.cpu;
	bool ticks;
	int err;

	ticks = !machine_ticks(cpu, &stolen, &all);
	crew_catch_signals();
	err = measure(&st, what);
	stage_strike(&st);
	if (ticks && !machine_ticks(cpu, &stolen2, &all2) && all2 > all)
		run->machine.steal = (double)(stolen2 - stolen) / (all2 - all);
	run->interrupted = err == -EINTR;
	return run->interrupted && run->passes ? 0 : err;
}
