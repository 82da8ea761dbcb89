// SPDX-License-Identifier: GPL-2.0-only
/* The tasks of a system, grouped by the objects that they hold. */
#include <stdlib.h>
#include <string.h>

#include "groups.h"
#include "lib/xalloc.h"

/* A task in the order of one resource. */
struct entry {
	const char *id;
	const struct task *task;
};

static int compare_numbers(unsigned long long a, unsigned long long b)
{
	return a < b ? -1 : a > b;
}

static int by_object(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->id, y->id);

	if (!order)
		order = compare_numbers(x->task->tgid, y->task->tgid);
	if (!order)
		order = compare_numbers(x->task->tid, y->task->tid);
	return order;
}

/* The tasks that hold a resource of this type, those of one object together. */
static size_t sort_entries(const struct tasks *tasks, enum resource type,
			   struct entry *entries)
{
	size_t n = 0, i;

	for (i = 0; i < tasks->n; i++) {
		if (!tasks->task[i].res[type])
			continue;
		entries[n].id = tasks->task[i].res[type];
		entries[n++].task = &tasks->task[i];
	}
	qsort(entries, n, sizeof(*entries), by_object);
	return n;
}

static bool is_kthread(const struct task *t)
{
	return t->kind && !strcmp(t->kind, "kthread");
}

static size_t count_processes(const struct entry *e, size_t n)
{
	size_t count = 1, i;

	for (i = 1; i < n; i++)
		count += e[i].task->tgid != e[i - 1].task->tgid;
	return count;
}

static void add_to_holder(struct group *g, const struct task *t, bool first)
{
	struct holder *h;

	if (first) {
		h = &g->holder[g->nholder++];
		h->tgid = t->tgid;
		h->kthread = is_kthread(t);
		h->name = t->name;
	}
	h = &g->holder[g->nholder - 1];
	if (t->tid == t->tgid)
		h->name = t->name;
	h->threads++;
}

/* A group of the @n entries from @e on, which are of one object. */
static void make_group(struct group *g, enum resource type,
		       const struct entry *e, size_t n)
{
	size_t i;

	*g = (struct group){ .type = type, .id = e->id, .threads = n };
	g->holder = xcalloc(count_processes(e, n), sizeof(*g->holder));
	for (i = 0; i < n; i++) {
		const struct task *t = e[i].task;

		add_to_holder(g, t, !i || t->tgid != e[i - 1].task->tgid);
		/* Rows are of different moments: the counter's last word. */
		g->users = t->users[type];
		if (type == RES_MM)
			g->rss = t->rss;
		if (!is_kthread(t))
			continue;
		if (!g->kthreads++)
			g->first_kthread = t->name;
	}
}

static void add_groups(struct groups *g, enum resource type,
		       const struct entry *e, size_t n)
{
	size_t first, end;

	for (first = 0; first < n; first = end) {
		end = first + 1;
		while (end < n && !strcmp(e[end].id, e[first].id))
			end++;
		make_group(&g->group[g->n++], type, e + first, end - first);
	}
}

static int by_holders(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->type != y->type)
		return compare_numbers(x->type, y->type);
	if (x->nholder != y->nholder)
		return compare_numbers(y->nholder, x->nholder);
	/* IDs are random: the first holder makes an order that can be read. */
	if (x->holder->tgid != y->holder->tgid)
		return compare_numbers(x->holder->tgid, y->holder->tgid);
	return strcmp(x->id, y->id);
}

static void add_up_memory(struct groups *g)
{
	size_t i;

	for (i = 0; i < g->n; i++) {
		if (g->group[i].type != RES_MM)
			continue;
		g->mms++;
		g->rss += g->group[i].rss;
		g->rss_by_process += g->group[i].rss * g->group[i].nholder;
	}
}

static int by_process(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return compare_numbers(x->task->tgid, y->task->tgid);
}

static void count_tasks(struct groups *g, const struct tasks *tasks,
			struct entry *entries)
{
	size_t i;

	for (i = 0; i < tasks->n; i++) {
		if (is_kthread(&tasks->task[i]))
			g->kthreads++;
		else
			entries[g->threads++].task = &tasks->task[i];
	}
	qsort(entries, g->threads, sizeof(*entries), by_process);
	g->processes = g->threads ? count_processes(entries, g->threads) : 0;
}

void groups_make(struct groups *g, const struct tasks *tasks)
{
	struct entry *entries = xcalloc(tasks->n, sizeof(*entries));
	size_t n;
	int type;

	*g = (struct groups){};
	for (type = RES_MM; type <= RES_SIGHAND; type++) {
		n = sort_entries(tasks, type, entries);
		/* No more groups of this type than tasks. */
		g->group = xrealloc(g->group, g->n + n, sizeof(*g->group));
		add_groups(g, type, entries, n);
	}
	count_tasks(g, tasks, entries);
	free(entries);
	qsort(g->group, g->n, sizeof(*g->group), by_holders);
	add_up_memory(g);
}

void groups_free(struct groups *g)
{
	size_t i;

	for (i = 0; i < g->n; i++)
		free(g->group[i].holder);
	free(g->group);
	*g = (struct groups){};
}
