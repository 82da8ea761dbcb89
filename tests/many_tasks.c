// SPDX-License-Identifier: GPL-2.0-only
/* As many waiting tasks as are wanted. */
#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "many_tasks.h"

/* Enough for one system call, which is all that they ever do. */
#define STACK 1024
#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | \
		CLONE_THREAD | CLONE_SYSVSEM)

static void raise_limit(const char *path, int value)
{
	FILE *file = fopen(path, "r+");
	int now;

	if (!file)
		return;
	if (fscanf(file, "%d", &now) == 1 && now < value) {
		rewind(file);
		fprintf(file, "%d\n", value);
	}
	fclose(file);
}

void many_tasks_make_room(int tasks)
{
	raise_limit("/proc/sys/kernel/threads-max", 3 * tasks);
	raise_limit("/proc/sys/kernel/pid_max", 4 * tasks);
}

static int stand(void *arg)
{
	(void)arg;
	for (;;)
		syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
	return 0;
}

static void be_process(int threads, int ready)
{
	char *stacks;
	int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	stacks = mmap(NULL, (size_t)(threads + 1) * STACK,
		      PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stacks == MAP_FAILED)
		_exit(1);
	for (i = 1; i < threads; i++)
		if (clone(stand, stacks + (size_t)i * STACK, THREAD, NULL) < 0)
			_exit(1);
	/* The byte says that all are there; without it the pipe just ends. */
	if (write(ready, "", 1) != 1)
		_exit(1);
	close(ready);
	for (;;)
		pause();
}

pid_t many_tasks_process(int threads)
{
	int pair[2];
	pid_t pid;
	char byte;

	if (pipe(pair))
		return -1;
	pid = fork();
	if (!pid)
		be_process(threads, pair[1]);
	close(pair[1]);
	if (read(pair[0], &byte, 1) != 1 && pid > 0) {
		waitpid(pid, NULL, 0);
		pid = -1;
	}
	close(pair[0]);
	return pid;
}

void many_tasks_end_process(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

int many_tasks_note(struct many_tasks *tasks, pid_t pid)
{
	struct dirent *entry;
	char path[64];
	pid_t *tids;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return -1;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		tids = realloc(tasks->tids, (tasks->count + 1) * sizeof(pid_t));
		if (!tids)
			break;
		tasks->tids = tids;
		tasks->tids[tasks->count++] = atoi(entry->d_name);
	}
	closedir(dir);
	return entry ? -1 : 0;
}

int many_tasks_grow(struct many_tasks *tasks, int count)
{
	pid_t pid, *processes;

	processes = realloc(tasks->processes, count * sizeof(pid_t));
	if (!processes)
		return -1;
	tasks->processes = processes;
	while (tasks->count < count) {
		pid = many_tasks_process(MANY_TASKS_THREADS);
		if (pid < 0)
			return -1;
		tasks->processes[tasks->process_count++] = pid;
		if (many_tasks_note(tasks, pid))
			return -1;
	}
	return 0;
}

void many_tasks_end(struct many_tasks *tasks)
{
	int i;

	for (i = 0; i < tasks->process_count; i++)
		many_tasks_end_process(tasks->processes[i]);
	free(tasks->tids);
	free(tasks->processes);
}
