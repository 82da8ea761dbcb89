// SPDX-License-Identifier: GPL-2.0-only
/* Tries what the workers will need. */
#include <errno.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cpus.h"

bool fifo_allowed(void)
{
	const struct sched_param fifo = { .sched_priority = 1 };
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return false;
	if (!pid)
		_exit(sched_setscheduler(0, SCHED_FIFO, &fifo) != 0);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && !WEXITSTATUS(status);
}
