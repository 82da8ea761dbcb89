// SPDX-License-Identifier: GPL-2.0-only
/* Reads a run back from JSON, trusting nothing in it. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "experiment.h"
#include "lib/xalloc.h"
#include "run_json.h"

/* Nobody measures more; a file that claims to is wrong. */
#define MAX_SAMPLES 50000

/* What went wrong first; everything after it is void. */
struct reader {
	char *error;
};

__printf(2, 3)
static void wrong(struct reader *r, const char *fmt, ...)
{
	va_list ap;

	if (r->error)
		return;
	va_start(ap, fmt);
	r->error = xvasprintf(fmt, ap);
	va_end(ap);
}

static const json_t *member(struct reader *r, const json_t *o, const char *key,
			    json_type type)
{
	const json_t *v = json_object_get(o, key);

	if (v && json_typeof(v) == type)
		return v;
	wrong(r, "\"%s\" is missing or of the wrong type", key);
	return NULL;
}

/* Those of ASCII, and those of UTF-8 that begin with 0xc2. */
static bool has_control(const char *s)
{
	const unsigned char *c = (const unsigned char *)s;

	for (; *c; c++)
		if (*c < 0x20 || *c == 0x7f || (*c == 0xc2 && c[1] < 0xa0))
			return true;
	return false;
}

/* A terminal that it is printed to would obey these. */
static char *text(struct reader *r, const json_t *o, const char *key)
{
	const json_t *v = member(r, o, key, JSON_STRING);
	const char *s = v ? json_string_value(v) : "";

	if (has_control(s))
		wrong(r, "\"%s\" has control characters", key);
	return xstrdup(s);
}

static bool flag(struct reader *r, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_boolean(v))
		wrong(r, "\"%s\" is missing or no boolean", key);
	return json_is_true(v);
}

/* true, false, or null for -1. */
static int tristate(struct reader *r, const json_t *o, const char *key)
{
	return json_is_null(json_object_get(o, key)) ? -1 : flag(r, o, key);
}

static json_int_t integer(struct reader *r, const json_t *o, const char *key,
			  json_int_t most)
{
	const json_t *v = member(r, o, key, JSON_INTEGER);
	json_int_t i = v ? json_integer_value(v) : 0;

	if (i < 0 || i > most) {
		wrong(r, "\"%s\" is out of range", key);
		return 0;
	}
	return i;
}

static int known(struct reader *r, const json_t *o, const char *key)
{
	if (json_is_null(json_object_get(o, key)))
		return -1;
	return integer(r, o, key, 1 << 24);
}

static double number(struct reader *r, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_number(v) && !json_is_null(v))
		wrong(r, "\"%s\" is missing or no number", key);
	return json_is_number(v) ? json_number_value(v) : -1;
}

static void read_machine(struct reader *r, const json_t *o, struct machine *m)
{
	m->cpu = text(r, o, "cpu");
	m->vendor = text(r, o, "vendor");
	m->arch = text(r, o, "arch");
	m->kernel = text(r, o, "kernel");
	m->kernel_version = text(r, o, "kernel_version");
	m->hypervisor = text(r, o, "hypervisor");
	m->emulator = text(r, o, "emulator");
	m->governor = text(r, o, "governor");
	m->mitigations = text(r, o, "mitigations");
	m->cpus = integer(r, o, "cpus", 1 << 20);
	m->pcid = tristate(r, o, "pcid");
	m->invpcid = tristate(r, o, "invpcid");
	m->pti = tristate(r, o, "pti");
	m->tlb_l1 = known(r, o, "tlb_l1");
	m->tlb_l2 = known(r, o, "tlb_l2");
	m->page_size = integer(r, o, "page_size", 1 << 24);
	m->load = number(r, o, "load");
	m->steal = number(r, o, "steal");
	/* Older runs do not have these. */
	m->others = json_is_number(json_object_get(o, "others")) ?
			    number(r, o, "others") : -1;
	m->throttled = json_is_integer(json_object_get(o, "throttled")) ?
			       integer(r, o, "throttled", INT64_MAX) : -1;
}

/* The number that @find has for the name at @key; 0 after an error. */
static int name_of(struct reader *r, const struct run *run, const json_t *o,
		   const char *key,
		   int (*find)(const struct run *run, const char *name))
{
	char *name = text(r, o, key);
	int i = find(run, name);

	if (i < 0) {
		wrong(r, "\"%s\": no such name, \"%s\"", key, name);
		i = 0;
	}
	free(name);
	return i;
}

static int variant_of(struct reader *r, const struct run *run, const json_t *o)
{
	const char *key = run->experiment->axis.variant;

	if (!key)
		return 0;
	if (json_is_null(json_object_get(o, key)))
		return NO_VARIANT;
	return name_of(r, run, o, key, run_find_variant);
}

static void read_points(struct reader *r, const json_t *o, struct run *run)
{
	const json_t *all = member(r, o, "points", JSON_ARRAY), *one;
	struct point point;
	size_t i;

	json_array_foreach(all, i, one) {
		point.x = integer(r, one, run->experiment->axis.key,
				  UINT32_MAX - 1);
		point.variant = variant_of(r, run, one);
		point.rounds = integer(r, one, "rounds", 1 << 16);
		if (!run_add_point(&run->settings, &point))
			return wrong(r, "the points do not rise, or are more than %d",
				     MAX_POINTS);
		if (json_object_get(one, "longer"))
			run->settings.longer[i] =
				integer(r, one, "longer", 1 << 16);
	}
	if (!run->settings.points)
		wrong(r, "there are no points");
}

static void read_arms(struct reader *r, const json_t *o, struct run *run)
{
	const json_t *all = member(r, o, "arms", JSON_ARRAY), *one;
	struct settings *s = &run->settings;
	size_t i;
	int arm;

	json_array_foreach(all, i, one) {
		arm = name_of(r, run, one, "name", run_find_arm);
		s->arm[arm] = true;
		s->most_x[arm] = json_is_null(json_object_get(one, "most_x")) ?
					 UINT32_MAX :
					 integer(r, one, "most_x", UINT32_MAX);
	}
}

static long setting_of(struct reader *r, const json_t *o,
		       const struct setting *def)
{
	char *name;
	long i;

	if (def->kind == SETTING_YES_NO)
		return flag(r, o, def->key);
	if (def->kind == SETTING_NUMBER)
		return integer(r, o, def->key, def->most);
	name = text(r, o, def->key);
	for (i = 0; def->names[i] && strcmp(def->names[i], name); i++)
		;
	if (!def->names[i]) {
		wrong(r, "\"%s\": no such name, \"%s\"", def->key, name);
		i = 0;
	}
	free(name);
	return i;
}

static void read_settings(struct reader *r, const json_t *o, struct run *run)
{
	struct settings *s = &run->settings;
	int i;

	s->cpu = integer(r, o, "cpu", 1 << 20);
	s->cpus = integer(r, o, "cpus", 1 << 20);
	s->fifo = flag(r, o, "fifo");
	s->probe = flag(r, o, "probe");
	s->round_us = number(r, o, "round_us");
	s->seconds = number(r, o, "seconds");
	for (i = 0; i < run_settings(run); i++)
		s->value[i] = setting_of(r, o, &run->experiment->settings[i]);
	read_arms(r, o, run);
	read_points(r, o, run);
}

static void read_blocks(struct reader *r, const json_t *root, struct run *run)
{
	const json_t *all = member(r, root, "blocks", JSON_ARRAY), *one;
	struct block *b;
	size_t i;

	if (json_array_size(all) > MAX_BLOCKS)
		return wrong(r, "there are more than %d blocks", MAX_BLOCKS);
	json_array_foreach(all, i, one) {
		b = &run->block[run->blocks++];
		b->start = number(r, one, "start");
		b->speed_ns = number(r, one, "speed_ns");
		b->repeat = integer(r, one, "repeat", MAX_BLOCKS);
		if (i && b->repeat < b[-1].repeat)
			return wrong(r, "block %zu is of an earlier repeat than the one before",
				     i);
	}
}

static uint32_t count_at(struct reader *r, const json_t *array, size_t i)
{
	const json_t *v = json_array_get(array, i);
	json_int_t n = json_is_integer(v) ? json_integer_value(v) : -1;

	if (n < 0 || n > UINT32_MAX) {
		wrong(r, "a count of a series is out of range");
		return 0;
	}
	return n;
}

static double time_at(const json_t *array, size_t i)
{
	const json_t *v = json_array_get(array, i);

	return json_is_number(v) ? json_number_value(v) : NAN;
}

/* An array of the series, or NULL; all of them are equally long. */
static const json_t *column(struct reader *r, const json_t *o, const char *key,
			    const struct series *s)
{
	const json_t *array = member(r, o, key, JSON_ARRAY);

	if (array && json_array_size(array) != s->n)
		wrong(r, "the arrays of a series differ in length");
	return array;
}

/* Quantities that are not there were not measured; the first one has to be. */
static void read_values(struct reader *r, const struct run *run,
			const json_t *o, struct series *s)
{
	const struct quantity *quantities = run->experiment->quantities;
	const json_t *array;
	size_t i;
	int q;

	for (q = 0; q < MAX_QUANTITIES; q++) {
		array = NULL;
		if (q < run_quantities(run) &&
		    json_object_get(o, quantities[q].key))
			array = column(r, o, quantities[q].key, s);
		for (i = 0; i < s->n; i++)
			s->sample[i].value[q] = array ? time_at(array, i) : NAN;
	}
}

static void read_waited(struct reader *r, const json_t *o, struct series *s)
{
	const json_t *span = column(r, o, "span_ns", s);
	const json_t *waited = column(r, o, "waited_ns", s);
	struct sample *one;
	size_t i;

	for (i = 0; i < s->n; i++) {
		one = &s->sample[i];
		one->span_ns = time_at(span, i);
		one->waited_ns = time_at(waited, i);
		if (!(one->span_ns >= one->waited_ns && one->waited_ns >= 0))
			return wrong(r, "a round waited for longer than it took");
	}
}

static void read_checks(struct reader *r, const struct run *run, const json_t *o,
			struct series *s)
{
	const json_t *counted = column(r, o, "counted", s);
	const json_t *expected = column(r, o, "expected", s);
	const json_t *moved = column(r, o, "moved", s);
	const json_t *block = column(r, o, "block", s);
	struct sample *one;
	size_t i;

	for (i = 0; i < s->n; i++) {
		one = &s->sample[i];
		one->counted = count_at(r, counted, i);
		one->expected = count_at(r, expected, i);
		one->moved = json_is_true(json_array_get(moved, i));
		/* Only a round in which nothing was done took no time. */
		if (one->value[0] < 0 || (one->value[0] == 0 && !one->moved))
			return wrong(r, "a sample took no time, or less");
		one->block = count_at(r, block, i);
		if (one->block >= run->blocks ||
		    (i && one->block < one[-1].block))
			return wrong(r, "a sample is of no block of the run");
	}
}

static void read_pool(struct reader *r, const json_t *all, struct pool *pool)
{
	json_int_t bucket, count;
	const json_t *one;
	size_t i;

	json_array_foreach(all, i, one) {
		bucket = json_integer_value(json_array_get(one, 0));
		count = json_integer_value(json_array_get(one, 1));
		if (bucket < 0 || bucket >= POOL_BUCKETS || count < 1 ||
		    count > UINT32_MAX || pool->count[bucket])
			return wrong(r, "a bucket of a pool is out of range or there twice");
		pool->count[bucket] = count;
	}
}

/* Of each block; older runs do not have them. */
static void read_pools(struct reader *r, const struct run *run, const json_t *o,
		       struct series *s)
{
	const json_t *all, *one;
	size_t i;

	if (!json_object_get(o, "pools"))
		return;
	all = member(r, o, "pools", JSON_ARRAY);
	if (json_array_size(all) > run->blocks)
		return wrong(r, "a pool is of no block of the run");
	json_array_foreach(all, i, one)
		read_pool(r, one, series_pool(s, i));
}

static void read_samples(struct reader *r, const struct run *run,
			 const json_t *o, struct series *s)
{
	const json_t *first = member(r, o, run->experiment->quantities[0].key,
				     JSON_ARRAY);

	if (json_array_size(first) > MAX_SAMPLES)
		wrong(r, "a series is too long");
	if (r->error || s->sample)
		return wrong(r, "a series is there twice");
	s->n = json_array_size(first);
	s->sample = xcalloc(s->n, sizeof(*s->sample));
	read_values(r, run, o, s);
	read_checks(r, run, o, s);
	read_waited(r, o, s);
	read_pools(r, run, o, s);
}

static void read_series(struct reader *r, const json_t *root, struct run *run)
{
	const json_t *all = member(r, root, "series", JSON_ARRAY), *o;
	unsigned int p;
	size_t i;
	int arm;

	json_array_foreach(all, i, o) {
		arm = name_of(r, run, o, "arm", run_find_arm);
		p = integer(r, o, "point", MAX_POINTS);
		if (r->error)
			return;
		if (p >= run->settings.points || !run_has(run, arm, p))
			return wrong(r, "a series of \"%s\" is at no point of the run",
				     run_arm_name(run, arm));
		read_samples(r, run, o, &run->series[arm][p]);
	}
}

/* What is not there was not counted. */
static void read_group(struct reader *r, const json_t *o,
		       enum count_group group, struct counts *c)
{
	const char *key;
	int i;

	for (i = COUNT_NONE + 1; i < COUNTS; i++) {
		key = counts_table[i].key;
		if (counts_table[i].group == group && json_object_get(o, key))
			counts_set(c, i, integer(r, o, key, INT64_MAX));
	}
}

static void read_counts(struct reader *r, const json_t *root, struct run *run)
{
	const json_t *all = member(r, root, "counts", JSON_ARRAY), *o;
	struct counts *c;
	size_t i;
	int g;

	json_array_foreach(all, i, o) {
		c = &run->counts[name_of(r, run, o, "arm", run_find_arm)];
		c->present = true;
		for (g = 0; g < GROUPS; g++)
			read_group(r, json_object_get(o, counts_groups[g]), g,
				   c);
	}
}

/* What is not there is not known. */
static void read_facts(struct reader *r, const json_t *root, struct run *run)
{
	const struct fact *facts = run->experiment->facts;
	const json_t *all, *o;
	int arm, i;

	if (!run_facts(run))
		return;
	all = member(r, root, "facts", JSON_OBJECT);
	for (arm = 0; arm < run_arms(run); arm++) {
		o = json_object_get(all, run_arm_name(run, arm));
		for (i = 0; i < run_facts(run); i++)
			if (json_object_get(o, facts[i].key))
				run_set_fact(run, arm, i,
					     integer(r, o, facts[i].key,
						     INT32_MAX));
	}
}

static void read_buckets(struct reader *r, const json_t *all,
			 struct histogram *h)
{
	size_t n = json_array_size(all), i;
	const json_t *b, *count;
	double end = 0;

	if (n > MAX_SAMPLES || h->count)
		return wrong(r, "a histogram is too large or there twice");
	h->from_ns = xcalloc(n, sizeof(*h->from_ns));
	h->to_ns = xcalloc(n, sizeof(*h->to_ns));
	h->count = xcalloc(n, sizeof(*h->count));
	json_array_foreach(all, i, b) {
		count = json_array_get(b, 2);
		if (!json_is_integer(count) || json_integer_value(count) < 0)
			wrong(r, "a histogram's bucket has no count");
		h->from_ns[i] = json_number_value(json_array_get(b, 0));
		h->to_ns[i] = json_number_value(json_array_get(b, 1));
		h->count[i] = json_integer_value(count);
		if (h->from_ns[i] < end || h->to_ns[i] <= h->from_ns[i])
			wrong(r, "a histogram's buckets do not rise");
		end = h->to_ns[i];
	}
	h->n = n;
}

static void read_histograms(struct reader *r, const json_t *root,
			    struct run *run)
{
	const json_t *all = member(r, root, "histograms", JSON_ARRAY), *o;
	size_t i;

	json_array_foreach(all, i, o)
		read_buckets(r, member(r, o, "buckets", JSON_ARRAY),
			     &run->histogram[name_of(r, run, o, "arm",
						     run_find_arm)]);
}

static void read_stretches(struct reader *r, const json_t *all,
			   struct strip *strip)
{
	json_int_t who, times;
	const json_t *one;
	size_t i;

	if (json_array_size(all) > MAX_SAMPLES || strip->n)
		return wrong(r, "a strip is too long or there twice");
	json_array_foreach(all, i, one) {
		who = json_integer_value(json_array_get(one, 0));
		times = json_integer_value(json_array_get(one, 1));
		if (who < 0 || who >= MAX_TASKS || times < 1 ||
		    times > MAX_SAMPLES)
			return wrong(r, "a stretch of a strip is out of range");
		strip_add(strip, who, times);
	}
}

/* Of what has some; what is not there was not recorded. */
static void read_strips(struct reader *r, const json_t *root, struct run *run)
{
	const json_t *all, *o;
	size_t i;

	if (!run->experiment->strip || !json_object_get(root, "strips"))
		return;
	all = member(r, root, "strips", JSON_ARRAY);
	json_array_foreach(all, i, o)
		read_stretches(r, member(r, o, "stretches", JSON_ARRAY),
			       &run->strip[name_of(r, run, o, "arm",
						   run_find_arm)]);
}

static const struct experiment *
experiment_of(struct reader *r, const json_t *root,
	      const struct experiment *const *experiments)
{
	const json_t *what = json_object_get(root, "ctxlab");
	const char *name = json_is_string(what) ? json_string_value(what) : "";

	for (; *experiments; experiments++)
		if (!strcmp((*experiments)->name, name))
			return *experiments;
	wrong(r, "this is not a run of an experiment");
	return NULL;
}

static void read_head(struct reader *r, const json_t *root, struct run *run)
{
	json_int_t schema = integer(r, root, "schema", 1 << 20);

	if (schema > RUN_SCHEMA)
		wrong(r, "the run was written by a newer ctxlab");
	else if (schema < RUN_SCHEMA)
		wrong(r, "the run has schema %d, and this ctxlab reads %d: measure again",
		      (int)schema, RUN_SCHEMA);
	run->passes = integer(r, root, "passes", MAX_SAMPLES);
	run->interrupted = flag(r, root, "interrupted");
	run->counter = text(r, root, "counter");
}

static void read_notes(struct reader *r, const json_t *root, struct run *run)
{
	const json_t *all = member(r, root, "notes", JSON_ARRAY), *note;
	size_t i;

	json_array_foreach(all, i, note)
		if (json_is_string(note))
			run_note(run, "%s", json_string_value(note));
}

int run_from_json(const json_t *root,
		  const struct experiment *const *experiments, struct run *run,
		  char **error)
{
	struct reader r = {};

	*run = (struct run){ .experiment = experiment_of(&r, root, experiments) };
	if (!r.error)
		read_head(&r, root, run);
	if (!r.error) {
		read_machine(&r, member(&r, root, "machine", JSON_OBJECT),
			     &run->machine);
		read_settings(&r, member(&r, root, "settings", JSON_OBJECT),
			      run);
		read_notes(&r, root, run);
		read_blocks(&r, root, run);
	}
	if (!r.error)
		read_series(&r, root, run);
	if (!r.error) {
		read_counts(&r, root, run);
		read_histograms(&r, root, run);
		read_strips(&r, root, run);
		read_facts(&r, root, run);
	}
	if (!r.error)
		return 0;
	run_free(run);
	*error = r.error;
	return -EINVAL;
}

int run_load(const char *path, const struct experiment *const *experiments,
	     struct run *run, char **error)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
	json_error_t e;
	json_t *root;
	int err;

	*run = (struct run){};
	if (!f) {
		*error = xstrdup(strerror(errno));
		return -EIO;
	}
	errno = 0;
	root = json_loadf(f, JSON_REJECT_DUPLICATES, &e);
	if (!root)
		*error = ferror(f) ?
			xstrdup(strerror(errno ? errno : EIO)) :
			xasprintf("not a whole run as --save or --json writes it: line %d: %s",
				  e.line, e.text);
	if (f != stdin)
		fclose(f);
	if (!root)
		return -EIO;
	err = run_from_json(root, experiments, run, error);
	json_decref(root);
	return err;
}
