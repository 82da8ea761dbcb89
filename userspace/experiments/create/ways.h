/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ways to make something that runs: what each asks the kernel for, and one
 * child made and reaped by it.  Used by everything in experiments/create.
 */
#ifndef CREATE_WAYS_H
#define CREATE_WAYS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "coroutine/coroutine.h"

/* What a child may share with its maker, one bit each. */
enum share {
	SHARE_MM,
	SHARE_FILES,
	SHARE_FS,
	SHARE_SIGHAND,
	SHARE_GROUP,		/* the thread group: signals, exit, pid */
	SHARE_MNT,		/* and the namespaces */
	SHARE_UTS,
	SHARE_IPC,
	SHARE_NET,
	SHARE_PID,		/* that of the child itself */
	SHARE_CGROUP,
	SHARE_TIME,
	SHARE_USER,
	SHARES
};

enum way_kind {
	WAY_POOL,		/* a coroutine on a stack used before */
	WAY_FRESH,		/* a coroutine on a stack mapped for it */
	WAY_PTHREAD,
	WAY_CLONE,		/* clone3() with way.flags */
	WAY_FORK,
	WAY_VFORK,
	WAY_SPAWN,		/* posix_spawn() of the program that does nothing */
	WAY_EXEC,		/* fork() and execveat() of it */
};

/**
 * struct way - one way to make a child; the arms in create.c have the names
 * @kind: who makes it
 * @flags: of WAY_CLONE, the flags of clone3()
 */
struct way {
	enum way_kind kind;
	uint64_t flags;
};

enum way_id {
	WAY_ID_POOL,
	WAY_ID_FRESH,
	WAY_ID_PTHREAD,
	WAY_ID_PTHREAD_AGAIN,
	WAY_ID_FORK,
	WAY_ID_VFORK,
	WAY_ID_SPAWN,
	WAY_ID_EXEC,
	WAY_ID_CLONE,		/* clone3() by sets of flags */
	WAY_ID_FILES,
	WAY_ID_FS,
	WAY_ID_FILES_FS,
	WAY_ID_VM,
	WAY_ID_VM_FILES,
	WAY_ID_VM_FS,
	WAY_ID_VM_FILES_FS,
	WAY_ID_VM_SIG,
	WAY_ID_VM_FILES_SIG,
	WAY_ID_VM_FS_SIG,
	WAY_ID_VM_FILES_FS_SIG,
	WAY_ID_VM_SIG_THREAD,
	WAY_ID_VM_FILES_SIG_THREAD,
	WAY_ID_VM_FS_SIG_THREAD,
	WAY_ID_VM_FILES_FS_SIG_THREAD,
	WAY_ID_NS,		/* and by new namespaces */
	WAY_ID_NEW_MNT = WAY_ID_NS,
	WAY_ID_NEW_UTS,
	WAY_ID_NEW_IPC,
	WAY_ID_NEW_NET,
	WAY_ID_NEW_PID,
	WAY_ID_NEW_CGROUP,
	WAY_ID_NEW_TIME,
	WAY_ID_NEW_USER,
	WAY_ID_NEW_ALL,
	WAYS
};

extern const struct way ways[WAYS];

/* What its flags, or the manual, say that it shares: 1 << SHARE_x, or'ed. */
uint32_t way_claims(const struct way *w);

/* Whether the kernel schedules it at all, and under a task of its own. */
bool way_is_task(const struct way *w);

/* Whether the child runs the program that does nothing. */
bool way_execs(const struct way *w);

/*
 * What a child runs.  It may share everything but its stack with its maker, so
 * it makes system calls by raw_syscall() alone; it exits by returning.
 */
typedef void (*child_fn)(void *arg);

/**
 * struct maker - what a process needs to make children
 * @stack: for those that share its memory; one child at a time
 * @program: a descriptor of the program that does nothing, or a negative errno
 * @path: its name, for those who need one
 * @pipe: what a program that was started writes its clock to
 * @hold: what such a program waits for; -1: it does not wait
 * @pool: a coroutine that has ended, whose stack the next one takes
 * @fresh: the one on a stack of its own
 * @resume: where a coroutine goes when it ends
 * @fn: what coroutines run, with @arg
 */
struct maker {
	char *stack;
	int program;
	char path[32];
	int pipe[2];
	int hold;
	struct co pool;
	struct co fresh;
	void *resume;
	child_fn fn;
	void *arg;
};

/*
 * Return 0 or a negative errno; what it has of @m by then is released by
 * maker_end().  A missing program is no error: see @program.
 */
int maker_begin(struct maker *m);
void maker_end(struct maker *m);

/* A child that was made. */
struct child {
	struct maker *maker;
	child_fn fn;
	void *arg;
	pid_t tid;		/* in the maker's pid namespace; 0: not known */
	pthread_t thread;
	uint32_t running;	/* futex: the kernel clears it */
	int release;		/* of a program that waits: closing it ends it */
};

/**
 * way_make() - make one child
 * @fn: what it runs, with @arg; NULL: it exits at once
 *
 * A program that is started cannot run @fn: where @fn is given it writes its
 * clock to maker.pipe and, with maker.hold, waits.  A coroutine has ended when
 * this returns, so has a child of vfork().  @c stays until way_reap().
 * Return: 0, or a negative errno and no child.
 */
int way_make(const struct way *w, struct maker *m, child_fn fn, void *arg,
	     struct child *c);

/* @n coroutines of the pool, one after the other: 0 or a negative errno. */
int maker_run_pooled(struct maker *m, child_fn fn, void *arg, unsigned int n);

/* Wait until it is gone and reaped: 0 or a negative errno. */
int way_reap(const struct way *w, struct child *c);

#endif /* CREATE_WAYS_H */
