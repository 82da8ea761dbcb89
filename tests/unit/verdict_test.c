// SPDX-License-Identifier: GPL-2.0-only
/* What is concluded from runs whose truth is known. */
#include <math.h>

#include "run_sample.h"
#include "measure/verdict.h"
#include "tap.h"

static const struct trouble calm = { .noise = 0.02 };

static bool near(const struct estimate *e, double truth, double by,
		 const char *what)
{
	if (ok(e->n && fabs(e->value - truth) <= by, "%s", what))
		return true;
	printf("# got %.2f [%.2f, %.2f] of %zu, not %.2f within %.2f\n",
	       e->value, e->low, e->high, e->n, truth, by);
	return false;
}

static bool holds(const struct estimate *e, double truth, const char *what)
{
	if (ok(e->n && e->low <= truth && truth <= e->high, "%s", what))
		return true;
	printf("# [%.2f, %.2f] does not hold %.2f\n", e->low, e->high, truth);
	return false;
}

static void effects(const struct trouble *t, const char *when, double by,
		    bool verdict)
{
	struct answers a;
	struct run run;
	char what[128];

	sample_run(&run, t);
	answers_find(&run, &a);
	verdict_find(&run, &a);
	snprintf(what, sizeof(what), "process - thread, %s", when);
	near(&a.diff[ARM_PROCESS][0][Q_NS], 108, by, what);
	snprintf(what, sizeof(what), "the flush, %s", when);
	near(&a.diff[ARM_THREAD_FLUSH][0][Q_NS], 205, by, what);
	snprintf(what, sizeof(what), "the null test, %s", when);
	near(&a.diff[ARM_THREAD_AGAIN][0][Q_NS], 0, by, what);
	snprintf(what, sizeof(what), "the refill for each page, %s", when);
	near(&a.finding[FOUND_REFILL][PATTERN_CHAIN], 11, by / 10, what);
	if (!ok(!a.reasons == verdict, "the verdict, %s", when))
		printf("# %s\n", a.reasons ? a.reason[0] : "given");
	answers_free(&a);
	run_free(&run);
}

static void intervals(void)
{
	struct answers a;
	struct run run;

	sample_run(&run, &calm);
	answers_find(&run, &a);
	verdict_find(&run, &a);
	holds(&a.diff[ARM_PROCESS][0][Q_NS], 108, "the interval of process - thread");
	holds(&a.diff[ARM_THREAD_AGAIN][0][Q_NS], 0, "the interval of the null test");
	holds(&a.finding[FOUND_REFILL][PATTERN_CHAIN], 11, "the interval of the refill");
	ok(fabs(a.finding[FOUND_EXCEEDS][PATTERN_CHAIN].value - 205.0 / 11) < 2,
	   "the pages from which on refilling outweighs the flush");
	ok(!a.finding[FOUND_REFILL][PATTERN_INDEPENDENT].n, "what was not swept has no slope");
	ok(!a.finding[FOUND_TLB][PATTERN_CHAIN].n, "a straight sweep has no bend");
	ok(counts_each(&run.counts[ARM_PROCESS], COUNT_CR3_FLUSHED) == 0 &&
	   counts_each(&run.counts[ARM_RING_PROCESS], COUNT_CR3_FLUSHED) == 1,
	   "the share of switches that flush");
	answers_free(&a);
	run_free(&run);
}

/* A run with one thing wrong; the verdict must be refused for it. */
static void refused(const struct trouble *t, void (*spoil)(struct run *run),
		    const char *word)
{
	struct answers a;
	struct run run;
	bool found = false;
	unsigned int i;

	sample_run(&run, t);
	if (spoil)
		spoil(&run);
	answers_find(&run, &a);
	verdict_find(&run, &a);
	for (i = 0; i < a.reasons; i++)
		found = found || strstr(a.reason[i], word);
	if (!ok(found, "refused: %s", word))
		printf("# %u reasons, the first: %s\n", a.reasons,
		       a.reasons ? a.reason[0] : "none");
	answers_free(&a);
	run_free(&run);
}

static void spoil_rusage(struct run *run)
{
	run->counts[ARM_THREAD].n[COUNT_RUSAGE] += 400;
}

static void spoil_kernel(struct run *run)
{
	run->counts[ARM_PROCESS].n[COUNT_SWITCHES] -= 400;
}

static void spoil_mm(struct run *run)
{
	run->counts[ARM_THREAD].n[COUNT_SAME_MM] -= 400;
	run->counts[ARM_THREAD].n[COUNT_OTHER_MM] += 400;
}

static void spoil_flushes(struct run *run)
{
	run->counts[ARM_THREAD_FLUSH].n[COUNT_PROBE_FLUSHES] -= 400;
}

static void spoil_control(struct run *run)
{
	run->counts[ARM_THREAD_CONTROL].n[COUNT_PROBE_FLUSHES] = 1;
}

static void spoil_probe(struct run *run)
{
	run->counts[ARM_THREAD_FULL].n[COUNT_PROBE_SAME_MM] -= 400;
}

static void spoil_cpu(struct run *run)
{
	run->counts[ARM_THREAD_CONTROL].n[COUNT_PROBE_MIGRATIONS] = 1;
}

static void add_ns(struct series *s, double ns)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		s->sample[i].value[Q_NS] += ns;
}

static void spoil_null(struct run *run)
{
	add_ns(&run->series[ARM_THREAD_AGAIN][0], 30);
}

static void spoil_probed_null(struct run *run)
{
	add_ns(&run->series[ARM_CONTROL_AGAIN][0], 30);
}

/* Equal on average, but so uncertain that it would hide what is looked for. */
static void blur(struct run *run, int arm)
{
	struct series *s = &run->series[arm][0];
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus);
	double factor[SAMPLE_BLOCKS];
	size_t i;

	for (i = 0; i < SAMPLE_BLOCKS; i++)
		factor[i] = 0.6 + 0.8 * gsl_rng_uniform(rng);
	for (i = 0; i < s->n; i++)
		s->sample[i].value[Q_NS] *= factor[s->sample[i].block];
	gsl_rng_free(rng);
}

static void spoil_wide_null(struct run *run)
{
	blur(run, ARM_THREAD_AGAIN);
}

static void spoil_wide_probed_null(struct run *run)
{
	blur(run, ARM_CONTROL_AGAIN);
}

static void spoil_wide_probe(struct run *run)
{
	blur(run, ARM_THREAD_CONTROL);
}

static void spoil_timed_null(struct run *run)
{
	struct series *s = &run->series[ARM_CONTROL_AGAIN][0];
	size_t i;

	for (i = 0; i < s->n; i++)
		s->sample[i].value[Q_KERNEL_FLUSH] += 30;
}

static void spoil_moved(struct run *run)
{
	struct series *s;
	size_t i;
	int arm;

	for (arm = 0; arm < ARMS; arm++) {
		s = &run->series[arm][0];
		for (i = 0; i < s->n; i++)
			s->sample[i].moved = s->sample[i].block > 3;
	}
}

/* Few rounds, but for long: 3 of every 10 ms, in rounds of an eighth. */
static void spoil_waiting(struct run *run)
{
	struct sample *one;
	size_t i;
	int arm;

	for (arm = 0; arm < ARMS; arm++) {
		for (i = 0; i < run->series[arm][0].n; i += 56) {
			one = &run->series[arm][0].sample[i];
			one->waited_ns = 150 * one->span_ns;
			one->span_ns += one->waited_ns;
		}
	}
}

static void spoil_others(struct run *run)
{
	run->settings.fifo = false;
	run->machine.others = 0.2;
}

static void spoil_steal(struct run *run)
{
	run->machine.steal = 0.5;
}

static void spoil_end(struct run *run)
{
	run->interrupted = true;
}

static void refusals(void)
{
	static const struct trouble wild = { .noise = 1 };
	static const struct trouble crowded = { .noise = 0.02, .disturbed = 0.3 };

	refused(&calm, spoil_rusage, "switches counted by getrusage");
	refused(&calm, spoil_kernel, "switches in the kernel's events");
	refused(&calm, spoil_mm, "switches that changed the mm");
	refused(&calm, spoil_flushes, "flushes made by the probe");
	refused(&calm, spoil_control, "1 flushes made by the probe for 40000 switches, not none");
	refused(&calm, spoil_probe, "switches that the probe saw keep the mm");
	refused(&calm, spoil_cpu, "moves to another CPU");
	refused(&calm, spoil_null, "null test: thread and");
	refused(&calm, spoil_probed_null, "null test: thread+control and");
	refused(&calm, spoil_wide_null,
		"thread and thread-again: interval too wide");
	refused(&calm, spoil_wide_probed_null,
		"thread+control and thread+again: interval too wide");
	refused(&calm, spoil_wide_probe,
		"thread+control - thread: interval too wide");
	refused(&calm, spoil_moved, "too few");
	refused(&calm, spoil_waiting, "kept from their CPU for");
	refused(&calm, spoil_others, "other tasks used 20 % of CPU 1");
	refused(&calm, spoil_steal, "hypervisor took");
	refused(&calm, spoil_end, "interrupted");
	refused(&wild, NULL, "too wide");
	refused(&crowded, NULL, "disturbed by other tasks");
}

/* Adds @ns to a process's switch, and so to what is told of it: 108 ns so far. */
static void tell_more(struct run *run, double ns)
{
	add_ns(&run->series[ARM_PROCESS][0], ns);
	/* What the probe costs is told, too. */
	add_ns(&run->series[ARM_THREAD_CONTROL][0], ns + 78);
	add_ns(&run->series[ARM_CONTROL_AGAIN][0], ns + 78);
	add_ns(&run->series[ARM_THREAD_FLUSH][0], ns + 78);
}

/* The rounds of each block dearer or cheaper by up to @part; in the mean, not. */
static void sway(struct run *run, int arm, double part)
{
	struct series *s = &run->series[arm][0];
	size_t i;

	for (i = 0; i < s->n; i++)
		s->sample[i].value[Q_NS] *= 1 + part *
			((s->sample[i].block * 5 % SAMPLE_BLOCKS) /
			 (SAMPLE_BLOCKS - 1.) * 2 - 1);
}

/* A null test that is @off, and sways, in a run that tells @told. */
static void null_of(double told, double off, double part, const char *word,
		    const char *what)
{
	struct answers a;
	struct run run;
	bool found = false;
	unsigned int i;

	sample_run(&run, &calm);
	tell_more(&run, told - 108);
	add_ns(&run.series[ARM_THREAD_AGAIN][0], off);
	sway(&run, ARM_THREAD_AGAIN, part);
	answers_find(&run, &a);
	verdict_find(&run, &a);
	for (i = 0; i < a.reasons && word; i++)
		found = found || strstr(a.reason[i], word);
	if (!ok(word ? found : !a.reasons, "%s", what))
		printf("# null test %.1f [%.1f, %.1f], %s\n",
		       a.diff[ARM_THREAD_AGAIN][0][Q_NS].value,
		       a.diff[ARM_THREAD_AGAIN][0][Q_NS].low,
		       a.diff[ARM_THREAD_AGAIN][0][Q_NS].high,
		       a.reasons ? a.reason[0] : "no reason");
	answers_free(&a);
	run_free(&run);
}

/* A null test is compared with what the run tells of the same baseline. */
static void null_bounds(void)
{
	static const char differ[] = "equals, differ by";
	static const char wide[] = "thread-again: interval too wide";

	null_of(108, 9, 0, NULL, "9 ns are little beside 108");
	null_of(108, 14, 0, differ, "14 are not");
	null_of(300, 14, 0, NULL, "but they are beside 300");
	null_of(300, 25, 0, differ, "and 25, of a switch of 1000, never");
	null_of(40, 4.5, 0, NULL, "half a per cent of the cost is always little");
	null_of(40, 8, 0, differ, "more, beside 40, is not");
	null_of(300, 0, 0.04, NULL, "an interval that would show half of 300");
	null_of(40, 0, 0.06, wide, "is too wide to show half of 40");
	null_of(40, 0, 0.01, NULL, "as a narrow one is not");
}

/* What the probe timed stands by itself. */
static void kernel_part(void)
{
	static const struct trouble t = { .noise = 0.02, .timed = 0.02 };
	static const struct trouble wild = { .noise = 0.02, .timed = 1 };
	struct answers a;
	struct run run;

	sample_run(&run, &t);
	answers_find(&run, &a);
	verdict_find(&run, &a);
	near(&a.cell[ARM_THREAD_CONTROL][0][Q_KERNEL], 300, 3, "the kernel's part, threads");
	near(&a.diff[ARM_PROCESS_CONTROL][0][Q_KERNEL_FLUSH], 80, 3, "more in processes");
	near(&a.diff[ARM_THREAD_FLUSH][0][Q_KERNEL_FLUSH], 170, 3, "more with a flush");
	near(&a.diff[ARM_THREAD_FLUSH][0][Q_FLUSH], 150, 3, "of that the flush");
	near(&a.diff[ARM_THREAD_FULL][0][Q_FLUSH], 200, 3, "the full flush");
	near(&a.diff[ARM_CONTROL_AGAIN][0][Q_KERNEL_FLUSH], 0, 3, "nothing with nothing");
	ok(!a.cell[ARM_THREAD][0][Q_KERNEL].n, "without the probe there is none");
	ok(a.parts_ok, "steady");
	answers_free(&a);
	spoil_null(&run);
	answers_find(&run, &a);
	verdict_find(&run, &a);
	ok(a.reasons && a.parts_ok, "steady where whole switches have no verdict");
	answers_free(&a);
	spoil_timed_null(&run);
	answers_find(&run, &a);
	verdict_find(&run, &a);
	ok(!a.parts_ok, "but not where the probe times equals differently");
	answers_free(&a);
	run_free(&run);
	sample_run(&run, &t);
	spoil_flushes(&run);
	answers_find(&run, &a);
	verdict_find(&run, &a);
	ok(!a.parts_ok, "nor where flushes are missing");
	answers_free(&a);
	run_free(&run);
	sample_run(&run, &wild);
	answers_find(&run, &a);
	verdict_find(&run, &a);
	ok(!a.parts_ok, "nor where it varies");
	answers_free(&a);
	run_free(&run);
}

/* The emulated machine's host takes its time away in a third of all rounds. */
static void emulated(void)
{
	static const struct trouble t = { .noise = 0.01, .outliers = 0.35,
					  .timed = 0.01 };
	struct answers a;
	struct run run;

	sample_run(&run, &t);
	free(run.machine.emulator);
	run.machine.emulator = xstrdup("a program");
	answers_find(&run, &a);
	verdict_find(&run, &a);
	near(&a.diff[ARM_PROCESS][0][Q_NS], 108, 8, "process - thread, emulated");
	near(&a.diff[ARM_THREAD_FLUSH][0][Q_NS], 205, 8, "the flush, emulated");
	near(&a.diff[ARM_THREAD_AGAIN][0][Q_NS], 0, 5, "the null test, emulated");
	near(&a.finding[FOUND_REFILL][PATTERN_CHAIN], 11, 0.2, "the refill, emulated");
	if (!ok(!a.reasons && a.parts_ok, "the verdict, emulated"))
		printf("# %s\n", a.reasons ? a.reason[0] : "not steady");
	answers_free(&a);
	spoil_null(&run);
	answers_find(&run, &a);
	verdict_find(&run, &a);
	ok(a.reasons, "equal arms that differ are refused there, too");
	answers_free(&a);
	run_free(&run);
}

/* Where pages are touched there are fewer rounds a pass: every fourth. */
static void thin(struct run *run)
{
	struct series *s;
	unsigned int p;
	size_t i;
	int arm;

	for (arm = 0; arm < ARMS; arm++)
		for (p = 1; p < run->settings.points; p++) {
			s = &run->series[arm][p];
			for (i = 0; 4 * i < s->n; i++)
				s->sample[i] = s->sample[4 * i];
			s->n /= 4;
		}
}

/* The host was busy in the first quarter: in two blocks of eight. */
static void busy_blocks(void)
{
	static const struct trouble t = { .noise = 0.001 };
	struct sample *flushed;
	struct answers a;
	struct run run;
	size_t i;

	sample_run(&run, &t);
	free(run.machine.emulator);
	run.machine.emulator = xstrdup("a program");
	thin(&run);
	flushed = run.series[ARM_THREAD_FLUSH][0].sample;
	for (i = 0; i < SAMPLES / 4; i++)
		flushed[i].value[Q_NS] *= 2;
	answers_find(&run, &a);
	verdict_find(&run, &a);
	near(&a.finding[FOUND_REFILL][PATTERN_CHAIN], 11, 0.2, "the refill, of all blocks");
	answers_free(&a);
	run_free(&run);
}

/* All rounds of a block count, not the first of each pass alone. */
static void median_of_block(void)
{
	static const struct trouble t = { .noise = 0.001 };
	struct sample *flushed;
	struct answers a;
	struct run run;
	size_t i;

	sample_run(&run, &t);
	thin(&run);
	flushed = run.series[ARM_THREAD_FLUSH][0].sample;
	for (i = 0; i < SAMPLES; i += 4)
		flushed[i].value[Q_NS] *= 2;
	answers_find(&run, &a);
	verdict_find(&run, &a);
	near(&a.finding[FOUND_REFILL][PATTERN_CHAIN], 11, 0.2,
	     "the refill, of all rounds of a block");
	answers_free(&a);
	run_free(&run);
}

/*
 * A CPU that is clocked up and down takes its differences with it: they are as
 * uncertain as the cost that they are a part of, and where there is none it stays
 * none.
 */
static void wobble(void)
{
	static const struct trouble t = { .noise = 0.001, .wobble = 0.4 };
	const struct estimate *base, *more, *none;
	struct answers a;
	struct run run;

	sample_run(&run, &t);
	answers_find(&run, &a);
	verdict_find(&run, &a);
	base = &a.cell[ARM_THREAD][0][Q_NS];
	more = &a.diff[ARM_PROCESS][0][Q_NS];
	none = &a.diff[ARM_THREAD_AGAIN][0][Q_NS];
	if (!ok(estimate_half(more) / more->value <
		1.2 * estimate_half(base) / base->value,
		"a wobbling clock widens a difference as the cost itself"))
		printf("# [%.2f, %.2f], [%.2f, %.2f]\n", more->low, more->high,
		       base->low, base->high);
	if (!ok(estimate_half(none) < 1, "and none at all not"))
		printf("# [%.2f, %.2f]\n", none->low, none->high);
	answers_free(&a);
	run_free(&run);
}

/* Half a per cent is allowed, no more. */
static void tolerance(void)
{
	struct answers a;
	struct run run;

	sample_run(&run, &calm);
	run.counts[ARM_THREAD].n[COUNT_RUSAGE] += 199;
	run.counts[ARM_THREAD_FLUSH].n[COUNT_PROBE_FLUSHES] += 199;
	answers_find(&run, &a);
	verdict_find(&run, &a);
	is_number(a.reasons, 0, "counts that differ by less than 0.5 %");
	answers_free(&a);
	run_free(&run);
}

/* CPUID says @told, the cost of a coroutine's page rises past @rise of both. */
static void tlb_of(int told, double rise, bool differs, double least,
		   double most, const char *what)
{
	static const unsigned int pages[] = { 0, 128, 512, 1024, 2048, 4096 };
	struct answers a;
	struct run run;
	bool contradicts;
	unsigned int p;
	double tlb;
	size_t i;

	sample_run(&run, &calm);
	run.machine.tlb_l2 = told;
	for (p = 0; p < 6; p++) {
		struct series *s = &run.series[ARM_COROUTINE][p];
		double page = 2 * pages[p] > rise ? 25 : 5;

		run.settings.point[p].x = pages[p];
		for (i = 0; i < s->n; i++)
			s->sample[i].value[0] =
				3 + page * pages[p] * (1 + i % 7 / 1e3);
	}
	answers_find(&run, &a);
	tlb = switch_tlb(&run, &a, &contradicts);
	if (!ok(contradicts == differs && tlb >= least && tlb <= most, "%s",
		what))
		printf("# got %g\n", tlb);
	answers_free(&a);
	run_free(&run);
}

/* What the sweep finds overrules what CPUID says, where they differ by much. */
static void tlb_sizes(void)
{
	tlb_of(128, 3000, true, 2048, 4096,
	       "128 entries of CPUID's are no match for a rise near 3000");
	tlb_of(2048, 3000, false, 2048, 2048, "2048 are, more or less");
	tlb_of(-1, 3000, false, 2048, 4096, "what is not known is found");
	tlb_of(128, 1e9, false, 128, 128,
	       "without a rise CPUID is all there is");
}

int main(void)
{
	static const struct trouble drift = { .noise = 0.02, .drift = 0.3 };
	static const struct trouble step = { .noise = 0.02, .step = 0.5 };
	static const struct trouble spikes = { .noise = 0.02, .outliers = 0.1 };
	static const struct trouble guests = { .noise = 0.02,
					       .disturbed = 0.08 };

	effects(&calm, "in calm", 6, true);
	/* A machine that slows down makes everything dearer by its mean. */
	effects(&drift, "while it slows down", 108 * 0.3 + 6, true);
	/* Then nobody can say what a thread costs; the differences hold. */
	effects(&step, "with half the run slower", 108 * 0.5 + 6, false);
	effects(&spikes, "with a tenth of outliers", 8, true);
	effects(&guests, "with rounds that others got into", 8, true);
	intervals();
	refusals();
	null_bounds();
	kernel_part();
	emulated();
	wobble();
	busy_blocks();
	median_of_block();
	tolerance();
	tlb_sizes();
	return tap_done();
}
