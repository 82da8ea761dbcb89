// SPDX-License-Identifier: GPL-2.0-only
/*
 * Plain structs -> the text that module/ABI describes.
 *
 * No task_struct is touched here: the addresses in a snapshot are compared and
 * hashed, never followed.
 */
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/time_namespace.h>
#include <linux/user_namespace.h>

#include "line.h"
#include "render.h"

const char *const ctxlab_task_kind_names[] = {
	[CTXLAB_TASK_USER]		= "user",
	[CTXLAB_TASK_KTHREAD]		= "kthread",
	[CTXLAB_TASK_IO_WORKER]		= "io_worker",
	[CTXLAB_TASK_USER_WORKER]	= "user_worker",
};

const char *const ctxlab_resource_names[CTXLAB_RESOURCES] = {
	[CTXLAB_MM]		= "mm",
	[CTXLAB_FILES]		= "files",
	[CTXLAB_FS]		= "fs",
	[CTXLAB_SIGHAND]	= "sighand",
	[CTXLAB_SIGNAL]		= "signal",
	[CTXLAB_IO]		= "io",
	[CTXLAB_SYSVSEM]	= "sysvsem",
	[CTXLAB_CRED]		= "cred",
	[CTXLAB_NSPROXY]	= "nsproxy",
	[CTXLAB_MNT_NS]		= "mnt",
	[CTXLAB_UTS_NS]		= "uts",
	[CTXLAB_IPC_NS]		= "ipc",
	[CTXLAB_NET_NS]		= "net",
	[CTXLAB_PID_NS]		= "pid",
	[CTXLAB_CGROUP_NS]	= "cgroup",
	[CTXLAB_TIME_NS]	= "time",
	[CTXLAB_USER_NS]	= "user",
};

static const char *policy_name(int policy)
{
	static const char *const names[] = {
		[SCHED_NORMAL]		= "OTHER",
		[SCHED_FIFO]		= "FIFO",
		[SCHED_RR]		= "RR",
		[SCHED_BATCH]		= "BATCH",
		[SCHED_IDLE]		= "IDLE",
		[SCHED_DEADLINE]	= "DEADLINE",
		[7]			= "EXT",
	};

	if (policy < 0 || policy >= ARRAY_SIZE(names) || !names[policy])
		return "?";
	return names[policy];
}

static void put_id_of(struct ctxlab_line *l, enum ctxlab_kind kind,
		      const void *object)
{
	ctxlab_put_id(l, ctxlab_id(kind, object));
}

/* "=" for @held, "-" for none, else the ID. */
static void put_cell(struct ctxlab_line *l, enum ctxlab_kind kind,
		     const void *object, const void *held)
{
	if (object && object == held)
		ctxlab_put_char(l, '=');
	else
		put_id_of(l, kind, object);
}

/* Seconds since the boot that the reader's time namespace knows. */
static void put_start(struct ctxlab_line *l, u64 start)
{
	u32 rest;
	u64 sec = div_u64_rem(timens_add_boottime_ns(start), NSEC_PER_SEC, &rest);

	ctxlab_put_dec(l, sec);
	ctxlab_put_char(l, '.');
	ctxlab_put_dec(l, rest / 100000000);
	ctxlab_put_dec(l, rest / 10000000 % 10);
}

static void show_word(struct seq_file *m, const char *key, const char *word)
{
	struct ctxlab_line l;

	ctxlab_begin_key(&l, m, key);
	ctxlab_put_str(&l, word);
	ctxlab_end_line(&l);
}

static void show_name(struct seq_file *m, const char *key, const char *comm)
{
	struct ctxlab_line l;

	ctxlab_begin_key(&l, m, key);
	ctxlab_put_name(&l, comm);
	ctxlab_end_line(&l);
}

/* @unit begins with a blank, or is empty. */
static void show_number(struct seq_file *m, const char *key, u64 number,
			const char *unit)
{
	struct ctxlab_line l;

	ctxlab_begin_key(&l, m, key);
	ctxlab_put_dec(&l, number);
	if (*unit)
		ctxlab_put_str(&l, unit);
	ctxlab_end_line(&l);
}

static void show_start(struct seq_file *m, const struct ctxlab_task *t)
{
	struct ctxlab_line l;

	ctxlab_begin_key(&l, m, "Start:        ");
	put_start(&l, t->start);
	ctxlab_end_line(&l);
}

static void put_id_or_none(struct ctxlab_line *l, enum ctxlab_kind kind,
			   const void *object)
{
	if (object)
		put_id_of(l, kind, object);
	else
		ctxlab_put_literal(l, "none");
}

static void show_id(struct seq_file *m, const char *key, enum ctxlab_kind kind,
		    const void *object)
{
	struct ctxlab_line l;

	ctxlab_begin_key(&l, m, key);
	put_id_or_none(&l, kind, object);
	ctxlab_end_line(&l);
}

/* A key, and the start of its line: the object and its counter. */
static void begin_users(struct ctxlab_line *l, struct seq_file *m,
			const char *key, enum ctxlab_kind kind,
			const struct ctxlab_task *t)
{
	ctxlab_begin_key(l, m, key);
	put_id_or_none(l, kind, t->held[kind]);
	if (!t->held[kind])
		return;
	ctxlab_put_literal(l, " users ");
	ctxlab_put_dec(l, t->users[kind]);
}

static void show_users(struct seq_file *m, const char *key,
		       enum ctxlab_kind kind, const struct ctxlab_task *t)
{
	struct ctxlab_line l;

	begin_users(&l, m, key, kind, t);
	ctxlab_end_line(&l);
}

/* The counter, against the holders that were found. */
static void show_reconciled(struct seq_file *m, const char *key,
			    enum ctxlab_kind kind, const struct ctxlab_process *p)
{
	unsigned int users = p->base.users[kind];
	unsigned int found = p->here[kind] + p->elsewhere[kind];
	bool moved = found > users || p->let_go & BIT(kind);
	struct ctxlab_line l;

	begin_users(&l, m, key, kind, &p->base);
	if (p->base.held[kind]) {
		ctxlab_put(&l, moved ? " ~ " : " = ", 3);
		ctxlab_put_dec(&l, p->here[kind]);
		ctxlab_put_literal(&l, " here + ");
		ctxlab_put_dec(&l, p->elsewhere[kind]);
		ctxlab_put_literal(&l, " elsewhere + ");
		ctxlab_put_dec(&l, found > users ? 0 : users - found);
		ctxlab_put_literal(&l, " unseen");
	}
	ctxlab_end_line(&l);
}

static void show_namespaces(struct seq_file *m,
			    const struct ctxlab_namespaces *ns)
{
	/* Their names, with the blanks around them. */
	static const char names[CTXLAB_NS_KINDS][10] = {
		"  mnt     ", "  uts     ", "  ipc     ", "  net     ",
		"  pid     ", "  cgroup  ", "  time    ", "  user    ",
	};
	struct ctxlab_line l;
	int i;

	seq_puts(m, "Namespaces:\n  NS      ID\n");
	for (i = 0; i < CTXLAB_NS_KINDS; i++) {
		ctxlab_begin_line(&l, m);
		ctxlab_put(&l, names[i], sizeof(names[i]));
		put_id_of(&l, CTXLAB_FIRST_NS + i, ns->held[i]);
		ctxlab_end_line(&l);
	}
}

static void put_held(struct ctxlab_line *l, const char *what, unsigned int users)
{
	ctxlab_put_str(l, what);
	ctxlab_put_literal(l, " held ");
	ctxlab_put_dec(l, users);
	ctxlab_put_str(l, users == 1 ? " time" : " times");
}

static void summarize_user(struct ctxlab_line *l, const struct ctxlab_process *p)
{
	unsigned int threads = p->threads + p->hidden;
	unsigned int files = p->here[CTXLAB_FILES] + p->elsewhere[CTXLAB_FILES];

	ctxlab_put_literal(l, "1 process = ");
	ctxlab_put_dec(l, threads);
	ctxlab_put_str(l, threads == 1 ? " task_struct" : " task_structs");
	put_held(l, " + 1 mm_struct", p->base.users[CTXLAB_MM]);
	if (p->base.held[CTXLAB_FILES])
		put_held(l, " + 1 files_struct", p->base.users[CTXLAB_FILES]);
	if (files < p->base.users[CTXLAB_FILES] ||
	    p->elsewhere[CTXLAB_MM] || p->elsewhere[CTXLAB_FILES])
		ctxlab_put_literal(l, ", not by its threads alone");
	if (p->deviating[CTXLAB_FILES]) {
		ctxlab_put_literal(l, ", ");
		ctxlab_put_dec(l, p->deviating[CTXLAB_FILES]);
		ctxlab_put_str(l, p->deviating[CTXLAB_FILES] == 1 ?
			       " thread without it" : " threads without it");
	}
}

static void show_summary(struct seq_file *m, const struct ctxlab_process *p)
{
	struct ctxlab_line l;

	ctxlab_begin_key(&l, m, "Summary:      ");
	if (p->base.kind == CTXLAB_TASK_KTHREAD)
		ctxlab_put_literal(&l,
				   "1 kernel thread = 1 task_struct; no mm_struct of its own, the kernel's files_struct");
	else if (p->base.held[CTXLAB_MM])
		summarize_user(&l, p);
	else
		ctxlab_put_literal(&l,
				   "1 task_struct without an mm_struct: it has exited, or is about to");
	ctxlab_end_line(&l);
}

static void show_task(struct seq_file *m, const struct ctxlab_task *t)
{
	const char state[] = { t->state, '\0' };

	show_number(m, "Tgid:         ", t->tgid, "");
	show_number(m, "PPid:         ", t->ppid, "");
	show_word(m, "Kind:         ", ctxlab_task_kind_names[t->kind]);
	show_word(m, "State:        ", state);
	show_number(m, "Uid:          ", from_kuid_munged(seq_user_ns(m), t->uid), "");
}

static void show_mm(struct seq_file *m, const struct ctxlab_process *p)
{
	const struct ctxlab_mm *mm = &p->mm;

	show_reconciled(m, "Mm:           ", CTXLAB_MM, p);
	if (p->base.kind == CTXLAB_TASK_KTHREAD)
		show_id(m, "MmBorrowed:   ", CTXLAB_MM, p->base.borrowed);
	if (!p->base.held[CTXLAB_MM])
		return;
	show_number(m, "MmCount:      ", mm->count, "");
	show_number(m, "MmMaps:       ", mm->maps, "");
	show_number(m, "MmRss:        ", mm->rss_kb, " kB");
	show_number(m, "MmPageTables: ", mm->page_tables_kb, " kB");
	if (!mm->cpus_known)
		show_word(m, "MmCpus:       ", "unknown");
	else if (cpumask_empty(&mm->cpus))
		show_word(m, "MmCpus:       ", "none superset");
	else
		seq_printf(m, "MmCpus:       %*pbl superset\n",
			   cpumask_pr_args(&mm->cpus));
}

/* One more pair of a word and a number in a line of pairs. */
static void put_pair(struct ctxlab_line *l, const char *name, unsigned int n)
{
	/* The first follows the blanks behind the key. */
	if (l->len && l->text[l->len - 1] != ' ')
		ctxlab_put_char(l, ' ');
	ctxlab_put_str(l, name);
	ctxlab_put_char(l, ' ');
	ctxlab_put_dec(l, n);
}

const char *const ctxlab_file_kind_names[] = {
	[CTXLAB_FILE_REG]	= "file",
	[CTXLAB_FILE_DIR]	= "dir",
	[CTXLAB_FILE_CHR]	= "chr",
	[CTXLAB_FILE_BLK]	= "blk",
	[CTXLAB_FILE_PIPE]	= "pipe",
	[CTXLAB_FILE_SOCKET]	= "socket",
	[CTXLAB_FILE_LINK]	= "link",
	[CTXLAB_FILE_ANON]	= "anon",
};

static void show_file_kinds(struct seq_file *m, const struct ctxlab_files *files)
{
	struct ctxlab_line l;
	int i;

	ctxlab_begin_key(&l, m, "FilesKinds:   ");
	for (i = 0; i < CTXLAB_FILE_KINDS; i++)
		put_pair(&l, ctxlab_file_kind_names[i], files->kinds[i]);
	ctxlab_end_line(&l);
}

const char *ctxlab_uncompared(enum ctxlab_compared how)
{
	return how == CTXLAB_CHANGED ? "changed" : "too-many";
}

static void show_files(struct seq_file *m, const struct ctxlab_process *p)
{
	show_reconciled(m, "Files:        ", CTXLAB_FILES, p);
	if (!p->base.held[CTXLAB_FILES])
		return;
	show_number(m, "FilesOpen:    ", p->files.open, "");
	show_number(m, "FilesCloexec: ", p->files.cloexec, "");
	show_number(m, "FilesSlots:   ", p->files.slots, "");
	show_file_kinds(m, &p->files);
	if (p->files.counted == CTXLAB_COMPARED)
		show_number(m, "FilesDuplicates: ", p->files.duplicates, "");
	else
		show_word(m, "FilesDuplicates: ",
			  ctxlab_uncompared(p->files.counted));
}

static void show_others(struct seq_file *m, const struct ctxlab_task *t)
{
	show_id(m, "Signal:       ", CTXLAB_SIGNAL, t->held[CTXLAB_SIGNAL]);
	show_users(m, "Io:           ", CTXLAB_IO, t);
	show_id(m, "Sysvsem:      ", CTXLAB_SYSVSEM, t->held[CTXLAB_SYSVSEM]);
	show_id(m, "Cred:         ", CTXLAB_CRED, t->held[CTXLAB_CRED]);
	show_id(m, "Nsproxy:      ", CTXLAB_NSPROXY, t->held[CTXLAB_NSPROXY]);
}

static void show_deviating(struct seq_file *m, const struct ctxlab_process *p)
{
	struct ctxlab_line l;
	int kind;

	ctxlab_begin_key(&l, m, "Deviating:    ");
	for (kind = 0; kind < CTXLAB_TASK_KINDS; kind++)
		if (kind != CTXLAB_SIGNAL)
			put_pair(&l, ctxlab_resource_names[kind],
				 p->deviating[kind]);
	ctxlab_end_line(&l);
}

static void show_threads_head(struct seq_file *m, const struct ctxlab_process *p)
{
	struct ctxlab_line l;

	ctxlab_begin_key(&l, m, "Threads:      ");
	ctxlab_put_dec(&l, p->threads + p->hidden);
	if (p->hidden) {
		ctxlab_put_literal(&l, " (");
		ctxlab_put_dec(&l, p->hidden);
		ctxlab_put_literal(&l, " unseen)");
	}
	ctxlab_end_line(&l);
	seq_puts(m, "  TID     ST CPU MM FILES FS SIGHAND IO SYSVSEM CRED NSPROXY VCSW     ICSW   NAME\n");
}

void ctxlab_render_process(struct seq_file *m, const struct ctxlab_process *p)
{
	show_summary(m, p);
	show_name(m, "Name:         ", p->leader.comm);
	show_task(m, &p->leader);
	show_start(m, &p->leader);
	show_mm(m, p);
	show_files(m, p);
	show_reconciled(m, "Fs:           ", CTXLAB_FS, p);
	show_reconciled(m, "Sighand:      ", CTXLAB_SIGHAND, p);
	show_others(m, &p->base);
	show_namespaces(m, &p->ns);
	show_deviating(m, p);
	show_threads_head(m, p);
}

void ctxlab_render_thread_row(struct seq_file *m, const struct ctxlab_task *t,
			      const void *const *held)
{
	/* The kinds of a row's cells, and where the next column starts. */
	static const struct {
		enum ctxlab_kind kind;
		unsigned int next;
	} cells[] = {
		{ CTXLAB_MM, 20 }, { CTXLAB_FILES, 26 }, { CTXLAB_FS, 29 },
		{ CTXLAB_SIGHAND, 37 }, { CTXLAB_IO, 40 },
		{ CTXLAB_SYSVSEM, 48 }, { CTXLAB_CRED, 53 },
		{ CTXLAB_NSPROXY, 61 },
	};
	struct ctxlab_line l;
	int i;

	ctxlab_begin_line(&l, m);
	ctxlab_put_str(&l, "  ");
	ctxlab_put_dec(&l, t->tid);
	ctxlab_put_blanks(&l, 10);
	ctxlab_put_char(&l, t->state);
	ctxlab_put_blanks(&l, 13);
	ctxlab_put_dec(&l, t->cpu);
	ctxlab_put_blanks(&l, 17);
	for (i = 0; i < ARRAY_SIZE(cells); i++) {
		put_cell(&l, cells[i].kind, t->held[cells[i].kind],
			 held[cells[i].kind]);
		ctxlab_put_blanks(&l, cells[i].next);
	}
	ctxlab_put_dec(&l, t->nvcsw);
	ctxlab_put_blanks(&l, 70);
	ctxlab_put_dec(&l, t->nivcsw);
	ctxlab_put_blanks(&l, 77);
	ctxlab_put_name(&l, t->comm);
	ctxlab_end_line(&l);
}

void ctxlab_render_own_head(struct seq_file *m)
{
	struct ctxlab_line l;

	ctxlab_begin_key(&l, m, "Own:          ");
	ctxlab_put_literal(&l, "kernel stack ");
	ctxlab_put_dec(&l, THREAD_SIZE >> 10);
	ctxlab_put_literal(&l, " kB each");
	ctxlab_end_line(&l);
	seq_puts(m, "  TID     KSTACK           STACK        SIZE   SP           TLS          POLICY   PRIO START      NAME\n");
}

static void put_address(struct ctxlab_line *l, unsigned long address, bool show)
{
	if (address && show)
		ctxlab_put_hex(l, address);
	else
		ctxlab_put_char(l, '-');
}

void ctxlab_render_own_row(struct seq_file *m, const struct ctxlab_task *t)
{
	struct ctxlab_line l;

	ctxlab_begin_line(&l, m);
	ctxlab_put_str(&l, "  ");
	ctxlab_put_dec(&l, t->tid);
	ctxlab_put_blanks(&l, 10);
	put_id_of(&l, CTXLAB_KSTACK, t->kstack);
	ctxlab_put_blanks(&l, 27);
	put_address(&l, t->stack_start, true);
	ctxlab_put_blanks(&l, 40);
	if (t->stack_size) {
		ctxlab_put_dec(&l, t->stack_size >> 10);
		ctxlab_put_char(&l, 'K');
	} else {
		ctxlab_put_char(&l, '-');
	}
	ctxlab_put_blanks(&l, 47);
	put_address(&l, t->sp, t->may_see_registers);
	ctxlab_put_blanks(&l, 60);
	put_address(&l, t->tls, t->may_see_registers);
	ctxlab_put_blanks(&l, 73);
	ctxlab_put_str(&l, policy_name(t->policy));
	ctxlab_put_blanks(&l, 82);
	ctxlab_put_int(&l, t->prio);
	ctxlab_put_blanks(&l, 87);
	put_start(&l, t->start);
	ctxlab_put_blanks(&l, 98);
	ctxlab_put_name(&l, t->comm);
	ctxlab_end_line(&l);
}

void ctxlab_render_elsewhere_head(struct seq_file *m, unsigned int sharers)
{
	show_number(m, "Elsewhere:    ", sharers, "");
	if (sharers)
		seq_puts(m, "  TGID    TID     MM               FILES            FS               SIGHAND          NAME\n");
}

void ctxlab_render_elsewhere_row(struct seq_file *m, const struct ctxlab_task *t,
				 const void *const *held)
{
	struct ctxlab_line l;
	int kind;

	ctxlab_begin_line(&l, m);
	ctxlab_put_str(&l, "  ");
	ctxlab_put_dec(&l, t->tgid);
	ctxlab_put_blanks(&l, 10);
	ctxlab_put_dec(&l, t->tid);
	ctxlab_put_blanks(&l, 18);
	for (kind = 0; kind < CTXLAB_RECONCILED_KINDS; kind++) {
		put_cell(&l, kind, t->held[kind], held[kind]);
		ctxlab_put_blanks(&l, 18 + 17 * (kind + 1));
	}
	ctxlab_put_name(&l, t->comm);
	ctxlab_end_line(&l);
}

void ctxlab_render_walk(struct seq_file *m, unsigned int came, unsigned int gone,
			unsigned int let_go)
{
	int kind;

	if (!came && !gone && !let_go) {
		show_word(m, "Walk:         ", "steady");
		return;
	}
	seq_printf(m, "Walk:         changed came %u gone %u", came, gone);
	if (let_go)
		seq_puts(m, " dropped");
	for (kind = 0; kind < CTXLAB_TASK_KINDS; kind++)
		if (let_go & BIT(kind))
			seq_printf(m, " %s", ctxlab_resource_names[kind]);
	seq_putc(m, '\n');
}

static void show_against_leader(struct seq_file *m, const struct ctxlab_task *t,
				const struct ctxlab_task *leader)
{
	struct ctxlab_line l;
	int kind;

	ctxlab_begin_key(&l, m, "Leader:       ");
	for (kind = 0; kind < CTXLAB_TASK_KINDS; kind++) {
		if (kind)
			ctxlab_put_char(&l, ' ');
		ctxlab_put_str(&l, ctxlab_resource_names[kind]);
		ctxlab_put_str(&l, !t->held[kind] ? " -" :
			       t->held[kind] == leader->held[kind] ? " =" :
			       " other");
	}
	ctxlab_end_line(&l);
}

static void show_address(struct seq_file *m, const char *key,
			 unsigned long address)
{
	struct ctxlab_line l;

	ctxlab_begin_key(&l, m, key);
	if (address)
		ctxlab_put_hex(&l, address);
	else
		ctxlab_put_literal(&l, "none");
	ctxlab_end_line(&l);
}

static void show_own(struct seq_file *m, const struct ctxlab_task *t)
{
	bool show = t->may_see_registers;

	show_number(m, "Cpu:          ", t->cpu, "");
	show_word(m, "Policy:       ", policy_name(t->policy));
	seq_printf(m, "Prio:         %d\n", t->prio);
	show_start(m, t);
	show_number(m, "Vcsw:         ", t->nvcsw, "");
	show_number(m, "Icsw:         ", t->nivcsw, "");
	show_id(m, "Kstack:       ", CTXLAB_KSTACK, t->kstack);
	show_address(m, "Stack:        ", t->stack_start);
	show_number(m, "StackSize:    ", t->stack_size >> 10, " kB");
	show_address(m, "Sp:           ", show ? t->sp : 0);
	show_address(m, "Tls:          ", show ? t->tls : 0);
}

void ctxlab_render_thread(struct seq_file *m, const struct ctxlab_task *t,
			  const struct ctxlab_namespaces *ns,
			  const struct ctxlab_task *leader)
{
	show_name(m, "Name:         ", t->comm);
	show_number(m, "Tid:          ", t->tid, "");
	show_task(m, t);
	show_own(m, t);
	show_users(m, "Mm:           ", CTXLAB_MM, t);
	show_users(m, "Files:        ", CTXLAB_FILES, t);
	show_users(m, "Fs:           ", CTXLAB_FS, t);
	show_users(m, "Sighand:      ", CTXLAB_SIGHAND, t);
	show_others(m, t);
	show_namespaces(m, ns);
	if (leader)
		show_against_leader(m, t, leader);
	else
		show_word(m, "Leader:       ", "unseen");
}
