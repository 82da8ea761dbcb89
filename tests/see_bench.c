// SPDX-License-Identifier: GPL-2.0-only
/*
 * What looking at the system costs: /proc/ctxlab beside procfs, kcmp(2) and a
 * BPF task iterator, in one run, on systems of several sizes.
 *
 * The arms take turns, and of each the quickest round counts: the others were
 * disturbed.  The BPF iterator's records have all that a line of "tasks" has.
 *
 * With the argument "instructions" the machine's clock counts instructions, each a
 * nanosecond (scripts/vm --icount): that is judged, since it is the same whatever
 * else the host does.  Times are only told.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bar.h"
#include "footprint.skel.h"
#include "many_tasks.h"
#include "records.h"
#include "records.skel.h"
#include "text.h"

#define ROUNDS 9
/* The first one fills the caches; the others are all alike. */
#define COUNTED_ROUNDS 2
#define BUFFER_SIZE (256 << 10)

enum { TASKS, BPF, STATUS, KCMP_MM, KCMP, ARMS };

static const int sizes[] = { 250, 1000, 4000, 20000 };

#define SIZES ((int)ARRAY_SIZE(sizes))

/**
 * struct bench - what is measured with, and what was measured
 * @many: the tasks that are looked at
 * @link: the attached BPF task iterator
 * @footprint: the watch over kernel memory
 * @buffer: what every arm reads into
 * @tasks: number of tasks at each size, those of the machine included
 * @cost: microseconds a task, of each arm at each size
 * @memory: most kernel memory held while "tasks" was read, in bytes
 * @longest: microseconds that one read() of 4 kB of "tasks" may take
 * @failed: something could not be measured
 */
struct bench {
	struct many_tasks many;
	struct bpf_link *link;
	struct footprint_bpf *footprint;
	char *buffer;
	int tasks[SIZES];
	double cost[SIZES][ARMS];
	double memory[SIZES];
	double longest[SIZES];
	bool failed;
};

static bool read_whole(struct bench *b, int fd)
{
	ssize_t n;

	if (fd < 0)
		return false;
	do {
		n = read(fd, b->buffer, BUFFER_SIZE);
	} while (n > 0);
	close(fd);
	return n == 0;
}

static bool read_file(struct bench *b, const char *path)
{
	return read_whole(b, open(path, O_RDONLY));
}

static bool arm_tasks(struct bench *b)
{
	return read_file(b, CTXLAB "/tasks");
}

static bool arm_bpf(struct bench *b)
{
	return read_whole(b, bpf_iter_create(bpf_link__fd(b->link)));
}

static bool arm_status(struct bench *b)
{
	char path[64];
	int i;

	for (i = 0; i < b->many.count; i++) {
		snprintf(path, sizeof(path), "/proc/%d/status",
			 b->many.tids[i]);
		if (!read_file(b, path))
			return false;
	}
	return true;
}

/* kcmp(2) gives an order: 1 is less, 2 is greater. */
static int kcmp_type;

static int by_kcmp(const void *a, const void *b)
{
	static const int order[] = { 0, -1, 1 };
	int ret = syscall(SYS_kcmp, *(const pid_t *)a, *(const pid_t *)b,
			  kcmp_type, 0, 0);

	return ret >= 0 && ret <= 2 ? order[ret] : 0;
}

static bool sort_by(struct bench *b, int type)
{
	size_t size = b->many.count * sizeof(pid_t);
	pid_t *tids = malloc(size);

	if (!tids)
		return false;
	memcpy(tids, b->many.tids, size);
	kcmp_type = type;
	qsort(tids, b->many.count, sizeof(pid_t), by_kcmp);
	free(tids);
	return true;
}

static bool arm_kcmp_mm(struct bench *b)
{
	return sort_by(b, KCMP_VM);
}

/* The groups of all that it can tell apart, as "tasks" gives them. */
static bool arm_kcmp(struct bench *b)
{
	static const int types[] = {
		KCMP_VM, KCMP_FILES, KCMP_FS, KCMP_SIGHAND, KCMP_IO,
		KCMP_SYSVSEM,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (!sort_by(b, types[i]))
			return false;
	return true;
}

static const struct {
	const char *name;
	bool (*run)(struct bench *bench);
} arms[ARMS] = {
	[TASKS] = { "ctxlab tasks", arm_tasks },
	[BPF] = { "BPF iterator", arm_bpf },
	[STATUS] = { "procfs status", arm_status },
	[KCMP_MM] = { "kcmp, mm only", arm_kcmp_mm },
	[KCMP] = { "kcmp sorting", arm_kcmp },
};

static int count_tasks(struct bench *b)
{
	int fd = bpf_iter_create(bpf_link__fd(b->link));
	size_t bytes = 0;
	ssize_t n;

	while ((n = read(fd, b->buffer, BUFFER_SIZE)) > 0)
		bytes += n;
	close(fd);
	return bytes / sizeof(struct task_record);
}

/* Most of the kernel's memory that one thread held over one read of "tasks". */
static double watch_memory(struct bench *b)
{
	/* Attached for this alone, since it would slow the arms. */
	if (footprint_bpf__attach(b->footprint))
		b->failed = true;
	b->footprint->bss->held = 0;
	b->footprint->bss->peak = 0;
	b->footprint->bss->watched = gettid();
	arm_tasks(b);
	b->footprint->bss->watched = 0;
	footprint_bpf__detach(b->footprint);
	return b->footprint->bss->peak;
}

/* How long a bounded read may take, whatever the size of the system. */
static double watch_reads(void)
{
	static double took[4096];
	static char page[4096];
	int fd = open(CTXLAB "/tasks", O_RDONLY), count = 0;
	double begin;
	ssize_t n;

	do {
		begin = now();
		n = read(fd, page, sizeof(page));
		took[count++] = now() - begin;
	} while (n > 0 && count < (int)ARRAY_SIZE(took));
	close(fd);
	return quantile(took, count, 0.5);
}

static int rounds_of(int size)
{
	if (clock_counts())
		return COUNTED_ROUNDS;
	return size > 4000 ? 3 : ROUNDS;
}

static void measure_size(struct bench *b, int size)
{
	int rounds = rounds_of(sizes[size]), round, arm;
	double took[ARMS][ROUNDS], begin;

	for (round = 0; round < rounds; round++) {
		for (arm = 0; arm < ARMS; arm++) {
			begin = now();
			if (!arms[arm].run(b))
				b->failed = true;
			took[arm][round] = now() - begin;
		}
	}
	b->tasks[size] = count_tasks(b);
	for (arm = 0; arm < ARMS; arm++) {
		/* Two arms see the machine's own tasks as well. */
		int seen = arm == TASKS || arm == BPF ? b->tasks[size] :
							b->many.count;

		b->cost[size][arm] = quantile(took[arm], rounds, 0) / seen;
	}
	b->memory[size] = watch_memory(b);
	b->longest[size] = watch_reads();
}

static void print_sizes(const struct bench *b)
{
	int size, arm;

	printf("%8s", "TASKS");
	for (arm = 0; arm < ARMS; arm++)
		printf(" %14s", arms[arm].name);
	printf(" %12s %14s\n", "memory, kB", "4 kB read");
	for (size = 0; size < SIZES; size++) {
		printf("%8d", b->tasks[size]);
		for (arm = 0; arm < ARMS; arm++)
			printf(" %14.2f", b->cost[size][arm]);
		printf(" %12.1f %14.1f\n", b->memory[size] / 1024,
		       b->longest[size]);
	}
	printf("%s, a task and a read of 4 kB; memory: most that a read of tasks held.\n\n",
	       clock_counts() ? "Thousands of instructions" : "Microseconds");
}

/* Least time to read one path, alternating with another. */
static void compare_paths(struct bench *b, const char *here, const char *there,
			  double *here_us, double *there_us)
{
	static double took[2][301];
	double begin;
	int i;

	for (i = 0; i < (int)ARRAY_SIZE(took[0]); i++) {
		begin = now();
		b->failed |= !read_file(b, here);
		took[0][i] = now() - begin;
		begin = now();
		b->failed |= !read_file(b, there);
		took[1][i] = now() - begin;
	}
	*here_us = quantile(took[0], ARRAY_SIZE(took[0]), 0);
	*there_us = quantile(took[1], ARRAY_SIZE(took[1]), 0);
}

/* One process of one thread, /proc/ctxlab/<pid> against its status. */
static double bar_of_process(struct bench *b)
{
	char here[64], there[64];
	double here_us, there_us;
	pid_t pid = many_tasks_process(1);

	/* Without the process the reads fail, which is noted. */
	snprintf(here, sizeof(here), CTXLAB "/%d", pid);
	snprintf(there, sizeof(there), "/proc/%d/status", pid);
	compare_paths(b, here, there, &here_us, &there_us);
	many_tasks_end_process(pid);
	printf("One process:              <pid> %9.1f %s, status       %9.1f\n",
	       here_us, clock_unit(), there_us);
	return here_us / there_us;
}

/* One process of a thousand threads, against all their status files. */
static double bar_of_threads(struct bench *b)
{
	double here[ROUNDS], there[ROUNDS], begin;
	struct many_tasks threads = {};
	pid_t pid = many_tasks_process(1000);
	struct bench other = *b;
	char path[64];
	int i;

	snprintf(path, sizeof(path), CTXLAB "/%d", pid);
	if (pid < 0 || many_tasks_note(&threads, pid))
		b->failed = true;
	other.many = threads;
	for (i = 0; i < ROUNDS; i++) {
		begin = now();
		b->failed |= !read_file(b, path);
		here[i] = now() - begin;
		begin = now();
		b->failed |= !arm_status(&other);
		there[i] = now() - begin;
	}
	many_tasks_end_process(pid);
	many_tasks_end(&threads);
	printf("A process of %d threads: <pid> %9.1f %s, status files %9.1f\n\n",
	       threads.count, quantile(here, ROUNDS, 0), clock_unit(),
	       quantile(there, ROUNDS, 0));
	return quantile(here, ROUNDS, 0) / quantile(there, ROUNDS, 0);
}

static void print_bars(const struct bench *b, double process, double threads)
{
	const int small = 0, thousand = 1, large = SIZES - 1;
	char what[64];
	int size;

	print_bar("tasks, a task: 20,000 tasks over 1,000",
		  b->cost[large][TASKS] / b->cost[thousand][TASKS], 1.1, false);
	print_bar("kcmp sorting over tasks, at 1,000",
		  b->cost[thousand][KCMP] / b->cost[thousand][TASKS], 10, true);
	for (size = 0; size < SIZES; size++) {
		snprintf(what, sizeof(what), "tasks over BPF iterator, at %d",
			 sizes[size]);
		print_bar(what, b->cost[size][TASKS] / b->cost[size][BPF],
			  1.6, false);
	}
	print_bar("<pid> over status", process, 1, false);
	print_bar("<pid> of 1,000 threads over their status files", threads,
		  0.2, false);
	print_bar("memory of a read: 20,000 tasks over 250",
		  b->memory[large] / b->memory[small], 1.1, false);
	print_bar("4 kB of tasks: 20,000 tasks over 250",
		  b->longest[large] / b->longest[small], 1.5, false);
}

static int set_up(struct bench *b)
{
	struct records_bpf *records = records_bpf__open_and_load();

	b->footprint = footprint_bpf__open_and_load();
	b->buffer = malloc(BUFFER_SIZE);
	if (!records || !b->footprint || !b->buffer) {
		fprintf(stderr, "see_bench: cannot load the BPF programs: %s\n",
			strerror(errno));
		return -1;
	}
	memset(b->buffer, 0, BUFFER_SIZE);
	b->link = bpf_program__attach_iter(records->progs.dump_records, NULL);
	if (!b->link) {
		fprintf(stderr, "see_bench: cannot attach the iterator: %s\n",
			strerror(errno));
		return -1;
	}
	many_tasks_make_room(sizes[SIZES - 1]);
	return 0;
}

int main(int argc, char **argv)
{
	struct bench b = {};
	double process, threads;
	int size, there;

	bars_begin(argc, argv);
	if (set_up(&b))
		return 1;
	print_machine();
	process = bar_of_process(&b);
	threads = bar_of_threads(&b);
	there = count_tasks(&b);
	for (size = 0; size < SIZES; size++) {
		if (many_tasks_grow(&b.many, sizes[size] - there)) {
			fprintf(stderr, "see_bench: no room for %d tasks: %s\n",
				sizes[size], strerror(errno));
			return 1;
		}
		measure_size(&b, size);
	}
	print_sizes(&b);
	print_bars(&b, process, threads);
	many_tasks_end(&b.many);
	if (b.failed)
		fprintf(stderr, "see_bench: some reads failed; the figures do not hold\n");
	return b.failed || bars_missed();
}
