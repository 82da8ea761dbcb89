// SPDX-License-Identifier: GPL-2.0-only
/* One task -> one line of /proc/ctxlab/tasks. */
#include <linux/cred.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include "line.h"
#include "render.h"

/*
 * The most that a row takes: a blank each before 12 numbers, a letter, a kind, 9
 * IDs and a name.
 */
#define ROW_MOST (12 * (1 + CTXLAB_DIGITS) + 2 + 16 + \
		  CTXLAB_TASK_KINDS * (1 + CTXLAB_ID_LEN) + 1 + CTXLAB_NAME_LEN)

/* Most numbers are small. */
static inline char *number_after(char *p, u64 v)
{
	unsigned int small = v;

	*p++ = ' ';
	if (v >= 100)
		return ctxlab_format_dec(p, v);
	if (small >= 10)
		*p++ = '0' + small / 10;
	*p++ = '0' + small % 10;
	return p;
}

static char *word_after(char *p, const char *word)
{
	*p++ = ' ';
	while (*word)
		*p++ = *word++;
	return p;
}

static char *id_after(char *p, u64 id)
{
	*p++ = ' ';
	if (!id) {
		*p++ = '-';
		return p;
	}
	ctxlab_format_id(p, id);
	return p + CTXLAB_ID_LEN;
}

static bool same_objects(const struct ctxlab_last_ids *last,
			 const struct ctxlab_task *t)
{
	int kind;

	for (kind = 0; kind < CTXLAB_TASK_KINDS; kind++)
		if (t->held[kind] != last->held[kind])
			return false;
	return true;
}

/* Nothing but those that differ from the last row's is hashed. */
static void take_ids(struct ctxlab_last_ids *last, const struct ctxlab_task *t)
{
	char *p = last->text;
	int kind;

	for (kind = 0; kind < CTXLAB_TASK_KINDS; kind++) {
		if (t->held[kind] != last->held[kind]) {
			last->held[kind] = t->held[kind];
			last->id[kind] = ctxlab_id(kind, t->held[kind]);
		}
		p = id_after(p, last->id[kind]);
	}
	last->len = p - last->text;
}

void ctxlab_render_tasks_head(struct seq_file *m)
{
	seq_puts(m, "TGID TID PPID ST KIND CPU UID MM FILES FS SIGHAND SIGNAL IO SYSVSEM CRED NSPROXY MMUSERS RSS FILESUSERS FSUSERS SIGHANDUSERS VCSW ICSW NAME\n");
}

void ctxlab_render_tasks_row(struct seq_file *m, const struct ctxlab_task *t,
			     struct ctxlab_last_ids *last)
{
	struct ctxlab_line l;
	char *p;

	ctxlab_begin_line(&l, m);
	if (!ctxlab_has_room(&l, ROW_MOST)) {
		ctxlab_end_line(&l);
		return;
	}
	if (!last->len || !uid_eq(last->user, t->uid)) {
		last->user = t->uid;
		last->uid = from_kuid_munged(seq_user_ns(m), t->uid);
	}
	if (!last->len || !same_objects(last, t))
		take_ids(last, t);

	p = ctxlab_format_dec(l.text, t->tgid);
	p = number_after(p, t->tid);
	p = number_after(p, t->ppid);
	*p++ = ' ';
	*p++ = t->state;
	p = word_after(p, ctxlab_task_kind_names[t->kind]);
	p = number_after(p, t->cpu);
	p = number_after(p, last->uid);
	memcpy(p, last->text, last->len);
	p += last->len;
	p = number_after(p, t->users[CTXLAB_MM]);
	p = number_after(p, t->rss_kb);
	p = number_after(p, t->users[CTXLAB_FILES]);
	p = number_after(p, t->users[CTXLAB_FS]);
	p = number_after(p, t->users[CTXLAB_SIGHAND]);
	p = number_after(p, t->nvcsw);
	p = number_after(p, t->nivcsw);
	*p++ = ' ';
	ctxlab_advance(&l, ctxlab_format_name(p, t->comm));
	ctxlab_end_line(&l);
}
