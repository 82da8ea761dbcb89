// SPDX-License-Identifier: GPL-2.0-only
/* Writes a run as JSON; the schema is described in ctxlab(1). */
#include <math.h>

#include "lib/output.h"
#include "experiment.h"
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

static const char *or_null(const struct run *run, int variant)
{
	return variant == NO_VARIANT ? NULL : run_variant_name(run, variant);
}

static json_t *points_json(const struct run *run)
{
	const struct axis *axis = &run->experiment->axis;
	const struct point *point = run->settings.point;
	json_t *all = json_array(), *o;
	unsigned int p;

	for (p = 0; p < run->settings.points; p++) {
		o = json_pack("{s:i, s:i}", axis->key, (int)point[p].x,
			      "rounds", (int)point[p].rounds);
		if (run->settings.longer[p] > 1)
			json_object_set_new(o, "longer",
					    json_integer(run->settings.longer[p]));
		if (axis->variant)
			json_object_set_new(o, axis->variant,
					    json_pack("s?", or_null(run, point[p].variant)));
		json_array_append_new(all, o);
	}
	return all;
}

static json_t *arms_json(const struct run *run)
{
	const struct settings *s = &run->settings;
	json_t *all = json_array(), *most;
	int arm;

	for (arm = 0; arm < run_arms(run); arm++) {
		if (!s->arm[arm])
			continue;
		most = s->most_x[arm] == UINT32_MAX ?
			       json_null() : json_integer(s->most_x[arm]);
		json_array_append_new(all, json_pack("{s:s, s:o}", "name",
						     run_arm_name(run, arm),
						     "most_x", most));
	}
	return all;
}

static json_t *setting_json(const struct setting *def, long value)
{
	if (def->kind == SETTING_YES_NO)
		return json_boolean(value);
	if (def->kind == SETTING_ONE_OF)
		return json_string(def->names[value]);
	return json_integer(value);
}

static json_t *settings_json(const struct run *run)
{
	const struct setting *defs = run->experiment->settings;
	const struct settings *s = &run->settings;
	json_t *o;
	int i;

	o = json_pack("{s:i, s:i, s:b, s:b, s:f, s:f, s:o, s:o}",
		      "cpu", (int)s->cpu, "cpus", (int)s->cpus,
		      "fifo", s->fifo, "probe", s->probe,
		      "round_us", s->round_us, "seconds", s->seconds,
		      "arms", arms_json(run), "points", points_json(run));
	for (i = 0; i < run_settings(run); i++)
		json_object_set_new(o, defs[i].key,
				    setting_json(&defs[i], s->value[i]));
	return o;
}

static json_t *blocks_json(const struct run *run)
{
	json_t *all = json_array(), *speed;
	unsigned int i;

	for (i = 0; i < run->blocks; i++) {
		speed = run->block[i].speed_ns < 0 ?
				json_null() : number(run->block[i].speed_ns);
		json_array_append_new(all, json_pack("{s:f, s:o, s:i}",
						     "start", run->block[i].start,
						     "speed_ns", speed,
						     "repeat", (int)run->block[i].repeat));
	}
	return all;
}

static json_t *values_json(const struct series *s, int quantity)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < s->n; i++)
		json_array_append_new(all, number(s->sample[i].value[quantity]));
	return all;
}

static void add_checks(json_t *o, const struct series *s)
{
	json_t *counted = json_array(), *expected = json_array();
	json_t *moved = json_array(), *block = json_array();
	json_t *span = json_array(), *waited = json_array();
	const struct sample *one;
	size_t i;

	for (i = 0; i < s->n; i++) {
		one = &s->sample[i];
		json_array_append_new(counted, json_integer(one->counted));
		json_array_append_new(expected, json_integer(one->expected));
		json_array_append_new(moved, json_boolean(one->moved));
		json_array_append_new(block, json_integer(one->block));
		json_array_append_new(span, number(one->span_ns));
		json_array_append_new(waited, number(one->waited_ns));
	}
	json_object_set_new(o, "counted", counted);
	json_object_set_new(o, "expected", expected);
	json_object_set_new(o, "moved", moved);
	json_object_set_new(o, "block", block);
	json_object_set_new(o, "span_ns", span);
	json_object_set_new(o, "waited_ns", waited);
}

/* Each bucket that has some, with how many. */
static json_t *pool_json(const struct pool *pool)
{
	json_t *all = json_array();
	unsigned int i;

	for (i = 0; i < POOL_BUCKETS; i++)
		if (pool->count[i])
			json_array_append_new(all, json_pack("[i, I]", (int)i,
							     (json_int_t)pool->count[i]));
	return all;
}

static json_t *pools_json(const struct series *s)
{
	json_t *all = json_array();
	unsigned int i;

	for (i = 0; i < s->pools; i++)
		json_array_append_new(all, pool_json(&s->pool[i]));
	return all;
}

/* Quantities of which the series has no value are left out, but the first. */
static json_t *one_series(const struct run *run, int arm, unsigned int p)
{
	const struct series *s = &run->series[arm][p];
	json_t *o = json_pack("{s:s, s:i}", "arm", run_arm_name(run, arm),
			      "point", (int)p);
	int q;

	for (q = 0; q < run_quantities(run); q++)
		if (!q || series_has(s, q))
			json_object_set_new(o, run->experiment->quantities[q].key,
					    values_json(s, q));
	add_checks(o, s);
	if (s->pools)
		json_object_set_new(o, "pools", pools_json(s));
	return o;
}

static json_t *series_json(const struct run *run)
{
	json_t *all = json_array();
	unsigned int p;
	int arm;

	for (arm = 0; arm < run_arms(run); arm++)
		for (p = 0; p < run->settings.points; p++)
			if (run_has(run, arm, p))
				json_array_append_new(all,
						      one_series(run, arm, p));
	return all;
}

static json_t *group_json(const struct counts *c, enum count_group group)
{
	json_t *o = json_object();
	int i;

	for (i = COUNT_NONE + 1; i < COUNTS; i++)
		if (c->has[i] && counts_table[i].group == group)
			json_object_set_new(o, counts_table[i].key,
					    json_integer(c->n[i]));
	return o;
}

static json_t *counts_json(const struct run *run)
{
	json_t *all = json_array(), *o;
	const struct counts *c;
	int arm, g;

	for (arm = 0; arm < run_arms(run); arm++) {
		c = &run->counts[arm];
		if (!c->present)
			continue;
		o = json_pack("{s:s}", "arm", run_arm_name(run, arm));
		for (g = 0; g < GROUPS; g++)
			if (counts_has_group(c, g))
				json_object_set_new(o, counts_groups[g],
						    group_json(c, g));
		json_array_append_new(all, o);
	}
	return all;
}

/* Of each arm, what is known. */
static json_t *facts_json(const struct run *run)
{
	const struct fact *facts = run->experiment->facts;
	json_t *all = json_object(), *o;
	int arm, i;

	for (arm = 0; arm < run_arms(run); arm++) {
		o = json_object();
		for (i = 0; i < run_facts(run); i++)
			if (run->fact[arm][i].known)
				json_object_set_new(o, facts[i].key,
						    json_integer(run_fact(run, arm, i)));
		if (json_object_size(o))
			json_object_set_new(all, run_arm_name(run, arm), o);
		else
			json_decref(o);
	}
	return all;
}

static json_t *buckets_json(const struct histogram *h)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < h->n; i++)
		json_array_append_new(all, json_pack("[f, f, I]", h->from_ns[i],
						     h->to_ns[i],
						     (json_int_t)h->count[i]));
	return all;
}

static json_t *histograms_json(const struct run *run)
{
	json_t *all = json_array(), *o;
	int arm;

	for (arm = 0; arm < run_arms(run); arm++) {
		if (!run->histogram[arm].n)
			continue;
		o = json_pack("{s:s, s:o}", "arm", run_arm_name(run, arm),
			      "buckets", buckets_json(&run->histogram[arm]));
		json_array_append_new(all, o);
	}
	return all;
}

static json_t *stretches_json(const struct strip *strip)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < strip->n; i++)
		json_array_append_new(all,
				      json_pack("[i, i]", (int)strip->stretch[i].who,
						(int)strip->stretch[i].times));
	return all;
}

static json_t *strips_json(const struct run *run)
{
	json_t *all = json_array(), *o;
	int arm;

	for (arm = 0; arm < run_arms(run); arm++) {
		if (!run->strip[arm].n)
			continue;
		o = json_pack("{s:s, s:o}", "arm", run_arm_name(run, arm),
			      "stretches", stretches_json(&run->strip[arm]));
		json_array_append_new(all, o);
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

/* At the first point: by quantity, the value and what it adds to its base. */
static json_t *arm_answer(const struct run *run, const struct answers *a,
			  int arm)
{
	json_t *all = json_object(), *o;
	int q, base;

	for (q = 0; q < run_quantities(run); q++) {
		if (!a->cell[arm][0][q].n)
			continue;
		o = estimate_json(&a->cell[arm][0][q]);
		base = run_base(run, arm, q);
		if (a->diff[arm][0][q].n) {
			json_object_set_new(o, "against",
					    json_string(run_arm_name(run, base)));
			json_object_set_new(o, "difference",
					    estimate_json(&a->diff[arm][0][q]));
		}
		json_object_set_new(all, run->experiment->quantities[q].key, o);
	}
	return all;
}

static json_t *finding_json(const struct run *run, const struct answers *a,
			    int f)
{
	json_t *o;
	int v;

	if (!run->experiment->findings[f].by_variant)
		return estimate_json(&a->finding[f][0]);
	o = json_object();
	for (v = 0; v < run_variants(run); v++)
		json_object_set_new(o, run_variant_name(run, v),
				    estimate_json(&a->finding[f][v]));
	return o;
}

static json_t *answers_json(const struct run *run, const struct answers *a)
{
	json_t *o = json_object(), *all = json_object(), *why = json_array();
	json_t *findings = json_object();
	unsigned int i;
	int n;

	for (n = 0; n < run_arms(run); n++)
		if (a->cell[n][0][0].n)
			json_object_set_new(all, run_arm_name(run, n),
					    arm_answer(run, a, n));
	for (n = 0; n < run_findings(run); n++)
		json_object_set_new(findings, run->experiment->findings[n].key,
				    finding_json(run, a, n));
	for (i = 0; i < a->reasons; i++)
		json_array_append_new(why, json_string(a->reason[i]));
	json_object_set_new(o, "verdict", json_boolean(!a->reasons));
	json_object_set_new(o, "refused_because", why);
	json_object_set_new(o, "arms", all);
	json_object_set_new(o, "parts_ok", json_boolean(a->parts_ok));
	json_object_set_new(o, "findings", findings);
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
	json_object_set_new(root, "ctxlab", json_string(run->experiment->name));
	json_object_set_new(root, "schema", json_integer(RUN_SCHEMA));
	json_object_set_new(root, "version", json_string(CTXLAB_VERSION));
	json_object_set_new(root, "machine", machine_json(&run->machine));
	json_object_set_new(root, "settings", settings_json(run));
	json_object_set_new(root, "passes", json_integer(run->passes));
	json_object_set_new(root, "interrupted",
			    json_boolean(run->interrupted));
	json_object_set_new(root, "notes", notes);
	json_object_set_new(root, "blocks", blocks_json(run));
	if (a)
		json_object_set_new(root, "answers", answers_json(run, a));
	json_object_set_new(root, "counter", out_json_bytes(run->counter));
	json_object_set_new(root, "counts", counts_json(run));
	json_object_set_new(root, "histograms", histograms_json(run));
	if (run->experiment->strip)
		json_object_set_new(root, "strips", strips_json(run));
	if (run_facts(run))
		json_object_set_new(root, "facts", facts_json(run));
	json_object_set_new(root, "series", series_json(run));
	return root;
}
