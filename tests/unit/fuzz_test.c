// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tool on text that is almost what the module writes, for FUZZ_SECONDS
 * (default 10), from FUZZ_SEED on (default: the time).
 */
#include <time.h>

#include "mutate.h"
#include "sample.h"
#include "tap.h"
#include "target.h"

/* Keeps a text that the tool stumbled over, and says where. */
static void keep(const struct mutant *m, const struct target *t)
{
	char name[] = "/tmp/ctxlab-stumbled-XXXXXX";
	int fd = mkstemp(name);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (!f || fwrite(m->bytes, 1, m->len, f) != m->len || fclose(f))
		printf("# the text could not be kept\n");
	else
		printf("# its text, as %s, is in %s\n", t->file, name);
}

/* One text for one command: up to 8 changes to a good one. */
static bool try_one(struct mutant *m, char **good, const size_t *len)
{
	const struct target *t = target_pick(mutant_below(m, 1 << 20));
	size_t i = t - targets, changes, way;
	const char *wrong;

	mutant_set(m, good[i], len[i]);
	for (changes = mutant_below(m, 8) + 1; changes; changes--)
		(t->json ? mutate_json : mutate_text)(m);
	way = mutant_below(m, TARGET_WAYS);
	wrong = target_run(t, way, m->bytes, m->len);
	if (!wrong)
		return true;
	printf("# %s\n", wrong);
	keep(m, t);
	return false;
}

static unsigned long setting(const char *name, unsigned long otherwise)
{
	const char *value = getenv(name);

	return value ? strtoul(value, NULL, 10) : otherwise;
}

int main(void)
{
	/* The same texts each time: a change is judged by what it changes. */
	unsigned long seed = setting("FUZZ_SEED", 1), runs = 0;
	time_t end = time(NULL) + setting("FUZZ_SECONDS", 10);
	static struct mutant m;
	size_t *len = calloc(target_count, sizeof(*len)), i;
	char **good = calloc(target_count, sizeof(*good));
	bool all = true;

	if (!len || !good)
		return 1;
	printf("# FUZZ_SEED=%lu, files in %s\n", seed, target_open());
	fflush(stdout);
	for (i = 0; i < target_count; i++) {
		good[i] = read_fixture(targets[i].fixture, &len[i]);
		is(target_run(&targets[i], 0, good[i], len[i]), NULL,
		   targets[i].fixture);
	}
	mutant_seed(&m, seed);
	while (all && time(NULL) < end) {
		all = try_one(&m, good, len);
		runs++;
	}
	ok(all, "%lu texts from seed %lu are taken or refused", runs, seed);
	for (i = 0; i < target_count; i++)
		free(good[i]);
	free(good);
	free(len);
	target_close();
	return tap_done();
}
