// SPDX-License-Identifier: GPL-2.0-only
/*
 * The IDs of "tasks" group every thread of the machine exactly as the kernel's
 * own pointers do, which a BPF task iterator dumps.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "kselftest_harness.h"
#include "groups.h"
#include "groups.skel.h"
#include "slow_kernel.h"
#include "sharing_states.h"
#include "text.h"

#define ROWS_MAX 4096

static const char *const columns[GROUPS] = {
	"MM", "FILES", "FS", "SIGHAND", "SIGNAL", "IO", "SYSVSEM", "CRED",
	"NSPROXY",
};

struct dump {
	struct group_row rows[ROWS_MAX];
	int count;
};

FIXTURE(groups)
{
	struct states states;
	struct groups_bpf *bpf;
	struct bpf_link *link;
	struct dump *before;
	struct dump *after;
};

FIXTURE_SETUP(groups)
{
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		SKIP(return, "the kernel was built without BTF");
	self->bpf = groups_bpf__open_and_load();
	ASSERT_NE(NULL, self->bpf);
	self->link = bpf_program__attach_iter(self->bpf->progs.dump_tasks, NULL);
	ASSERT_NE(NULL, self->link);
	self->before = calloc(2, sizeof(*self->before));
	ASSERT_NE(NULL, self->before);
	self->after = self->before + 1;
	ASSERT_EQ(0, states_begin(&self->states));
	ASSERT_EQ(0, states_add_all(&self->states));
}

FIXTURE_TEARDOWN(groups)
{
	states_end(&self->states);
	free(self->before);
	bpf_link__destroy(self->link);
	groups_bpf__destroy(self->bpf);
}

static int dump_tasks(struct bpf_link *link, struct dump *dump)
{
	int fd = bpf_iter_create(bpf_link__fd(link));
	size_t used = 0;
	ssize_t n;

	if (fd < 0)
		return -1;
	while ((n = read(fd, (char *)dump->rows + used,
			 sizeof(dump->rows) - used)) > 0)
		used += n;
	close(fd);
	dump->count = used / sizeof(dump->rows[0]);
	return n;
}

/*
 * The threads of the machine by both, with nothing moved between a dump before
 * and one after; NULL where the machine did not stand still.
 */
static struct table *quiet_tasks(struct bpf_link *link, struct dump *before,
				 struct dump *after)
{
	struct table *table;
	int attempt;
	char *text;

	for (attempt = 0; attempt < 50; attempt++) {
		if (dump_tasks(link, before))
			return NULL;
		text = text_read(CTXLAB "/tasks");
		if (!text || dump_tasks(link, after))
			return NULL;
		if (before->count == after->count &&
		    !memcmp(before->rows, after->rows,
			    before->count * sizeof(before->rows[0]))) {
			table = table_parse(text, NULL);
			free(text);
			if (attempt)
				printf("# %d attempts met changes\n", attempt);
			return table;
		}
		free(text);
		usleep(20000);
	}
	return NULL;
}

/* Both see the same threads. */
TEST_F(groups, same_threads)
{
	struct table *table = quiet_tasks(self->link, self->before, self->after);
	struct dump *dump = self->before;
	int i, row;

	ASSERT_NE(NULL, table);
	EXPECT_EQ(dump->count, table->rows);
	/* At least the built ones, so that it cannot pass on nothing. */
	EXPECT_LT(self->states.count, dump->count);
	for (i = 0; i < dump->count; i++) {
		row = table_find(table, "TID", dump->rows[i].tid);
		EXPECT_LE(0, row) TH_LOG("tid %d is missing", dump->rows[i].tid);
		if (row < 0)
			continue;
		EXPECT_EQ(dump->rows[i].tgid,
			  atoi(table_cell(table, row, "TGID")));
	}
	table_free(table);
}

/*
 * For each resource the map from pointers to IDs is one to one, and a NULL is
 * "-".  The rows of both are looked at pair by pair.
 */
static int count_differences(const struct dump *dump, const struct table *table,
			     int kind)
{
	const char *ids[ROWS_MAX];
	int i, j, wrong = 0;
	__u64 a, b;
	bool equal;

	for (i = 0; i < dump->count; i++) {
		ids[i] = table_cell(table,
				    table_find(table, "TID", dump->rows[i].tid),
				    columns[kind]);
		if (!ids[i])
			return -1;
	}
	for (i = 0; i < dump->count; i++) {
		a = dump->rows[i].pointers[kind];
		if (!a != !strcmp(ids[i], "-")) {
			printf("# %s of %d is \"%s\"\n", columns[kind],
			       dump->rows[i].tid, ids[i]);
			wrong++;
		}
		for (j = 0; j < i; j++) {
			b = dump->rows[j].pointers[kind];
			equal = a == b;
			if (equal == !strcmp(ids[i], ids[j]))
				continue;
			printf("# %s of %d and %d: pointers %s, IDs %s %s\n",
			       columns[kind], dump->rows[i].tid,
			       dump->rows[j].tid, equal ? "equal" : "differ",
			       ids[i], ids[j]);
			wrong++;
		}
	}
	return wrong;
}

TEST_F(groups, as_pointers)
{
	struct table *table = quiet_tasks(self->link, self->before, self->after);
	int kind;

	ASSERT_NE(NULL, table);
	for (kind = 0; kind < GROUPS; kind++) {
		EXPECT_EQ(0, count_differences(self->before, table, kind))
			TH_LOG("%s", columns[kind]);
	}
	table_free(table);
}

/* No ID is a pointer, nor stands for objects of two kinds. */
TEST_F(groups, kinds_and_pointers_apart)
{
	struct table *table = quiet_tasks(self->link, self->before, self->after);
	struct dump *dump = self->before;
	unsigned long long id;
	int i, j, k, kind;
	const char *cell;

	ASSERT_NE(NULL, table);
	for (i = 0; i < table->rows; i++) {
		for (kind = 0; kind < GROUPS; kind++) {
			cell = table_cell(table, i, columns[kind]);
			ASSERT_NE(NULL, cell);
			if (!strcmp(cell, "-"))
				continue;
			EXPECT_EQ(16, strlen(cell));
			id = strtoull(cell, NULL, 16);
			for (j = 0; j < dump->count; j++) {
				for (k = 0; k < GROUPS; k++)
					EXPECT_NE(dump->rows[j].pointers[k], id);
			}
			for (k = 0; k < kind; k++)
				EXPECT_STRNE(table_cell(table, i, columns[k]),
					     cell);
		}
	}
	table_free(table);
}

TEST_HARNESS_MAIN
