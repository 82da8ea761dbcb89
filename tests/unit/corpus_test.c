// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs that hang, each of which says what is true of it (corpus/): verdict,
 * members and what these wait for must be found as they are, and nothing where
 * there is no deadlock.
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

static const struct thread *thread_of(const struct scan *s, pid_t tid)
{
	size_t i, k;

	for (i = 0; i < s->processes; i++)
		for (k = 0; k < s->process[i]->threads; k++)
			if (s->process[i]->thread[k]->tid == tid)
				return s->process[i]->thread[k];
	return NULL;
}

/* Who alone can end the wait; 0 where that is nobody, or one of several. */
static pid_t blocker_of(const struct thread *t)
{
	if (t->by.owner)
		return t->by.owner->tid;
	return t->by.n == 1 ? t->by.process[0]->pid : 0;
}

/* Whether the thread waits as is said of it; a timeout has begun a while ago. */
static bool waits_so(const struct thread *t, const struct said *said)
{
	const struct wait *w = &t->wait;

	if (strcmp(wait_name(w->kind), said->waits) ||
	    (said->type[0] && (!w->type || strcmp(w->type, said->type))) ||
	    (said->whom && blocker_of(t) != said->whom))
		return false;
	return !said->ends || (w->end == ENDS_WITHIN && w->seconds <= said->ends &&
			       w->seconds > said->ends - 4 * PATIENCE);
}

static bool all_wait_so(const struct scan *s, const struct truth *t)
{
	const struct thread *thread;
	size_t i;

	for (i = 0; i < t->n; i++) {
		if (!t->said[i].waits[0])
			continue;
		thread = thread_of(s, t->tid[i]);
		if (!thread || !waits_so(thread, &t->said[i]))
			return false;
	}
	return true;
}

/* Whether the one finding is that of @t: its verdict, and just its members. */
static bool agrees(const struct scan *s, const struct truth *t)
{
	const struct finding *f = s->finding;
	size_t i;

	if (!all_wait_so(s, t))
		return false;
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
		printf(" %d:%s:%s:%d:%d", t->tid[i], t->said[i].waits,
		       t->said[i].type, t->said[i].whom, t->said[i].ends);
	for (i = 0; i < s->findings; i++) {
		printf("\n# found %s of", verdict_name(s->finding[i].verdict));
		for (k = 0; k < s->finding[i].n && k < 8; k++)
			printf(" %d", s->finding[i].member[k]->tid);
	}
	for (i = 0; i < s->processes; i++)
		for (k = 0; k < s->process[i]->threads && k < 12; k++) {
			const struct thread *thread = s->process[i]->thread[k];

			printf("\n# %d:%s:%s:%d:%.3f, owner %d", thread->tid,
			       wait_name(thread->wait.kind),
			       thread->wait.type ? thread->wait.type : "",
			       blocker_of(thread), thread->wait.seconds,
			       thread->wait.owner);
		}
	putchar('\n');
}

static pid_t tgid_of(pid_t tid)
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
	return tgid;
}

/* The members may be of processes of their own. */
static void add_processes(struct scan *s, const struct truth *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		scan_add(s, tgid_of(t->tid[i]), true);
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
