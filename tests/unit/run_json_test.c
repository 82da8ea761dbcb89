// SPDX-License-Identifier: GPL-2.0-only
/* A run as JSON, there and back, and what a reader must refuse. */
#include <errno.h>

#include "run_sample.h"
#include "measure/run_json.h"
#include "measure/verdict.h"
#include "tap.h"

static json_t *make_sample(void)
{
	static const struct trouble t = { .noise = 0.02, .disturbed = 0.1,
					  .timed = 0.02 };
	struct histogram *h;
	struct answers a;
	struct run run;
	json_t *root;

	sample_run(&run, &t);
	run_note(&run, "a note with \"quotes\" and\na newline");
	run.machine.pti = -1;
	run.series[ARM_THREAD][0].sample[3].moved = true;
	h = &run.histogram[ARM_THREAD_CONTROL];
	h->n = 2;
	h->from_ns = xcalloc(2, sizeof(double));
	h->to_ns = xcalloc(2, sizeof(double));
	h->count = xcalloc(2, sizeof(uint64_t));
	h->to_ns[0] = 450.25;
	h->from_ns[1] = 450.25;
	h->to_ns[1] = 500;
	h->count[0] = 1234567890123;
	series_pool(&run.series[ARM_PROCESS][0], 2)->count[77] = 4000000000;
	answers_find(&run, &a);
	verdict_find(&run, &a);
	root = run_to_json(&run, &a);
	answers_free(&a);
	run_free(&run);
	return root;
}

/* A copy of one and the same. */
static json_t *sample_json(void)
{
	static json_t *sample;

	if (!sample)
		sample = make_sample();
	return json_deep_copy(sample);
}

static void round_trip(void)
{
	json_t *first = sample_json(), *second;
	struct answers a;
	struct run run;
	char *error = NULL;

	if (!ok(!run_from_json(first, experiments, &run, &error), "a run is read back")) {
		printf("# %s\n", error);
		exit(1);
	}
	answers_find(&run, &a);
	verdict_find(&run, &a);
	second = run_to_json(&run, &a);
	ok(json_equal(first, second), "and writes the same JSON again");
	is_number(run.series[ARM_THREAD][0].n, SAMPLES, "with every sample");
	is(run.note[0], "a note with \"quotes\" and\na newline",
	   "and the notes");
	ok(run.histogram[ARM_THREAD_CONTROL].count[0] == 1234567890123,
	   "and large counts");
	ok(run.series[ARM_PROCESS][0].pools == 3 &&
	   run.series[ARM_PROCESS][0].pool[2].count[77] == 4000000000 &&
	   !pool_sum(&run.series[ARM_PROCESS][0].pool[1]),
	   "and what each block has pooled");
	ok(run.machine.pti == -1, "what is not known stays so");
	answers_free(&a);
	run_free(&run);
	json_decref(first);
	json_decref(second);
}

static void text_round_trip(void)
{
	json_t *first = sample_json(), *second;
	char *text = json_dumps(first, JSON_COMPACT);
	json_error_t e;

	second = json_loads(text, 0, &e);
	ok(json_equal(first, second), "the text loses no digit");
	free(text);
	json_decref(first);
	json_decref(second);
}

/* Reads @root, which is wrong; the error must have @word in it. */
static void wrong(json_t *root, const char *word, const char *what)
{
	char *error = NULL;
	struct run run;

	if (ok(run_from_json(root, experiments, &run, &error) == -EINVAL && error &&
	       strstr(error, word), "refused: %s", what)) {
		free(error);
	} else {
		printf("# %s\n", error ? error : "it was read");
		free(error);
	}
	json_decref(root);
}

/* The sample with the value at @path, keys separated by '/', replaced. */
static json_t *with(const char *path, json_t *value)
{
	json_t *root = sample_json(), *at = root, *next;
	char key[64];
	size_t len;

	for (;;) {
		len = strcspn(path, "/");
		snprintf(key, sizeof(key), "%.*s", (int)len, path);
		if (!path[len])
			break;
		next = json_is_array(at) ? json_array_get(at, atoi(key)) :
					   json_object_get(at, key);
		if (!next) {
			printf("Bail out! no %s in the sample\n", key);
			exit(1);
		}
		at = next;
		path += len + 1;
	}
	if (!value)
		json_object_del(at, key);
	else if (json_is_array(at))
		json_array_set_new(at, atoi(key), value);
	else
		json_object_set_new(at, key, value);
	return root;
}

/* The first series that the probe timed, at 0 pages as all of them. */
static json_t *first_probed(const json_t *root)
{
	json_t *series;
	size_t i;

	json_array_foreach(json_object_get(root, "series"), i, series)
		if (json_object_get(series, "kernel_ns"))
			return series;
	printf("Bail out! the sample has no probed arm\n");
	exit(1);
}

static json_t *with_probed(const char *key, json_t *value)
{
	json_t *root = sample_json();

	json_object_set_new(first_probed(root), key, value);
	return root;
}

static void hostile(void)
{
	json_t *root, *extra, *column;
	const char *key;
	int i;

	wrong(json_array(), "not a run", "no object");
	wrong(json_object(), "not a run", "an empty object");
	wrong(with("ctxlab", json_string("diff")), "not a run", "another kind");
	wrong(with("schema", json_integer(99)), "newer", "a newer schema");
	wrong(with("schema", json_integer(1)), "measure again",
	      "an older schema");
	wrong(with("series/0/block", json_array()), "length",
	      "a series without its blocks");
	wrong(with("series/0/block/0", json_integer(99)), "no block",
	      "a block that is none");
	wrong(with("series/0/block/0", json_integer(5)), "no block",
	      "blocks that go back");
	wrong(with("blocks", NULL), "blocks", "no blocks");
	wrong(with("machine", NULL), "machine", "no machine");
	wrong(with("machine/cpu", json_integer(1)), "cpu", "a number as a name");
	wrong(with("settings/ring", json_integer(-1)), "range",
	      "a negative number");
	wrong(with("settings/ring", json_integer(1 << 20)), "range",
	      "a ring too large");
	wrong(with("settings/mechanism", json_string("x")), "no such name",
	      "an unknown mechanism");
	wrong(with("settings/arms/0/name", json_string("x")), "no such name",
	      "an unknown arm");
	wrong(with("settings/points/1/pattern", json_string("x")),
	      "no such name", "an unknown variant");
	wrong(with("settings/points", json_array()), "no points",
	      "no points at all");
	wrong(with("series/0/point", json_integer(7)), "no point of the run",
	      "a series of no point");
	wrong(with("series/0/ns", json_array()), "length", "a series cut short");
	wrong(with_probed("kernel_ns", json_array()), "length",
	      "too few times of the probe");
	wrong(with_probed("flush_ns", json_array()), "length",
	      "too few times of its flushes");
	wrong(with("series/0/waited_ns", json_array()), "length",
	      "too few times of waiting");
	wrong(with("series/0/waited_ns/0", json_real(1e9)), "waited",
	      "a wait longer than its round");
	wrong(with("series/0/counted/0", json_real(1.5)), "range",
	      "half a switch");
	wrong(with("series/0/counted/0", json_integer(1LL << 40)), "range",
	      "too many switches");
	wrong(with("counts/3/run/rusage", json_string("1")), "rusage",
	      "a string as a count");
	wrong(with("histograms/0/buckets/0", json_integer(1)), "bucket",
	      "a bucket that is none");
	wrong(with("blocks/0/repeat", json_integer(3)), "repeat",
	      "repeats that do not rise");
	wrong(with("series/0/pools", json_pack("[[[i,i]]]", 256, 1)), "pool",
	      "a bucket beyond the last");
	wrong(with("series/0/pools", json_pack("[[[i,i]]]", 3, 0)), "pool",
	      "a bucket with nothing in it");
	wrong(with("series/0/pools", json_pack("[[[i,i],[i,i]]]", 3, 1, 3, 1)),
	      "twice", "a bucket twice");
	root = sample_json();
	extra = json_array();
	for (i = 0; i <= SAMPLE_BLOCKS; i++)
		json_array_append_new(extra, json_array());
	json_object_set_new(json_array_get(json_object_get(root, "series"), 0),
			    "pools", extra);
	wrong(root, "no block", "a pool of a block that is none");
	root = sample_json();
	extra = json_object_get(root, "series");
	json_array_append(extra, json_array_get(extra, 0));
	wrong(root, "twice", "a series twice");
	root = sample_json();
	extra = json_deep_copy(json_array_get(json_object_get(root, "series"), 0));
	json_object_foreach(extra, key, column)
		if (json_is_array(column))
			json_array_clear(column);
	json_array_set(json_object_get(root, "series"), 0, extra);
	json_array_append_new(json_object_get(root, "series"), extra);
	wrong(root, "twice", "an empty series twice");
	root = sample_json();
	extra = json_object_get(json_object_get(root, "settings"), "points");
	for (i = 0; i < 100; i++)
		json_array_append(extra, json_array_get(extra, 1));
	wrong(root, "more than", "too many points");
}

static void tolerant(void)
{
	json_t *root = with("unknown", json_string("of a later version"));
	char *error = NULL;
	struct run run;

	ok(!run_from_json(root, experiments, &run, &error), "unknown keys are skipped");
	run_free(&run);
	json_decref(root);
	root = with("series/0/ns/0", json_null());
	ok(!run_from_json(root, experiments, &run, &error) &&
	   isnan(run.series[0][0].sample[0].value[Q_NS]), "null is not a number");
	run_free(&run);
	json_decref(root);
}

static void set_time(json_t *series, const char *key, double ns)
{
	json_array_set_new(json_object_get(series, key), 5, json_real(ns));
}

static double get_time(const json_t *series, const char *key)
{
	return json_real_value(json_array_get(json_object_get(series, key), 5));
}

/* Arms with the probe have two more arrays, which must not be mistaken. */
static void probed(void)
{
	json_t *root = sample_json(), *series = first_probed(root);
	struct sample *s;
	char *error = NULL;
	struct run run;

	set_time(series, "kernel_ns", 321.5);
	set_time(series, "flush_ns", 12.25);
	ok(!run_from_json(root, experiments, &run, &error), "what the probe timed is read");
	s = &run.series[ARM_THREAD_CONTROL][0].sample[5];
	ok(s->value[Q_KERNEL] == 321.5 && s->value[Q_FLUSH] == 12.25, "each to its own");
	ok(isnan(run.series[ARM_THREAD][0].sample[5].value[Q_KERNEL]),
	   "and none where the probe was not");
	json_decref(root);
	root = run_to_json(&run, NULL);
	run_free(&run);
	series = first_probed(root);
	ok(get_time(series, "kernel_ns") == 321.5 &&
	   get_time(series, "flush_ns") == 12.25, "and written likewise");
	json_decref(root);
}

static void files(void)
{
	char *error = NULL;
	struct run run;

	ok(run_load("/nonexistent", experiments, &run, &error) && error,
	   "a file that is not there");
	free(error);
	ok(run_load("/dev/null", experiments, &run, &error) && error, "an empty file");
	free(error);
}

int main(void)
{
	round_trip();
	text_round_trip();
	hostile();
	tolerant();
	probed();
	files();
	return tap_done();
}
