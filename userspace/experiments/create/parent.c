// SPDX-License-Identifier: GPL-2.0-only
/* Gives a process memory, mappings and open files, and counts them. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "measure/cgroup.h"
#include "parent.h"

#ifndef MADV_COLD
#define MADV_COLD 20
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

#define MB		(1ULL << 20)
#define HUGE_SIZE	(2 * MB)
/* The pages that the kernel gives out as one: none, or at least so many. */
#define LEAST_FOLIO	4
/* A mapping's page, its vm_area_struct, anon_vma and place in the trees. */
#define MAPPING_BYTES	(4096 + 512)
/* A struct file, what it is of, and its slot. */
#define FILE_BYTES	512

/* Private memory that begins at a multiple of the huge page's size. */
static char *reserve(size_t size)
{
	size_t all = size + HUGE_SIZE, head;
	char *p = mmap(NULL, all, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	head = -(uintptr_t)p & (HUGE_SIZE - 1);
	if (head)
		munmap(p, head);
	munmap(p + head + size, all - head - size);
	return p + head;
}

/* The number after @key in a file; UINT64_MAX where there is none. */
static uint64_t read_number(const char *path, const char *key)
{
	FILE *f = fopen(path, "re");
	unsigned long long n = UINT64_MAX;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)) &&
		    sscanf(line + strlen(key), "%llu", &n) == 1)
			break;
	if (f)
		fclose(f);
	return n;
}

/* kB of this process in huge pages. */
static uint64_t in_huge_pages(void)
{
	return read_number("/proc/self/smaps_rollup", "AnonHugePages:");
}

static void write_pages(const struct parent_memory *m)
{
	size_t page = sysconf(_SC_PAGESIZE), i;

	for (i = 0; i < m->size; i += page)
		*(volatile char *)(m->base + i) = 1;
}

static int fill_huge(const struct parent_memory *m)
{
	if (madvise(m->base, m->size, MADV_HUGEPAGE))
		return -EOPNOTSUPP;
	write_pages(m);
	/* What is huge already is a success: this is the proof. */
	return madvise(m->base, m->size, MADV_COLLAPSE) ? -EOPNOTSUPP : 0;
}

/*
 * Small pages, but as many as make a huge one lie together: fork() looks at what
 * the kernel keeps of each page, and by how that is scattered in memory a page
 * costs up to twice as much, at one size of the parent and not at another.  So
 * huge pages are taken, and split: when a part of one is said to be cold the
 * kernel does so, also with those of several sizes that newer kernels have.
 * Where some are left, or nobody knows, the pages come from wherever they do.
 */
static void fill_small(const struct parent_memory *m)
{
	uint64_t before = in_huge_pages();
	size_t page = sysconf(_SC_PAGESIZE), i;
	bool huge = !madvise(m->base, m->size, MADV_HUGEPAGE);

	if (huge)
		write_pages(m);
	madvise(m->base, m->size, MADV_NOHUGEPAGE);
	for (i = 0; huge && i < m->size; i += LEAST_FOLIO * page)
		madvise(m->base + i, page, MADV_COLD);
	if (huge && (before == UINT64_MAX || in_huge_pages() != before))
		madvise(m->base, m->size, MADV_DONTNEED);
	write_pages(m);
}

static int fill_memory(const struct parent_state *s, struct parent_memory *m)
{
	m->size = s->megabytes * MB;
	m->base = reserve((m->size + HUGE_SIZE - 1) & -HUGE_SIZE);
	if (!m->base)
		return -errno;
	if (s->huge)
		return fill_huge(m);
	fill_small(m);
	return 0;
}

/* A gap after each, so that the kernel does not merge them. */
static int fill_mappings(unsigned int n)
{
	size_t page = sysconf(_SC_PAGESIZE), all = 2 * page * n;
	unsigned int i;
	char *base, *p;

	base = mmap(NULL, all, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base == MAP_FAILED)
		return -errno;
	munmap(base, all);
	for (i = 0; i < n; i++) {
		p = mmap(base + 2 * page * i, page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
			 0);
		if (p == MAP_FAILED)
			return -errno;
		*(volatile char *)p = 1;
	}
	return 0;
}

/* The number of open descriptors, or a negative errno. */
static int count_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	if (!dir)
		return -errno;
	while (readdir(dir))
		n++;
	closedir(dir);
	/* Two are "." and "..", one was the directory's own. */
	return n - 3;
}

static int raise_limit(unsigned int files)
{
	rlim_t need = (rlim_t)files + PARENT_MORE_FILES;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return -errno;
	if (limit.rlim_cur >= need)
		return 0;
	if (limit.rlim_max < need)
		return -EMFILE;
	limit.rlim_cur = need;
	return setrlimit(RLIMIT_NOFILE, &limit) ? -errno : 0;
}

/* Each is an open file of its own, and all end with the process. */
static int fill_files(unsigned int files)
{
	int have = count_files(), err;

	if (have < 0)
		return have;
	err = raise_limit(files);
	for (; !err && (unsigned int)have < files; have++)
		if (eventfd(0, EFD_CLOEXEC) < 0)
			err = -errno;
	return err;
}

int parent_enter(const struct parent_state *s, struct parent_memory *memory,
		 const char **what)
{
	int err = 0;

	*memory = (struct parent_memory){};
	*what = s->huge ? "fill huge pages" : "fill memory";
	if (s->megabytes)
		err = fill_memory(s, memory);
	if (!err && s->mappings) {
		*what = "make mappings";
		err = fill_mappings(s->mappings);
	}
	if (!err && s->files) {
		*what = "open files";
		err = fill_files(s->files);
	}
	return err;
}

uint64_t parent_needs(const struct parent_state *s)
{
	/* Page tables, the parent's and a child's, are 1/512 each. */
	return s->megabytes * (MB + MB / 256) +
	       (uint64_t)s->mappings * MAPPING_BYTES * 2 +
	       (uint64_t)s->files * FILE_BYTES;
}

/* What the memory limits of the cgroup leave, of either version. */
static uint64_t cgroup_leaves(void)
{
	long long most, now;

	if (!cgroup_tightest("memory", "memory.max", "memory.current", &most,
			     &now) &&
	    !cgroup_tightest("memory", "memory.limit_in_bytes",
			     "memory.usage_in_bytes", &most, &now))
		return UINT64_MAX;
	return most > now ? most - now : 0;
}

uint64_t parent_available(void)
{
	uint64_t free = read_number("/proc/meminfo", "MemAvailable:");
	uint64_t left = cgroup_leaves();

	if (free != UINT64_MAX)
		free *= 1024;
	return free < left ? free : left;
}

static unsigned int count_lines(const char *path)
{
	FILE *f = fopen(path, "re");
	unsigned int n = 0;
	int c;

	while (f && (c = getc(f)) != EOF)
		n += c == '\n';
	if (f)
		fclose(f);
	return n;
}

int parent_count(struct parent_counts *c)
{
	uint64_t all = read_number("/proc/self/smaps_rollup", "Anonymous:");
	uint64_t huge = in_huge_pages();
	int files = count_files();

	if (files < 0)
		return files;
	if (all == UINT64_MAX || huge == UINT64_MAX)
		return -ENODATA;
	*c = (struct parent_counts){
		.mappings = count_lines("/proc/self/maps"),
		.pages = (all - huge) * 1024 / sysconf(_SC_PAGESIZE),
		.huge_pages = huge * 1024 / HUGE_SIZE,
		.files = files,
	};
	return 0;
}
