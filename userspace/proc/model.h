/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of /proc/ctxlab say, as structs.  All strings point into the
 * text that was read, which belongs to the struct as well; names are as the
 * task has them, unescaped.  NULL stands for "none" and for what the module,
 * perhaps an older one, does not say.
 */
#ifndef CTXLAB_MODEL_H
#define CTXLAB_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

/* The resources that clone(2) can share, in the order of the files. */
enum resource {
	RES_MM,
	RES_FILES,
	RES_FS,
	RES_SIGHAND,
	RES_SIGNAL,
	RES_IO,
	RES_SYSVSEM,
	RES_CRED,
	RES_NSPROXY,
	RESOURCES
};

struct resource_name {
	const char *key;	/* "Mm" */
	const char *column;	/* "MM" */
	const char *name;	/* "mm" */
	const char *meaning;	/* "memory" */
};

extern const struct resource_name resource_names[RESOURCES];

/* The meaning of a row of a pair's table, namespaces too; NULL: unknown. */
const char *resource_meaning(const char *name);

/* An object and, where the file tells, who holds it. */
struct holding {
	const char *id;
	bool counted;		/* users is known */
	bool reconciled;	/* here, elsewhere, unseen are known */
	bool exact;		/* and add up to users */
	unsigned long long users;
	unsigned long long here;
	unsigned long long elsewhere;
	unsigned long long unseen;
};

/* One row of "Threads:", joined with its row of "Own:". */
struct thread {
	unsigned long long tid;
	const char *state;
	const char *cpu;
	const char *res[RESOURCES];	/* "=", an ID; NULL: none */
	const char *vcsw;
	const char *icsw;
	const char *kstack;
	const char *stack;
	const char *size;
	const char *sp;
	const char *tls;
	const char *policy;
	const char *prio;
	const char *start;
	const char *name;
};

/* One row of "Elsewhere:". */
struct sharer {
	unsigned long long tgid;
	unsigned long long tid;
	const char *res[RESOURCES];	/* as in struct thread */
	const char *name;
};

struct namespace {
	const char *name;
	const char *id;
};

#define MAX_NAMESPACES 16

/* /proc/ctxlab/<pid>, or <tid> with @tid and one thread. */
struct process {
	const char *summary;
	const char *name;
	unsigned long long tid;		/* of a file of one thread; else 0 */
	unsigned long long tgid;
	unsigned long long ppid;
	const char *kind;
	const char *state;
	const char *uid;
	const char *start;
	struct holding res[RESOURCES];
	const char *mm_borrowed;
	const char *mm_count;
	const char *mm_maps;
	const char *mm_rss;		/* kB */
	const char *mm_page_tables;	/* kB */
	const char *mm_cpus;
	const char *mm_cpus_how;	/* "superset", "unknown" */
	const char *files_open;
	const char *files_cloexec;
	const char *files_slots;
	const char *files_kinds;
	const char *files_duplicates;	/* a number, or why there is none */
	bool compared;				/* deviating is known */
	unsigned long long deviating[RESOURCES];	/* threads */
	const char *leader;		/* of a thread: its "Leader:" */
	size_t nnamespaces;
	struct namespace namespace[MAX_NAMESPACES];
	unsigned long long threads;
	unsigned long long threads_unseen;
	size_t nthread;
	struct thread *thread;
	const char *kstack_size;
	size_t nsharer;
	struct sharer *sharer;
	const char *walk;
	struct text text;
	char *buf;
};

/* One side of a pair. */
struct side {
	unsigned long long tid;
	unsigned long long tgid;
	const char *kind;
	const char *state;
	const char *name;
};

struct pair_row {
	const char *resource;
	const char *is;
	const char *a;
	const char *b;
};

/* An open file description that two tables hold. */
struct common_file {
	const char *id;
	unsigned long long fd_a;	/* the lowest descriptors of it */
	unsigned long long fd_b;
	const char *kind;
};

/* How many descriptors a side has open, and how many of them are duplicates. */
struct open_files {
	unsigned long long open;
	unsigned long long duplicates;
};

/* An object that both sides have mapped shared; what both have of it, in kB. */
struct common_map {
	const char *id;
	const char *kind;
	unsigned long long kb;
	struct shared_maps {	/* of one side */
		unsigned long long maps;
		unsigned long long kb;
	} a, b;
	const char *name;
};

/* /proc/ctxlab/<a>,<b> */
struct pair {
	const char *summary;
	struct side a;
	struct side b;
	const char *relation;
	const char *must;	/* "Switch:" */
	const char *cr3_write;
	const char *pcid;
	const char *pti;
	bool files_compared;	/* two tables; then what follows is known */
	unsigned long long common;	/* descriptions that both hold */
	struct open_files files_a;
	struct open_files files_b;
	size_t ncommon_file;	/* those of them that are listed */
	struct common_file *common_file;
	bool maps_compared;	/* two maps; then what follows is known */
	unsigned long long objects;	/* that both have mapped shared */
	unsigned long long objects_kb;	/* mapped by both */
	struct shared_maps maps_a;
	struct shared_maps maps_b;
	unsigned long long private_files;	/* that both have mapped privately */
	size_t ncommon_map;	/* the objects that are listed */
	struct common_map *common_map;
	size_t nrow;
	struct pair_row *row;
	struct text text;
	char *buf;
};

/* One line of /proc/ctxlab/tasks. */
struct task {
	unsigned long long tgid;
	unsigned long long tid;
	const char *kind;
	const char *res[RESOURCES];	/* NULL: none */
	unsigned long long users[RES_SIGHAND + 1];	/* mm to sighand */
	unsigned long long rss;		/* kB */
	const char *name;
};

struct tasks {
	size_t n;
	struct task *task;
	char *buf;
};

/*
 * Each takes over @buf (from malloc(), @len bytes and a NUL), also when it
 * fails.  Return: 0, or -1 with @err set and nothing to release.
 */
int process_parse(struct process *p, char *buf, size_t len,
		  struct text_error *err);
int pair_parse(struct pair *p, char *buf, size_t len, struct text_error *err);
int tasks_parse(struct tasks *t, char *buf, size_t len, struct text_error *err);

void process_free(struct process *p);
void pair_free(struct pair *p);
void tasks_free(struct tasks *t);

#endif /* CTXLAB_MODEL_H */
