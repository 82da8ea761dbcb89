// SPDX-License-Identifier: GPL-2.0-only
/*
 * That the flush arms flush the TLB, and the control does not.
 *
 * The oracle needs no clock.  The CPU sets a page's accessed bit when it loads
 * the page's entry into the TLB, not when it finds the entry there.  Writing 1
 * to clear_refs clears those bits and leaves the TLB alone.  So pages that are
 * touched then are "Referenced" in smaps where their entries were lost, and are
 * not where the TLB still had them.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "probe.h"

#define PAGES 16
#define TRIES 41
/*
 * As many may be lost without a flush: where pages lie is up to chance, and in a
 * TLB that has one place for each some fall to what else runs between.
 */
#define PAGES_EVICTED (PAGES / 4)

/* Its memory is shared by all players, what @pages points to is each one's. */
struct lab {
	int fd;
	__u32 modes;		/* that are allowed here */
	char *pages;
	bool yields;		/* or the pages are touched again at once */
	int lost[TRIES];	/* entries that the TLB had not any more */
	__u64 ticks[TRIES];	/* that touching the pages took */
};

static void touch(char *pages)
{
	long size = sysconf(_SC_PAGESIZE);

	for (int i = 0; i < PAGES; i++)
		asm volatile("" : : "r" (pages[i * size]) : "memory");
}

static void clear_accessed(void)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY);

	if (fd < 0 || write(fd, "1", 1) != 1)
		abort();
	close(fd);
}

/* Pages of the mapping at @pages that smaps calls referenced. */
static int referenced(const char *pages)
{
	FILE *file = fopen("/proc/self/smaps", "r");
	char line[512];
	bool here = false;
	long start;
	int kb = -1;

	if (!file)
		abort();
	while (kb < 0 && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-", &start) == 1 && strchr(line, '-'))
			here = start == (long)pages;
		else if (here)
			sscanf(line, "Referenced: %d kB", &kb);
	}
	fclose(file);
	return kb / (sysconf(_SC_PAGESIZE) / 1024);
}

/* A mapping of its own between two that it cannot be merged with. */
static char *new_pages(void)
{
	long size = sysconf(_SC_PAGESIZE);
	char *all = mmap(NULL, (PAGES + 2) * size, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (all == MAP_FAILED ||
	    mprotect(all + size, PAGES * size, PROT_READ | PROT_WRITE))
		return NULL;
	madvise(all + size, PAGES * size, MADV_NOHUGEPAGE);
	memset(all + size, 1, PAGES * size);
	return all + size;
}

/*
 * Player 0 touches, clears the bits, and yields; when it is back it touches
 * again and looks.  The other one only yields back, and once more than it needs
 * to: it must not be through first.
 */
static void turn(void *data, int player, unsigned int round)
{
	struct lab *lab = data;
	__u64 ticks;

	if (player) {
		sched_yield();
		sched_yield();
		return;
	}
	touch(lab->pages);
	clear_accessed();
	if (lab->yields)
		sched_yield();
	ticks = probe_clock();
	touch(lab->pages);
	lab->ticks[round] = probe_clock() - ticks;
	lab->lost[round] = referenced(lab->pages);
}

static int compare_ints(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static int compare_ticks(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return (x > y) - (x < y);
}

static void sort_results(struct lab *lab)
{
	qsort(lab->lost, TRIES, sizeof(*lab->lost), compare_ints);
	qsort(lab->ticks, TRIES, sizeof(*lab->ticks), compare_ticks);
}

FIXTURE(flush)
{
	int fd;
	struct lab *lab;
	struct ctxlab_switch_read read;
};

FIXTURE_SETUP(flush)
{
	struct ctxlab_switch_info info;

	self->fd = probe_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, probe_info(self->fd, &info));
	self->lab = mmap(NULL, sizeof(*self->lab), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->lab);
	self->lab->fd = self->fd;
	self->lab->modes = info.flush_modes;
	self->lab->pages = new_pages();
	ASSERT_NE(NULL, self->lab->pages);
}

FIXTURE_TEARDOWN(flush)
{
	munmap(self->lab, sizeof(*self->lab));
	close(self->fd);
}

/* Median of entries lost over a yield and back, for the two that @ring has. */
static int lost(struct lab *lab, struct ring *ring)
{
	lab->yields = true;
	ring->nr = 2;
	ring->rounds = TRIES;
	ring->turn = turn;
	ring->data = lab;
	if (ring_run(ring))
		return -1;
	sort_results(lab);
	return lab->lost[TRIES / 2];
}

static int lost_by_threads(struct lab *lab, __u32 mode)
{
	struct ring ring = { .fds = { lab->fd, lab->fd } };

	return probe_flush(lab->fd, mode) ? -1 : lost(lab, &ring);
}

/* Whether the CPU that is not the first one runs; where it cannot stop, it does. */
static void set_other_cpu(bool online)
{
	int fd = open("/sys/devices/system/cpu/cpu1/online", O_WRONLY);

	if (fd < 0)
		return;
	if (write(fd, online ? "1" : "0", 1) != 1)
		printf("# CPU 1 cannot be taken %s: %m\n", online ? "online" : "offline");
	close(fd);
}

/*
 * Without a flush.  What another CPU flushes may empty this one's TLB as well, as
 * an emulator of arm64 does it: where entries are lost, no other one is left.
 */
static int lost_by_control(struct lab *lab)
{
	int lost = lost_by_threads(lab, CTXLAB_FLUSH_NONE);

	if (lost <= PAGES_EVICTED)
		return lost;
	set_other_cpu(false);
	lost = lost_by_threads(lab, CTXLAB_FLUSH_NONE);
	set_other_cpu(true);
	return lost;
}

static bool allows(const struct lab *lab, enum ctxlab_flush mode)
{
	return lab->modes >> mode & 1;
}

/*
 * With isolation and without tags each entry to the kernel flushes by itself:
 * no control could keep anything.
 */
static bool kernel_entry_flushes(struct lab *lab)
{
	lab->yields = false;
	for (int i = 0; i < TRIES; i++)
		turn(lab, 0, i);
	sort_results(lab);
	return lab->lost[TRIES / 2] > PAGES / 2;
}

/* Changing the protection and back makes the kernel itself flush. */
static void touch_after_mprotect(struct lab *lab, int try)
{
	long size = PAGES * sysconf(_SC_PAGESIZE);
	__u64 ticks;

	touch(lab->pages);
	clear_accessed();
	mprotect(lab->pages, size, PROT_READ);
	mprotect(lab->pages, size, PROT_READ | PROT_WRITE);
	ticks = probe_clock();
	touch(lab->pages);
	lab->ticks[try] = probe_clock() - ticks;
	lab->lost[try] = referenced(lab->pages);
}

/* An emulator may count instructions, of which a refill has none. */
static bool clock_sees_a_refill(struct lab *lab)
{
	__u64 kept;

	kernel_entry_flushes(lab);
	kept = lab->ticks[TRIES / 2];
	for (int i = 0; i < TRIES; i++)
		touch_after_mprotect(lab, i);
	sort_results(lab);
	return kept < lab->ticks[TRIES / 2];
}

/* Without this, none of the tests below would mean anything. */
TEST_F_TIMEOUT(flush, the_oracle_sees_a_lost_entry, PATIENCE)
{
	if (kernel_entry_flushes(self->lab))
		SKIP(return, "every entry to the kernel flushes the TLB here");
	EXPECT_GE(PAGES_EVICTED, self->lab->lost[TRIES / 2]);
	for (int i = 0; i < TRIES; i++) {
		touch_after_mprotect(self->lab, i);
		EXPECT_EQ(PAGES, self->lab->lost[i])
			TH_LOG("try %d", i);
	}
}

TEST_F_TIMEOUT(flush, the_control_keeps_the_entries, PATIENCE)
{
	int lost;

	if (kernel_entry_flushes(self->lab))
		SKIP(return, "every entry to the kernel flushes the TLB here");
	lost = lost_by_control(self->lab);
	EXPECT_LE(0, lost);
	EXPECT_GE(PAGES_EVICTED, lost);
	ASSERT_EQ(0, probe_read(self->fd, &self->read));
	EXPECT_EQ(0, self->read.flushes);
	EXPECT_LE(2 * TRIES, self->read.switches[CTXLAB_HIST_SAME_MM]);
}

/* How often those that are attached came in. */
static __u64 times_in(const struct ctxlab_switch_read *read)
{
	return read->switches[CTXLAB_HIST_SAME_MM] +
	       read->switches[CTXLAB_HIST_OTHER_MM] +
	       read->switches[CTXLAB_HIST_BORROWED_MM] + read->from_elsewhere;
}

/* Every try loses every entry, and every time that a task comes in is one. */
static void expect_flush(struct __test_metadata *_metadata, struct lab *lab,
			 enum ctxlab_flush mode)
{
	struct ctxlab_switch_read read;

	if (!allows(lab, mode))
		SKIP(return, "this flush is not allowed here");
	EXPECT_EQ(PAGES, lost_by_threads(lab, mode));
	EXPECT_EQ(PAGES, lab->lost[0]);
	ASSERT_EQ(0, probe_read(lab->fd, &read));
	EXPECT_LE(2 * TRIES, read.flushes);
	EXPECT_EQ(times_in(&read), read.flushes);
}

TEST_F_TIMEOUT(flush, the_address_space_loses_all, PATIENCE)
{
	expect_flush(_metadata, self->lab, CTXLAB_FLUSH_MM);
}

TEST_F_TIMEOUT(flush, everything_is_lost, PATIENCE)
{
	expect_flush(_metadata, self->lab, CTXLAB_FLUSH_ALL);
}

TEST_F_TIMEOUT(flush, modes_change_from_run_to_run, PATIENCE)
{
	if (kernel_entry_flushes(self->lab))
		SKIP(return, "every entry to the kernel flushes the TLB here");
	for (int i = 0; i < 3; i++) {
		for (int mode = 0; mode < CTXLAB_FLUSH_MODES; mode++) {
			int lost;

			if (!allows(self->lab, mode))
				continue;
			lost = mode ? lost_by_threads(self->lab, mode) :
				      lost_by_control(self->lab);
			EXPECT_TRUE(mode ? lost == PAGES :
					   lost >= 0 && lost <= PAGES_EVICTED)
				TH_LOG("mode %d: %d", mode, lost);
		}
	}
}

/*
 * Sleeps until the caller has left its CPU and come in again: where the host is
 * busy, a sleep may be over before the kernel gets to it.
 */
static int sleep_and_read(int fd, const struct ctxlab_switch_read *before,
			  struct ctxlab_switch_read *after)
{
	int err;

	do {
		usleep(1000);
		err = probe_read(fd, after);
	} while (!err && times_in(after) == times_in(before));
	return err;
}

/* Also a thread that was attached before. */
TEST_F_TIMEOUT(flush, modes_change_while_attached, PATIENCE)
{
	struct ctxlab_switch_read before, after;

	ASSERT_EQ(0, pin(last_cpu(), true));
	ASSERT_EQ(0, probe_attach(self->fd));
	for (int mode = CTXLAB_FLUSH_MODES - 1; mode >= 0; mode--) {
		if (!allows(self->lab, mode))
			continue;
		ASSERT_EQ(0, probe_flush(self->fd, mode));
		ASSERT_EQ(0, probe_read(self->fd, &before));
		ASSERT_EQ(0, sleep_and_read(self->fd, &before, &after));
		EXPECT_EQ(mode != CTXLAB_FLUSH_NONE,
			  before.flushes < after.flushes)
			TH_LOG("mode %d", mode);
	}
	ASSERT_EQ(0, probe_detach(self->fd));
}

/* Touching pages whose entries are gone takes longer. */
TEST_F_TIMEOUT(flush, the_refill_takes_time, PATIENCE)
{
	__u64 kept, gone;

	if (kernel_entry_flushes(self->lab))
		SKIP(return, "every entry to the kernel flushes the TLB here");
	if (!clock_sees_a_refill(self->lab))
		SKIP(return, "even the kernel's own flush takes no time here");
	if (!allows(self->lab, CTXLAB_FLUSH_MM))
		SKIP(return, "this flush is not allowed here");
	lost_by_threads(self->lab, CTXLAB_FLUSH_NONE);
	kept = self->lab->ticks[TRIES / 2];
	lost_by_threads(self->lab, CTXLAB_FLUSH_MM);
	gone = self->lab->ticks[TRIES / 2];
	EXPECT_LT(kept, gone);
	TH_LOG("%d pages: %llu ticks kept, %llu flushed", PAGES, kept, gone);
}

TEST_F_TIMEOUT(flush, the_flush_takes_time, PATIENCE)
{
	long long none, median;

	lost_by_threads(self->lab, CTXLAB_FLUSH_NONE);
	none = probe_hist_median(self->fd, CTXLAB_HIST_FLUSH);
	ASSERT_LT(0, none);
	for (int mode = CTXLAB_FLUSH_MM; mode < CTXLAB_FLUSH_MODES; mode++) {
		if (!allows(self->lab, mode))
			continue;
		ASSERT_EQ(0, probe_reset(self->fd));
		lost_by_threads(self->lab, mode);
		median = probe_hist_median(self->fd, CTXLAB_HIST_FLUSH);
		EXPECT_LT(none, median)
			TH_LOG("mode %d: %lld against %lld", mode, median, none);
	}
}

/*
 * Player 0 is not attached, so all that it loses is lost because of the switch
 * to the other process and back, or of the flush when that one comes in.
 */
static int lost_between_processes(struct lab *lab, __u32 mode)
{
	struct ring ring = { .fds = { -1, lab->fd }, .processes = true };

	return probe_flush(lab->fd, mode) ? -1 : lost(lab, &ring);
}

TEST_F_TIMEOUT(flush, everything_is_other_address_spaces_too, PATIENCE)
{
	if (!allows(self->lab, CTXLAB_FLUSH_ALL))
		SKIP(return, "this flush is not allowed here");
	EXPECT_EQ(PAGES, lost_between_processes(self->lab, CTXLAB_FLUSH_ALL));
	EXPECT_EQ(PAGES, self->lab->lost[0]);
}

TEST_F_TIMEOUT(flush, one_address_space_is_not_another, PATIENCE)
{
	if (lost_between_processes(self->lab, CTXLAB_FLUSH_NONE) > PAGES / 2)
		SKIP(return, "every switch between processes flushes here");
	if (!allows(self->lab, CTXLAB_FLUSH_MM))
		SKIP(return, "this flush is not allowed here");
	EXPECT_GE(PAGES_EVICTED,
		  lost_between_processes(self->lab, CTXLAB_FLUSH_MM));
}

TEST_HARNESS_MAIN
