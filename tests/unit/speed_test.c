// SPDX-License-Identifier: GPL-2.0-only
/* The CPU's speed, also where another task has that CPU for itself. */
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "measure/cpus.h"
#include "measure/speed.h"
#include "tap.h"

#define HOLDER_PRIORITY 50
#define OUR_PRIORITY	10
/* Some times as long as it takes where nothing is wrong. */
#define PATIENCE_S 20

/* Has @cpu for itself, until it is killed; says so through @ready first. */
static void hold(unsigned int cpu, int ready)
{
	const struct sched_param param = { .sched_priority = HOLDER_PRIORITY };
	bool held;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	held = !cpus_bind(0, cpu) && !sched_setscheduler(0, SCHED_FIFO, &param);
	if (write(ready, &held, sizeof(held)) != sizeof(held) || !held)
		_exit(1);
	for (;;)
		;
}

/* Return: its process ID, or 0 where that is not permitted. */
static pid_t start_holder(unsigned int cpu)
{
	bool held = false;
	int ready[2];
	pid_t pid;

	if (pipe(ready))
		return 0;
	pid = fork();
	if (!pid)
		hold(cpu, ready[1]);
	close(ready[1]);
	if (pid > 0 && read(ready[0], &held, sizeof(held)) != sizeof(held))
		held = false;
	close(ready[0]);
	if (pid > 0 && !held)
		waitpid(pid, NULL, 0);
	return held ? pid : 0;
}

/* Whether @pid ends by itself, and with which status. */
static bool ends(pid_t pid, int *status)
{
	const struct timespec moment = { .tv_nsec = 50000000 };
	int tries;

	for (tries = 0; tries < PATIENCE_S * 20; tries++) {
		if (waitpid(pid, status, WNOHANG) == pid)
			return true;
		nanosleep(&moment, NULL);
	}
	return false;
}

/*
 * A thread of the default policy has a part of a held CPU, in which it may be
 * done; one that begins with SCHED_FIFO has none.
 */
static void time_held(unsigned int cpu)
{
	const struct sched_param param = { .sched_priority = OUR_PRIORITY };

	if (sched_setscheduler(0, SCHED_FIFO, &param))
		_exit(2);
	_exit(speed_ns(cpu, OUR_PRIORITY) == -1 ? 0 : 1);
}

/* The process must not be kept by its own thread on that CPU. */
static void held_cpu(unsigned int cpu)
{
	pid_t holder = start_holder(cpu), pid;
	int status = -1;
	bool ended;

	if (!holder) {
		ok(true, "# SKIP SCHED_FIFO is not permitted");
		return;
	}
	pid = fork();
	if (!pid)
		time_held(cpu);
	ended = ends(pid, &status);
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	ok(ended, "a process that timed the speed of a held CPU ends");
	if (!ended)
		waitpid(pid, &status, 0);
	ok(WIFEXITED(status) && !WEXITSTATUS(status),
	   "and the speed of that CPU is not known");
}

int main(void)
{
	int cpu = cpus_last_allowed();

	ok(cpu >= 0, "there is a CPU");
	ok(speed_ns(cpu, 0) > 0, "its speed is known");
	if (cpus_allowed(NULL, 0) > 1)
		held_cpu(cpu);
	else
		ok(true, "# SKIP two processors are needed");
	return tap_done();
}
