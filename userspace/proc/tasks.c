// SPDX-License-Identifier: GPL-2.0-only
/* /proc/ctxlab/tasks */
#include <stdlib.h>

#include "fields.h"
#include "lib/xalloc.h"

static const char *const users_columns[] = {
	[RES_MM] = "MMUSERS",
	[RES_FILES] = "FILESUSERS",
	[RES_FS] = "FSUSERS",
	[RES_SIGHAND] = "SIGHANDUSERS",
};

/* A counter; 0 where the task has no such object. */
static int take_counter(const struct text_table *table, size_t row,
			const char *column, unsigned long long *n,
			struct text_error *err)
{
	*n = 0;
	if (!cell(table, row, text_col(table, column)))
		return 0;
	return cell_number(table, row, column, n, err);
}

static int take_task(struct task *t, const struct text_table *table, size_t row,
		     struct text_error *err)
{
	int i;

	if (cell_number(table, row, "TGID", &t->tgid, err) ||
	    cell_number(table, row, "TID", &t->tid, err) ||
	    cell_resources(table, row, t->res, false, err) ||
	    take_counter(table, row, "RSS", &t->rss, err))
		return -1;
	for (i = RES_MM; i <= RES_SIGHAND; i++)
		if (take_counter(table, row, users_columns[i], &t->users[i],
				 err))
			return -1;
	t->kind = cell(table, row, text_col(table, "KIND"));
	t->name = cell_name(table, row);
	return 0;
}

static int take_tasks(struct tasks *t, const struct text_table *table,
		      struct text_error *err)
{
	size_t i;

	t->n = table->nrows;
	t->task = xcalloc(t->n, sizeof(*t->task));
	for (i = 0; i < t->n; i++)
		if (take_task(&t->task[i], table, i, err))
			return -1;
	return 0;
}

int tasks_parse(struct tasks *t, char *buf, size_t len, struct text_error *err)
{
	struct text_table table;
	int ret;

	*t = (struct tasks){ .buf = buf };
	ret = text_parse_table(&table, buf, len, err);
	if (!ret) {
		ret = take_tasks(t, &table, err);
		text_table_free(&table);
	}
	if (ret)
		tasks_free(t);
	return ret;
}

void tasks_free(struct tasks *t)
{
	free(t->task);
	free(t->buf);
	*t = (struct tasks){};
}
