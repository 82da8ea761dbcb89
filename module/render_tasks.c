// SPDX-License-Identifier: GPL-2.0-only
/* One task -> one line of /proc/ctxlab/tasks. */
#include <linux/cred.h>
#include <linux/seq_file.h>
#include <linux/user_namespace.h>

#include "line.h"
#include "render.h"

static void put_number_after(struct ctxlab_line *l, u64 v)
{
	ctxlab_put_char(l, ' ');
	ctxlab_put_dec(l, v);
}

static void put_id(struct ctxlab_line *l, struct ctxlab_last_ids *last,
		   enum ctxlab_kind kind, const void *object)
{
	ctxlab_put_char(l, ' ');
	if (!object) {
		ctxlab_put_char(l, '-');
		return;
	}
	if (last->held[kind] != object) {
		last->held[kind] = object;
		ctxlab_format_id(last->text[kind], ctxlab_id(kind, object));
	}
	ctxlab_put(l, last->text[kind], CTXLAB_ID_LEN);
}

void ctxlab_render_tasks_head(struct seq_file *m)
{
	seq_puts(m, "TGID TID PPID ST KIND CPU UID MM FILES FS SIGHAND SIGNAL IO SYSVSEM CRED NSPROXY MMUSERS RSS FILESUSERS FSUSERS SIGHANDUSERS VCSW ICSW NAME\n");
}

void ctxlab_render_tasks_row(struct seq_file *m, const struct ctxlab_task *t,
			     struct ctxlab_last_ids *last)
{
	struct ctxlab_line l;
	int kind;

	ctxlab_begin_line(&l, m);
	ctxlab_put_dec(&l, t->tgid);
	put_number_after(&l, t->tid);
	put_number_after(&l, t->ppid);
	ctxlab_put_char(&l, ' ');
	ctxlab_put_char(&l, t->state);
	ctxlab_put_char(&l, ' ');
	ctxlab_put_str(&l, ctxlab_task_kind_names[t->kind]);
	put_number_after(&l, t->cpu);
	put_number_after(&l, from_kuid_munged(seq_user_ns(m), t->uid));
	for (kind = 0; kind < CTXLAB_TASK_KINDS; kind++)
		put_id(&l, last, kind, t->held[kind]);
	put_number_after(&l, t->users[CTXLAB_MM]);
	put_number_after(&l, t->rss_kb);
	put_number_after(&l, t->users[CTXLAB_FILES]);
	put_number_after(&l, t->users[CTXLAB_FS]);
	put_number_after(&l, t->users[CTXLAB_SIGHAND]);
	put_number_after(&l, t->nvcsw);
	put_number_after(&l, t->nivcsw);
	ctxlab_put_char(&l, ' ');
	ctxlab_put_name(&l, t->comm);
	ctxlab_end_line(&l);
}
