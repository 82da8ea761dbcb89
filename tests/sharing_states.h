/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The builder of known states: tasks that share exactly what they were told to.
 *
 * Every task is made by the calling process, says over a pipe that it is what
 * it should be, and then waits until states_end() kills it or its maker dies.
 */
#ifndef CTXLAB_TEST_SHARING_STATES_H
#define CTXLAB_TEST_SHARING_STATES_H

#include <stdbool.h>
#include <sys/types.h>

#define STATES_MAX 160

struct state;

/**
 * struct plan - how to make a task
 * @name: for messages
 * @clone: the CLONE_ flags to make it with
 * @unshare: the CLONE_ flags that it hands to unshare(2) afterwards
 * @then: what it does next, before it says that it is ready; may be NULL
 */
struct plan {
	char name[96];
	unsigned long clone;
	unsigned long unshare;
	int (*then)(struct state *state);
};

/**
 * struct state - one built task
 * @plan: how it came about
 * @tid: its thread ID
 * @tgid: its process
 * @ready: the descriptor to which it says that it is ready
 * @told: a page shared with the maker, in which it may say a tid
 * @child: the maker is its parent, and has to reap it
 */
struct state {
	struct plan plan;
	pid_t tid;
	pid_t tgid;
	int ready;
	pid_t *told;
	bool child;
};

struct states {
	struct state list[STATES_MAX];
	int count;
	int ready[2];
	pid_t *told;
};

/* An empty set, and the calling process as its first member. */
int states_begin(struct states *states);

/* Kill and reap all. */
void states_end(struct states *states);

/* One task made as @plan says; NULL and errno on failure. */
struct state *states_add(struct states *states, const struct plan *plan);

/* Enter a task that is there already, such as a kernel thread. */
struct state *states_note(struct states *states, pid_t tid, const char *name);

/* Every valid combination of the sharing flags: 64 tasks. */
int states_add_combinations(struct states *states);

/* Tasks that stop sharing after they were made, by unshare(2) or execve(2). */
int states_add_unshared(struct states *states);

/*
 * Two tasks each, one after the other: a process and the child it has made by
 * vfork(2); a process whose leader has exited, and a thread of it.
 */
int states_add_vfork(struct states *states);
int states_add_leaderless(struct states *states);

/* A process that has exited and was not reaped. */
int states_add_zombie(struct states *states);

/* Tasks in namespaces of their own. */
int states_add_namespaces(struct states *states);

/* All of the above, two kernel threads, and the first process. */
int states_add_all(struct states *states);

/* The one of that name, which one of the above has made. */
const struct state *states_find(const struct states *states, const char *name);

#endif /* CTXLAB_TEST_SHARING_STATES_H */
