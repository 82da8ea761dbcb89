// SPDX-License-Identifier: GPL-2.0-only
/* /proc/ctxlab/tasks, and the groups of tasks that share an object. */
#include "proc/groups.h"
#include "sample.h"
#include "tap.h"

static const struct group *find(const struct groups *all, const char *id)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		if (!strcmp(all->group[i].id, id))
			return &all->group[i];
	printf("Bail out! no group %s\n", id);
	exit(1);
}

static void whole_system(void)
{
	struct text_error err = {};
	const struct group *g;
	struct tasks tasks;
	struct groups all;
	size_t len;
	char *buf = read_fixture("plain/tasks", &len);

	ok(!tasks_parse(&tasks, buf, len, &err), "a system is taken");
	is_number(tasks.n, 14, "tasks");
	groups_make(&all, &tasks);
	is_number(all.processes, 6, "processes");
	is_number(all.threads, 10, "threads");
	is_number(all.kthreads, 4, "kernel threads");
	is_number(all.mms, 4, "mms");
	is_number(all.rss, 5000 + 12588 + 2000 + 7000, "memory, each mm once");
	is_number(all.rss_by_process, all.rss + 7000, "and for each process");

	g = find(&all, "91b2e07c44d1a3f8");
	ok(g->type == RES_FILES, "a file table");
	is_number(g->nholder, 2, "held by two processes");
	is_number(g->threads, 5, "with five threads");
	is_number(g->users, 6, "and counted six times");
	is_number(g->holder[0].tgid, 712, "the first of them");
	is_number(g->holder[0].threads, 4, "with four threads");
	is(g->holder[0].name, "nginx", "called after its leader");
	is(g->holder[1].name, "cache manager", "the second");

	g = find(&all, "f11e5f11e5f11e50");
	is_number(g->kthreads, 4, "kernel threads share a file table");
	is(g->first_kthread, "kthreadd", "the first of them");

	g = find(&all, "77777777aaaaaaaa");
	is(g->holder[0].name, "nginx", "a holder without its leader");
	ok(all.group[0].nholder == 2 && all.group[0].type == RES_MM,
	   "the mm with most holders comes first");
	groups_free(&all);
	tasks_free(&tasks);
}

/* Two tasks without an mm do not share it. */
static void none_is_not_shared(void)
{
	static const char text[] =
		"TGID TID MM FILES FS SIGHAND NAME\n"
		"1 1 - - - - a\n"
		"2 2 - - - - b\n";
	struct text_error err = {};
	struct tasks tasks;
	struct groups all;

	ok(!tasks_parse(&tasks, sample(text, sizeof(text) - 1),
			sizeof(text) - 1, &err), "older columns are enough");
	groups_make(&all, &tasks);
	is_number(all.n, 0, "nothing is shared where there is none");
	is_number(all.processes, 2, "but there are two processes");
	groups_free(&all);
	tasks_free(&tasks);
}

static void refuse(const char *text, const char *what)
{
	struct text_error err = {};
	struct tasks tasks;
	int ret;

	ret = tasks_parse(&tasks, sample(text, strlen(text)), strlen(text),
			  &err);
	ok(ret, "%s is refused: line %u: %s", what, err.line,
	   ret ? err.what : "");
	if (!ret)
		tasks_free(&tasks);
}

int main(void)
{
	whole_system();
	none_is_not_shared();
	refuse("TID MM NAME\n1 - a\n", "a table without TGID");
	refuse("TGID TID MM NAME\n1 1 = a\n", "'=' for an ID");
	refuse("TGID TID MM NAME\n1 x - a\n", "a TID of letters");
	refuse("TGID TID MMUSERS NAME\n1 1 -1 a\n", "a negative counter");
	return tap_done();
}
