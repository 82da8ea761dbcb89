// SPDX-License-Identifier: GPL-2.0-only
/*
 * No kernel address in anything that the module says: every file, every ioctl
 * and the kernel log are searched for any number that lies in the kernel's own
 * memory, while the test knows where that is.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>

#include "kselftest_harness.h"
#include "creds.h"
#include "slow_kernel.h"
#include "probe.h"
#include "sharing_states.h"
#include "text.h"

#define RANGES_MAX 20000

struct range {
	unsigned long long start;
	unsigned long long end;
};

/* Of symbols first, then of what is mapped on its own, then of all memory. */
static struct range ranges[RANGES_MAX];
static int range_count;
static int symbol_ranges;
static int mapped_ranges;

static void add_range(unsigned long long start, unsigned long long end)
{
	if (start < end && range_count < RANGES_MAX)
		ranges[range_count++] = (struct range){ start, end };
}

static bool is_address(unsigned long long value)
{
	int i;

	/* The kernel has the upper half. */
	if (!(value >> 63))
		return false;
	for (i = 0; i < range_count; i++)
		if (value >= ranges[i].start && value < ranges[i].end)
			return true;
	return false;
}

/* The image and every module: from the first to the last symbol of each. */
static void add_symbols(void)
{
	unsigned long long address, low = ~0ULL, high = 0;
	char line[512], module[64], last[64] = "";
	FILE *file = fopen("/proc/kallsyms", "r");

	while (file && fgets(line, sizeof(line), file)) {
		module[0] = '\0';
		if (sscanf(line, "%llx %*c %*s [%63[^]]]", &address, module) < 1)
			continue;
		/* Per-CPU symbols are offsets. */
		if (address < 1ULL << 63)
			continue;
		if (strcmp(module, last)) {
			add_range(low, high + 1);
			snprintf(last, sizeof(last), "%s", module);
			low = ~0ULL;
			high = 0;
		}
		low = address < low ? address : low;
		high = address > high ? address : high;
	}
	add_range(low, high + 1);
	if (file)
		fclose(file);
}

/* With 1, root sees addresses; with 0, hashes of them. */
static void show_addresses(void)
{
	FILE *file = fopen("/proc/sys/kernel/kptr_restrict", "w");

	if (file) {
		fputs("1\n", file);
		fclose(file);
	}
}

/* Kernel stacks and whatever else was mapped on its own. */
static void add_mapped(void)
{
	FILE *file = fopen("/proc/vmallocinfo", "r");
	unsigned long long start, end;
	char line[512];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%llx-%llx", &start, &end) == 2 && start >> 63)
			add_range(start, end);
	if (file)
		fclose(file);
}

/* All memory, where the kernel maps it as a whole: program headers have it. */
static void add_memory_of_kcore(void)
{
	unsigned char header[64], program[56];
	int fd = open("/proc/kcore", O_RDONLY), i, count;
	unsigned long long start, size;

	if (fd < 0 || read(fd, header, sizeof(header)) != sizeof(header)) {
		close(fd);
		return;
	}
	count = header[56] | header[57] << 8;
	for (i = 0; i < count; i++) {
		if (pread(fd, program, sizeof(program), 64 + i * 56) != 56)
			break;
		memcpy(&start, program + 16, 8);
		memcpy(&size, program + 40, 8);
		/* The whole of the vmalloc area is too wide to mean anything. */
		if (start >> 63 && size < 1ULL << 40)
			add_range(start, start + size);
	}
	close(fd);
}

#if defined(__x86_64__)
#define PAGE_OFFSET 0xffff888000000000ULL
#else
#define PAGE_OFFSET 0ULL
#endif

/*
 * A small kernel has no /proc/kcore.  It does not move its map of all memory
 * either, or was told not to: that has physical memory from PAGE_OFFSET on.
 */
static void add_memory_of_iomem(void)
{
	FILE *file = fopen("/proc/iomem", "r");
	unsigned long long start, end;
	char line[256];

	while (PAGE_OFFSET && file && fgets(line, sizeof(line), file))
		if (strstr(line, "System RAM") &&
		    sscanf(line, "%llx-%llx", &start, &end) == 2)
			add_range(PAGE_OFFSET + start, PAGE_OFFSET + end + 1);
	if (file)
		fclose(file);
}

static void add_memory(void)
{
	if (!access("/proc/kcore", R_OK))
		add_memory_of_kcore();
	else
		add_memory_of_iomem();
}

/* Decimal or hexadecimal, in any run of digits, whole or in part. */
static int count_addresses(const char *name, const char *text)
{
	char digits[17];
	const char *at;
	int found = 0;

	for (at = text; *at; at++) {
		if (strspn(at, "0123456789abcdefABCDEF") >= 16) {
			memcpy(digits, at, 16);
			digits[16] = '\0';
			if (is_address(strtoull(digits, NULL, 16))) {
				printf("# %s: %.16s\n", name, at);
				found++;
			}
		}
		if (isdigit(*at) && (at == text || !isdigit(at[-1])) &&
		    is_address(strtoull(at, NULL, 10))) {
			printf("# %s: %.20s\n", name, at);
			found++;
		}
	}
	return found;
}

static int count_in_bytes(const char *name, const void *bytes, size_t size)
{
	unsigned long long value;
	int found = 0;
	size_t i;

	for (i = 0; i + sizeof(value) <= size; i++) {
		memcpy(&value, (const char *)bytes + i, sizeof(value));
		if (is_address(value)) {
			printf("# %s: %llx at byte %zu\n", name, value, i);
			found++;
		}
	}
	return found;
}

static int count_in_file(const char *name)
{
	char path[300], *text;
	int found;

	snprintf(path, sizeof(path), CTXLAB "/%s", name);
	text = text_read(path);
	if (!text)
		return 0;
	found = count_addresses(name, text);
	free(text);
	return found;
}

FIXTURE(addresses)
{
	struct states states;
};

FIXTURE_SETUP(addresses)
{
	ASSERT_LT(0, symbol_ranges);
	ASSERT_LT(symbol_ranges + 10, mapped_ranges);
	ASSERT_LT(mapped_ranges, range_count);
	ASSERT_EQ(0, states_begin(&self->states));
	ASSERT_EQ(0, states_add_unshared(&self->states));
	ASSERT_EQ(0, states_add_vfork(&self->states));
	ASSERT_EQ(0, states_add_leaderless(&self->states));
	ASSERT_NE(NULL, states_note(&self->states, 1, "first process"));
	ASSERT_NE(NULL, states_note(&self->states, 2, "kthreadd"));
}

FIXTURE_TEARDOWN(addresses)
{
	states_end(&self->states);
}

/* The search finds what it is made to find. */
TEST_F(addresses, search_works)
{
	const int kinds[] = { 0, symbol_ranges, mapped_ranges };
	unsigned long long value;
	char text[64];
	int i;

	/* One of the image, one of a kernel stack's kind, one of all memory. */
	for (i = 0; i < (int)ARRAY_SIZE(kinds); i++) {
		value = ranges[kinds[i]].end - 8;
		snprintf(text, sizeof(text), "Mm: %016llx users 1\n", value);
		EXPECT_EQ(1, count_addresses("(planted)", text));
		EXPECT_EQ(1, count_in_bytes("(planted)", &value, sizeof(value)));
	}
	value = ranges[0].start;
	snprintf(text, sizeof(text), "xx%016llxyy", value);
	EXPECT_EQ(1, count_addresses("(planted)", text));
	snprintf(text, sizeof(text), "Vcsw: %llu\n", value);
	EXPECT_EQ(1, count_addresses("(planted)", text));
	snprintf(text, sizeof(text), "7ffd3c2a1000 0000000000000001 1234567\n");
	EXPECT_EQ(0, count_addresses("(planted)", text));
}

TEST_F(addresses, in_files)
{
	static const char *const fixed[] = { "tasks", "abi", "self" };
	struct states *s = &self->states;
	char name[32];
	int i, j;

	for (i = 0; i < (int)ARRAY_SIZE(fixed); i++)
		EXPECT_EQ(0, count_in_file(fixed[i]));
	for (i = 0; i < s->count; i++) {
		snprintf(name, sizeof(name), "%d", s->list[i].tid);
		EXPECT_EQ(0, count_in_file(name));
		snprintf(name, sizeof(name), "%d-waits", s->list[i].tid);
		EXPECT_EQ(0, count_in_file(name));
		for (j = i; j < s->count; j += 3) {
			snprintf(name, sizeof(name), "%d,%d", s->list[i].tid,
				 s->list[j].tid);
			EXPECT_EQ(0, count_in_file(name));
		}
	}
}

/* Every process of the machine, kernel threads among them. */
TEST_F(addresses, of_everybody)
{
	char *names = list_directory(CTXLAB), *name, *rest, waits[64];

	ASSERT_NE(NULL, names);
	for (name = strtok_r(names, " ", &rest); name;
	     name = strtok_r(NULL, " ", &rest)) {
		EXPECT_EQ(0, count_in_file(name));
		snprintf(waits, sizeof(waits), "%s-waits", name);
		EXPECT_EQ(0, count_in_file(waits));
	}
	free(names);
}

TEST_F(addresses, in_ioctls)
{
	static __u64 buckets[CTXLAB_HIST_BUCKETS];
	struct ctxlab_switch_info info;
	struct ctxlab_switch_read read;
	int fd = probe_open(), i;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, probe_attach(fd));
	for (i = 0; i < 100; i++)
		sched_yield();
	ASSERT_EQ(0, probe_info(fd, &info));
	ASSERT_EQ(0, probe_read(fd, &read));
	EXPECT_EQ(0, count_in_bytes("info", &info, sizeof(info)));
	EXPECT_EQ(0, count_in_bytes("read", &read, sizeof(read)));
	for (i = 0; i < CTXLAB_HISTS; i++) {
		ASSERT_EQ(0, probe_hist(fd, i, buckets));
		EXPECT_EQ(0, count_in_bytes("hist", buckets, sizeof(buckets)));
	}
	ASSERT_EQ(0, probe_detach(fd));
	close(fd);
}

/* What the module wrote to the kernel log, since it was loaded. */
TEST_F(addresses, in_the_log)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK), lines = 0;
	char record[8192];
	ssize_t n;

	ASSERT_LE(0, fd);
	while ((n = read(fd, record, sizeof(record) - 1)) > 0 ||
	       (n < 0 && errno == EPIPE)) {
		record[n > 0 ? n : 0] = '\0';
		lines++;
		if (strstr(record, ";ctxlab"))
			EXPECT_EQ(0, count_addresses("log", record));
	}
	EXPECT_LT(10, lines);
	close(fd);
}

/* Finding the kernel takes a while, and it does not move. */
int main(int argc, char **argv)
{
	show_addresses();
	add_symbols();
	symbol_ranges = range_count;
	add_mapped();
	mapped_ranges = range_count;
	add_memory();
	return test_harness_run(argc, argv);
}
