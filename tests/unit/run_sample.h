/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs with known effects in them, made up. */
#ifndef RUN_SAMPLE_H
#define RUN_SAMPLE_H

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

#include "lib/xalloc.h"
#include "measure/answers.h"
#include "measure/run.h"

#define SAMPLES 160

/* What happens to the rounds on top of an arm's own cost. */
struct trouble {
	double noise;		/* Gaussian, as a part of the cost */
	double drift;		/* growth over the run, as a part of the cost */
	double step;		/* the second half is slower by this part */
	double outliers;	/* share of rounds ten times as long */
	double disturbed;	/* share of rounds with a switch too many */
	double wobble;		/* now faster, now slower: all arms of a turn */
	double timed;		/* Gaussian, on what the probe times */
};

/* ns a switch at 0 pages, and for each page touched. */
struct cost {
	double empty;
	double page;
};

static inline const struct cost *sample_costs(void)
{
	static const struct cost costs[ARMS] = {
		[ARM_COROUTINE] = { 3, 5 },
		[ARM_COROUTINE_FP] = { 5, 5 },
		[ARM_UCONTEXT] = { 200, 5 },
		[ARM_THREAD] = { 1000, 10 },
		[ARM_THREAD_AGAIN] = { 1000, 10 },
		[ARM_THREAD_CONTROL] = { 1030, 10 },
		[ARM_CONTROL_AGAIN] = { 1030, 10 },
		[ARM_THREAD_FLUSH] = { 1235, 21 },
		[ARM_THREAD_FULL] = { 1300, 22 },
		[ARM_PROCESS] = { 1108, 10 },
		[ARM_PROCESS_CONTROL] = { 1138, 10 },
		[ARM_PROCESS_FLUSH] = { 1343, 21 },
		[ARM_RING_THREAD] = { 1010, 10 },
		[ARM_RING_PROCESS] = { 1500, 20 },
	};

	return costs;
}

static inline struct machine sample_machine(void)
{
	return (struct machine){
		.cpu = xstrdup("Imagined CPU"), .vendor = xstrdup("Nobody"),
		.arch = xstrdup("x86_64"), .kernel = xstrdup("6.0"),
		.kernel_version = xstrdup("#1"),
		.hypervisor = xstrdup("KVMKVMKVM"), .emulator = xstrdup(""),
		.governor = xstrdup("performance"),
		.mitigations = xstrdup("spectre_v2: something"),
		.cpus = 2, .pcid = 1, .invpcid = 1, .pti = 0, .tlb_l1 = 64,
		.tlb_l2 = 1536, .page_size = 4096, .load = 0.1, .steal = 0,
	};
}

static inline void sample_counts(struct counts *c, int arm)
{
	const uint64_t n = 40000;

	*c = (struct counts){ .present = true, .expected = n };
	if (arms[arm].kind == CREW_COROUTINES)
		return;
	c->rusage = n;
	c->kernel = true;
	c->knows_mm = true;
	*(arms[arm].kind == CREW_PROCESSES ? &c->other_mm : &c->same_mm) = n;
	if (arms[arm].kind == CREW_PROCESSES)
		c->tlb[0][arms[arm].ring ? TLB_ALL : TLB_NONE] = n;
	if (arms[arm].flush == FLUSH_DETACHED)
		return;
	*(arms[arm].kind == CREW_PROCESSES ? &c->probe.other_mm :
					     &c->probe.same_mm) = n;
	if (arms[arm].flush > FLUSH_CONTROL)
		c->probe.flushes = n;
}

/* What the probe times of an arm: the kernel's own part, and the flush. */
static inline void sample_probe(struct sample *s, int arm, double noise)
{
	static gsl_rng *rng;
	static const double flush[FLUSHES] = { 0, 10, 160, 210 };

	if (!rng)
		rng = gsl_rng_alloc(gsl_rng_taus);
	s->own_ns = NAN;
	s->flush_ns = NAN;
	if (arms[arm].flush == FLUSH_DETACHED)
		return;
	s->own_ns = arms[arm].kind == CREW_PROCESSES ? 380 : 300;
	/* The kernel's own entries are gone as well. */
	if (arms[arm].flush > FLUSH_CONTROL)
		s->own_ns += 20;
	s->own_ns *= 1 + gsl_ran_gaussian(rng, noise);
	s->flush_ns = flush[arms[arm].flush] *
		      (1 + gsl_ran_gaussian(rng, noise));
}

/* One turn: all arms, forwards or backwards, at moments one after the other. */
static inline void sample_turn(struct run *run, unsigned int p, int turn,
			       const struct trouble *t, gsl_rng *rng)
{
	const struct cost *costs = sample_costs();
	int i, arm;

	for (i = 0; i < ARMS; i++) {
		struct series *s;
		double when, ns;

		arm = turn & 1 ? ARMS - 1 - i : i;
		if (!run_has(&run->settings, arm, p))
			continue;
		s = &run->series[arm][p];
		when = (turn * ARMS + i) / (double)(SAMPLES * ARMS);
		ns = costs[arm].empty +
		     costs[arm].page * run->settings.point[p].pages;
		ns *= 1 + t->drift * when + (when > 0.5 ? t->step : 0);
		ns *= 1 + t->wobble * sin(2.4 * (turn + 7 * p));
		ns *= 1 + gsl_ran_gaussian(rng, t->noise);
		if (gsl_rng_uniform(rng) < t->outliers)
			ns *= 10;
		s->sample[turn] = (struct sample){
			.ns = fmax(ns, 0.1), .switches = 400, .expected = 400,
			.span_ns = 420 * fmax(ns, 0.1),
		};
		sample_probe(&s->sample[turn], arm, p ? 0 : t->timed);
		if (gsl_rng_uniform(rng) < t->disturbed) {
			s->sample[turn].switches = 410;
			s->sample[turn].ns *= 3;
		}
	}
}

static inline void sample_run(struct run *run, const struct trouble *t)
{
	static const unsigned int pages[] = { 0, 16, 64, 128, 256, 384 };
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus);
	unsigned int p;
	int arm, turn;

	*run = (struct run){
		.machine = sample_machine(), .counter = xstrdup("bpf"),
		.passes = SAMPLES,
		.settings = {
			.cpu = 1, .fifo = true, .probe = true, .ring = 12,
			.ring_pages = 64, .round_us = 500, .seconds = 20,
			.points = 6,
		},
	};
	for (p = 0; p < 6; p++)
		run->settings.point[p].pages = pages[p];
	for (arm = 0; arm < ARMS; arm++) {
		run->settings.arm[arm] = true;
		sample_counts(&run->counts[arm], arm);
		for (p = 0; p < 6; p++) {
			struct series *s = &run->series[arm][p];

			if (!run_has(&run->settings, arm, p))
				continue;
			s->n = SAMPLES;
			s->sample = xcalloc(SAMPLES, sizeof(*s->sample));
		}
	}
	for (p = 0; p < 6; p++)
		for (turn = 0; turn < SAMPLES; turn++)
			sample_turn(run, p, turn, t, rng);
	gsl_rng_free(rng);
}

#endif /* RUN_SAMPLE_H */
