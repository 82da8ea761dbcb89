// SPDX-License-Identifier: GPL-2.0-only
/* Runs a function in a process made for it. */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apart.h"

/* Also what an ignored SIGCHLD does, leave no child to reap, is not inherited. */
static void reset_signals(void)
{
	sigset_t none;
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	/* Ctrl-C reaches the whole terminal; the caller deals with it. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

pid_t run_apart(int (*fn)(void *arg), void *arg)
{
	pid_t caller = getpid(), pid = fork();

	if (pid)
		return pid < 0 ? -errno : pid;
	reset_signals();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != caller)
		_exit(1);	/* it has died before the line above */
	_exit(-fn(arg));
}

int wait_apart(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}
