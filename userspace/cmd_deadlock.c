// SPDX-License-Identifier: GPL-2.0-only
/* ctxlab deadlock: who waits for whom, and whether that can ever end. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "deadlock/confirm.h"
#include "deadlock/gs.h"
#include "deadlock/report.h"
#include "lib/error.h"
#include "lib/xalloc.h"
#include "options.h"
#include "proc/proc.h"

enum {
	OPT_DOT = CTXLAB_LONG_ONLY,
	OPT_EXIT_CODE,
	OPT_STOP,
};

static const struct ctxlab_opt options[] = {
	{ 'a', "all", NULL, "every process that you may see" },
	{ OPT_DOT, "dot", NULL, "write the waits as a graph for graphviz" },
	{ OPT_EXIT_CODE, "exit-code", NULL, "exit with 4 where a deadlock is found" },
	{ OPT_STOP, "stop", NULL, "stop its threads for a moment, for whole stacks" },
	{ 'w', "watch", "SECONDS", "look again and again, and print what is new" },
	{}
};

/* @asked: the PIDs of the command line, 0 where it was said that one has ended. */
struct request {
	struct out_opts out;
	struct out_sel sel;
	bool all, dot, exit_code, stop;
	double watch;		/* 0: look once */
	pid_t *asked;
	size_t n;
};

static int print_table(struct report *r, const struct request *q)
{
	struct out_table *table = deadlock_table(r, &q->sel);
	int err = out_table_print(table, &q->sel, &q->out);

	out_table_free(table);
	return err;
}

static int print(struct scan *s, const struct request *q)
{
	bool words = !q->out.columns && !q->out.raw && !q->out.noheadings;
	struct report *r = deadlock_report_new(s, q->stop, !q->all);
	int err = 0;

	if (q->dot) {
		deadlock_dot(r, stdout);
	} else if (q->out.json) {
		err = out_json_print(deadlock_json(r, &q->sel));
	} else {
		if (words) {
			deadlock_words(r, stdout);
			putchar('\n');
		}
		err = print_table(r, q);
	}
	deadlock_report_free(r);
	fflush(stdout);
	return err;
}

static char *with_member(char *key, const char *what, long id, uint64_t lock)
{
	char *longer = xasprintf("%s %s%ld:%llx", key, what, id,
				 (unsigned long long)lock);

	free(key);
	return longer;
}

/* The members and locks of all findings, by which they are known again. */
static char *findings_key(const struct scan *s)
{
	char *key = xstrdup("");
	const struct gs *gs;
	size_t i, k;

	for (i = 0; i < s->findings; i++)
		for (k = 0; k < s->finding[i].n; k++) {
			const struct thread *t = s->finding[i].member[k];

			key = with_member(key, "", t->tid, t->wait.address);
		}
	for (i = 0; i < s->processes; i++) {
		gs = s->process[i]->gs;
		for (k = 0; gs && k < gs->n; k++)
			if (gs->row[k].finding)
				key = with_member(key, "G", gs->row[k].id,
						  gs->row[k].what);
	}
	return key;
}

static void print_time(void)
{
	time_t now = time(NULL);
	struct tm tm;
	char text[32];

	if (localtime_r(&now, &tm) &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm))
		printf("%s\n", text);
}

/* Looks once; 0 or a negative errno. */
static int look(struct scan *s, const struct request *q)
{
	size_t i;
	int err;

	if (q->all)
		scan_add_all(s);
	err = scan_read(s);
	if (!err) {
		confirm(s);
		for (i = 0; i < s->processes; i++)
			gs_find(s->process[i]);
	}
	return err;
}

/*
 * Says of each process that was asked for, once, that it has ended; whether any is
 * left.
 */
static bool say_ended(const struct scan *s, const struct request *q)
{
	const struct process *p;
	bool left = false;
	size_t i;

	for (i = 0; i < q->n; i++) {
		p = scan_process(s, q->asked[i]);
		if (!q->asked[i])
			continue;
		if (p && p->asked && !process_ended(p)) {
			left = true;
			continue;
		}
		error_say("process %d has ended%s", q->asked[i],
			  p && p->asked ? "; its parent has not waited for it" : "");
		q->asked[i] = 0;
	}
	return left;
}

/* Looks once, and says who has ended; false where nothing is left to look at. */
static bool look_on(struct scan *s, const struct request *q)
{
	int err = look(s, q);
	bool left = say_ended(s, q);

	if (err && q->all)
		error_say("no process may be looked at");
	return !err && (q->all || left);
}

static void pause_for(double seconds)
{
	struct timespec time = {
		.tv_sec = seconds,
		.tv_nsec = (seconds - (time_t)seconds) * 1e9,
	};

	while (nanosleep(&time, &time) && errno == EINTR)
		;
}

/* Prints, and says what cannot be seen; 0 or an exit status. */
static int tell(struct scan *s, const struct request *q)
{
	int status = print(s, q) ? CTXLAB_FAILED : CTXLAB_OK;

	if (!q->all && !deadlock_trouble(s))
		status = CTXLAB_FAILED;
	return status;
}

static bool has_found(const struct scan *s, const struct request *q)
{
	return q->exit_code && deadlock_count(s);
}

/* Prints at first, and whenever other findings are there, until all have ended. */
static int watch(struct scan *s, const struct request *q)
{
	char *before = NULL, *now;
	int status = CTXLAB_OK;

	while (status == CTXLAB_OK && look_on(s, q)) {
		now = findings_key(s);
		if (!before) {
			status = tell(s, q);
		} else if (strcmp(before, now)) {
			if (!q->out.json && !q->dot)
				print_time();
			status = print(s, q) ? CTXLAB_FAILED : CTXLAB_OK;
		}
		free(before);
		before = now;
		if (has_found(s, q))
			break;
		pause_for(q->watch);
	}
	if (!before)
		status = CTXLAB_FAILED;
	free(before);
	return has_found(s, q) ? CTXLAB_REFUSED : status;
}

static int once(struct scan *s, const struct request *q)
{
	int status;

	if (!look_on(s, q))
		return CTXLAB_FAILED;
	status = tell(s, q);
	return has_found(s, q) ? CTXLAB_REFUSED : status;
}

/* Of a thread its process is added. */
static int add_processes(const struct ctxlab_cmd *cmd, struct scan *s,
			 struct request *q, char **pids)
{
	int err, status = CTXLAB_OK;
	size_t i;
	pid_t pid;

	for (i = 0; i < q->n; i++)
		if (!proc_is_pid(pids[i]))
			return options_wrong(cmd, "'%s' is not a PID", pids[i]);
	for (i = 0; i < q->n; i++) {
		pid = process_of(strtol(pids[i], NULL, 10));
		err = pid ? scan_add(s, pid, true) : -ESRCH;
		if (!err) {
			q->asked[i] = pid;
			continue;
		}
		error_say("%s: %s", pids[i],
			  err == -ENOENT || err == -ESRCH ? "no such process" :
							    strerror(-err));
		status = CTXLAB_FAILED;
	}
	return status;
}

static int find(const struct ctxlab_cmd *cmd, struct request *q, char **pids)
{
	struct scan *s = scan_new();
	int status, found;

	q->asked = xcalloc(q->n + 1, sizeof(*q->asked));
	status = add_processes(cmd, s, q, pids);
	if (status != CTXLAB_USAGE && (s->processes || q->all)) {
		found = q->watch ? watch(s, q) : once(s, q);
		if (found != CTXLAB_OK)
			status = found;
	}
	free(q->asked);
	scan_free(s);
	return status;
}

/* Returns a message where the words of the command line are wrong. */
static const char *take_option(int key, struct request *q)
{
	char *end;

	switch (key) {
	case 'a':
		q->all = true;
		break;
	case OPT_DOT:
		q->dot = true;
		break;
	case OPT_EXIT_CODE:
		q->exit_code = true;
		break;
	case OPT_STOP:
		q->stop = true;
		break;
	case 'w':
		q->watch = strtod(optarg, &end);
		if (end == optarg || *end || !(q->watch >= 0.001) ||
		    q->watch > 86400)
			return "--watch takes seconds, 0.001 to 86400";
		break;
	}
	return NULL;
}

static int run(const struct ctxlab_cmd *cmd, int argc, char **argv)
{
	struct request q = {};
	const char *wrong = NULL;
	int key;

	while (!wrong && (key = options_next(cmd, argc, argv, &q.out)) != -1)
		wrong = take_option(key, &q);
	if (!wrong)
		wrong = out_select(deadlock_columns, q.out.json ? NULL :
				   deadlock_default_columns, q.out.columns,
				   &q.sel);
	if (!wrong && optind == argc && !q.all)
		wrong = "a PID is missing";
	if (!wrong && optind < argc && q.all)
		wrong = "--all takes no PID";
	if (wrong)
		return options_wrong(cmd, "%s", wrong);
	q.n = argc - optind;
	return find(cmd, &q, argv + optind);
}

const struct ctxlab_cmd cmd_deadlock = {
	.name = "deadlock",
	.args = "PID...",
	.brief = "who waits for whom in a program, and whether that can end",
	.about =
	"Shows what each thread waits for, who can end that, and which threads never can\n"
	"go on. Nothing is attached to, stopped or written, and no preparation is needed;\n"
	"neither is the module. What is called a deadlock was read twice, with proof that\n"
	"none of its threads ran in between. With the module, for root, threads are read\n"
	"in one pass, with the registers that whole stacks need.\n",
	.opts = options,
	.cols = deadlock_columns,
	.run = run,
};
