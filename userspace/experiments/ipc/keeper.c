// SPDX-License-Identifier: GPL-2.0-only
/* The child that removes queues which the controller was killed before removing. */
#include <errno.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "queues.h"

#define NAME 64

/* What there is to remove; shared with the keeper. */
struct kept {
	char name[NAME];	/* of a POSIX queue; "": none */
	int queue[DIRECTIONS];	/* of System V, 1 more than its number; 0: none */
};

static struct {
	struct kept *kept;
	pid_t pid;
	int alive;		/* closed when the controller ends, however */
} keeper = { .alive = -1 };

static void remove_all(const struct kept *k)
{
	int d;

	if (*k->name)
		mq_unlink(k->name);
	for (d = 0; d < DIRECTIONS; d++)
		if (k->queue[d])
			msgctl(k->queue[d] - 1, IPC_RMID, NULL);
}

/* No signal meant for the tool, its terminal or its group may end it. */
static void keep(int alive)
{
	char c;

	setsid();
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_NAME, "ctxlab-keeper");
	/* Nobody shall wait for the end of the tool's output because of it. */
	dup2(alive, 0);
	syscall(SYS_close_range, 1, ~0U, 0);
	while (read(0, &c, 1) < 0 && errno == EINTR)
		;
	remove_all(keeper.kept);
	_exit(0);
}

int keeper_start(void)
{
	int fd[2];

	keeper.kept = workers_memory(sizeof(*keeper.kept));
	if (!keeper.kept || pipe2(fd, O_CLOEXEC))
		return -errno;
	keeper.pid = fork();
	if (keeper.pid < 0) {
		int err = -errno;

		close(fd[0]);
		close(fd[1]);
		return err;
	}
	if (!keeper.pid)
		keep(fd[0]);
	close(fd[0]);
	keeper.alive = fd[1];
	return 0;
}

void keeper_end(void)
{
	if (keeper.alive >= 0) {
		close(keeper.alive);
		keeper.alive = -1;
		while (waitpid(keeper.pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	workers_memory_free(keeper.kept, sizeof(*keeper.kept));
	keeper.kept = NULL;
}

void keeper_name(const char *name)
{
	if (keeper.kept)
		snprintf(keeper.kept->name, NAME, "%s", name);
}

void keeper_queue(unsigned int slot, int id)
{
	if (keeper.kept)
		keeper.kept->queue[slot] = id + 1;
}
