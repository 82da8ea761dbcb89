/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs that hang, each with what is true of it: "corpus SCENE [N]" brings
 * itself into that state, prints "expect VERDICT MEMBER..." and goes no further;
 * "corpus --scenes" lists those that are tested, which depends on the C library.
 *
 * A member is a thread ID, or "TID:WAITS:TYPE:WHOM:ENDS": what the thread waits in,
 * of which type the lock is, who alone can end that, and within how many seconds it
 * ends by itself; "-" where the scene does not say.
 */
#ifndef CORPUS_H
#define CORPUS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Inlined: its callers are told from it by debug information alone. */
static inline __attribute__((always_inline)) void lock(pthread_mutex_t *m)
{
	pthread_mutex_lock(m);
}

/* A member, as far as the scene says it: NULL and 0 where it does not. */
struct member {
	pid_t tid;
	const char *waits, *type;
	pid_t whom;
	int ends;
};

/* A thread of a scene, what it does, and what it is to wait for. */
struct actor {
	pthread_t thread;
	volatile pid_t tid;
	void (*act)(struct actor *a);
	size_t number;
	const char *waits, *type;
	struct actor *whom;
	int ends;
};

/* Starts a thread; many begin faster where nobody waits for each. */
void begin(struct actor *a, void (*act)(struct actor *a), size_t number);

/* Likewise; returns once it has an ID. */
void start(struct actor *a, void (*act)(struct actor *a), size_t number);

/* Returns once the thread, of any process, sleeps in a system call. */
void until_blocked(pid_t tid);

/* Returns once it sleeps there and does not run for a while. */
void until_quiet(pid_t tid);

/* Makes a child that ends with this process. */
pid_t fork_child(void);

/* Memory that children share. */
void *shared_memory(size_t size);

/* A file of no name, and another open file description of it. */
int temporary(void);
int reopen(int fd);

/* Writes until there is no room left, and, unless that fails, waits for more. */
void fill(int fd);

/* Prints what is true, and does not come back. */
void expect(const char *verdict, const pid_t *tids, size_t n);
void expect_members(const char *verdict, const struct member *m, size_t n);
void expect_actors(const char *verdict, struct actor *a, size_t n);

void die(const char *what);

/* A TCP connection within this host; @mapped: one end of IPv4, one of IPv6. */
bool tcp_pair(int fd[2], bool mapped);

/* The descriptor of an io_uring; negative where the kernel lets nobody have one. */
int open_uring(void);

/* Whether the kernel says which unix sockets are each other's ends. */
bool has_unix_peers(void);

struct scene {
	const char *name;
	void (*play)(size_t n);
};

extern const struct scene thread_scenes[], wait_scenes[], process_scenes[],
	file_scenes[], child_scenes[], socket_scenes[], healthy_scenes[],
	hostile_scenes[], own_scenes[], overlooked_scenes[];

#endif /* CORPUS_H */
