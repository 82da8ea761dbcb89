// SPDX-License-Identifier: GPL-2.0-only
/* Reads a run back from JSON, trusting nothing in it. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

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

static int name_of(struct reader *r, const json_t *o, const char *key,
		   int (*find)(const char *))
{
	char *name = text(r, o, key);
	int i = find(name);

	if (i < 0) {
		wrong(r, "\"%s\": no such name, \"%s\"", key, name);
		i = 0;
	}
	free(name);
	return i;
}

static void read_points(struct reader *r, const json_t *o, struct settings *s)
{
	const json_t *all = member(r, o, "points", JSON_ARRAY), *one;
	struct point point;
	size_t i;

	json_array_foreach(all, i, one) {
		point.pages = integer(r, one, "pages", 1 << 24);
		point.pattern = name_of(r, one, "pattern", pattern_find);
		if (!run_add_point(s, &point))
			return wrong(r, "the points do not rise, or are more than %d",
				     MAX_POINTS);
	}
	if (!s->points || s->point[0].pages)
		wrong(r, "the first point must be the one without pages");
}

static void read_settings(struct reader *r, const json_t *o,
			  struct settings *s)
{
	const json_t *all = member(r, o, "arms", JSON_ARRAY), *name;
	size_t i;
	int arm;

	json_array_foreach(all, i, name) {
		arm = json_is_string(name) ?
			      arm_find(json_string_value(name)) : -1;
		if (arm < 0)
			wrong(r, "\"arms\" names an arm that is none");
		else
			s->arm[arm] = true;
	}
	s->cpu = integer(r, o, "cpu", 1 << 20);
	s->mechanism = name_of(r, o, "mechanism", mechanism_find);
	s->fifo = flag(r, o, "fifo");
	s->huge = flag(r, o, "huge");
	s->probe = flag(r, o, "probe");
	s->ring = integer(r, o, "ring", RING_MAX);
	s->ring_pages = integer(r, o, "ring_pages", 1 << 24);
	s->round_us = number(r, o, "round_us");
	s->seconds = number(r, o, "seconds");
	read_points(r, o, s);
}

static int point_of(const struct settings *s, unsigned int pages,
		    enum pattern pattern)
{
	unsigned int p;

	for (p = 0; p < s->points; p++)
		if (s->point[p].pages == pages &&
		    s->point[p].pattern == pattern)
			return p;
	return -1;
}

static uint32_t count_at(struct reader *r, const json_t *array, size_t i)
{
	const json_t *v = json_array_get(array, i);
	json_int_t n = json_is_integer(v) ? json_integer_value(v) : -1;

	if (n < 0 || n > UINT32_MAX) {
		wrong(r, "a number of switches is out of range");
		return 0;
	}
	return n;
}

static double time_at(const json_t *array, size_t i)
{
	const json_t *v = json_array_get(array, i);

	return json_is_number(v) ? json_number_value(v) : NAN;
}

/* Not there in older runs: 0, which stands for "not known". */
static void read_waited(struct reader *r, const json_t *o, struct series *s)
{
	const json_t *span = json_object_get(o, "span_ns");
	const json_t *waited = json_object_get(o, "waited_ns");
	size_t i;

	if (!span && !waited)
		return;
	if (json_array_size(span) != s->n || json_array_size(waited) != s->n)
		return wrong(r, "the arrays of a series differ in length");
	for (i = 0; i < s->n; i++) {
		s->sample[i].span_ns = time_at(span, i);
		s->sample[i].waited_ns = time_at(waited, i);
		if (!(s->sample[i].span_ns >= s->sample[i].waited_ns &&
		      s->sample[i].waited_ns >= 0))
			return wrong(r, "a round waited for longer than it took");
	}
}

/* What the probe timed: not there in arms without it, nor in older runs. */
static void read_probed(struct reader *r, const json_t *o, struct series *s)
{
	const json_t *own = json_object_get(o, "own_ns");
	const json_t *flush = json_object_get(o, "flush_ns");
	size_t i;

	if ((own && json_array_size(own) != s->n) ||
	    (flush && json_array_size(flush) != s->n))
		wrong(r, "the arrays of a series differ in length");
	for (i = 0; i < s->n; i++) {
		s->sample[i].own_ns = time_at(own, i);
		s->sample[i].flush_ns = time_at(flush, i);
	}
}

static void read_samples(struct reader *r, const json_t *o, struct series *s)
{
	const json_t *ns = member(r, o, "ns", JSON_ARRAY);
	const json_t *switches = member(r, o, "switches", JSON_ARRAY);
	const json_t *expected = member(r, o, "expected", JSON_ARRAY);
	const json_t *moved = member(r, o, "moved", JSON_ARRAY);
	size_t n = json_array_size(ns), i;

	if (n > MAX_SAMPLES || json_array_size(switches) != n ||
	    json_array_size(expected) != n || json_array_size(moved) != n)
		wrong(r, "the arrays of a series differ in length");
	if (r->error || s->sample)
		return wrong(r, "a series is there twice");
	s->sample = xcalloc(n, sizeof(*s->sample));
	for (i = 0; i < n; i++) {
		s->sample[i].ns = time_at(ns, i);
		s->sample[i].switches = count_at(r, switches, i);
		s->sample[i].expected = count_at(r, expected, i);
		s->sample[i].moved = json_is_true(json_array_get(moved, i));
	}
	s->n = n;
	read_probed(r, o, s);
	read_waited(r, o, s);
}

static void read_series(struct reader *r, const json_t *root, struct run *run)
{
	const json_t *all = member(r, root, "series", JSON_ARRAY), *o;
	size_t i;
	int arm, p;

	json_array_foreach(all, i, o) {
		arm = name_of(r, o, "arm", arm_find);
		p = point_of(&run->settings, integer(r, o, "pages", 1 << 24),
			     name_of(r, o, "pattern", pattern_find));
		if (p < 0 || !run_has(&run->settings, arm, p))
			wrong(r, "a series of \"%s\" is at no point of the run",
			      arms[arm].name);
		if (r->error)
			return;
		read_samples(r, o, &run->series[arm][p]);
	}
}

static uint64_t big(struct reader *r, const json_t *o, const char *key)
{
	return integer(r, o, key, INT64_MAX);
}

static void read_tlb(struct reader *r, const json_t *o, struct counts *c)
{
	const json_t *one;
	int i;

	for (i = 0; i < TLB_REASONS; i++) {
		one = member(r, o, tlb_reasons[i], JSON_OBJECT);
		c->tlb[i][TLB_NONE] = big(r, one, "none");
		c->tlb[i][TLB_SOME] = big(r, one, "some");
		c->tlb[i][TLB_ALL] = big(r, one, "all");
	}
}

static void read_kernel(struct reader *r, const json_t *o, struct counts *c)
{
	c->kernel = true;
	c->knows_mm = flag(r, o, "knows_mm");
	c->same_mm = big(r, o, "same_mm");
	c->other_mm = big(r, o, "other_mm");
	c->foreign = big(r, o, "foreign");
	read_tlb(r, member(r, o, "tlb_flush", JSON_OBJECT), c);
}

static void read_probe(struct reader *r, const json_t *o,
		       struct probe_counts *p)
{
	p->same_mm = big(r, o, "same_mm");
	p->other_mm = big(r, o, "other_mm");
	p->lazy_mm = big(r, o, "lazy_mm");
	p->foreign = big(r, o, "foreign");
	p->flushes = big(r, o, "flushes");
	p->migrations = big(r, o, "migrations");
	p->lost = big(r, o, "lost");
}

static void read_counts(struct reader *r, const json_t *root, struct run *run)
{
	const json_t *all = member(r, root, "counts", JSON_ARRAY), *o, *part;
	struct counts *c;
	size_t i;

	json_array_foreach(all, i, o) {
		c = &run->counts[name_of(r, o, "arm", arm_find)];
		c->present = true;
		c->expected = big(r, o, "expected");
		c->rusage = big(r, o, "rusage");
		part = json_object_get(o, "kernel");
		if (part)
			read_kernel(r, part, c);
		part = json_object_get(o, "probe");
		if (part)
			read_probe(r, part, &c->probe);
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
			     &run->histogram[name_of(r, o, "arm", arm_find)]);
}

static void read_head(struct reader *r, const json_t *root, struct run *run)
{
	const json_t *what = json_object_get(root, "ctxlab");

	if (!json_is_string(what) || strcmp(json_string_value(what), "switch"))
		wrong(r, "this is not a run of 'ctxlab switch'");
	if (integer(r, root, "schema", 1 << 20) > RUN_SCHEMA)
		wrong(r, "the run was written by a newer ctxlab");
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

int run_from_json(const json_t *root, struct run *run, char **error)
{
	struct reader r = {};

	*run = (struct run){};
	read_head(&r, root, run);
	read_machine(&r, member(&r, root, "machine", JSON_OBJECT),
		     &run->machine);
	read_settings(&r, member(&r, root, "settings", JSON_OBJECT),
		      &run->settings);
	read_notes(&r, root, run);
	if (!r.error)
		read_series(&r, root, run);
	read_counts(&r, root, run);
	read_histograms(&r, root, run);
	if (!r.error)
		return 0;
	run_free(run);
	*error = r.error;
	return -EINVAL;
}

int run_load(const char *path, struct run *run, char **error)
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
	root = json_loadf(f, JSON_REJECT_DUPLICATES, &e);
	if (!root)
		*error = ferror(f) ? xstrdup("it cannot be read") :
				     xasprintf("line %d: %s", e.line, e.text);
	if (f != stdin)
		fclose(f);
	if (!root)
		return -EIO;
	err = run_from_json(root, run, error);
	json_decref(root);
	return err;
}
