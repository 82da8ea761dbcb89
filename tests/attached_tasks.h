/* SPDX-License-Identifier: GPL-2.0-only */
/* Tasks that attach, switch and detach all the time, and what they are made of. */
#ifndef CTXLAB_TEST_ATTACHED_TASKS_H
#define CTXLAB_TEST_ATTACHED_TASKS_H

#include <sys/types.h>

/* Two processes of two threads each, in a session of their own. */
struct attached_tasks {
	int fd;
	pid_t pids[2];
};

/* 0 or an errno. */
int attached_tasks_start(struct attached_tasks *c);

/* Kills them: 0, or an errno where one of them stayed attached. */
int attached_tasks_end(struct attached_tasks *c);

/* The calling child is killed when its parent ends. */
void die_with_parent(void);

/* The exit status of a child, or 128 and the signal that killed it; -1: error. */
int exit_status(pid_t pid);

/* Attached to a session, and yielding until it is killed; for a child. */
void spin_attached(int fd);

/* The same for a thread; @fd is a pointer to the descriptor. */
void *spin_thread(void *fd);

#endif /* CTXLAB_TEST_ATTACHED_TASKS_H */
