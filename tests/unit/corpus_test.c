// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs that hang, each of which says what is true of it (corpus/): verdict and
 * members must be found as they are, and nothing where there is no deadlock.
 */
#include <time.h>

#include "deadlock/confirm.h"
#include "deadlock/report.h"
#include "play.h"
#include "tap.h"

/* Seconds until a scene must be found; a busy machine takes its time. */
#define PATIENCE 60

static bool is_named(const struct truth *t, pid_t tid)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (t->tid[i] == tid)
			return true;
	return false;
}

/* Whether the one finding is that of @t: its verdict, and just its members. */
static bool agrees(const struct scan *s, const struct truth *t)
{
	const struct finding *f = s->finding;
	size_t i;

	if (!strcmp(t->verdict, "none"))
		return !s->findings;
	if (s->findings != 1 || strcmp(verdict_name(f->verdict), t->verdict) ||
	    f->n != t->n)
		return false;
	for (i = 0; i < f->n; i++)
		if (!is_named(t, f->member[i]->tid))
			return false;
	return true;
}

static void tell(const struct scan *s, const struct truth *t)
{
	size_t i, k;

	printf("# expected %s of", t->verdict);
	for (i = 0; i < t->n && i < 8; i++)
		printf(" %d", t->tid[i]);
	for (i = 0; i < s->findings; i++) {
		printf("\n# found %s of", verdict_name(s->finding[i].verdict));
		for (k = 0; k < s->finding[i].n && k < 8; k++)
			printf(" %d", s->finding[i].member[k]->tid);
	}
	for (i = 0; i < s->processes; i++)
		for (k = 0; k < s->process[i]->threads && k < 8; k++)
			printf("\n# %d waits in %s, owner %d",
			       s->process[i]->thread[k]->tid,
			       wait_name(s->process[i]->thread[k]->wait.kind),
			       s->process[i]->thread[k]->wait.owner);
	putchar('\n');
}

static bool is_leader(pid_t tid)
{
	char path[32], line[64];
	int tgid = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f) &&
	       sscanf(line, "Tgid: %d", &tgid) != 1)
		;
	if (f)
		fclose(f);
	return tgid == tid;
}

/* The members may be processes of their own. */
static void add_processes(struct scan *s, const struct truth *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (is_leader(t->tid[i]))
			scan_add(s, t->tid[i], true);
}

/* Looks until what is true is found; where that is nothing, a few times. */
static void try_scene(const char *program, const char *scene, size_t n)
{
	struct play play = play_begin(program, scene, n);
	time_t until = time(NULL) + PATIENCE;
	struct truth truth;
	struct scan *s = NULL;
	int looks = 0;
	bool good = false, none;

	if (!ok(play_truth(&play, &truth), "%s %zu plays", scene, n)) {
		play_end(&play);
		return;
	}
	none = !strcmp(truth.verdict, "none");
	do {
		scan_free(s);
		s = scan_new();
		scan_add(s, play.pid, true);
		add_processes(s, &truth);
		if (!scan_read(s))
			confirm(s);
		good = agrees(s, &truth);
		looks++;
	} while (none ? good && looks < 20 : !good && time(NULL) < until);
	if (!ok(good, "%s %zu: %s, %zu threads", scene, n, truth.verdict, truth.n))
		tell(s, &truth);
	scan_free(s);
	play_end(&play);
}

static const struct {
	const char *scene;
	size_t n;
	bool glibc;	/* musl records no owner there, or has no such lock */
	bool all;	/* the descriptors of all processes must be seen */
} scenes[] = {
	{ "ring", 2, true, false },
	{ "ring", 3, true, false },
	{ "ring", 100, true, false },
	{ "ring", 1000, true, false },
	{ "ring-recursive", 2, false, false },
	{ "ring-errorcheck", 3, false, false },
	{ "ring-adaptive", 2, true, false },
	{ "ring-robust", 2, true, false },
	{ "ring-pi", 2, false, false },
	{ "ring-pi", 5, false, false },
	{ "self", 1, true, false },
	{ "dead-owner", 3, true, false },
	{ "rwlock-writers", 2, true, false },
	{ "rwlock-readers", 2, true, false },
	{ "stdio", 2, true, false },
	{ "join", 2, true, false },
	{ "cond-relock", 2, true, false },
	{ "loader", 2, true, false },
	{ "tail", 6, true, false },
	{ "shared", 2, true, false },
	{ "flocks", 2, false, true },
	{ "ofds", 2, false, true },
	{ "posix-lock", 2, false, true },
	{ "pipe-and-wait", 2, false, true },
	{ "pipes", 2, false, true },
	{ "fork-held", 1, true, false },
	{ "ring-own", 2, false, false },
	{ "ring-own", 100, false, false },
	{ "ring-own-fair", 3, false, false },
	{ "own-dead-owner", 2, false, false },
	{ "own-unknown", 2, false, false },
	{ "timed", 3, false, false },
	{ "chain", 5, false, false },
	{ "stack-sem", 2, false, false },
	{ "idle", 4, false, false },
	{ "pipe-with-reader", 2, false, false },
	{ "sockets", 2, false, false },
	{ "handed-over", 2, false, false },
	{ "traced", 2, true, false },
};

int main(int argc, char **argv)
{
	const char *program = argc > 1 ? argv[1] : CORPUS;
	bool musl = argc > 2 && !strcmp(argv[2], "musl");
	struct holders h;
	bool all;
	size_t i;

	/* Any number at all: only whose descriptors are seen is asked. */
	holders_find(&h, (unsigned long long[]){ 1 }, 1, 0);
	all = !h.unseen && !h.outside;
	holders_free(&h);
	if (!all)
		puts("# not all descriptors are seen here: no pipes, no file locks");
	for (i = 0; i < ARRAY_SIZE(scenes); i++)
		if ((!musl || !scenes[i].glibc) && (all || !scenes[i].all))
			try_scene(program, scenes[i].scene, scenes[i].n);
	return tap_done();
}
