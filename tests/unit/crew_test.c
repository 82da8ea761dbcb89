// SPDX-License-Identifier: GPL-2.0-only
/* Workers and their controller: what is tried leaves nothing behind. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "measure/cpus.h"
#include "measure/workers.h"
#include "measure/probe.h"
#include "tap.h"

/* Trying SCHED_FIFO leaves the policy alone, whatever it is. */
static void policies(void)
{
	const struct sched_param param = {};
	const int policy[] = { SCHED_BATCH, SCHED_OTHER | SCHED_RESET_ON_FORK };
	int before = sched_getscheduler(0), i;
	char *why;

	for (i = 0; i < 2; i++) {
		if (sched_setscheduler(0, policy[i], &param)) {
			ok(true, "# SKIP policy %d is not permitted", policy[i]);
			continue;
		}
		cpus_fifo(10, &why);
		free(why);
		ok(sched_getscheduler(0) == policy[i], "policy %d is kept",
		   policy[i]);
	}
	sched_setscheduler(0, before, &param);
}

static unsigned int some_cpu(void)
{
	cpu_set_t set;
	int cpu;

	sched_getaffinity(0, sizeof(set), &set);
	for (cpu = 0; !CPU_ISSET(cpu, &set); cpu++)
		;
	return cpu;
}

/* One round's error is not the next one's. */
static void errors(void)
{
	struct workset work[2] = {};
	const struct crew_spec spec = {
		.kind = CREW_THREADS, .members = 2, .cpu = some_cpu(),
		.mechanism = MECH_FUTEX, .work = work,
	};
	struct order o = { .hand_overs = 10 };
	struct sample s;
	struct crew c;
	double ns;

	o.session = open("/dev/null", O_RDWR | O_CLOEXEC);
	ok(!workset_map(&work[0], 1, false) && !workset_map(&work[1], 1, false) &&
	   !crew_create(&c, &spec), "two threads are there");
	is_number(-crew_round(&c, &o, &s, &ns), ENOTTY,
		  "what is no probe cannot be attached to");
	close(o.session);
	o.session = -1;
	is_number(-crew_round(&c, &o, &s, &ns), 0,
		  "the next round is a good one all the same");
	crew_destroy(&c);
	workset_unmap(&work[0]);
	workset_unmap(&work[1]);
}

/* Where the speed of the probe's clock is not known nothing is timed. */
static void unknown_clock(void)
{
	struct probe_past *past = probe_past_new();
	struct sample s = { .own_ns = NAN, .flush_ns = NAN };

	ok(!probe_medians(-1, false, past, &s) && isnan(s.own_ns) &&
	   isnan(s.flush_ns), "no clock, no times, no error");
	free(past);
}

int main(void)
{
	policies();
	errors();
	unknown_clock();
	return tap_done();
}
