// SPDX-License-Identifier: GPL-2.0-only
/*
 * The replay of a trace finds mistakes: each event of a good one is changed or
 * left out in turn, and the rules must be broken.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "experiments/sched/scripts.h"
#include "gpm/gpm.h"
#include "gpm/replay.h"
#include "gpm/trace.h"
#include "tap.h"

static char path[32] = "/tmp/gpm_replay_test.XXXXXX";
static char *file;
static size_t size;
static int fd;

static void quiet(void *arg, const char *line)
{
	(void)arg;
	(void)line;
}

static void record(const char *load, uint64_t seed)
{
	const struct sched_script *l = sched_script_find(load);
	struct gpm_options o = {
		.procs = l->procs, .seed = seed, .trace = path, .report = quiet,
	};

	is_number(-gpm_run(&o, l->run, NULL), -l->status, load);
	size = lseek(fd, 0, SEEK_END);
	free(file);
	file = malloc(size);
	if (pread(fd, file, size, 0) != (ssize_t)size)
		size = 0;
}

static bool broken(const char **what)
{
	static char kept[160];
	struct gpm_trace t;
	const char *error;
	bool is_broken;

	if (gpm_trace_replay(&t, path, 0, &error)) {
		*what = error;
		return true;
	}
	is_broken = t.broken;
	snprintf(kept, sizeof(kept), "%s", t.what);
	*what = kept;
	gpm_trace_free(&t);
	return is_broken;
}

static bool broken_with(const struct trace_event *e, struct trace_event changed,
			const char **what)
{
	bool is_broken;

	if (pwrite(fd, &changed, sizeof(changed), (char *)e - file) < 0)
		return false;
	is_broken = broken(what);
	if (pwrite(fd, e, sizeof(*e), (char *)e - file) < 0)
		return false;
	return is_broken;
}

/* Whether the model needs the event, so that one without it is wrong. */
static bool matters(const struct trace_event *e)
{
	switch ((enum trace_verb)e->verb) {
	case TRACE_RUN:
		return e->a >> 12 != WHY_TURN;
	case TRACE_NAME:
	case TRACE_SPIN:
	case TRACE_POLL:
	case TRACE_DEADLOCK:
	case TRACE_STOP:
	case TRACE_START:
	case TRACE_IDLE:
		return false;
	default:
		return true;
	}
}

/* A field whose other value is a mistake. */
static bool change(struct trace_event *e)
{
	switch ((enum trace_verb)e->verb) {
	case TRACE_PUT:
	case TRACE_GLOBAL_PUT:
	case TRACE_GLOBAL_BATCH:
	case TRACE_NEXT:
		e->a ^= 1;
		return true;
	case TRACE_OVERFLOW:
	case TRACE_STEAL:
	case TRACE_GLOBAL_GET:
		e->b++;
		return true;
	case TRACE_RUN:
		e->g++;
		return e->a >> 12 != WHY_TURN;
	default:
		return false;
	}
}

static void plant(const char *load)
{
	size_t at = sizeof(struct trace_header), i, planted = 0, missed = 0;
	const char *what = "";

	record(load, 7);
	ok(!broken(&what), "%s: no rule is broken", load);
	while (at + sizeof(struct trace_chunk) <= size) {
		const struct trace_chunk *c = (void *)(file + at);
		const struct trace_event *e = (void *)(c + 1);

		/* Long traces are sampled: each replay takes its time. */
		for (i = 0; i < c->n; i += 1 + c->n / 300, planted++) {
			struct trace_event none = e[i], other = e[i];

			none.verb = TRACE_NAME;
			if (matters(&e[i]) && !broken_with(&e[i], none, &what)) {
				printf("# without event %zu, verb %u\n", i,
				       e[i].verb);
				missed++;
			}
			if (change(&other) && !broken_with(&e[i], other, &what)) {
				printf("# with a wrong event %zu, verb %u\n", i,
				       e[i].verb);
				missed++;
			}
		}
		at += sizeof(*c) + c->n * sizeof(*e);
	}
	ok(planted > 20, "%s: mistakes were planted", load);
	is_number(missed, 0, "all of them are found");
}

static void same_each_time(void)
{
	char *first;
	size_t n;

	record("steal", 3);
	first = file;
	n = size;
	file = NULL;
	record("steal", 3);
	ok(n == size && !memcmp(first, file, n), "one seed gives one trace");
	record("steal", 4);
	ok(n != size || memcmp(first, file, n), "another gives another");
	free(first);
}

static void damaged(void)
{
	const char *what = "";
	size_t i;

	record("61st", 1);
	for (i = 0; i < size; i += 1 + i / 8)
		if (ftruncate(fd, i) || !broken(&what))
			break;
	/* A trace may end after any chunk. */
	ok(i > sizeof(struct trace_header), "a trace that is cut off is refused");
}

int main(void)
{
	fd = mkstemp(path);
	plant("overflow");
	plant("61st");
	plant("steal");
	plant("deadlock");
	same_each_time();
	damaged();
	free(file);
	close(fd);
	unlink(path);
	return tap_done();
}
