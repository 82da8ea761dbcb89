// SPDX-License-Identifier: GPL-2.0-only
/* Makes a run several times, each in a process of its own, and merges them. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "experiment.h"
#include "lib/xalloc.h"
#include "merge.h"
#include "repeat.h"
#include "run_json.h"
#include "workers.h"

/* Between two runs: what goes on for a moment is not to be in both. */
#define PAUSE_SECONDS 2

/* The child's life: one run, written to @file. */
static int child(repeat_fn once, void *arg, FILE *file, pid_t parent)
{
	struct run *run = xcalloc(1, sizeof(*run));
	int status, bad;
	json_t *root;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		return 1;
	status = once(arg, run);
	if (status)
		return status;
	root = run_to_json(run, NULL);
	bad = json_dumpf(root, file, JSON_COMPACT);
	json_decref(root);
	return bad || fflush(file) ? -1 : 0;
}

/* Waits for the child; a signal that asks this process to end is passed on. */
static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (workers_stop_signal())
			kill(pid, workers_stop_signal());
	return status;
}

static int read_back(FILE *file, const struct experiment *e, struct run *run)
{
	const struct experiment *const only[] = { e, NULL };
	json_t *root;
	char *error;
	int err;

	rewind(file);
	root = json_loadf(file, 0, NULL);
	if (!root)
		return -1;
	err = run_from_json(root, only, run, &error);
	json_decref(root);
	if (err)
		free(error);
	return err ? -1 : 0;
}

/* One run: 0, what the child returned, or -1 with errno as repeat_run() has it. */
static int run_once(repeat_fn once, void *arg, const struct experiment *e,
		    struct run *run)
{
	FILE *file = tmpfile();
	pid_t parent = getpid(), pid;
	int status;

	if (!file)
		return -1;
	fflush(NULL);
	pid = fork();
	if (!pid)
		_exit(child(once, arg, file, parent));
	if (pid < 0) {
		fclose(file);
		return -1;
	}
	status = wait_for(pid);
	errno = 0;
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		status = read_back(file, e, run);
	else
		status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	fclose(file);
	return status;
}

static void pause_between(void)
{
	const struct timespec t = { .tv_sec = PAUSE_SECONDS };

	nanosleep(&t, NULL);
}

static void end_early(struct run *run, unsigned int i, unsigned int times)
{
	run->interrupted = true;
	run_note(run, "run %u of %u failed; those before it are kept", i, times);
}

int repeat_run(unsigned int times, repeat_fn once, void *arg, struct run *run)
{
	const struct experiment *e = run->experiment;
	struct run *next = xcalloc(1, sizeof(*next));
	int status, failed;
	unsigned int i;

	workers_catch_signals();
	status = run_once(once, arg, e, run);
	for (i = 1; i < times && !status && !run->interrupted; i++) {
		pause_between();
		if (workers_stop_signal()) {
			run->interrupted = true;
			break;
		}
		failed = run_once(once, arg, e, next);
		if (!failed)
			run_merge(run, next);
		else
			end_early(run, i + 1, times);
	}
	free(next);
	return status;
}
