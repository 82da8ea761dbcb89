/* SPDX-License-Identifier: GPL-2.0-only */
/* Tasks that attach, switch and detach all the time, and what they are made of. */
#ifndef CTXLAB_TEST_COMPANY_H
#define CTXLAB_TEST_COMPANY_H

#include <sys/types.h>

/* Two processes of two threads each, in a session of their own. */
struct company {
	int fd;
	pid_t pids[2];
};

/* 0 or an errno. */
int company_start(struct company *c);

/* Kills them: 0, or an errno where one of them stayed attached. */
int company_end(struct company *c);

/* The calling child is killed when its parent ends. */
void die_with_parent(void);

/* The exit status of a child, or 128 and the signal that killed it; -1: error. */
int exit_status(pid_t pid);

/* Attached to a session, and yielding until it is killed; for a child. */
void spin_attached(int fd);

/* The same for a thread; @fd is a pointer to the descriptor. */
void *spin_thread(void *fd);

#endif /* CTXLAB_TEST_COMPANY_H */
