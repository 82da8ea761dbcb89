/* SPDX-License-Identifier: GPL-2.0-only */
/* As many waiting tasks as are wanted: processes of ten threads each. */
#ifndef CTXLAB_TEST_CROWD_H
#define CTXLAB_TEST_CROWD_H

#include <sys/types.h>

#define CROWD_THREADS 10

/**
 * struct crowd - the built tasks
 * @tids: their thread IDs
 * @count: how many
 * @processes: the thread group IDs
 * @process_count: how many
 */
struct crowd {
	pid_t *tids;
	int count;
	pid_t *processes;
	int process_count;
};

/* Raise the limits that stand in the way of so many tasks. */
void crowd_make_room(int tasks);

/* Add processes until the crowd has @count tasks; 0 or -1 with errno. */
int crowd_grow(struct crowd *crowd, int count);

/* Enter the threads of a process that is there. */
int crowd_note(struct crowd *crowd, pid_t pid);

/* One process of @threads threads; its pid, or -1. */
pid_t crowd_process(int threads);

/* Nothing happens where @pid is that of a process that could not be made. */
void crowd_end_process(pid_t pid);
void crowd_end(struct crowd *crowd);

#endif /* CTXLAB_TEST_CROWD_H */
