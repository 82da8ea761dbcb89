// SPDX-License-Identifier: GPL-2.0-only
/*
 * What two maps have mapped of the same objects, as /proc/ctxlab/<a>,<b> has it,
 * against both /proc/<pid>/maps, and against what the tasks were built to map.
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "common_maps.h"
#include "sharing_states.h"
#include "text.h"

#define RAM_FILE "/tmp/ctxlab-common-maps"
#define TMPFS "/tmp/ctxlab-common-tmpfs"
/* As the file system and /proc/<pid>/maps have it, and how it is shown. */
#define ODD_FILE TMPFS "/a b\\c\nd"
#define ODD_SHOWN TMPFS "/a b\\134c\\012d"

#define MOST 512
/* No object mapped here is larger. */
#define MOST_PAGES 2048
#define HUGE (2 << 20)

/* One line of /proc/<pid>/maps. */
struct mapping {
	unsigned long start, end;
	bool shared;
	unsigned long first;	/* page of the object */
	char device[16];
	unsigned long inode;
	char name[256];
};

struct maps {
	struct mapping map[MOST];
	int count;
};

/* What one side has mapped shared of an object. */
struct total {
	int maps;
	unsigned long pages;
	uint8_t has[MOST_PAGES];
};

/* Seven pages that are unlike all else in size, so that their row is found. */
#define ANON_PAGES 7

static char *anon_memory, *memfd_memory;
static int memfd, ram_fd;

static int list_maps(pid_t tid, struct maps *maps)
{
	char *text = text_readf("/proc/%d/maps", tid), *line = text;
	struct mapping *m;
	char flags[8];
	int n;

	maps->count = 0;
	for (; line && *line; line = strchr(line, '\n') + 1) {
		if (maps->count == MOST)
			return -1;
		m = &maps->map[maps->count++];
		m->name[0] = '\0';
		n = sscanf(line, "%lx-%lx %7s %lx %15s %lu %255[^\n]", &m->start,
			   &m->end, flags, &m->first, m->device, &m->inode,
			   m->name);
		if (n < 6)
			return -1;
		m->first /= PAGE;
		m->shared = flags[3] == 's';
	}
	free(text);
	return maps->count ? 0 : -1;
}

static bool same_object(const struct mapping *a, const struct mapping *b)
{
	return a->inode == b->inode && !strcmp(a->device, b->device);
}

/* All that @maps has shared of what @of maps. */
static struct total total_of(const struct maps *maps, const struct mapping *of)
{
	struct total t = {};
	unsigned long page, n;
	int i;

	for (i = 0; i < maps->count; i++) {
		const struct mapping *m = &maps->map[i];

		if (!m->shared || !same_object(m, of))
			continue;
		n = (m->end - m->start) / PAGE;
		t.maps++;
		t.pages += n;
		for (page = m->first; page < m->first + n; page++)
			if (page < MOST_PAGES)
				t.has[page] = 1;
	}
	return t;
}

/* Has an earlier one of @maps the same object, in the same way? */
static bool is_repeated(const struct maps *maps, int at)
{
	int i;

	for (i = 0; i < at; i++)
		if (maps->map[i].shared == maps->map[at].shared &&
		    same_object(&maps->map[i], &maps->map[at]))
			return true;
	return false;
}

/* A regular file's, mapped privately. */
static bool is_private_file(const struct mapping *m)
{
	return !m->shared && m->inode && strncmp(m->name, "/dev/zero", 9) &&
	       !strstr(m->name, "huge");
}

static int count_private(const struct maps *a, const struct maps *b)
{
	int i, k, n = 0;

	for (i = 0; i < a->count; i++) {
		if (!is_private_file(&a->map[i]) || is_repeated(a, i))
			continue;
		for (k = 0; k < b->count; k++)
			if (is_private_file(&b->map[k]) &&
			    same_object(&a->map[i], &b->map[k]))
				break;
		n += k < b->count;
	}
	return n;
}

/* By the names that the builder gave. */
static const char *kind_of(const struct mapping *m)
{
	struct statfs fs;

	if (strstr(m->name, "huge"))
		return "hugetlb";
	if (!strncmp(m->name, "/memfd:", 7))
		return "memfd";
	if (!strncmp(m->name, "/SYSV", 5))
		return "sysv";
	if (!strcmp(m->name, "/dev/mem"))
		return "chr";
	if (!strncmp(m->name, "/dev/zero", 9) ||
	    !strncmp(m->name, TMPFS, strlen(TMPFS)))
		return "shmem";
	return !statfs(m->name, &fs) && fs.f_type == TMPFS_MAGIC ? "shmem" :
								   "file";
}

static unsigned long cell_of(const struct table *table, int row,
			     const char *column)
{
	const char *cell = table_cell(table, row, column);

	return cell ? strtoul(cell, NULL, 10) : ~0UL;
}

/* One row, and what it adds to the sums of all. */
static void check_row(struct __test_metadata *_metadata,
		      const struct table *table, int row,
		      const struct mapping *m, const struct total *a,
		      const struct total *b, struct shared_maps *sum)
{
	unsigned long both = 0, page;
	const char *id = table_cell(table, row, "ID");

	for (page = 0; page < MOST_PAGES; page++)
		both += a->has[page] && b->has[page];
	ASSERT_LT(row, table->rows) TH_LOG("%s is missing", m->name);
	EXPECT_STREQ(strcmp(m->name, ODD_FILE) && !strstr(m->name, "a b") ?
		     m->name : ODD_SHOWN, table_cell(table, row, "NAME"));
	EXPECT_STREQ(kind_of(m), table_cell(table, row, "KIND"))
		TH_LOG("%s", m->name);
	EXPECT_EQ(both * 4, cell_of(table, row, "KB")) TH_LOG("%s", m->name);
	EXPECT_EQ(a->maps, cell_of(table, row, "A")) TH_LOG("%s", m->name);
	EXPECT_EQ(a->pages * 4, cell_of(table, row, "KBA"));
	EXPECT_EQ(b->maps, cell_of(table, row, "B")) TH_LOG("%s", m->name);
	EXPECT_EQ(b->pages * 4, cell_of(table, row, "KBB"));
	EXPECT_EQ(16, strlen(id));
	EXPECT_EQ(row, table_find_word(table, "ID", id));
	sum->common++;
	sum->both_kb += both * 4;
	sum->a += a->maps;
	sum->a_kb += a->pages * 4;
	sum->b += b->maps;
	sum->b_kb += b->pages * 4;
}

/* Rows, numbers and sums are those of both tasks' maps. */
static void check_pair(struct __test_metadata *_metadata, pid_t tid_a,
		       pid_t tid_b)
{
	struct shared_maps said, sum = {};
	static struct maps a, b;
	struct table *table;
	char *text;
	int i;

	text = text_readf(CTXLAB "/%d,%d", tid_a, tid_b);
	ASSERT_NE(NULL, text);
	ASSERT_EQ(0, shared_maps_take(text, &said)) TH_LOG("%s", text);
	ASSERT_EQ(0, list_maps(tid_a, &a));
	ASSERT_EQ(0, list_maps(tid_b, &b));
	table = table_parse(text, "CommonMaps");
	ASSERT_NE(NULL, table);
	for (i = 0; i < a.count; i++) {
		struct total in_a, in_b;

		if (!a.map[i].shared || is_repeated(&a, i))
			continue;
		in_a = total_of(&a, &a.map[i]);
		in_b = total_of(&b, &a.map[i]);
		if (in_b.maps)
			check_row(_metadata, table, sum.common, &a.map[i], &in_a,
				  &in_b, &sum);
	}
	sum.private = count_private(&a, &b);
	EXPECT_EQ(sum.common, table->rows);
	EXPECT_EQ(sum.common, text_number(text, "CommonMaps"));
	EXPECT_EQ(0, memcmp(&sum, &said, sizeof(sum)))
		TH_LOG("%s", text_value(text, "SharedMaps"));
	/* The program and the C library at least. */
	EXPECT_LE(2, said.private);
	table_free(table);
	free(text);
}

FIXTURE(maps)
{
	struct states states;
};

FIXTURE_SETUP(maps)
{
	ASSERT_EQ(0, states_begin(&self->states));
	mkdir(TMPFS, 0700);
	ASSERT_EQ(0, mount("tmpfs", TMPFS, "tmpfs", 0, NULL));
}

FIXTURE_TEARDOWN(maps)
{
	states_end(&self->states);
	umount2(TMPFS, MNT_DETACH);
	rmdir(TMPFS);
	unlink(RAM_FILE);
}

/* A file of so many pages, mapped shared; the descriptor, or -1. */
static int map_file(const char *path, int pages)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	if (fd < 0 || ftruncate(fd, pages * PAGE) ||
	    mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		 0) == MAP_FAILED)
		return -1;
	return fd;
}

static int map_sysv(int pages)
{
	int id = shmget(IPC_PRIVATE, pages * PAGE, IPC_CREAT | 0600);
	bool failed = id < 0 || shmat(id, NULL, 0) == (void *)-1 ||
		      shmat(id, NULL, SHM_RDONLY) == (void *)-1;

	/* It lasts as long as somebody has it attached. */
	if (id >= 0)
		shmctl(id, IPC_RMID, NULL);
	return failed ? -1 : 0;
}

/* What the machine may lack: huge pages, and a device to be mapped. */
static void map_optional(void)
{
	int fd = memfd_create("huge", MFD_HUGETLB);

	if (fd < 0 || ftruncate(fd, 2 * HUGE) ||
	    mmap(NULL, 2 * HUGE, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd,
		 0) == MAP_FAILED)
		ksft_print_msg("no huge pages here: hugetlb is left out\n");
	fd = open("/dev/mem", O_RDONLY);
	if (fd < 0 || mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd,
			   0xf0000) == MAP_FAILED)
		ksft_print_msg("/dev/mem cannot be mapped: chr is left out\n");
}

/* What all tasks inherit. */
static int map_all(void)
{
	int zero = open("/dev/zero", O_RDWR);

	anon_memory = mmap(NULL, ANON_PAGES * PAGE, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memfd = memfd_create("same", 0);
	if (anon_memory == MAP_FAILED || memfd < 0 ||
	    ftruncate(memfd, 8 * PAGE) || map_shared(zero, 0, 2) == MAP_FAILED)
		return -1;
	memfd_memory = map_shared(memfd, 0, 8);
	ram_fd = map_file(RAM_FILE, 3);
	if (memfd_memory == MAP_FAILED || ram_fd < 0 || map_sysv(5) ||
	    map_shared(memfd, 2, 3) == MAP_FAILED ||
	    map_file(TMPFS "/plain", 2) < 0 || map_file(ODD_FILE, 1) < 0)
		return -1;
	/* Private ones: of memory, of a file that is mapped shared, too. */
	if (mmap(NULL, 9 * PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ||
	    mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, ram_fd, 0) == MAP_FAILED ||
	    mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, zero, 0) == MAP_FAILED)
		return -1;
	map_optional();
	return 0;
}

/* A hole in what was inherited, and objects of its own with the same names. */
static int hole_and_own(struct state *state)
{
	int fd = memfd_create("same", 0);

	(void)state;
	return munmap(anon_memory + 3 * PAGE, PAGE) || map_sysv(5) ||
	       ftruncate(fd, 8 * PAGE) || map_shared(fd, 0, 8) == MAP_FAILED ||
	       mmap(NULL, ANON_PAGES * PAGE, PROT_READ,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}

/* Other pages of the same object, and the same file opened anew, to be read. */
static int other_pages(struct state *state)
{
	int fd = open(RAM_FILE, O_RDONLY);

	(void)state;
	return munmap(memfd_memory, 8 * PAGE) ||
	       map_shared(memfd, 6, 2) == MAP_FAILED ||
	       map_shared(memfd, 4, 3) == MAP_FAILED ||
	       mmap(NULL, 3 * PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED;
}

static const struct plan plans[] = {
	{ "forked", 0, 0, NULL },
	{ "with a hole", 0, 0, hole_and_own },
	{ "with other pages", 0, 0, other_pages },
};

TEST_F(maps, as_procfs)
{
	struct state *task[ARRAY_SIZE(plans)];
	size_t i, k;

	ASSERT_EQ(0, map_all());
	for (i = 0; i < ARRAY_SIZE(plans); i++) {
		task[i] = states_add(&self->states, &plans[i]);
		ASSERT_NE(NULL, task[i]) TH_LOG("%s: %m", plans[i].name);
	}
	for (i = 0; i < ARRAY_SIZE(plans); i++)
		for (k = 0; k < ARRAY_SIZE(plans); k++)
			if (i != k)
				check_pair(_metadata, task[i]->tid,
					   task[k]->tid);
}

/* The row of that name whose side B has so many kB; -1 where there is none. */
static int find_row(const struct table *table, const char *name,
		    unsigned long kb)
{
	int row;

	for (row = 0; row < table->rows; row++)
		if (!strcmp(name, table_cell(table, row, "NAME")) &&
		    cell_of(table, row, "KBB") == kb)
			return row;
	return -1;
}

/* What the tasks were built to map, without asking procfs. */
TEST_F(maps, as_built)
{
	struct state *hole, *pages;
	struct table *table;
	char *text, *id;
	int row;

	ASSERT_EQ(0, map_all());
	hole = states_add(&self->states, &plans[1]);
	pages = states_add(&self->states, &plans[2]);
	ASSERT_TRUE(hole && pages);
	text = text_readf(CTXLAB "/%d,%d", hole->tid, pages->tid);
	ASSERT_NE(NULL, text);
	table = table_parse(text, "CommonMaps");
	ASSERT_NE(NULL, table) TH_LOG("%s", text);
	row = find_row(table, "/dev/zero (deleted)", ANON_PAGES * 4);
	ASSERT_LE(0, row) TH_LOG("%s", text);
	EXPECT_EQ(2, cell_of(table, row, "A"));
	EXPECT_EQ((ANON_PAGES - 1) * 4, cell_of(table, row, "KBA"));
	EXPECT_EQ((ANON_PAGES - 1) * 4, cell_of(table, row, "KB"));
	EXPECT_EQ(1, cell_of(table, row, "B"));
	/* A has pages 0 to 7 and again 2 to 4; B has 6 and 7, 4 to 6, 2 to 4. */
	row = find_row(table, "/memfd:same (deleted)", 8 * 4);
	ASSERT_LE(0, row) TH_LOG("%s", text);
	EXPECT_EQ(11 * 4, cell_of(table, row, "KBA"));
	EXPECT_EQ(6 * 4, cell_of(table, row, "KB"));
	EXPECT_EQ(3, cell_of(table, row, "B"));
	id = strdup(table_cell(table, row, "ID"));
	/* A file that was opened to be read is shared as well. */
	row = find_row(table, RAM_FILE, 6 * 4);
	ASSERT_LE(0, row) TH_LOG("%s", text);
	EXPECT_EQ(1, cell_of(table, row, "A"));
	EXPECT_EQ(2, cell_of(table, row, "B"));
	table_free(table);
	free(text);
	/* The object has one ID, whoever is looked at. */
	text = text_readf(CTXLAB "/%d,%d", pages->tid, getpid());
	ASSERT_NE(NULL, text);
	table = table_parse(text, "CommonMaps");
	ASSERT_NE(NULL, table);
	EXPECT_STREQ("/memfd:same (deleted)",
		     table_cell(table, table_find_word(table, "ID", id), "NAME"));
	table_free(table);
	free(text);
	free(id);
}

/* One map, or none, has nothing to be compared with. */
TEST_F(maps, not_two_maps)
{
	static const struct plan sharer = { "sharer", CLONE_VM, 0, NULL };
	static const pid_t kthread = 2;
	struct states *s = &self->states;
	struct state *task = states_add(s, &sharer);
	char *text;

	ASSERT_NE(NULL, task);
	text = text_readf(CTXLAB "/%d,%d", getpid(), task->tid);
	ASSERT_NE(NULL, text);
	EXPECT_STREQ("shared-mm", text_value(text, "Relation"));
	EXPECT_EQ(NULL, text_value(text, "SharedMaps"));
	free(text);
	ASSERT_EQ(0, states_add_zombie(s));
	text = text_readf(CTXLAB "/%d,%d", task->tid,
			  states_find(s, "zombie")->tid);
	ASSERT_NE(NULL, text);
	EXPECT_EQ(NULL, text_value(text, "SharedMaps"));
	free(text);
	text = text_readf(CTXLAB "/%d,%d", task->tid, kthread);
	ASSERT_NE(NULL, text);
	EXPECT_EQ(NULL, text_value(text, "SharedMaps"));
	free(text);
}

TEST_HARNESS_MAIN
