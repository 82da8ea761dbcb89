/* SPDX-License-Identifier: GPL-2.0-only */
/* As many waiting tasks as are wanted: processes of ten threads each. */
#ifndef CTXLAB_TEST_MANY_TASKS_H
#define CTXLAB_TEST_MANY_TASKS_H

#include <sys/types.h>

#define MANY_TASKS_THREADS 10

/**
 * struct many_tasks - the built tasks
 * @tids: their thread IDs
 * @count: how many
 * @processes: the thread group IDs
 * @process_count: how many
 */
struct many_tasks {
	pid_t *tids;
	int count;
	pid_t *processes;
	int process_count;
};

/* Raise the limits that stand in the way of so many tasks. */
void many_tasks_make_room(int tasks);

/* Add processes until there are @count tasks; 0 or -1 with errno. */
int many_tasks_grow(struct many_tasks *tasks, int count);

/* Enter the threads of a process that is there. */
int many_tasks_note(struct many_tasks *tasks, pid_t pid);

/* One process of @threads threads; its pid, or -1. */
pid_t many_tasks_process(int threads);

/* Nothing happens where @pid is that of a process that could not be made. */
void many_tasks_end_process(pid_t pid);
void many_tasks_end(struct many_tasks *tasks);

#endif /* CTXLAB_TEST_MANY_TASKS_H */
