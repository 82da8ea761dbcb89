// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attached_tasks.h"
#include "probe.h"

int exit_status(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void die_with_parent(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The parent has ended before that: nobody would end this one any more. */
	if (getppid() == 1)
		_exit(1);
}

void spin_attached(int fd)
{
	die_with_parent();
	if (probe_attach(fd))
		_exit(1);
	for (;;)
		sched_yield();
}

void *spin_thread(void *arg)
{
	spin_attached(*(int *)arg);
	return NULL;
}

static void *switch_and_attach(void *arg)
{
	int fd = *(int *)arg;

	for (;;) {
		probe_attach(fd);
		for (int i = 0; i < 20; i++)
			sched_yield();
		usleep(500);
		probe_detach(fd);
	}
	return NULL;
}

static pid_t start_pair(int fd)
{
	pthread_t thread;
	pid_t pid = fork();

	if (pid)
		return pid;
	die_with_parent();
	probe_flush(fd, CTXLAB_FLUSH_MM);
	pthread_create(&thread, NULL, switch_and_attach, &fd);
	switch_and_attach(&fd);
	_exit(0);
}

int attached_tasks_start(struct attached_tasks *c)
{
	c->fd = probe_open();
	if (c->fd < 0)
		return errno;
	for (int i = 0; i < 2; i++)
		c->pids[i] = start_pair(c->fd);
	return c->pids[0] < 0 || c->pids[1] < 0 ? ECHILD : 0;
}

int attached_tasks_end(struct attached_tasks *c)
{
	bool ended;

	for (int i = 0; i < 2; i++) {
		if (c->pids[i] > 0 && !kill(c->pids[i], SIGKILL))
			waitpid(c->pids[i], NULL, 0);
	}
	ended = probe_wait_attached(c->fd, 0);
	close(c->fd);
	return ended ? 0 : EBUSY;
}
