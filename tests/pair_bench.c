// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it costs to learn what two processes have in common: /proc/ctxlab/<a>,<b>
 * beside kcmp(2) for their descriptors, and beside /proc/<pid>/maps for their
 * mappings.
 *
 * The arms take turns, and of each the quickest round counts: the others were
 * disturbed.
 */
#include <fcntl.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bar.h"
#include "sharing_states.h"
#include "text.h"

#define ROUNDS 15
#define DESCRIPTORS 1000
#define MAPPINGS 10000
#define PAGE 4096L
#define BUFFER_SIZE (1 << 20)

static char buffer[BUFFER_SIZE];
static int memfd;
static bool failed;

static void read_whole(const char *path)
{
	int fd = open(path, O_RDONLY);
	ssize_t n;

	do {
		n = read(fd, buffer, sizeof(buffer));
	} while (n > 0);
	failed |= n < 0;
	close(fd);
}

/* The pair that is looked at. */
static pid_t tid[2];
static char pair_path[64];

static void read_pair(void)
{
	read_whole(pair_path);
}

/* A descriptor of one of the two. */
struct descriptor {
	pid_t tid;
	int fd;
};

static struct descriptor all[4 * DESCRIPTORS];

/* kcmp(2) gives an order: 1 is less, 2 is greater. */
static int by_file(const void *a, const void *b)
{
	static const int order[] = { 0, -1, 1 };
	const struct descriptor *x = a, *y = b;
	int ret = syscall(SYS_kcmp, x->tid, y->tid, KCMP_FILE, x->fd, y->fd);

	failed |= ret < 0 || ret > 2;
	return ret >= 0 && ret <= 2 ? order[ret] : 0;
}

/*
 * By one sort of both tables' descriptors, after which equal ones lie side by
 * side: fewer calls than to compare each with each.  Without listing them in
 * /proc/<pid>/fd first: they are known here.
 */
static void sort_by_kcmp(void)
{
	int i, n = 0, side, common = 0;

	for (side = 0; side < 2; side++)
		for (i = 0; i < DESCRIPTORS; i++)
			all[n++] = (struct descriptor){ tid[side], i + 100 };
	qsort(all, n, sizeof(*all), by_file);
	for (i = 1; i < n; i++)
		common += all[i].tid != all[i - 1].tid &&
			  !by_file(&all[i], &all[i - 1]);
	failed |= common != DESCRIPTORS / 2;
}

static void read_maps(void)
{
	char path[32];
	int side;

	for (side = 0; side < 2; side++) {
		snprintf(path, sizeof(path), "/proc/%d/maps", tid[side]);
		read_whole(path);
	}
}

/* Least time of two arms in turn, in microseconds. */
static void measure(void (*here)(void), void (*there)(void), double us[2])
{
	static double took[2][ROUNDS];
	double begin;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		begin = now();
		here();
		took[0][i] = now() - begin;
		begin = now();
		there();
		took[1][i] = now() - begin;
	}
	us[0] = quantile(took[0], ROUNDS, 0);
	us[1] = quantile(took[1], ROUNDS, 0);
}

/* Half of them are the maker's, half the task's own; from 100 on. */
static int open_half(struct state *state)
{
	int i, fd;

	(void)state;
	for (i = DESCRIPTORS / 2; i < DESCRIPTORS; i++) {
		fd = eventfd(0, 0);
		if (fd < 0 || dup2(fd, i + 100) < 0)
			return -1;
		close(fd);
	}
	return 0;
}

static int open_common(void)
{
	int i, fd;

	for (i = 0; i < DESCRIPTORS / 2; i++) {
		fd = eventfd(0, 0);
		if (fd < 0 || dup2(fd, i + 100) < 0)
			return -1;
		close(fd);
	}
	return 0;
}

/* One page a mapping, each below the one before it, so that no two become one. */
static int map_pages(struct state *state)
{
	int i;

	(void)state;
	for (i = 0; i < MAPPINGS; i++)
		if (mmap(NULL, PAGE, PROT_READ, MAP_SHARED, memfd,
			 i * PAGE) == MAP_FAILED)
			return -1;
	return 0;
}

/* Two tasks made by @plan; what follows is about them. */
static int look_at(struct states *states, const struct plan *plan)
{
	int side;

	for (side = 0; side < 2; side++) {
		struct state *state = states_add(states, plan);

		if (!state) {
			fprintf(stderr, "pair_bench: cannot make '%s'\n",
				plan->name);
			return -1;
		}
		tid[side] = state->tid;
	}
	snprintf(pair_path, sizeof(pair_path), CTXLAB "/%d,%d", tid[0], tid[1]);
	return 0;
}

static double measure_files(struct states *states)
{
	static const struct plan plan = { "descriptors", 0, 0, open_half };
	double us[2];

	if (open_common() || look_at(states, &plan))
		return -1;
	measure(read_pair, sort_by_kcmp, us);
	printf("%d descriptors each, half in common: <a>,<b> %.1f %s, by kcmp(2) %.1f\n",
	       DESCRIPTORS, us[0], clock_unit(), us[1]);
	return us[1] / us[0];
}

static double measure_maps(struct states *states)
{
	static const struct plan plan = { "mappings", 0, 0, map_pages };
	double us[2];

	memfd = memfd_create("bench", 0);
	if (memfd < 0 || ftruncate(memfd, MAPPINGS * PAGE) ||
	    look_at(states, &plan))
		return -1;
	measure(read_pair, read_maps, us);
	printf("%d mappings each: <a>,<b> %.1f %s, both maps files %.1f\n",
	       MAPPINGS, us[0], clock_unit(), us[1]);
	return us[0] / us[1];
}

static char same_path[64];

static void read_same(void)
{
	read_whole(same_path);
}

/* What is one for both is not gone through: as cheap as a task beside itself. */
static double measure_shared(struct states *states)
{
	static const struct plan plan = {
		"one map, one table", CLONE_VM | CLONE_FILES, 0, map_pages
	};
	double us[2];

	if (look_at(states, &plan))
		return -1;
	snprintf(same_path, sizeof(same_path), CTXLAB "/%d,%d", tid[0], tid[0]);
	measure(read_pair, read_same, us);
	printf("one map and one table of that size: <a>,<b> %.1f %s, <a>,<a> %.1f\n",
	       us[0], clock_unit(), us[1]);
	return us[0] / us[1];
}

int main(int argc, char **argv)
{
	struct rlimit limit = { 4 * DESCRIPTORS, 4 * DESCRIPTORS };
	static struct states states;
	double files, maps, shared;

	bars_begin(argc, argv);
	if (setrlimit(RLIMIT_NOFILE, &limit) || states_begin(&states)) {
		perror("pair_bench");
		return 1;
	}
	print_machine();
	files = measure_files(&states);
	maps = measure_maps(&states);
	shared = measure_shared(&states);
	states_end(&states);
	if (files < 0 || maps < 0 || shared < 0 || failed) {
		fprintf(stderr, "pair_bench: some reads failed; the figures do not hold\n");
		return 1;
	}
	putchar('\n');
	print_bar("kcmp(2) over <a>,<b>, 1,000 descriptors each", files, 20, true);
	print_bar("<a>,<b> over both maps files, 10,000 mappings each", maps, 1,
		  false);
	print_bar("<a>,<b> of one map and one table over <a>,<a>", shared, 1.2,
		  false);
	return !!bars_missed();
}
