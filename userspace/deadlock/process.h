/* SPDX-License-Identifier: GPL-2.0-only */
/* A process that is looked at: its threads, its memory, what it has mapped. */
#ifndef CTXLAB_DEADLOCK_PROCESS_H
#define CTXLAB_DEADLOCK_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "halted.h"
#include "parse.h"
#include "wait.h"

struct gs;
struct image;
struct process;

/* Bytes of the stack, from the stack pointer on, in which callers are sought. */
#define STACK_WINDOW 512
/* Bytes around a futex word: no lock that is decoded is larger. */
#define WORD_BEFORE 16
#define WORD_WINDOW 96

/* Whether the owner that a lock records is there. */
enum owner_state {
	OWNER_UNKNOWN,	/* none is recorded, or it cannot be told whose ID it is */
	OWNER_THREAD,	/* a thread that was found */
	OWNER_GONE,	/* no thread that has this memory has that ID */
	OWNER_FORKED,	/* likewise, but an ancestor's thread has: a lock at a fork */
	OWNER_DESCRIPTION,	/* an open file description, whose taker is not here */
	OWNER_UNSEEN,	/* of a file lock that neither /proc/locks nor fdinfo shows */
};

/* The registers that a function saves for its caller, in the order of the module. */
struct saved {
	bool known;
	uint64_t value[12];
};

/**
 * struct blockers - who can end a wait
 * @state: of the owner that the lock records
 * @owner: where @state is OWNER_THREAD: that thread
 * @parent: where it is OWNER_FORKED: the process whose thread the owner is
 * @heir: where @state is OWNER_GONE or OWNER_FORKED: the thread that may hold the
 *	lock in the owner's place, as what the owner became by a fork, or NULL
 * @process: where a wait is ended by any thread of some processes: those
 * @n: number of them
 * @own: beside them, any thread of its own process can
 * @certain: nobody else can end it, but for signals
 */
struct blockers {
	enum owner_state state;
	struct thread *owner;
	pid_t parent;
	struct thread *heir;
	struct process **process;
	size_t n;
	bool own;
	bool certain;
};

/**
 * struct thread - a thread, and what was read of it last
 * @process: whose it is
 * @tid: its ID here
 * @ns_tid: in the pid namespace of the process, by which locks name it
 * @call_fd: its "syscall" file, -1 while closed
 * @runs_fd: its "schedstat" file, likewise
 * @call: what it is in
 * @runs: how often it had been given a CPU; with the module, the switches added
 * @saved: its registers, where the module told them
 * @wait: what it waits for
 * @by: who can end that
 * @node: its node in the graph
 * @finding: the number of the finding that it is in, from 1 on; 0: none
 * @behind: it is in none, but waits, in the end, for one
 * @awaited: another thread waits for it alone
 * @ended: a leader that has exited before its threads, or a process not reaped
 * @halt: what keeps it from running, where others wait for it in the end
 */
struct thread {
	struct process *process;
	pid_t tid, ns_tid;
	int call_fd, runs_fd;
	struct call call;
	uint64_t runs;
	struct saved saved;
	struct wait wait;
	struct blockers by;
	size_t node;
	unsigned int finding;
	bool behind;
	bool awaited;
	bool ended;
	enum halt halt;
};

/* Why something of a process cannot be seen: a negative errno, 0 where it can. */
struct trouble {
	int calls;
	int memory;
};

/*
 * A mapping that has a name, or is executable.  From @end to @data_end follows
 * anonymous memory, which has the data of the file that begin with zeros.
 */
struct mapping {
	uint64_t start, end, data_end, offset;
	unsigned long long inode;
	bool executable, shared;
	char *name;
};

/**
 * struct process - a process
 * @pid: its ID here
 * @ppid: its parent's
 * @start: when it was started, in clock ticks since boot
 * @dir: /proc/<pid>; what is opened below it is of this process, whoever gets
 *	its ID next
 * @tasks: /proc/<pid>/task
 * @waits_fd: the module's file of its waits, -1 while closed
 * @by_module: the threads and their calls were read there last
 * @name: of its main thread
 * @asked: the user named it; the others are those that it waits for
 * @translated: it is in another pid namespace: locks name threads by @ns_tid
 * @pid_ns: its pid namespace, as the inode of ns/pid
 * @compat: it is a 32-bit program, whose calls are not decoded
 * @golang: Go's runtime schedules goroutines on its threads
 * @trouble: what cannot be seen
 * @thread: by @ns_tid
 * @gs: what it schedules on its threads by libgpm, or NULL; gs_find()
 * @node: its node in the graph: it progresses where one of its threads can
 */
struct process {
	pid_t pid, ppid;
	unsigned long long start;
	int dir, tasks, waits_fd;
	char name[64];
	bool by_module;
	bool asked;
	bool translated;
	unsigned long long pid_ns;
	bool compat;
	bool golang;
	struct trouble trouble;
	struct thread **thread;
	size_t threads, room;
	struct mapping *mapping;
	size_t mappings;
	bool mapped;		/* @mapping was read */
	struct image *images;
	struct gs *gs;
	size_t node;
};

/* The process that thread @tid is of; 0 where there is none to be seen. */
pid_t process_of(pid_t tid);

/* Opens a process; NULL with *@err a negative errno where it is not there. */
struct process *process_open(pid_t pid, int *err);
void process_close(struct process *p);

/* Lists the threads anew: those that have gone are dropped.  0 or an errno. */
int process_list(struct process *p);

/* Likewise with the threads of these IDs, each once and in order. */
void process_take(struct process *p, const pid_t *tid, size_t n);

struct thread *process_thread(const struct process *p, pid_t ns_tid);

/* Whether all its threads have ended; nobody has waited for it yet. */
bool process_ended(const struct process *p);

/* Whether the process has a thread now that was not listed. */
bool process_has_new_thread(const struct process *p);

/* Whether the process has a thread of that ID now, whatever was listed. */
bool process_has_thread(const struct process *p, pid_t ns_tid);

/* Reads @t->call anew; a thread that has gone is CALL_UNKNOWN. */
void thread_read_call(struct thread *t);

/* Reads @t->runs anew; false where that cannot be. */
bool thread_read_runs(struct thread *t);

/* Reads what stat says of the thread; false where it has gone. */
bool thread_read_stat(const struct thread *t, struct stat_line *stat);

/* Reads a small file below @dir whole, NUL-terminated; its length or an errno. */
ssize_t file_read(int dir, const char *name, char *buf, size_t size);

/* A piece of memory to read. */
struct piece {
	uint64_t address;
	void *to;
	size_t len;
	bool ok;	/* it was read whole */
};

/* Reads pieces of memory in as few calls as can be; sets @trouble.memory. */
void process_read(struct process *p, struct piece *piece, size_t n);

/* Reads the mappings, unless that was done since process_unmap(). */
void process_map(struct process *p);
/* Forgets them: the process may have mapped others, or be another program. */
void process_unmap(struct process *p);
/* The mapping that @address lies in, or NULL; process_map() comes before. */
const struct mapping *process_mapping(const struct process *p, uint64_t address);

/* Opens the file behind a mapping: the same regular file, or a negative errno. */
int mapping_open(const struct process *p, const struct mapping *m);

#endif /* CTXLAB_DEADLOCK_PROCESS_H */
