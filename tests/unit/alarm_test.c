// SPDX-License-Identifier: GPL-2.0-only
/*
 * No false alarm: programs that contend for locks and never hang are looked at for
 * ALARM_SECONDS (default 18) in all, and nothing may be found: those of corpus/,
 * and those of load.sh as far as they are installed.  Beside it stands a reader
 * that looks once and calls every cycle of owners a deadlock: it must be wrong
 * now and then, else these programs would show nothing.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "deadlock/confirm.h"
#include "play.h"
#include "tap.h"

/* Seconds until the control must have been wrong once. */
#define PATIENCE 120
/* Looks until processes that are new are added. */
#define LOOKS 50

static const struct scene {
	const char *scene;
	size_t n;		/* 0: a load, with all its processes */
} scenes[] = {
	{ "pairs", 100 },
	{ "pairs", 8 },
	{ "philosophers", 5 },
	{ "pairs-pi", 40 },
	{ "pairs-robust", 40 },
	{ "rwlocks", 40 },
	{ "printers", 20 },
	{ "baton", 20 },
	{ "semaphores", 20 },
	{ "joins", 8 },
	{ "nginx", 0 },
	{ "redis", 0 },
	{ "postgresql", 0 },
	{ "stress-mutex", 0 },
	{ "stress-futex", 0 },
	{ "stress-sem", 0 },
	{ "stress-flock", 0 },
	{ "stress-pipe", 0 },
};

struct tally {
	unsigned long scans, alarms;	/* of the reader that looks twice */
	unsigned long changed;		/* threads that its second look let go */
	unsigned long naive_scans, naive_alarms;
};

static void look(struct scan *s, struct tally *t)
{
	if (scan_read(s))
		return;
	confirm(s);
	t->scans++;
	t->changed += s->dropped;
	t->alarms += !!s->findings;
}

/* Whom @t waits for, where that is one thread alone. */
static const struct thread *owner_of(const struct thread *t)
{
	if (!t->by.certain)
		return NULL;
	if (t->by.n == 1 && t->by.process[0]->threads == 1)
		return t->by.process[0]->thread[0];
	return t->by.owner;
}

/* Whether the owners, from that of @t on, lead back to @t. */
static bool in_cycle(const struct thread *t)
{
	const struct thread *at = t;
	size_t steps = 0;

	do
		at = owner_of(at);
	while (at && at != t && steps++ < 1000);
	return at == t;
}

static bool has_cycle(const struct scan *s)
{
	size_t i, k;

	for (i = 0; i < s->processes; i++)
		for (k = 0; k < s->process[i]->threads; k++)
			if (in_cycle(s->process[i]->thread[k]))
				return true;
	return false;
}

static void look_once(struct scan *s, struct tally *t)
{
	if (scan_read(s))
		return;
	t->naive_scans++;
	t->naive_alarms += has_cycle(s);
}

static pid_t parent_of(pid_t pid)
{
	struct stat_line stat;
	char path[32], text[1024];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (file_read(AT_FDCWD, path, text, sizeof(text)) <= 0 ||
	    !parse_stat(text, &stat))
		return 0;
	return stat.ppid;
}

/* Adds @top and all processes below it. */
static void add_all(struct scan *s, pid_t top)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	pid_t pid, above;

	while (proc && (entry = readdir(proc))) {
		pid = strtol(entry->d_name, NULL, 10);
		for (above = pid; above > 1 && above != top;)
			above = parent_of(above);
		if (above == top)
			scan_add(s, pid, true);
	}
	if (proc)
		closedir(proc);
}

static void watch(struct play *play, const struct scene *scene, time_t seconds,
		  struct tally *t)
{
	struct tally before = *t;
	struct scan *s = scan_new();
	struct truth truth;
	unsigned int looks = 0;
	time_t until;

	if (!play_truth(play, &truth) || scan_add(s, play->pid, true))
		ok(false, "%s %zu runs", scene->scene, scene->n);
	until = time(NULL) + seconds;
	do {
		if (!scene->n && looks++ % LOOKS == 0)
			add_all(s, play->pid);
		look(s, t);
		look_once(s, t);
	} while (time(NULL) < until);
	ok(t->scans > before.scans && t->alarms == before.alarms,
	   "%s %zu: no alarm in %lu scans", scene->scene, scene->n,
	   t->scans - before.scans);
	printf("# %lu of %lu by one look alone\n",
	       t->naive_alarms - before.naive_alarms,
	       t->naive_scans - before.naive_scans);
	scan_free(s);
}

/* What is not installed of what a load takes; empty where all is there. */
static void find_lacks(const char *load, char *lacks, size_t size)
{
	char command[256];
	FILE *f;

	snprintf(command, sizeof(command), "%s --lacks %s | tr '\n' ' '", LOADS,
		 load);
	f = popen(command, "re");
	if (!f || !fgets(lacks, size, f))
		*lacks = '\0';
	if (f)
		pclose(f);
}

/* Lets the load end its programs itself, which leave nothing then. */
static void end_load(struct play *play)
{
	siginfo_t info;

	kill(play->pid, SIGTERM);
	waitid(P_PID, play->pid, &info, WEXITED | WNOWAIT);
	play_end(play);
}

static void watch_load(const struct scene *scene, time_t seconds,
		       struct tally *t)
{
	char lacks[128];
	struct play play;

	find_lacks(scene->scene, lacks, sizeof(lacks));
	if (*lacks) {
		printf("# %s is left out, for want of %s\n", scene->scene, lacks);
		return;
	}
	play = play_begin(LOADS, scene->scene, 0);
	watch(&play, scene, seconds, t);
	end_load(&play);
}

static void watch_scene(const char *program, const struct scene *scene,
			time_t seconds, struct tally *t)
{
	struct play play = play_begin(program, scene->scene, scene->n);

	watch(&play, scene, seconds, t);
	play_end(&play);
}

/* The control goes on until it was wrong. */
static void control(const char *program, struct tally *t)
{
	struct play play = play_begin(program, "pairs", 100);
	time_t until = time(NULL) + PATIENCE;
	struct scan *s = scan_new();
	struct truth truth;

	if (play_truth(&play, &truth) && !scan_add(s, play.pid, true))
		while (!t->naive_alarms && time(NULL) < until)
			look_once(s, t);
	ok(t->naive_alarms, "one look alone is wrong %lu times in %lu",
	   t->naive_alarms, t->naive_scans);
	scan_free(s);
	play_end(&play);
}

int main(int argc, char **argv)
{
	const char *program = argc > 1 ? argv[1] : CORPUS;
	const char *setting = getenv("ALARM_SECONDS");
	long seconds = setting ? atol(setting) : 18;
	struct tally t = {};
	size_t i;

	seconds /= (long)ARRAY_SIZE(scenes);
	for (i = 0; i < ARRAY_SIZE(scenes); i++)
		if (scenes[i].n)
			watch_scene(program, &scenes[i], seconds, &t);
		else
			watch_load(&scenes[i], seconds, &t);
	control(program, &t);
	printf("# %lu scans, %lu alarms; the second look let %lu threads go\n",
	       t.scans, t.alarms, t.changed);
	return tap_done();
}
