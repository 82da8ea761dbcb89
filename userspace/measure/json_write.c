// SPDX-License-Identifier: GPL-2.0-only
/* Writes a run as JSON; the schema is described in ctxlab(1). */
#include <math.h>

#include "lib/output.h"
#include "run_json.h"

/* JSON has no NaN and no infinity. */
static json_t *number(double x)
{
	return isfinite(x) ? json_real(x) : json_null();
}

/* 1, 0, and null for what is not known. */
static json_t *tristate(int x)
{
	return x < 0 ? json_null() : json_boolean(x);
}

static json_t *known(int x)
{
	return x < 0 ? json_null() : json_integer(x);
}

static json_t *machine_json(const struct machine *m)
{
	json_t *o = json_object();

	json_object_set_new(o, "cpu", out_json_bytes(m->cpu));
	json_object_set_new(o, "vendor", out_json_bytes(m->vendor));
	json_object_set_new(o, "arch", out_json_bytes(m->arch));
	json_object_set_new(o, "cpus", json_integer(m->cpus));
	json_object_set_new(o, "kernel", out_json_bytes(m->kernel));
	json_object_set_new(o, "kernel_version",
			    out_json_bytes(m->kernel_version));
	json_object_set_new(o, "hypervisor", out_json_bytes(m->hypervisor));
	json_object_set_new(o, "emulator", out_json_bytes(m->emulator));
	json_object_set_new(o, "tlb_emulated", json_boolean(*m->emulator));
	json_object_set_new(o, "pcid", tristate(m->pcid));
	json_object_set_new(o, "invpcid", tristate(m->invpcid));
	json_object_set_new(o, "pti", tristate(m->pti));
	json_object_set_new(o, "tlb_l1", known(m->tlb_l1));
	json_object_set_new(o, "tlb_l2", known(m->tlb_l2));
	json_object_set_new(o, "page_size", json_integer(m->page_size));
	json_object_set_new(o, "governor", out_json_bytes(m->governor));
	json_object_set_new(o, "mitigations", out_json_bytes(m->mitigations));
	json_object_set_new(o, "load",
			    m->load < 0 ? json_null() : number(m->load));
	json_object_set_new(o, "steal",
			    m->steal < 0 ? json_null() : number(m->steal));
	json_object_set_new(o, "others", m->others < 0 ? json_null() :
						 number(m->others));
	json_object_set_new(o, "throttled", m->throttled < 0 ? json_null() :
						json_integer(m->throttled));
	return o;
}

static json_t *point_json(const struct point *p)
{
	return json_pack("{s:i, s:s}", "pages", (int)p->pages, "pattern",
			 pattern_name(p->pattern));
}

static json_t *points_json(const struct settings *s)
{
	json_t *all = json_array();
	unsigned int p;

	for (p = 0; p < s->points; p++)
		json_array_append_new(all, point_json(&s->point[p]));
	return all;
}

static json_t *settings_json(const struct settings *s)
{
	json_t *taking_part = json_array();
	int arm;

	for (arm = 0; arm < ARMS; arm++)
		if (s->arm[arm])
			json_array_append_new(taking_part,
					      json_string(arms[arm].name));
	return json_pack("{s:i, s:s, s:b, s:b, s:b, s:i, s:i, s:f, s:f, s:o, s:o}",
			 "cpu", (int)s->cpu,
			 "mechanism", mechanism_name(s->mechanism),
			 "fifo", s->fifo, "huge", s->huge, "probe", s->probe,
			 "ring", (int)s->ring,
			 "ring_pages", (int)s->ring_pages,
			 "round_us", s->round_us,
			 "seconds", s->seconds, "arms", taking_part,
			 "points", points_json(s));
}

static void add_probe(json_t *o, const struct series *s)
{
	json_t *own = json_array(), *flush = json_array();
	size_t i;

	for (i = 0; i < s->n; i++) {
		json_array_append_new(own, number(s->sample[i].own_ns));
		json_array_append_new(flush, number(s->sample[i].flush_ns));
	}
	json_object_set_new(o, "own_ns", own);
	json_object_set_new(o, "flush_ns", flush);
}

static json_t *one_series(const struct run *run, int arm, unsigned int p)
{
	const struct series *s = &run->series[arm][p];
	json_t *ns = json_array(), *switches = json_array();
	json_t *expected = json_array(), *moved = json_array();
	json_t *span = json_array(), *waited = json_array(), *o;
	size_t i;

	for (i = 0; i < s->n; i++) {
		json_array_append_new(ns, number(s->sample[i].ns));
		json_array_append_new(switches,
				      json_integer(s->sample[i].switches));
		json_array_append_new(expected,
				      json_integer(s->sample[i].expected));
		json_array_append_new(moved, json_boolean(s->sample[i].moved));
		json_array_append_new(span, number(s->sample[i].span_ns));
		json_array_append_new(waited, number(s->sample[i].waited_ns));
	}
	o = json_pack("{s:s, s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o}",
		      "arm", arms[arm].name,
		      "pages", (int)run->settings.point[p].pages,
		      "pattern", pattern_name(run->settings.point[p].pattern),
		      "ns", ns, "switches", switches, "expected", expected,
		      "moved", moved, "span_ns", span, "waited_ns", waited);
	if (series_probed(s))
		add_probe(o, s);
	return o;
}

static json_t *series_json(const struct run *run)
{
	json_t *all = json_array();
	unsigned int p;
	int arm;

	for (arm = 0; arm < ARMS; arm++)
		for (p = 0; p < run->settings.points; p++)
			if (run_has(&run->settings, arm, p))
				json_array_append_new(all,
						      one_series(run, arm, p));
	return all;
}

static json_t *sizes_json(const uint64_t size[TLB_SIZES])
{
	return json_pack("{s:I, s:I, s:I}", "none", (json_int_t)size[TLB_NONE],
			 "some", (json_int_t)size[TLB_SOME],
			 "all", (json_int_t)size[TLB_ALL]);
}

static json_t *tlb_json(const struct counts *c)
{
	json_t *all = json_object();
	int i;

	for (i = 0; i < TLB_REASONS; i++)
		json_object_set_new(all, tlb_reasons[i], sizes_json(c->tlb[i]));
	return all;
}

static json_t *kernel_json(const struct counts *c)
{
	return json_pack("{s:b, s:I, s:I, s:I, s:o}", "knows_mm", c->knows_mm,
			 "same_mm", (json_int_t)c->same_mm,
			 "other_mm", (json_int_t)c->other_mm,
			 "foreign", (json_int_t)c->foreign,
			 "tlb_flush", tlb_json(c));
}

static json_t *probe_json(const struct probe_counts *p)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
			 "same_mm", (json_int_t)p->same_mm,
			 "other_mm", (json_int_t)p->other_mm,
			 "lazy_mm", (json_int_t)p->lazy_mm,
			 "foreign", (json_int_t)p->foreign,
			 "flushes", (json_int_t)p->flushes,
			 "migrations", (json_int_t)p->migrations,
			 "lost", (json_int_t)p->lost);
}

static json_t *counts_json(const struct run *run)
{
	json_t *all = json_array(), *o;
	const struct counts *c;
	int arm;

	for (arm = 0; arm < ARMS; arm++) {
		c = &run->counts[arm];
		if (!c->present)
			continue;
		o = json_pack("{s:s, s:I, s:I}", "arm", arms[arm].name,
			      "expected", (json_int_t)c->expected,
			      "rusage", (json_int_t)c->rusage);
		if (c->kernel)
			json_object_set_new(o, "kernel", kernel_json(c));
		if (arms[arm].flush != FLUSH_DETACHED)
			json_object_set_new(o, "probe", probe_json(&c->probe));
		json_array_append_new(all, o);
	}
	return all;
}

static json_t *histograms_json(const struct run *run)
{
	json_t *all = json_array(), *buckets, *bucket;
	const struct histogram *h;
	size_t i;
	int arm;

	for (arm = 0; arm < ARMS; arm++) {
		h = &run->histogram[arm];
		if (!h->n)
			continue;
		buckets = json_array();
		for (i = 0; i < h->n; i++) {
			bucket = json_pack("[f, f, I]", h->from_ns[i],
					   h->to_ns[i], (json_int_t)h->count[i]);
			json_array_append_new(buckets, bucket);
		}
		json_array_append_new(all, json_pack("{s:s, s:o}", "arm",
						     arms[arm].name, "buckets",
						     buckets));
	}
	return all;
}

static json_t *estimate_json(const struct estimate *e)
{
	if (!e->n)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:i}", "value", number(e->value),
			 "low", number(e->low), "high", number(e->high), "n",
			 (int)e->n);
}

static json_t *knee_json(const struct knee *k)
{
	if (!k->found)
		return json_null();
	return json_pack("{s:f, s:f, s:f}", "pages", k->pages, "ns_before",
			 k->before, "ns_after", k->after);
}

/* Numbers of pages for which 0 says that there is none. */
static json_t *pages_json(double pages)
{
	return pages ? json_real(pages) : json_null();
}

static json_t *per_pattern(const struct answers *a)
{
	json_t *all = json_object(), *o;
	int p;

	for (p = 0; p < PATTERNS; p++) {
		o = json_object();
		json_object_set_new(o, "refill_ns_per_page",
				    estimate_json(&a->refill[p]));
		json_object_set_new(o, "ring_refill_ns_per_page",
				    estimate_json(&a->ring_refill[p]));
		json_object_set_new(o, "dominates_from_pages",
				    pages_json(a->dominate[p]));
		json_object_set_new(o, "vanishes_at_pages",
				    pages_json(a->vanish[p]));
		json_object_set_new(o, "knee", knee_json(&a->knee[p]));
		json_object_set_new(all, pattern_name(p), o);
	}
	return all;
}

static json_t *one_part(const struct answers *a, int arm)
{
	int base = answers_part_base(arm);

	return json_pack("{s:o, s:o, s:o, s:o, s:o}",
			 "own_ns", estimate_json(&a->own[arm]),
			 "with_flush_ns", estimate_json(&a->part[arm]),
			 "against", base < 0 ? json_null() :
					       json_string(arms[base].name),
			 "difference_ns", estimate_json(&a->part_diff[arm]),
			 "flush_itself_ns",
			 estimate_json(&a->flush_itself[arm]));
}

/* What the probe timed. */
static json_t *parts_json(const struct answers *a)
{
	json_t *all = json_object();
	int arm;

	for (arm = 0; arm < ARMS; arm++)
		if (a->own[arm].n)
			json_object_set_new(all, arms[arm].name,
					    one_part(a, arm));
	return all;
}

static json_t *answers_json(const struct answers *a)
{
	json_t *o = json_object(), *empty = json_object(), *why = json_array();
	unsigned int i;

	for (i = 0; i < ARMS; i++)
		if (a->empty[i].n)
			json_object_set_new(empty, arms[i].name,
					    estimate_json(&a->empty[i]));
	for (i = 0; i < a->reasons; i++)
		json_array_append_new(why, json_string(a->reason[i]));
	json_object_set_new(o, "verdict", json_boolean(!a->reasons));
	json_object_set_new(o, "refused_because", why);
	json_object_set_new(o, "switch_ns", empty);
	json_object_set_new(o, "process_minus_thread_ns",
			    estimate_json(&a->process));
	json_object_set_new(o, "null_test_ns", estimate_json(&a->null));
	json_object_set_new(o, "probe_ns", estimate_json(&a->probe));
	json_object_set_new(o, "flush_ns", estimate_json(&a->flush));
	json_object_set_new(o, "full_flush_ns", estimate_json(&a->full));
	json_object_set_new(o, "process_flush_ns",
			    estimate_json(&a->process_flush));
	json_object_set_new(o, "ring_process_minus_thread_ns",
			    estimate_json(&a->ring));
	json_object_set_new(o, "kernel_part", parts_json(a));
	json_object_set_new(o, "kernel_part_steady", json_boolean(a->steady));
	json_object_set_new(o, "patterns", per_pattern(a));
	json_object_set_new(o, "disturbed_share", json_real(a->disturbed));
	json_object_set_new(o, "waited_share",
			    a->waited < 0 ? json_null() : number(a->waited));
	return o;
}

json_t *run_to_json(const struct run *run, const struct answers *a)
{
	json_t *root = json_object(), *notes = json_array();
	unsigned int i;

	for (i = 0; i < run->notes; i++)
		json_array_append_new(notes, out_json_bytes(run->note[i]));
	json_object_set_new(root, "ctxlab", json_string("switch"));
	json_object_set_new(root, "schema", json_integer(RUN_SCHEMA));
	json_object_set_new(root, "version", json_string(CTXLAB_VERSION));
	json_object_set_new(root, "machine", machine_json(&run->machine));
	json_object_set_new(root, "settings", settings_json(&run->settings));
	json_object_set_new(root, "passes", json_integer(run->passes));
	json_object_set_new(root, "interrupted",
			    json_boolean(run->interrupted));
	json_object_set_new(root, "notes", notes);
	if (a)
		json_object_set_new(root, "answers", answers_json(a));
	json_object_set_new(root, "counter", out_json_bytes(run->counter));
	json_object_set_new(root, "counts", counts_json(run));
	json_object_set_new(root, "histograms", histograms_json(run));
	json_object_set_new(root, "series", series_json(run));
	return root;
}
