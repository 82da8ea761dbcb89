// SPDX-License-Identifier: GPL-2.0-only
/* What two tasks share -> the text of /proc/ctxlab/<a>,<b>. */
#include <linux/seq_file.h>

#include "compat.h"
#include "line.h"
#include "render.h"

static const struct {
	const char *word;
	const char *sentence;
} relations[] = {
	[CTXLAB_SAME_TASK] = {
		"same-task", "the same task twice" },
	[CTXLAB_SAME_THREAD_GROUP] = {
		"same-thread-group", "two threads of one process" },
	[CTXLAB_VFORK] = {
		"vfork",
		"a vfork(2) child on its waiting parent's mm, until it execs or exits" },
	[CTXLAB_SHARED_MM] = {
		"shared-mm", "two processes on one mm, by CLONE_VM without CLONE_THREAD" },
	[CTXLAB_SHARED_FILES] = {
		"shared-files", "two tasks with an mm each or none, but one file table" },
	[CTXLAB_SHARED_OTHER] = {
		"shared-other", "separate mm and file table, but something else is shared" },
	[CTXLAB_SEPARATE] = {
		"separate", "two separate processes" },
};

static const struct {
	const char *word;
	const char *sentence;
} switches[] = {
	[CTXLAB_SWITCH_NONE] = { "none", "no switch between them" },
	[CTXLAB_SWITCH_SAME_MM] = {
		"same-mm", "a switch keeps the address space" },
	[CTXLAB_SWITCH_LAZY] = {
		"lazy", "a switch keeps the address space: the side without an mm borrows one" },
	[CTXLAB_SWITCH_OTHER_MM] = {
		"other-mm", "a switch changes the address space" },
};

static void show_side(struct seq_file *m, const char *key,
		      const struct ctxlab_task *t)
{
	struct ctxlab_line l;

	ctxlab_begin_key(&l, m, key);
	ctxlab_put_dec(&l, t->tid);
	ctxlab_put_str(&l, " of ");
	ctxlab_put_dec(&l, t->tgid);
	ctxlab_put_char(&l, ' ');
	ctxlab_put_str(&l, ctxlab_task_kind_names[t->kind]);
	ctxlab_put_char(&l, ' ');
	ctxlab_put_char(&l, t->state);
	ctxlab_put_char(&l, ' ');
	ctxlab_put_name(&l, t->comm);
	ctxlab_end_line(&l);
}

static const char *verdict(const void *a, const void *b)
{
	if (!a && !b)
		return "neither";
	if (!b)
		return "only-a";
	if (!a)
		return "only-b";
	return a == b ? "shared" : "separate";
}

static const void *held(const struct ctxlab_pair *p, int side, int kind)
{
	if (kind < CTXLAB_TASK_KINDS)
		return p->task[side].held[kind];
	return p->ns[side].held[kind - CTXLAB_FIRST_NS];
}

static void show_resource(struct seq_file *m, const struct ctxlab_pair *p,
			  int kind)
{
	const void *a = held(p, 0, kind);
	const void *b = held(p, 1, kind);
	struct ctxlab_line l;

	ctxlab_begin_line(&l, m);
	ctxlab_put_str(&l, "  ");
	ctxlab_put_str(&l, ctxlab_resource_names[kind]);
	ctxlab_put_blanks(&l, 12);
	ctxlab_put_str(&l, verdict(a, b));
	ctxlab_put_blanks(&l, 22);
	ctxlab_put_id(&l, ctxlab_id(kind, a));
	ctxlab_put_blanks(&l, 39);
	ctxlab_put_id(&l, ctxlab_id(kind, b));
	ctxlab_end_line(&l);
}

static void show_common_file(struct seq_file *m,
			     const struct ctxlab_common_file *file)
{
	struct ctxlab_line l;

	ctxlab_begin_line(&l, m);
	ctxlab_put_literal(&l, "  ");
	ctxlab_put_id(&l, file->id);
	ctxlab_put_blanks(&l, 19);
	ctxlab_put_dec(&l, file->fd[0]);
	ctxlab_put_blanks(&l, 27);
	ctxlab_put_dec(&l, file->fd[1]);
	ctxlab_put_blanks(&l, 35);
	ctxlab_put_str(&l, ctxlab_file_kind_names[file->kind]);
	ctxlab_end_line(&l);
}

static void show_common_files(struct seq_file *m,
			      const struct ctxlab_common_files *s)
{
	unsigned int rows = min_t(unsigned int, s->common, CTXLAB_COMMON_ROWS);
	unsigned int i;

	if (s->how == CTXLAB_NOT_COMPARED)
		return;
	if (s->how != CTXLAB_COMPARED) {
		seq_printf(m, "OpenFiles:    %s\n", ctxlab_uncompared(s->how));
		return;
	}
	seq_printf(m, "OpenFiles:    common %u a %u duplicates %u b %u duplicates %u\n",
		   s->common, s->open[0], s->duplicates[0], s->open[1],
		   s->duplicates[1]);
	seq_printf(m, "CommonFiles:  %u listed %u more\n", rows, s->common - rows);
	seq_puts(m, "  ID               FDA     FDB     KIND\n");
	for (i = 0; i < rows; i++)
		show_common_file(m, &s->row[i]);
}

static const char *const map_kind_names[] = {
	[CTXLAB_MAP_SHMEM]	= "shmem",
	[CTXLAB_MAP_MEMFD]	= "memfd",
	[CTXLAB_MAP_SYSV]	= "sysv",
	[CTXLAB_MAP_HUGETLB]	= "hugetlb",
	[CTXLAB_MAP_FILE]	= "file",
	[CTXLAB_MAP_CHR]	= "chr",
	[CTXLAB_MAP_BLK]	= "blk",
	[CTXLAB_MAP_SOCKET]	= "socket",
	[CTXLAB_MAP_ANON]	= "anon",
	[CTXLAB_MAP_OTHER]	= "other",
};

static u64 kb_of(u64 pages)
{
	return pages << (PAGE_SHIFT - 10);
}

static void show_common_map(struct seq_file *m,
			    const struct ctxlab_common_map *map)
{
	struct ctxlab_line l;

	ctxlab_begin_line(&l, m);
	ctxlab_put_literal(&l, "  ");
	ctxlab_put_id(&l, map->id);
	ctxlab_put_blanks(&l, 19);
	ctxlab_put_str(&l, map_kind_names[map->kind]);
	ctxlab_put_blanks(&l, 27);
	ctxlab_put_dec(&l, kb_of(map->both));
	ctxlab_put_blanks(&l, 37);
	ctxlab_put_dec(&l, map->maps[0]);
	ctxlab_put_blanks(&l, 43);
	ctxlab_put_dec(&l, kb_of(map->pages[0]));
	ctxlab_put_blanks(&l, 53);
	ctxlab_put_dec(&l, map->maps[1]);
	ctxlab_put_blanks(&l, 59);
	ctxlab_put_dec(&l, kb_of(map->pages[1]));
	ctxlab_put_blanks(&l, 69);
	ctxlab_commit(&l);
	/* From the reader's root on, as in /proc/<pid>/maps. */
	seq_path(m, ctxlab_user_path(map->file), "\n\\");
	seq_putc(m, '\n');
}

static void show_common_maps(struct seq_file *m,
			     const struct ctxlab_common_maps *s)
{
	unsigned int rows = min_t(unsigned int, s->objects, CTXLAB_COMMON_ROWS);
	unsigned int i;

	if (s->how == CTXLAB_NOT_COMPARED)
		return;
	if (s->how != CTXLAB_COMPARED) {
		seq_printf(m, "SharedMaps:   %s\n", ctxlab_uncompared(s->how));
		return;
	}
	seq_printf(m, "SharedMaps:   common %u kB %llu a %u kB %llu b %u kB %llu private %u\n",
		   s->objects, kb_of(s->both), s->maps[0], kb_of(s->pages[0]),
		   s->maps[1], kb_of(s->pages[1]), s->private_files);
	seq_printf(m, "CommonMaps:   %u listed %u more\n", rows,
		   s->objects - rows);
	seq_puts(m, "  ID               KIND    KB        A     KBA       B     KBB       NAME\n");
	for (i = 0; i < rows; i++)
		show_common_map(m, &s->row[i]);
}

static void summarize_files(struct seq_file *m,
			    const struct ctxlab_common_files *s)
{
	seq_printf(m, "%u of A's %u and B's %u open files", s->common,
		   s->open[0] - s->duplicates[0],
		   s->open[1] - s->duplicates[1]);
}

static void summarize_maps(struct seq_file *m, const struct ctxlab_common_maps *s)
{
	u64 kb = kb_of(s->both);

	if (kb < 10240)
		seq_printf(m, "%llu kB of shared mappings", kb);
	else
		seq_printf(m, "%llu MB of shared mappings", kb >> 10);
}

/* What is in common of two tables, and of two maps, where there are two. */
static void summarize_common(struct seq_file *m, const struct ctxlab_pair *p)
{
	bool files = p->files.how == CTXLAB_COMPARED;
	bool maps = p->maps.how == CTXLAB_COMPARED;

	if (p->relation == CTXLAB_SEPARATE && files && maps)
		seq_puts(m, ": 2 maps, 2 tables");
	if (!files && !maps)
		return;
	seq_puts(m, "; ");
	if (files)
		summarize_files(m, &p->files);
	if (files && maps)
		seq_puts(m, " and ");
	if (maps)
		summarize_maps(m, &p->maps);
	seq_puts(m, " in common");
}

static const char *cr3_write(const struct ctxlab_pair *p)
{
	if (p->sw != CTXLAB_SWITCH_OTHER_MM)
		return "none";
	return p->tlb_tagged ? "keep" : "flush";
}

void ctxlab_render_pair(struct seq_file *m, const struct ctxlab_pair *p)
{
	int kind;

	seq_printf(m, "Summary:      %s", relations[p->relation].sentence);
	summarize_common(m, p);
	seq_printf(m, "; %s\n", switches[p->sw].sentence);
	show_side(m, "A:            ", &p->task[0]);
	show_side(m, "B:            ", &p->task[1]);
	seq_printf(m, "Relation:     %s\n", relations[p->relation].word);
	seq_puts(m, "Resources:\n  RESOURCE  IS        A                B\n");
	for (kind = 0; kind < CTXLAB_RESOURCES; kind++)
		show_resource(m, p, kind);
	seq_printf(m, "Switch:       %s\n", switches[p->sw].word);
	seq_printf(m, "Cr3Write:     %s\n", cr3_write(p));
	seq_printf(m, "Pcid:         %s\n", p->tlb_tagged ? "yes" : "no");
	seq_printf(m, "Pti:          %s\n", p->isolated ? "yes" : "no");
	show_common_files(m, &p->files);
	show_common_maps(m, &p->maps);
}
