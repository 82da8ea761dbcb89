// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/ctxlab/<a>,<b> on maps with more mappings and objects than it lists, whose
 * readers are killed, and whose objects go and come while it reads.
 */
#include <linux/bpf.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "common_maps.h"
#include "creds.h"
#include "probe.h"
#include "slow_kernel.h"
#include "sharing_states.h"
#include "text.h"

/* As many rows as the module lists. */
#define ROWS 64
#define MANY 60000
#define MORE_OBJECTS (ROWS + 20)

static int memfd;

FIXTURE(storm)
{
	struct states states;
};

FIXTURE_SETUP(storm)
{
	ASSERT_EQ(0, states_begin(&self->states));
}

FIXTURE_TEARDOWN(storm)
{
	states_end(&self->states);
}

/* One page a mapping, each below the one before it, so that no two become one. */
static int map_many(struct state *state)
{
	int i, n = MANY / slow_kernel_factor();

	(void)state;
	for (i = 0; i < n; i++)
		if (map_shared(memfd, i, 1) == MAP_FAILED)
			return -1;
	return 0;
}

/* Objects that only one has are nobody's; there are more than rows. */
TEST_F(storm, many)
{
	static const struct plan with_many = { "many", 0, 0, map_many };
	int i, n = MANY / slow_kernel_factor(), others;
	struct state *a, *b;
	struct shared_maps s;
	char *text;

	for (i = 0; i < MORE_OBJECTS; i++)
		ASSERT_NE(MAP_FAILED, mmap(NULL, PAGE, PROT_READ,
					   MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	memfd = memfd_create("many", 0);
	ASSERT_EQ(0, ftruncate(memfd, (off_t)MANY * PAGE));
	a = states_add(&self->states, &with_many);
	ASSERT_NE(NULL, a);
	text = text_readf(CTXLAB "/%d,%d", a->tid, getpid());
	ASSERT_NE(NULL, text);
	ASSERT_EQ(0, shared_maps_take(text, &s)) TH_LOG("%s", text);
	others = s.a;
	EXPECT_LE(MORE_OBJECTS, s.common);
	EXPECT_EQ(s.common, s.a);
	EXPECT_EQ(ROWS, text_number(text, "CommonMaps"));
	free(text);
	/* Both map the object, page by page. */
	b = states_add(&self->states, &with_many);
	ASSERT_NE(NULL, b);
	text = text_readf(CTXLAB "/%d,%d", a->tid, b->tid);
	ASSERT_NE(NULL, text);
	ASSERT_EQ(0, shared_maps_take(text, &s)) TH_LOG("%s", text);
	EXPECT_EQ(others + 1, s.common);
	EXPECT_EQ(others + n, s.a);
	EXPECT_EQ(others + n, s.b);
	EXPECT_LE(4 * (unsigned long)(others + n), s.both_kb);
	EXPECT_EQ(s.a_kb, s.both_kb);
	free(text);
}

/* Reads until it is killed. */
static pid_t start_reader(pid_t a, pid_t b)
{
	pid_t child = fork();

	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		free(text_readf(CTXLAB "/%d,%d", a, b));
}

/* A reader, in whatever part of a long read, ends when it is killed. */
TEST_F(storm, killed)
{
	static const struct plan with_many = { "many", 0, 0, map_many };
	struct state *a, *b;
	int i, status;
	pid_t child;

	memfd = memfd_create("many", 0);
	ASSERT_EQ(0, ftruncate(memfd, (off_t)MANY * PAGE));
	a = states_add(&self->states, &with_many);
	b = states_add(&self->states, &with_many);
	ASSERT_TRUE(a && b);
	for (i = 0; i < 10; i++) {
		child = start_reader(a->tid, b->tid);
		ASSERT_LT(0, child);
		usleep(i * 5000);
		ASSERT_EQ(0, kill(child, SIGKILL));
		ASSERT_EQ(child, waitpid(child, &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status));
	}
}

/* To read them all takes longer than to unmap a handful and to map another. */
#define TAIL 10000
#define HANDFUL 16
#define STORM_READS 300

/*
 * What is named by its struct file, whose memory is used again at once, while
 * that of an inode waits for a grace period.
 */
static char *map_bpf_array(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = sizeof(__u32),
		.value_size = sizeof(__u64),
		.max_entries = 1,
		.map_flags = BPF_F_MMAPABLE,
	};
	int fd = syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
	char *memory = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);

	close(fd);
	return memory;
}

/* Maps what is its own alone, lets the other one run, unmaps it; for ever. */
static int map_and_unmap(int ready, bool late)
{
	char *memory[HANDFUL];
	int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Both on one CPU, where freed memory comes back first. */
	pin(0, false);
	if (write(ready, "", 1) != 1)
		return 1;
	if (late)
		sched_yield();
	for (;;) {
		for (i = 0; i < HANDFUL; i++)
			memory[i] = map_bpf_array();
		sched_yield();
		for (i = 0; i < HANDFUL; i++)
			munmap(memory[i], PAGE);
		sched_yield();
	}
}

/*
 * Two tasks use the memory of each other's unmapped objects again and again: what
 * is told to be common is what they inherited, and nothing else.
 */
TEST_F(storm, reused)
{
	int i, ready[2], inherited, told = 0, tail = slow_kernel_scaled(TAIL);
	pid_t child[2];
	struct shared_maps s;
	char *text, byte;

	memfd = memfd_create("tail", 0);
	ASSERT_EQ(0, ftruncate(memfd, (off_t)tail * PAGE));
	for (i = 0; i < tail; i++)
		ASSERT_NE(MAP_FAILED, map_shared(memfd, i, 1));
	ASSERT_EQ(0, pipe(ready));
	for (i = 0; i < 2; i++) {
		child[i] = fork();
		ASSERT_LE(0, child[i]);
		if (!child[i])
			_exit(map_and_unmap(ready[1], i));
	}
	for (i = 0; i < 2; i++)
		ASSERT_EQ(1, read(ready[0], &byte, 1));
	/* This one stands still, and has what both have inherited. */
	text = text_readf(CTXLAB "/%d,%d", getpid(), child[0]);
	ASSERT_NE(NULL, text);
	ASSERT_EQ(0, shared_maps_take(text, &s)) TH_LOG("%s", text);
	inherited = s.common;
	free(text);
	/* The reader off it, if there is another one. */
	pin(1, false);
	for (i = 0; i < slow_kernel_scaled(STORM_READS); i++) {
		text = text_readf(CTXLAB "/%d,%d", child[0], child[1]);
		ASSERT_NE(NULL, text);
		if (shared_maps_take(text, &s)) {
			EXPECT_STREQ("changed", text_value(text, "SharedMaps"));
		} else {
			told++;
			EXPECT_EQ(inherited, s.common);
		}
		free(text);
	}
	EXPECT_LT(0, told);
	for (i = 0; i < 2; i++) {
		kill(child[i], SIGKILL);
		reap(child[i]);
	}
}

TEST_HARNESS_MAIN
