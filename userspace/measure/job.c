// SPDX-License-Identifier: GPL-2.0-only
/* One round by the experiment, and how far the run is. */
#include <errno.h>
#include <math.h>

#include "job.h"
#include "workers.h"

double job_now(void)
{
	return worker_now() / 1e9;
}

void job_progress(const struct job *job, const char *doing, double done)
{
	if (job->progress)
		job->progress(job->arg, doing, fmin(done, 1));
}

int job_round(struct job *job, const struct turn *turn, struct sample *s,
	      double *window_ns)
{
	const struct experiment *e = job->run->experiment;
	int i, err;

	*s = (struct sample){};
	for (i = 0; i < MAX_QUANTITIES; i++)
		s->value[i] = NAN;
	err = e->round(job->state, turn, s, window_ns);
	if (err != -ETIMEDOUT)
		return err;
	run_drop(job->run, turn->arm, "a round of it took too long");
	return e->renew ? e->renew(job->state) : 0;
}
