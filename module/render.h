/* SPDX-License-Identifier: GPL-2.0-only */
/* Plain structs -> the text that module/ABI describes. */
#ifndef CTXLAB_RENDER_H
#define CTXLAB_RENDER_H

#include "common_files.h"
#include "common_maps.h"
#include "line.h"
#include "snapshot.h"

struct ctxlab_wait;
struct seq_file;

/* The kinds whose holders are looked for outside the process. */
#define CTXLAB_RECONCILED_KINDS	(CTXLAB_SIGHAND + 1)

/**
 * struct ctxlab_process - what the head of /proc/ctxlab/<pid> tells
 * @leader: the leader, for what only it can tell
 * @base: whose resources stand for the process: the leader, or the first live
 *        thread where the leader has exited
 * @ns: namespaces of @base
 * @mm: mm of @base, if it has one
 * @files: file table of @base, if it has one
 * @threads: threads seen
 * @hidden: threads that the reader may not see
 * @here: threads seen that hold @base's object
 * @elsewhere: visible tasks of other processes that hold it
 * @sharers: visible tasks of other processes that hold any of them
 * @deviating: threads seen that hold another object than @base, or none
 * @let_go: a bit for each kind of which @base's task has let go since; what is
 *          counted of that kind is not all
 */
struct ctxlab_process {
	struct ctxlab_task leader;
	struct ctxlab_task base;
	struct ctxlab_namespaces ns;
	struct ctxlab_mm mm;
	struct ctxlab_files files;
	unsigned int threads;
	unsigned int hidden;
	unsigned int here[CTXLAB_RECONCILED_KINDS];
	unsigned int elsewhere[CTXLAB_RECONCILED_KINDS];
	unsigned int sharers;
	unsigned int deviating[CTXLAB_TASK_KINDS];
	unsigned int let_go;
};

/* The words of the ABI, by enum ctxlab_task_kind and enum ctxlab_kind. */
extern const char *const ctxlab_task_kind_names[];
extern const char *const ctxlab_resource_names[CTXLAB_RESOURCES];
extern const char *const ctxlab_file_kind_names[];

/* The word for why nothing can be told of what is alike. */
const char *ctxlab_uncompared(enum ctxlab_compared how);

/* How two tasks relate; the order is that of the checks. */
enum ctxlab_relation {
	CTXLAB_SAME_TASK,
	CTXLAB_SAME_THREAD_GROUP,
	CTXLAB_VFORK,
	CTXLAB_SHARED_MM,
	CTXLAB_SHARED_FILES,
	CTXLAB_SHARED_OTHER,
	CTXLAB_SEPARATE,
};

enum ctxlab_switch {
	CTXLAB_SWITCH_NONE,
	CTXLAB_SWITCH_SAME_MM,
	CTXLAB_SWITCH_LAZY,
	CTXLAB_SWITCH_OTHER_MM,
};

struct ctxlab_pair {
	struct ctxlab_task task[2];
	struct ctxlab_namespaces ns[2];
	enum ctxlab_relation relation;
	enum ctxlab_switch sw;
	bool tlb_tagged;
	bool isolated;
	struct ctxlab_common_files files;
	struct ctxlab_common_maps maps;
};

/**
 * struct ctxlab_last_ids - what the last row of "tasks" had, since neighbours in
 *                          a walk mostly share
 * @held: the objects
 * @id: their IDs
 * @text: the same in text, a blank before each
 * @len: how long that is; 0 before the first row
 * @user: whose uid @uid is
 * @uid: as the reader's user namespace has it
 */
struct ctxlab_last_ids {
	const void *held[CTXLAB_TASK_KINDS];
	u64 id[CTXLAB_TASK_KINDS];
	char text[CTXLAB_TASK_KINDS * (1 + CTXLAB_ID_LEN)];
	unsigned int len;
	kuid_t user;
	uid_t uid;
};

void ctxlab_render_process(struct seq_file *m, const struct ctxlab_process *p);
/* @held: by kind, the objects that "=" stands for. */
void ctxlab_render_thread_row(struct seq_file *m, const struct ctxlab_task *t,
			      const void *const *held);
void ctxlab_render_own_head(struct seq_file *m);
void ctxlab_render_own_row(struct seq_file *m, const struct ctxlab_task *t);
void ctxlab_render_elsewhere_head(struct seq_file *m, unsigned int sharers);
void ctxlab_render_elsewhere_row(struct seq_file *m, const struct ctxlab_task *t,
				 const void *const *held);
/* @let_go: as in struct ctxlab_process, at the end of the walk. */
void ctxlab_render_walk(struct seq_file *m, unsigned int came, unsigned int gone,
			unsigned int let_go);

/* @leader is NULL where the reader may not see it. */
void ctxlab_render_thread(struct seq_file *m, const struct ctxlab_task *t,
			  const struct ctxlab_namespaces *ns,
			  const struct ctxlab_task *leader);

void ctxlab_render_pair(struct seq_file *m, const struct ctxlab_pair *p);

/* @hidden, @withheld: threads that the reader may not see, and registers. */
void ctxlab_render_waits_head(struct seq_file *m, pid_t tgid);
void ctxlab_render_waits_row(struct seq_file *m, const struct ctxlab_wait *w);
void ctxlab_render_waits_tail(struct seq_file *m, unsigned int hidden,
			      unsigned int withheld);

void ctxlab_render_tasks_head(struct seq_file *m);
void ctxlab_render_tasks_row(struct seq_file *m, const struct ctxlab_task *t,
			     struct ctxlab_last_ids *last);

#endif /* CTXLAB_RENDER_H */
