/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs that hang, each with what is true of it: "corpus SCENE [N]" brings
 * itself into that state, prints "expect VERDICT TID..." and goes no further;
 * "corpus --scenes" lists those that are tested, which depends on the C library.
 */
#ifndef CORPUS_H
#define CORPUS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A thread of a scene, and what it does. */
struct actor {
	pthread_t thread;
	volatile pid_t tid;
	void (*act)(struct actor *a);
	size_t number;
};

/* Starts a thread; returns once it has an ID. */
void start(struct actor *a, void (*act)(struct actor *a), size_t number);

/* Returns once the thread, of any process, sleeps in a system call. */
void until_blocked(pid_t tid);

/* Makes a child that ends with this process. */
pid_t fork_child(void);

/* Memory that children share. */
void *shared_memory(size_t size);

/* Prints what is true, and does not come back. */
void expect(const char *verdict, const pid_t *tids, size_t n);
void expect_actors(const char *verdict, const struct actor *a, size_t n);

void die(const char *what);

struct scene {
	const char *name;
	void (*play)(size_t n);
};

extern const struct scene thread_scenes[], process_scenes[], healthy_scenes[],
	hostile_scenes[], own_scenes[];

#endif /* CORPUS_H */
