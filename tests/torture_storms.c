// SPDX-License-Identifier: GPL-2.0-only
/* Storms: tasks that come, change and go, mounts, and the probe. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "creds.h"
#include "slow_kernel.h"
#include "probe.h"
#include "text.h"
#include "torture.h"

#define THREAD (CLONE_VM | CLONE_SIGHAND | CLONE_THREAD)

/* "PROGRAM --torture-exit" is an exec(2) that is over at once. */
static void __attribute__((constructor)) exit_at_once(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--torture-exit"))
		_exit(0);
}

static void exec_to_exit(void)
{
	execl("/proc/self/exe", "torture-exec", "--torture-exit", NULL);
	_exit(1);
}

/* As long as it takes a task to get somewhere, or to nowhere yet. */
static void nap(unsigned int *seed)
{
	usleep(slow_kernel_factor() * torture_random(seed, 3000));
}

/* Reap all that is left, or end it. */
static void end_child(pid_t child, unsigned int *seed)
{
	if (child <= 0)
		return;
	if (torture_random(seed, 2))
		kill(child, SIGKILL);
	waitpid(child, NULL, __WALL);
}

/*
 * The kernel takes another's word for the pid that it gave last, so those that
 * were just set free are given again, however long it takes to make a task.
 */
static void turn_pids_back(void)
{
	int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);

	/* Where there is no such file, pid_max alone has to do. */
	if (fd >= 0 && write(fd, "300", 3) != 3)
		_exit(1);
	close(fd);
}

/* Children that end at once, leave orphans, or linger as zombies. */
void torture_fork(struct torture *t, unsigned int *seed)
{
	pid_t children[8];
	int i, kind;

	(void)t;
	turn_pids_back();
	for (i = 0; i < (int)ARRAY_SIZE(children); i++) {
		kind = torture_random(seed, 3);
		children[i] = fork();
		if (children[i])
			continue;
		if (kind == 1 && !fork())
			usleep(500);
		if (kind == 2)
			usleep(2000);
		_exit(0);
	}
	nap(seed);
	for (i = 0; i < (int)ARRAY_SIZE(children); i++)
		if (children[i] > 0)
			waitpid(children[i], NULL, 0);
}

/* A thread's life: some system calls with a look of their own at the task. */
static int live(void *arg)
{
	unsigned long fate = (unsigned long)arg;

	if (fate & 1)
		syscall(SYS_unshare, fate & 2 ? CLONE_FILES : CLONE_FS);
	if (fate & 4)
		syscall(SYS_setresuid, 1 + (fate & 0xff), -1, -1);
	if (fate & 8)
		syscall(SYS_prctl, PR_SET_NAME, "t\nh\\r\tead");
	if (fate & 16)
		syscall(SYS_sched_yield);
	/* Not for ever: one that is a process survives its maker. */
	if (fate & 32)
		syscall(SYS_nanosleep, &(struct timespec){ .tv_nsec = 30000000 },
			NULL);
	syscall(SYS_exit, 0);
	return 0;
}

/* A process of a few threads, of which each shares what it likes. */
static void be_threads(unsigned int *seed)
{
	static char stacks[12][16 << 10];
	static const unsigned long rest[] = {
		CLONE_FILES, CLONE_FS, CLONE_SYSVSEM, CLONE_IO
	};
	unsigned long flags;
	int i, k;

	for (i = 0; i < (int)ARRAY_SIZE(stacks); i++) {
		flags = THREAD;
		for (k = 0; k < (int)ARRAY_SIZE(rest); k++)
			flags |= torture_random(seed, 2) ? rest[k] : 0;
		/* Now and then a process over the same memory. */
		if (!torture_random(seed, 4))
			flags = (flags & ~THREAD) | CLONE_VM;
		clone(live, stacks[i] + sizeof(stacks[i]), flags,
		      (void *)(unsigned long)torture_random(seed, 64));
	}
	if (torture_random(seed, 2))
		syscall(SYS_exit, 0);
	for (;;)
		pause();
}

void torture_threads(struct torture *t, unsigned int *seed)
{
	unsigned int theirs = torture_random(seed, 1 << 30);
	pid_t child = fork();

	(void)t;
	if (!child)
		be_threads(&theirs);
	nap(seed);
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, __WALL);
	}
}

static int exec_from_thread(void *arg)
{
	(void)arg;
	exec_to_exit();
	return 1;
}

void torture_exec(struct torture *t, unsigned int *seed)
{
	static char stack[64 << 10];
	unsigned int how = torture_random(seed, 3);
	pid_t child = fork();

	(void)t;
	if (!child) {
		if (how == 0)
			exec_to_exit();
		/* A thread takes the leader's place, or a sharer leaves. */
		clone(exec_from_thread, stack + sizeof(stack),
		      how == 1 ? THREAD | CLONE_FILES : CLONE_VM | SIGCHLD,
		      NULL);
		usleep(20000);
		_exit(0);
	}
	nap(seed);
	end_child(child, seed);
}

static int leave_vfork(void *arg)
{
	if (arg)
		exec_to_exit();
	usleep(1000);
	_exit(0);
}

void torture_vfork(struct torture *t, unsigned int *seed)
{
	static char stack[64 << 10];
	unsigned long exec = torture_random(seed, 2);
	pid_t child = fork();

	(void)t;
	if (!child) {
		clone(leave_vfork, stack + sizeof(stack),
		      CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)exec);
		_exit(0);
	}
	nap(seed);
	end_child(child, seed);
}

void torture_unshare(struct torture *t, unsigned int *seed)
{
	static const unsigned long flags[] = {
		CLONE_FILES, CLONE_FS, CLONE_SYSVSEM, CLONE_NEWNS,
		CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWPID, CLONE_NEWUSER,
		CLONE_NEWCGROUP, CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS,
	};
	unsigned int first = torture_random(seed, ARRAY_SIZE(flags));
	unsigned int second = torture_random(seed, ARRAY_SIZE(flags));
	pid_t child = fork();

	(void)t;
	if (!child) {
		unshare(flags[first]);
		unshare(flags[second]);
		/* In a new pid namespace this is its first process. */
		if (!fork()) {
			text_errno(CTXLAB "/self");
			_exit(0);
		}
		usleep(2000);
		_exit(0);
	}
	nap(seed);
	end_child(child, seed);
}

/* A mount in a mount namespace, and half the time in a pid namespace. */
static void mount_and_look(unsigned int *seed)
{
	if (unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", TORTURE_PLACE, "ctxlab", 0, NULL))
		return;
	text_errno(TORTURE_PLACE "/tasks");
	text_errno(TORTURE_PLACE "/1");
	free(list_directory(TORTURE_PLACE));
	if (torture_random(seed, 2) && !chdir(TORTURE_PLACE))
		text_errno("self");
	if (torture_random(seed, 2))
		umount2(TORTURE_PLACE, torture_random(seed, 2) ? MNT_DETACH : 0);
}

void torture_mount(struct torture *t, unsigned int *seed)
{
	unsigned int own_pids = torture_random(seed, 2);
	unsigned int theirs = torture_random(seed, 1 << 30);
	pid_t child;

	/* Every mount holds the module: leave moments for it to go. */
	if (t->reloading && torture_random(seed, 8)) {
		usleep(100000);
		return;
	}
	child = fork();
	if (!child) {
		if (own_pids && unshare(CLONE_NEWPID))
			_exit(1);
		if (!own_pids || !fork())
			mount_and_look(&theirs);
		else
			wait(NULL);
		_exit(0);
	}
	nap(seed);
	end_child(child, seed);
}

static int attach_in_thread(void *arg)
{
	int fd = (int)(long)arg, i;

	probe_attach(fd);
	for (i = 0; i < 50; i++)
		syscall(SYS_sched_yield);
	/* One leaves as it came, the others just end. */
	if (fd & 1)
		probe_detach(fd);
	syscall(SYS_exit, 0);
	return 0;
}

static void on_signal(int number)
{
	(void)number;
	sched_yield();
}

/* Attached tasks that yield, fork, exec, are signalled, and close early. */
static void use_probe(int fd, unsigned int *seed)
{
	static char stacks[2][32 << 10];
	int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGUSR1, on_signal);
	if (probe_attach(fd))
		_exit(1);
	probe_flush(fd, torture_random(seed, CTXLAB_FLUSH_MODES));
	for (i = 0; i < 2; i++)
		clone(attach_in_thread, stacks[i] + sizeof(stacks[i]),
		      THREAD | CLONE_FILES, (void *)(long)fd);
	for (i = torture_random(seed, 200); i > 0; i--)
		sched_yield();
	switch (torture_random(seed, 5)) {
	case 0:
		close(fd);
		break;
	case 1:
		probe_detach(fd);
		break;
	case 2:
		exec_to_exit();
		break;
	case 3:
		/* A child is not attached, whatever its parent is. */
		if (!fork())
			_exit(probe_detach(fd) == ENOENT ? 0 : 1);
		break;
	}
	for (;;)
		sched_yield();
}

void torture_probe(struct torture *t, unsigned int *seed)
{
	struct ctxlab_switch_read read = { .size = sizeof(read) };
	unsigned int theirs = torture_random(seed, 1 << 30);
	int fd = probe_open(), pair[2], passed, i;
	pid_t children[2];

	if (fd < 0) {
		torture_check(t, PROBE_KEPT,
			      t->reloading || errno == ENFILE || errno == EMFILE,
			      "open of the probe: %m");
		usleep(10000);
		return;
	}
	for (i = 0; i < (int)ARRAY_SIZE(children); i++) {
		children[i] = fork();
		theirs += i;
		if (!children[i])
			use_probe(fd, &theirs);
	}
	/* The session goes over a socket, and the first descriptor away. */
	if (!socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) {
		if (!send_fd(pair[0], fd)) {
			passed = receive_fd(pair[1]);
			if (passed >= 0) {
				close(fd);
				fd = passed;
			}
		}
		close(pair[0]);
		close(pair[1]);
	}
	nap(seed);
	for (i = 0; i < (int)ARRAY_SIZE(children); i++)
		if (children[i] > 0)
			kill(children[i], SIGUSR1);
	torture_check(t, PROBE_KEPT, !probe_read(fd, &read), "read: %m");
	if (torture_random(seed, 2))
		probe_reset(fd);
	for (i = 0; i < (int)ARRAY_SIZE(children); i++) {
		if (children[i] <= 0)
			continue;
		kill(children[i], SIGKILL);
		waitpid(children[i], NULL, __WALL);
	}
	/* Whoever has ended is attached no more. */
	torture_check(t, PROBE_KEPT, probe_nr_attached(fd) == 0,
		      "%d attached after all have ended", probe_nr_attached(fd));
	close(fd);
}
