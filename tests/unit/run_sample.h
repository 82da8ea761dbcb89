/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs with known effects in them, made up. */
#ifndef RUN_SAMPLE_H
#define RUN_SAMPLE_H

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

#include "lib/xalloc.h"
#include "experiments/experiments.h"
#include "experiments/switch/switch.h"

#define SAMPLES 320
#define SAMPLE_BLOCKS 16

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

static inline bool sample_kind(int arm, enum kind kind)
{
	return switch_arms[arm].kind == kind;
}

static inline void sample_counts(struct counts *c, int arm)
{
	const uint64_t n = 40000;
	bool processes = sample_kind(arm, KIND_PROCESSES);

	*c = (struct counts){ .present = true };
	counts_set(c, COUNT_EXPECTED, n);
	counts_set(c, COUNT_RUSAGE, sample_kind(arm, KIND_COROUTINES) ? 0 : n);
	if (sample_kind(arm, KIND_COROUTINES))
		return;
	counts_set(c, COUNT_SWITCHES, n);
	counts_set(c, COUNT_SAME_MM, processes ? 0 : n);
	counts_set(c, COUNT_OTHER_MM, processes ? n : 0);
	counts_set(c, COUNT_CR3_KEPT,
		   processes && !switch_arms[arm].ring ? n : 0);
	counts_set(c, COUNT_CR3_FLUSHED,
		   processes && switch_arms[arm].ring ? n : 0);
	if (switch_arms[arm].probe == PROBE_DETACHED)
		return;
	counts_set(c, COUNT_PROBE, n);
	counts_set(c, COUNT_PROBE_SAME_MM, processes ? 0 : n);
	counts_set(c, COUNT_PROBE_OTHER_MM, processes ? n : 0);
	counts_set(c, COUNT_PROBE_MIGRATIONS, 0);
	counts_set(c, COUNT_PROBE_FLUSHES,
		   switch_arms[arm].probe > PROBE_CONTROL ? n : 0);
}

/* What the probe times of an arm: the kernel's own part, and the flush. */
static inline void sample_probe(struct sample *s, int arm, double noise)
{
	static gsl_rng *rng;
	static const double flush[PROBE_MODES] = { 0, 10, 160, 210 };

	if (!rng)
		rng = gsl_rng_alloc(gsl_rng_taus);
	if (switch_arms[arm].probe == PROBE_DETACHED)
		return;
	s->value[Q_KERNEL] = sample_kind(arm, KIND_PROCESSES) ? 380 : 300;
	/* The kernel's own entries are gone as well. */
	if (switch_arms[arm].probe > PROBE_CONTROL)
		s->value[Q_KERNEL] += 20;
	s->value[Q_KERNEL] *= 1 + gsl_ran_gaussian(rng, noise);
	s->value[Q_FLUSH] = flush[switch_arms[arm].probe] *
			    (1 + gsl_ran_gaussian(rng, noise));
	s->value[Q_KERNEL_FLUSH] = s->value[Q_KERNEL] + s->value[Q_FLUSH];
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
		if (!run_has(run, arm, p))
			continue;
		s = &run->series[arm][p];
		when = (turn * ARMS + i) / (double)(SAMPLES * ARMS);
		ns = costs[arm].empty +
		     costs[arm].page * run->settings.point[p].x;
		ns *= 1 + t->drift * when + (when > 0.5 ? t->step : 0);
		ns *= 1 + t->wobble * sin(2.4 * (turn + 7 * p));
		ns *= 1 + gsl_ran_gaussian(rng, t->noise);
		if (gsl_rng_uniform(rng) < t->outliers)
			ns *= 10;
		s->sample[turn] = (struct sample){
			.value = { fmax(ns, 0.1), NAN, NAN, NAN, NAN, NAN },
			.counted = 400, .expected = 400,
			.span_ns = 420 * fmax(ns, 0.1),
			.block = turn * SAMPLE_BLOCKS / SAMPLES,
		};
		sample_probe(&s->sample[turn], arm, p ? 0 : t->timed);
		if (gsl_rng_uniform(rng) < t->disturbed) {
			s->sample[turn].counted = 410;
			s->sample[turn].value[Q_NS] *= 3;
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
		.experiment = &experiment_switch,
		.machine = sample_machine(), .counter = xstrdup("bpf"),
		.passes = SAMPLES, .blocks = SAMPLE_BLOCKS,
		.settings = {
			.cpu = 1, .cpus = 1, .fifo = true, .probe = true,
			.value = { [SET_RING] = 12, [SET_RING_PAGES] = 64 },
			.round_us = 500, .seconds = 20,
		},
	};
	for (p = 0; p < SAMPLE_BLOCKS; p++)
		run->block[p] = (struct block){ 2.5 * p, 120e3, 0 };
	for (p = 0; p < 6; p++)
		run_add_point(&run->settings, &(struct point){
			pages[p], p ? PATTERN_CHAIN : NO_VARIANT, 1 });
	for (arm = 0; arm < ARMS; arm++) {
		run->settings.arm[arm] = true;
		run->settings.most_x[arm] =
			switch_arms[arm].ring ? 64 : UINT32_MAX;
		sample_counts(&run->counts[arm], arm);
		for (p = 0; p < 6; p++) {
			struct series *s = &run->series[arm][p];

			if (!run_has(run, arm, p))
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
