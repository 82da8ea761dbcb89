/* SPDX-License-Identifier: GPL-2.0-only */
/* What procfs writes about tasks, mappings and file locks: text -> structs. */
#ifndef CTXLAB_DEADLOCK_PARSE_H
#define CTXLAB_DEADLOCK_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum call_state {
	CALL_UNKNOWN,	/* it could not be read */
	CALL_RUNNING,	/* on a CPU, or about to be */
	CALL_NONE,	/* blocked, but in no system call */
	CALL_BLOCKED,	/* blocked in system call @nr */
};

/* What a thread is in, as /proc/<pid>/task/<tid>/syscall has it. */
struct call {
	enum call_state state;
	long nr;
	uint64_t args[6];
	uint64_t sp, pc;
};

/* Each returns false, with an undefined result, where the text makes no sense. */
bool parse_call(const char *text, struct call *call);

bool call_equal(const struct call *a, const struct call *b);

/* The third number of schedstat: how often the thread was given a CPU. */
bool parse_runs(const char *text, uint64_t *runs);

struct stat_line {
	char name[64];
	char state;
	pid_t ppid;
	bool execed;			/* it has run a program since it was forked */
	unsigned long long start;	/* in clock ticks since boot */
};

/* /proc/<pid>/stat; a name may hold blanks and parentheses. */
bool parse_stat(const char *text, struct stat_line *stat);

/* The last number of a status's NSpid line: the ID in the innermost namespace. */
bool parse_ns_tid(const char *text, pid_t *tid);

/* Whether a status names a handler for a signal that others send. */
bool parse_catches(const char *text);

/* A line of /proc/<pid>/maps. */
struct map_line {
	uint64_t start, end, offset;
	unsigned long long inode;
	bool executable;
	bool shared;
	const char *name;	/* within the line; empty for anonymous memory */
	size_t name_len;
};

bool parse_map(const char *line, struct map_line *map);

enum file_lock_kind { FILE_LOCK_FLOCK, FILE_LOCK_POSIX, FILE_LOCK_OFD };

/* A line of /proc/locks, or of a fdinfo's "lock:". */
struct lock_line {
	unsigned long long id;
	unsigned int depth;	/* 0: it is held; else it waits for the one above */
	enum file_lock_kind kind;
	bool write;
	pid_t pid;		/* -1 for an open file description's */
	unsigned long long device;	/* major << 32 | minor */
	unsigned long long inode;
	char range[48];		/* start and end, as they stand */
};

bool parse_lock(const char *line, struct lock_line *lock);

#endif /* CTXLAB_DEADLOCK_PARSE_H */
