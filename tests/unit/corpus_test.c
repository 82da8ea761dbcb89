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

/* Plays what the program lists of itself; returns false where it lists nothing. */
static bool try_scenes(const char *program, bool all)
{
	char command[256], scene[32], needs[8];
	size_t n, scenes = 0;
	FILE *f;

	snprintf(command, sizeof(command), "%s --scenes", program);
	f = popen(command, "re");
	while (f && fscanf(f, "%31s %zu %7s", scene, &n, needs) == 3) {
		scenes++;
		if (all || strcmp(needs, "all"))
			try_scene(program, scene, n);
	}
	return f && !pclose(f) && scenes;
}

int main(int argc, char **argv)
{
	const char *program = argc > 1 ? argv[1] : CORPUS;
	struct holders h;
	bool all;

	/* Any number at all: only whose descriptors are seen is asked. */
	holders_find(&h, (unsigned long long[]){ 1 }, 1, 0);
	all = !h.unseen && !h.outside;
	holders_free(&h);
	if (!all)
		puts("# not all descriptors are seen here: no pipes, no file locks");
	ok(try_scenes(program, all), "the program lists its scenes");
	return tap_done();
}
